"""The text of the outputs of notebooks."""

from __future__ import annotations

import re

import nbformat

#: A line of progress, which the next one overwrites.
_PROGRESS = re.compile(r"[^\n\r]*\r")
#: The line that names the DataLab that a notebook is attached to.
_ATTACHED = re.compile(r"^Attached to DataLab .*\n", re.MULTILINE)


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what each cell has printed and returned, as text."""
    shown = []
    for cell in notebook.cells:
        text = ""
        for output in cell.get("outputs", ()):
            assert output.output_type != "error", output.evalue
            if output.output_type == "stream":
                text += output.text
            else:
                text += output.data.get("text/plain", "") + "\n"
        shown.append(_ATTACHED.sub("", _PROGRESS.sub("", text)))
    return shown
