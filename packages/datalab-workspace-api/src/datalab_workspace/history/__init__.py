"""The history of objects: how each one was made, and how to make it again.

A history is a graph of steps (`steps`). The recorder notes them while the user works;
the sidecar of an object carries them in files and protocols.
"""
