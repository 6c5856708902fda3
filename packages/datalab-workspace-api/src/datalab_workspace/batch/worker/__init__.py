"""The work of a worker: read the items of a task, compute them, and write a part."""
