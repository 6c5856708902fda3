"""The two wires of a running DataLab, each as a client that speaks Record."""
