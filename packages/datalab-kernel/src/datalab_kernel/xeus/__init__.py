"""How xeus-python runs cells and answers requests: what the repairs stand on."""
