"""The rules of RO-Crate 1.1 and of its profile Process Run Crate, checked offline."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

METADATA = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_TOOLS = {"SoftwareApplication", "SoftwareSourceCode"}
_DATA = {"File", "Dataset", "Collection", "CreativeWork", "PropertyValue"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
#: The terms that are used and that the context of RO-Crate 1.1 has.
_TERMS = {
    *("@id", "@type", "about", "actionStatus", "conformsTo", "contentSize"),
    *("datePublished", "description", "encodingFormat", "hasPart", "instrument"),
    *("license", "mentions", "name", "object", "result", "softwareVersion", "url"),
    "version",
}


def problems(crate: dict[str, Any], folder: Path | None = None) -> list[str]:
    """Return the violations of what a crate must and should have.

    Who ran an action and when is not required, although the profile recommends it.

    Args:
        crate: The metadata.
        folder: The folder that has the files of the crate.
    """
    return [*_structure(crate), *_root(crate), *_actions(crate), *_files(crate, folder)]


def types(entity: dict[str, Any]) -> set[str]:
    """Return the types of an entity."""
    found = entity["@type"]
    return {found} if isinstance(found, str) else set(found)


def linked(entity: dict[str, Any], name: str) -> list[str]:
    """Return the ids that an entity links to."""
    found = entity.get(name, [])
    return [each["@id"] for each in (found if isinstance(found, list) else [found])]


def _entities(crate: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in crate["@graph"]}


def _structure(crate: dict[str, Any]) -> Iterator[str]:
    base, *more = crate["@context"]
    if base != "https://w3id.org/ro/crate/1.1/context":
        yield f"the context is {base}"
    terms = _TERMS | {name for extra in more for name in extra}
    if len(_entities(crate)) != len(crate["@graph"]):
        yield "two entities have one id"
    for entity in crate["@graph"]:
        if unknown := entity.keys() - terms:
            yield f"{entity['@id']} has {unknown}, which the context does not define"
        for name, value in entity.items():
            if isinstance(value, list) and name != "@type" and len(value) < 2:
                yield f"{entity['@id']}: {name} is a list of {len(value)}"
            for target in linked(entity, name) if _is_link(value) else ():
                if target not in _entities(crate) and not target.startswith("https:"):
                    yield f"{entity['@id']}: {name} links to {target}, which is missing"


def _is_link(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict)


def _root(crate: dict[str, Any]) -> Iterator[str]:
    entities = _entities(crate)
    about, root = entities.get(METADATA, {}), entities.get("./", {})
    if linked(about, "about") != ["./"]:
        yield "the metadata file is not about the root"
    if linked(about, "conformsTo") != ["https://w3id.org/ro/crate/1.1"]:
        yield "the metadata file does not conform to RO-Crate 1.1"
    if "Dataset" not in types(root):
        yield "the root is not a Dataset"
    for name in ("name", "description", "license", "datePublished"):
        if not root.get(name):
            yield f"the root has no {name}"
    if not _DATE.match(root.get("datePublished", "")):
        yield "datePublished is not a date"
    if linked(root, "conformsTo") != [PROFILE]:
        yield "the root does not conform to the profile"
    if entities.get(PROFILE, {}).get("@type") != "CreativeWork":
        yield "the profile is not described"


def _actions(crate: dict[str, Any]) -> Iterator[str]:
    entities = _entities(crate)
    actions = [e for e in crate["@graph"] if e["@type"] == "CreateAction"]
    mentioned = linked(entities["./"], "mentions")
    if {action["@id"] for action in actions} != set(mentioned):
        yield "the root does not mention all actions"
    for action in actions:
        label = action["@id"]
        for name in ("name", "description", "instrument", "result"):
            if not action.get(name):
                yield f"{label} has no {name}"
        for target in linked(action, "instrument"):
            tool = entities[target]
            if not types(tool) & _TOOLS or not tool.get("name") or not tool.get("url"):
                yield f"{label}: {target} is not described as a tool"
        for target in [*linked(action, "object"), *linked(action, "result")]:
            if not types(entities[target]) & _DATA:
                yield f"{label}: {target} is not data"


def _files(crate: dict[str, Any], folder: Path | None) -> Iterator[str]:
    entities = _entities(crate)
    files = {e["@id"] for e in crate["@graph"] if "File" in types(e)}
    if files != set(linked(entities["./"], "hasPart")):
        yield "the parts of the root are not its files"
    if folder is None:
        return
    there = {path.name for path in folder.iterdir()} - {METADATA}
    if there != files:
        yield f"the folder has {there}, the metadata {files}"
    for name in files & there:
        content = (folder / name).read_bytes()
        if entities[name]["sha256"] != hashlib.sha256(content).hexdigest():
            yield f"{name} has another checksum"
        if entities[name]["contentSize"] != str(len(content)):
            yield f"{name} has another size"
