"""The parts of a connection to DataLab that only the page of a browser can provide."""
