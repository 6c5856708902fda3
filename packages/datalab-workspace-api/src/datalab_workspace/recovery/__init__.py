"""Recovery: the objects of a standalone workspace, on disk in case its process dies.

A kernel writes every changed object to a folder of its own in the user's state
directory, in a background thread. A clean end removes the folder. If the process is
killed or crashes, `Workspace.recover` lists and restores what the folder holds.

- `folder` knows the folders, and tells those of running kernels from the others.
- `segments` writes and reads the files in them; `state` is what these files describe.
- `recorder` follows a workspace and writes its changes.
- `listing` and `restore` are what `Workspace.recover` calls.
- `autosave` saves a project by itself.
"""
