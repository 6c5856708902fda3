"""DataLab's own reader of project files, without a window; many files per process.

Runs in DataLab's environment: ``python -m support.real_datalab.reader``. It reads as
the panels of the main window do, and complains where they would refuse an object. Of
everything that DataLab does with a file only the window itself is left out.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.real_datalab import exchange
from support.real_datalab.serving import Server

SECTIONS = {"signal": "DataLab_Sig", "image": "DataLab_Ima"}
MACROS = "DataLab_Mac"
HISTORY = "DataLab_His"


def read(path: str, folder: str) -> dict[str, list[str]]:
    """Read a project file.

    Args:
        path: The file.
        folder: Where to write what it holds, as far as it could be read.

    Returns:
        What went wrong, as "complaints".
    """
    project = exchange.Project()
    try:
        _read_into(project, path)
        exchange.write(project, Path(folder))
    except Exception:  # noqa: BLE001  what a test is to tell
        exchange.write(exchange.Project(), Path(folder))
        project.complaints.append(f"raised: {traceback.format_exc()}")
    return {"complaints": project.complaints}


def _read_into(project: exchange.Project, path: str) -> None:
    from datalab.h5.native import NativeH5Reader
    from datalab.history import HistorySession

    from support.real_datalab.observing import observed_session

    reader = NativeH5Reader(path)
    try:
        for kind, section in SECTIONS.items():
            for group in _groups(reader, kind, section, project.complaints):
                project.groups.append(group)
        project.macros.extend(_macros(reader))
        sessions = []
        if HISTORY in reader.h5:
            sessions = reader.read_object_list(HISTORY, HistorySession) or []
        project.history.extend(map(observed_session, sessions))
    finally:
        reader.close()
    project.complaints.extend(_duplicates(project))


def _groups(
    reader: Any, kind: str, section: str, complaints: list[str]
) -> Iterator[exchange.Group]:
    from support.real_datalab.observing import observed

    number = 0
    for name in reader.h5.get(section, []):
        with reader.group(section), reader.group(name):
            with reader.group("title"):
                group = exchange.Group(kind, reader.read_str(), [])
            for obj_name in reader.h5[f"{section}/{name}"]:
                number += 1
                with reader.group(obj_name):
                    obj = _deserialized(reader, kind, complaints)
                group.items.append(observed(obj, f"{kind[0]}{number:03d}"))
        yield group


def _deserialized(reader: Any, kind: str, complaints: list[str]) -> Any:
    from sigima.objects import ImageObj, SignalObj

    obj = SignalObj() if kind == "signal" else ImageObj()
    obj.deserialize(reader)
    try:
        obj.check_data()
    except TypeError as error:
        complaints.append(f"refused: {obj.title!r}: {error}")
    return obj


def _macros(reader: Any) -> Iterator[exchange.Macro]:
    for name in reader.h5.get(MACROS, []):
        values = []
        with reader.group(MACROS), reader.group(name):
            for part in ("title", "contents", "uid"):
                with reader.group(part):
                    values.append(reader.read_any())
        yield exchange.Macro(*values)


def _duplicates(project: exchange.Project) -> Iterator[str]:
    seen: set[str] = set()
    for item in project.items():
        if item.uuid and item.uuid in seen:
            yield f"refused: the UUID of {item.title!r} is that of another object"
        seen.add(item.uuid)


def main() -> None:
    server = Server()
    from datalab.config import ensure_initialized

    ensure_initialized(load_user_config=False)
    server.serve({"read": read})


if __name__ == "__main__":
    main()
