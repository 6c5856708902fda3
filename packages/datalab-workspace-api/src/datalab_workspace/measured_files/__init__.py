"""Files of instruments and other programs, read into signals and images.

`reader` reads one file. Sigima's readers do the work; the modules here decide which of
them fits, read what it would misread, and refuse the rest with a reason.
"""
