"""The two protocols of a running DataLab, each as a client that speaks Record."""
