"""A simulation of a page of emscripten-forge, on the Python of this machine."""
