"""Sphinx extension: the search page finds features by everyday words.

The answers are those of `Workspace.features`: the build asks it for each word that a
reader may type, and stores the answers next to the search page. A script of the page
shows the features above the pages that Sphinx has found. Each row of the tables of
features is the target of a link.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.model.record import KINDS
from datalab_workspace.processing.everyday_words import FEATURES_BY_WORD
from datalab_workspace.processing.feature_table import FeatureInfo

#: The page with the tables of features.
PAGE = "reference/features"
DATA = "features_by_word.js"
_WORD = re.compile(r"[^\W_]{2,}")
#: The features that are stored for a word, at most.
_LIMIT = 8


def answers() -> dict[str, Any]:
    """Return the features, and for each word those that it finds.

    Returns:
        Under "features", the title, name and anchor of each feature; under "words", the
        positions of the features that a word finds, the best first.
    """
    workspace = Workspace(backend=MemoryBackend())
    infos = list(workspace.features())
    place = {info.name: number for number, info in enumerate(infos)}
    words = {word for info in infos for word in _words(info)}
    found = {
        word: [place[one.name] for one in workspace.features(search=word)[:_LIMIT]]
        for word in sorted(words.union(FEATURES_BY_WORD))
    }
    features = [
        {"name": info.name, "menu": info.menu, "does": info.does, "at": _anchor(info)}
        for info in infos
    ]
    return {"page": f"{PAGE}.html", "features": features, "words": found}


def _words(info: FeatureInfo) -> list[str]:
    """Return the words of the name and of the titles of the menus."""
    return [word.casefold() for word in _WORD.findall(f"{info.name} {info.menu}")]


def _anchor(info: FeatureInfo) -> str:
    return f"{info.kinds[0]}-{info.name}"


def name_rows(app: Sphinx, doctree: nodes.document) -> None:
    """Give each row of the tables of features an id: the kind, and the name."""
    if app.env.docname != PAGE:
        return
    for kind, section in zip(KINDS, _sections(doctree), strict=True):
        for row in section.findall(nodes.row):
            if names := list(row[1].findall(nodes.literal)):
                row["ids"].append(f"{kind}-{names[0].astext()}")


def _sections(doctree: nodes.document) -> list[nodes.section]:
    """Return the sections of the kinds of objects."""
    page = next(doctree.findall(nodes.section))
    return [child for child in page.children if isinstance(child, nodes.section)]


def add_script(app: Sphinx, page: str, *_: Any) -> None:
    """Let the search page, and no other, load the answers and the script."""
    if page == "search":
        app.add_js_file(DATA)
        app.add_js_file("feature_search.js")


def write_answers(app: Sphinx, problem: Exception | None) -> None:
    """Write the answers as a script: pages that are opened as files fetch nothing."""
    if problem is None and app.builder.format == "html":
        text = json.dumps(answers(), separators=(",", ":"))
        path = Path(app.outdir) / "_static" / DATA
        path.write_text(f"const FEATURES_BY_WORD = {text};\n", "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Name the rows while pages are read, and write the answers after the pages."""
    app.connect("doctree-read", name_rows)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_answers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
