"""An interactive view that sends only what the screen can show."""
