"""Interactive views, which receive only the data that the screen can show."""
