"""The formats of files for other programs: CSV, TIFF, PNG, NumPy, MATLAB and others."""
