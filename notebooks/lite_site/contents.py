"""The notebooks of a site: those that run there, and a note on what is missing."""

from __future__ import annotations

from pathlib import Path

import nbformat

from lite_site.kinds import ROOT, Kind

NOTEBOOKS = ROOT / "notebooks"
#: What a visitor does without, where a package is missing.
COSTS = {
    "sigima": "sigima's objects and features: `workspace.get`, `create_signal`, "
    "`create_image`, `workspace.calc`, `workspace.read`",
    "h5py": "projects of DataLab in `.h5` files; `workspace.save` and `load` take "
    "`.npz` files",
    "matplotlib": "the pictures of `plotter`",
    "pandas": "tables as data frames: `to_dataframe`",
}
_LOAD = "%load_ext datalab_kernel"


def write_contents(folder: Path, kind: Kind) -> None:
    """Write the notebooks that a site has.

    Args:
        folder: The folder of the site's contents.
        kind: The kind of the site.
    """
    left_out = {}
    for path in sorted(
        [*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("gallery/*.ipynb")]
    ):
        notebook = nbformat.read(path, as_version=4)
        if missing := sorted(_needs(notebook) - kind.packages):
            left_out[_title(notebook)] = missing
            continue
        target = folder / path.relative_to(NOTEBOOKS)
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(prepared(notebook), target)
    first = nbformat.read(folder / kind.first, as_version=4)
    first.cells.insert(1, nbformat.v4.new_markdown_cell(note(kind)))
    if left_out:
        first.cells.append(nbformat.v4.new_markdown_cell(_listed(left_out)))
    nbformat.write(first, folder / kind.first)


def prepared(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a notebook for a kernel that does not load the extension at its start.

    Args:
        notebook: The notebook; changed in place.
    """
    del notebook.metadata["kernelspec"]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:  # what it shows is to be the visitor's own
        cell.outputs, cell.execution_count = [], None
    if "load_ext datalab_kernel" not in code[0].source:
        place = notebook.cells.index(code[0])
        notebook.cells.insert(place, nbformat.v4.new_code_cell(_LOAD))
    return notebook


def note(kind: Kind) -> str:
    """Return what a site says of itself to its visitors, in Markdown."""
    lines = [f"**About this site.** Its kernel is {kind.kernel}."]
    costs = {name: cost for name, cost in COSTS.items() if name not in kind.packages}
    if costs:
        lines += ["These packages are missing, and what needs them does not work:", ""]
        lines += [f"- {name}: {cost}." for name, cost in costs.items()]
    return "\n".join(lines)


def _listed(left_out: dict[str, list[str]]) -> str:
    """Return a list of notebooks and of the packages that they lack, in Markdown."""
    lines = ["## Not on this site", ""]
    lines += ["These notebooks need packages that this kernel does not have:", ""]
    lines += [f"- {title} ({', '.join(needs)})" for title, needs in left_out.items()]
    return "\n".join(lines)


def _needs(notebook: nbformat.NotebookNode) -> set[str]:
    return {*notebook.metadata["datalab"]["needs"]}


def _title(notebook: nbformat.NotebookNode) -> str:
    """Return the first heading of a notebook."""
    title: str = notebook.cells[0].source.splitlines()[0]
    return title.lstrip("# ")
