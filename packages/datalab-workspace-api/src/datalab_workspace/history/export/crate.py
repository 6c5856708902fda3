"""The history of an object as an RO-Crate: metadata that other programs read.

The crate follows the profile Process Run Crate 0.5 of RO-Crate 1.1
(https://w3id.org/ro/wfrun/process/0.5): each step is an action that made an entity from
others, with sigima as its instrument. Who ran it and when is not recorded.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace._version import __version__
from datalab_workspace.error_messages import add_note
from datalab_workspace.errors import ExportError
from datalab_workspace.formats.atomic import replacing
from datalab_workspace.history.export import script, text
from datalab_workspace.history.export.blocks import session_of
from datalab_workspace.history.storage.writer import HistoryWriter
from datalab_workspace.history.view.text import heading
from datalab_workspace.model.project import Project
from datalab_workspace.result_text import cut

if TYPE_CHECKING:
    from datalab_workspace.history.view.history import (
        History,
        HistoryInput,
        HistoryStep,
    )
    from datalab_workspace.session import Session

METADATA = "ro-crate-metadata.json"
_DATA, _SCRIPT, _TEXT = "data.h5", "replay.py", "history.txt"
_CRATE = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
#: The context of RO-Crate 1.1 has no name for this checksum.
_CONTEXT = [f"{_CRATE}/context", {"sha256": "http://schema.org/sha256"}]
_SIGIMA = "https://github.com/DataLab-Platform/Sigima"
_OWN = "https://github.com/DataLab-Platform/DataLab-Kernel"
_LICENSE = {
    "@id": "#license",
    "@type": "CreativeWork",
    "name": "Not stated",
    "description": "The license of this data is not stated; ask its author.",
}
_ENCODINGS = {
    _DATA: ("application/x-hdf5", "The object and its inputs, as a DataLab project"),
    _SCRIPT: ("text/x-python", "A script that makes the object again and compares it"),
    _TEXT: ("text/plain", "The history as text"),
}

#: The number of bytes that are copied at a time.
_BLOCK = 1 << 20

Entity = dict[str, Any]


def metadata_text(history: History) -> str:
    """Return the metadata of a crate that contains no data, as JSON."""
    return json.dumps(metadata(history), indent=2, ensure_ascii=False) + "\n"


def write(history: History, target: Path, *, overwrite: bool) -> Path:
    """Write a crate with its data: a folder or a zip file.

    Args:
        history: The history.
        target: The folder, which is created if only it is missing; or the zip file.
        overwrite: Replace the files of a crate that exists.

    Raises:
        FileExistsError: The folder contains a crate, and `overwrite` is false.
    """
    zipped = target.suffix.lower() == ".zip"
    if not zipped and (target / METADATA).exists() and not overwrite:
        error = FileExistsError(f"{str(target)!r} contains an RO-Crate")
        add_note(error, "pass overwrite=True to replace its files, or another path")
        raise error
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        files = _write_parts(history, made)
        content = json.dumps(metadata(history, files), indent=2, ensure_ascii=False)
        (made / METADATA).write_text(content + "\n", "utf-8")
        if zipped:
            _zip(made, target)
        else:
            target.mkdir(exist_ok=True)
            for part in made.iterdir():
                shutil.copyfile(part, target / part.name)
    return target


def _write_parts(history: History, folder: Path) -> list[Path]:
    """Write the files of a crate, and return their paths."""
    (folder / _TEXT).write_text(text.text(history), "utf-8")
    names = [item.uuid for item in history.inputs if item.uuid is not None]
    _write_objects(session_of(history), folder / _DATA, {*names, history.uuid})
    with suppress(ExportError, ModuleNotFoundError):  # the rest is still a crate
        content = script.script_text(history, folder / _SCRIPT, project=_DATA)
        (folder / _SCRIPT).write_text(content, "utf-8")
    return sorted(folder.iterdir())


def _write_objects(session: Session, path: Path, uuids: set[str]) -> None:
    """Write objects as a project, without code of cells and folders of files."""
    from datalab_workspace.formats import registry

    with session.transaction() as transaction:
        content = Project(transaction.backend.content(uuids))
        content.history = HistoryWriter("calls", content.items())
        registry.write(path, content)


def _zip(folder: Path, target: Path) -> None:
    with tempfile.TemporaryFile() as whole:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(folder.iterdir()):
                archive.write(part, part.name)
        whole.seek(0)
        with replacing(target) as new:
            while block := whole.read(_BLOCK):
                new.write(block)


# -- the metadata ---------------------------------------------------------------------


def metadata(history: History, files: Sequence[Path] = ()) -> Entity:
    """Return the metadata of a crate as data for JSON.

    Args:
        history: The history.
        files: The files of the crate.
    """
    inputs = [_input(number, item) for number, item in enumerate(history.inputs)]
    by_label: dict[int | str, str] = {
        item.name: entity["@id"]
        for item, entity in zip(history.inputs, inputs, strict=True)
    }
    by_label |= {step.number: _result_id(step) for step in history.steps}
    actions = [_action(step, by_label) for step in history.steps]
    parts = [_file(path) for path in files]
    tools = [_own(), *_tools(history.steps)]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"History of {cut(history.name, 200)}",
        "description": heading(history),
        "datePublished": datetime.datetime.now(datetime.timezone.utc)
        .date()
        .isoformat(),
        "license": {"@id": _LICENSE["@id"]},
        "conformsTo": {"@id": _PROFILE},
    }
    root |= _links("hasPart", (part["@id"] for part in parts))
    root |= _links("mentions", (action["@id"] for action in actions))
    about = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": _CRATE},
        "about": {"@id": "./"},
    }
    profile = {
        "@id": _PROFILE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    }
    results = [_result(step) for step in history.steps]
    others = [*tools, *parts, *inputs, *actions, *results]
    graph = [about, root, profile, _LICENSE, *others]
    return {"@context": _CONTEXT, "@graph": graph}


def _links(name: str, ids: Iterable[str]) -> Entity:
    """Return the entry that links to entities; one link is not a list."""
    links = [{"@id": one} for one in dict.fromkeys(ids)]
    if len(links) > 1:
        return {name: links}
    return {name: links[0]} if links else {}


def _input(number: int, item: HistoryInput) -> Entity:
    return {
        "@id": f"#input-{number + 1}",
        "@type": "CreativeWork",
        "name": cut(item.name, 200),
        "description": item.origin,
    }


def _result_id(step: HistoryStep) -> str:
    return f"#object-{step.number}"


def _result(step: HistoryStep) -> Entity:
    name = f"result of step {step.number}" if step.name is None else cut(step.name, 200)
    return {"@id": _result_id(step), "@type": "CreativeWork", "name": name}


def _action(step: HistoryStep, by_label: Mapping[int | str, str]) -> Entity:
    used = _links("object", (by_label[each] for each in step.inputs))
    return used | {
        "@id": f"#step-{step.number}",
        "@type": "CreateAction",
        "name": step.what,
        "description": text.line(step),
        "instrument": {"@id": _tool_id(step)},
        "result": {"@id": _result_id(step)},
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }


def _tool_id(step: HistoryStep) -> str:
    if step.operation is None:
        return _OWN
    version = step.versions.get("sigima")
    return f"{_SIGIMA}#{_identifier(version)}" if version else _SIGIMA


def _identifier(version: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in version[:40])


def _tools(steps: Sequence[HistoryStep]) -> list[Entity]:
    found: dict[str, Entity] = {}
    for step in steps:
        if step.operation is None or _tool_id(step) in found:
            continue
        tool = {
            "@id": _tool_id(step),
            "@type": "SoftwareApplication",
            "name": "Sigima",
            "url": _SIGIMA,
        }
        if "sigima" in step.versions:
            tool["softwareVersion"] = cut(step.versions["sigima"])
        others = ", ".join(
            f"{cut(name)} {cut(version)}"
            for name, version in step.versions.items()
            if name != "sigima"
        )
        tool["description"] = f"with {others}" if others else "versions not recorded"
        found[tool["@id"]] = tool
    return list(found.values())


def _own() -> Entity:
    return {
        "@id": _OWN,
        "@type": "SoftwareApplication",
        "name": "datalab-workspace-api",
        "url": _OWN,
        "description": "Python code and edits of a workspace, and this description",
        "softwareVersion": __version__,
    }


def _file(path: Path) -> Entity:
    encoding, description = _ENCODINGS[path.name]
    types: Any = "File"
    source = {}
    if path.name == _SCRIPT:
        types = ["File", "SoftwareSourceCode"]
        source = {"url": _OWN, "version": __version__}
    return source | {
        "@id": path.name,
        "@type": types,
        "name": path.name,
        "description": description,
        "encodingFormat": encoding,
        "contentSize": str(path.stat().st_size),
        "sha256": _sha256(path),
    }


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
