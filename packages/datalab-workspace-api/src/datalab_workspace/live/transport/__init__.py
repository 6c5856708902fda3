"""How requests reach a running DataLab: one interface, one module per platform."""
