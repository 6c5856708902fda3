"""The folder of a run on disk, which its driver and its workers share."""
