"""The file format is what its page says: whoever reads by the page, reads all."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.encoding.carriers import NATIVE_DTYPES
from datalab_workspace.encoding.typed_json import _DECODERS
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import FIELDS
from datalab_workspace.testing.samples import OBJECTS, VALUES
from support import project_reader
from support.documentation import DOCS

TEXT = (DOCS / "file-format.md").read_text("utf-8")
DEFAULTS = {"": "", "true": True, "false": False, '"Untitled"': "Untitled", '""': ""}


def rows_below(heading: str) -> list[list[str]]:
    """The cells of the table rows between a heading and the next."""
    section = re.split(r"\n#+ ", TEXT.split(f"# {heading}\n")[1])[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r" \| ?", line[2:])] for line in lines]


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(backend=MemoryBackend())


def assert_read_by_the_page(workspace: Workspace, path: Path) -> None:
    workspace.save(path)
    items = list(project_reader.read(path))
    assert len(items) == len(workspace) > 0
    for name, item in zip(workspace, items, strict=True):
        record = workspace.record(name)
        assert item.kind == record.kind
        assert item.group == workspace.describe(name).group
        assert values_equal(item.fields, dict(record.fields)), name
        assert values_equal(item.metadata, dict(record.metadata)), name
        for key, array in item.arrays.items():
            assert values_equal(array, record.array(key)), (name, key)


def test_every_object_can_be_read(workspace: Workspace, tmp_path: Path) -> None:
    for name, make in OBJECTS.items():
        workspace.add(name, make(), group=f"group {len(workspace) % 3}")
    assert_read_by_the_page(workspace, tmp_path / "objects.h5")


def test_all_metadata_can_be_read(workspace: Workspace, tmp_path: Path) -> None:
    for name, make in VALUES.items():
        workspace.add(name, np.arange(3.0))
        workspace.edit(name, metadata={"value": make(), "in": {"a dict": [make()]}})
    assert_read_by_the_page(workspace, tmp_path / "metadata.h5")


def test_the_attributes_are_those_that_the_page_lists() -> None:
    listed: dict[str, dict[str, object]] = {"signal": {}, "image": {}}
    for names, of, kind, default in (r[:4] for r in rows_below("An object")):
        if kind.startswith(("string", "flag", "number")) and "computed" not in kind:
            for name in re.findall(r"`(\w+)`", names):
                value = default.rstrip(" |")
                for panel in ("signal", "image") if of == "both" else (of,):
                    listed[panel][name] = (
                        DEFAULTS[value] if value in DEFAULTS else float(value)
                    )
    assert listed == {
        kind: {
            name: "" if spec.default is None else spec.default
            for name, spec in specs.items()
        }
        for kind, specs in FIELDS.items()
    }


def test_the_dtypes_are_those_that_the_page_lists() -> None:
    listed = {
        row[1]: set(re.findall(r"[a-z]+\d+", row[2]))
        for row in rows_below("An object")
        if row[0] in ("`xydata`", "`data`")
    }
    assert listed == {k: {d.name for d in v} for k, v in NATIVE_DTYPES.items()}


def test_the_tags_are_those_that_the_page_lists() -> None:
    listed = {
        tag
        for row in rows_below("Typed JSON")
        for tag in re.findall(r"`(\w+)`", row[0])
    }
    assert listed == {*_DECODERS, "dict", "masked", "elsewhere"}
    assert listed == {*project_reader.TAGS, "elsewhere"}
