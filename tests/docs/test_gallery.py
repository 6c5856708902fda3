"""The notebooks of the gallery give the results that they show; their claims hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

from support.documentation import DOCS, ROOT, script_of
from support.notebook_claims import GALLERY, with_claims
from support.notebook_outputs import texts

#: Those that need more than a few seconds.
SLOW = {"cluster"}
LARGEST = 400_000
#: Packages that a site in a browser may lack.
OPTIONAL = {"dask", "sigima", "matplotlib", "h5py", "pandas", "scipy"}
OPTIONAL |= {"skimage", "tifffile"}
PACKAGE = re.compile(r"[a-z][a-z0-9_]*")
#: An absolute path of two folders or more, which is no part of a URL.
FOLDERS = re.compile(r"(?<![\w:/.\-+=])/[\w.-]+/[\w.-]+/[\w.-]+")


def stored(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def each(*paths: Path) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "path",
        [
            pytest.param(
                path, id=path.stem, marks=[pytest.mark.slow] * (path.stem in SLOW)
            )
            for path in paths
        ],
    )


def needs(path: Path) -> list[str]:
    return stored(path).metadata["datalab"]["needs"]


@each(*(path for path in GALLERY if "datalab" not in needs(path)))
def test_a_notebook_gives_what_it_shows_and_its_claims_hold(
    path: Path, tmp_path: Path
) -> None:
    run = script_of(ROOT / "notebooks" / "run.py")
    notebook = stored(with_claims(path, tmp_path / "with claims"))

    run.execute(notebook, tmp_path, timeout=100)

    shown = texts(stored(path))
    assert texts(notebook)[: len(shown)] == shown


@each(*GALLERY)
def test_a_notebook_is_small_and_stored_as_it_ran(path: Path) -> None:
    notebook = stored(path)
    nbformat.validate(notebook)

    assert path.stat().st_size < LARGEST
    assert notebook.metadata.kernelspec.name == "datalab-kernel"
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == [*range(1, len(counts) + 1)]
    assert not FOLDERS.findall(str(notebook))


@each(*GALLERY)
def test_a_notebook_names_the_packages_that_it_imports(path: Path) -> None:
    code = [cell.source for cell in stored(path).cells if cell.cell_type == "code"]
    imported = set()
    for node in ast.walk(ast.parse("\n".join(code))):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])

    assert all(PACKAGE.fullmatch(name) for name in needs(path))
    assert needs(path) == sorted(needs(path))
    assert imported & OPTIONAL <= set(needs(path))


@each(*GALLERY)
def test_the_index_has_the_task_of_a_notebook(path: Path) -> None:
    index = (DOCS / "gallery" / "index.md").read_text("utf-8")
    assert f"```{{gallery}} {stored(path).metadata['datalab']['task']}\n" in index


@each(*GALLERY)
def test_the_links_of_a_page_lead_to_pages(path: Path) -> None:
    pages = script_of(DOCS / "gallery_pages.py")
    links = re.findall(r"\]\(([^)#]+)", pages.GalleryNotebook(path).page())

    assert links, "the notebook says where to go on"
    gallery = {notebook.path.name for notebook in pages.notebooks()}
    for link in links:
        assert link in gallery or (DOCS / "gallery" / link).is_file(), link
