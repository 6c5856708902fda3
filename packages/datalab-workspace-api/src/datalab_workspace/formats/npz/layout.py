"""The members of a .npz project; `docs/file-format.md` specifies the format."""

from __future__ import annotations

#: The first member, by which a project is recognised, and its content.
MARKER = "datalab_workspace"
MARKER_CONTENT = b"project\n"
#: The member with the groups and objects as JSON.
PROJECT = "project.json"
VERSION = 1
#: The first letter of the folders with the arrays of an object.
LETTERS = {"signal": "s", "image": "i"}
