"""The driver of a run: its folder and journal, and the loop that gives out tasks."""
