"""Sphinx extension: the notebooks of this repository as pages of the gallery.

The notebooks are stored with their outputs in ``notebooks/`` and
``notebooks/gallery/``. At the start of a build, those that name a task in their
metadata are copied to ``docs/gallery/``, where MyST-NB renders them without running
them. The directive ``gallery`` shows the notebooks of one task as cards.
"""

from __future__ import annotations

import base64
import re
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

DOCS = Path(__file__).parent
GALLERY = DOCS / "gallery"
NOTEBOOKS = DOCS.parent / "notebooks"
THUMBNAILS = "thumbnails"
_SENTENCE = re.compile(r"(.+?[.!?])(?=\s|\Z)", re.DOTALL)
#: Folders in links of the notebooks, and in those of their copies.
_LINKS = {"](../docs/": "](../", "](../../docs/": "](../", "](gallery/": "]("}
#: Links from a page of the gallery to a notebook of the folder above.
_UP = re.compile(r"\]\(\.\./(\w+\.ipynb)")


class _Facts(NamedTuple):
    path: Path


class GalleryNotebook(_Facts):
    """A stored notebook.

    Attributes:
        path: The notebook's file.
    """

    @cached_property
    def content(self) -> nbformat.NotebookNode:
        """What the file holds."""
        return nbformat.read(self.path, as_version=4)

    @property
    def task(self) -> str | None:
        """The task that the notebook shows; None if it is not in the gallery."""
        task: str | None = self.content.metadata.get("datalab", {}).get("task")
        return task

    @property
    def title(self) -> str:
        """The heading of the notebook."""
        return self._opening.partition("\n")[0].lstrip("# ")

    @property
    def promise(self) -> str:
        """The first sentence: what the reader gets."""
        body = self._opening.partition("\n")[2].strip()
        found = _SENTENCE.match(body)
        assert found, f"{self.path.name} begins without a sentence"
        return " ".join(found[1].split())

    @property
    def picture(self) -> bytes | None:
        """The first picture that a cell shows, as PNG."""
        for cell in self.content.cells:
            for output in cell.get("outputs", ()):
                if encoded := output.get("data", {}).get("image/png"):
                    return base64.b64decode(encoded)
        return None

    def page(self) -> str:
        """Return the notebook as JSON, as the gallery's folder needs it.

        Its links lead to the pages there, and its pictures have the text for screen
        readers that the plotter has written for them.
        """
        page = nbformat.from_dict(self.content)
        for cell in page.cells:
            if cell.cell_type == "markdown":
                cell.source = _with_links_of_pages(cell.source)
            elif description := _description(cell):
                cell.metadata["mystnb"] = {"image": {"alt": description}}
        written: str = nbformat.writes(page)
        return written

    @property
    def _opening(self) -> str:
        opening: str = self.content.cells[0].source
        return opening


def notebooks() -> list[GalleryNotebook]:
    """Return the notebooks of the gallery, in the order of their files' names."""
    paths = [*NOTEBOOKS.glob("gallery/*.ipynb"), *NOTEBOOKS.glob("*.ipynb")]
    found = map(GalleryNotebook, sorted(paths, key=lambda path: path.stem))
    return [notebook for notebook in found if notebook.task]


class Gallery(SphinxDirective):
    """The notebooks of one task, each as a picture, a title and a sentence."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the nodes of the cards, and a hidden table of contents."""
        shown = [one for one in notebooks() if one.task == self.arguments[0]]
        if not shown:
            raise self.error(f"no notebook has the task {self.arguments[0]!r}")
        for notebook in shown:
            self.env.note_dependency(str(notebook.path))
        names = "\n".join(one.path.stem for one in shown)
        cards = "\n".join(map(_card, shown))
        text = (
            f"```{{toctree}}\n:hidden:\n\n{names}\n```\n\n"
            f"::::{{container}} gallery\n{cards}\n::::\n"
        )
        return self.parse_text_to_nodes(text)


def _with_links_of_pages(markdown: str) -> str:
    for link, there in _LINKS.items():
        markdown = markdown.replace(link, there)
    return _UP.sub(r"](\1", markdown)


def _description(cell: nbformat.NotebookNode) -> str:
    """Return the text of the pictures of a cell, as the plotter describes them."""
    shown = [output.get("data", {}) for output in cell.outputs]
    texts = [data.get("text/plain", "") for data in shown if "image/png" in data]
    return " ".join(text.strip("<>") for text in texts)


def _card(notebook: GalleryNotebook) -> str:
    page = f"{notebook.path.stem}.ipynb"
    image = f"[![{notebook.title}]({_thumbnail(notebook)})]({page})\n\n"
    picture = image if notebook.picture else ""
    return (
        f":::{{container}} gallery-card\n{picture}"
        f"**[{notebook.title}]({page})**\n\n{notebook.promise}\n:::"
    )


def _thumbnail(notebook: GalleryNotebook) -> str:
    return f"{THUMBNAILS}/{notebook.path.stem}.png"


def write_pages(*_: Any) -> None:
    """Copy the notebooks and their first pictures; remove the copies of former ones."""
    pages: dict[Path, bytes] = {}
    for notebook in notebooks():
        pages[GALLERY / notebook.path.name] = notebook.page().encode()
        if notebook.picture:
            pages[GALLERY / _thumbnail(notebook)] = notebook.picture
    (GALLERY / THUMBNAILS).mkdir(exist_ok=True)
    for old in {*GALLERY.glob("*.ipynb"), *GALLERY.glob(f"{THUMBNAILS}/*.png")}:
        if old not in pages:
            old.unlink()
    for path, content in pages.items():
        # Sphinx renders again what is newer than at the last build.
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive, and write the pages before Sphinx looks for them."""
    app.add_directive("gallery", Gallery)
    app.connect("config-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
