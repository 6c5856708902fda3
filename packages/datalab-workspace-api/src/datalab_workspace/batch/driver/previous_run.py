"""Compare a call with the run that an earlier call left in the same place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from datalab_workspace.batch.driver.item_states import ItemStates
from datalab_workspace.batch.errors import RunExistsError
from datalab_workspace.batch.file_names import ARCHIVE, csv_name, is_further_file
from datalab_workspace.batch.folder.parts import KeptObjects, remove_damaged
from datalab_workspace.batch.folder.run_folder import RunFolder
from datalab_workspace.batch.item_results import ItemResult
from datalab_workspace.batch.items.item import Items
from datalab_workspace.batch.outputs.files import kept_objects
from datalab_workspace.batch.outputs.staging import files_of_others, outputs_of
from datalab_workspace.error_messages import shortened
from datalab_workspace.errors import FileChangedError, NotAProjectError
from datalab_workspace.formats.targets import is_of_other_format
from datalab_workspace.runtime import require

#: The names that an error about changed code lists.
_NAMES = 5


def check_out(
    folder: RunFolder,
    *,
    overwrite: bool,
    stamps: Mapping[str, list[int]] = MappingProxyType({}),
) -> None:
    """Check that the output may be written.

    Args:
        folder: The folder of the run.
        overwrite: Whether a file of another program may be replaced.
        stamps: What `stamp_of` returned for each file when the run wrote it, by name;
            empty if that is not known.

    Raises:
        NotAProjectError: The suffix is that of another format.
        ModuleNotFoundError: The format needs h5py, which is not installed.
        FileNotFoundError: There is no folder for the output.
        IsADirectoryError: A folder has the name of a file that the run writes.
        FileExistsError: No run has made the output.
        FileChangedError: Another program has changed it since.
    """
    out = folder.out
    if is_of_other_format(out):
        # The table would have the same name as the project if that ended in ".csv".
        raise NotAProjectError(
            f"out={out.name!r} is a project, but other programs expect another format "
            f"in a file that ends in {out.suffix}; pass "
            f"{out.with_suffix('.h5').name!r}, next to which the table is written as "
            f"{csv_name(out)!r}"
        )
    if out.suffix.lower() != ARCHIVE:
        require("h5py", f"out={out.name!r}", "pass an out that ends in .npz")
    others = _places(folder)
    if overwrite:
        return
    if others:
        raise FileExistsError(
            f"{str(others[0])!r} exists, and no run has made it; the run would write a "
            "file of this name; pass overwrite=True to replace it, or choose another "
            "out"
        )
    if not out.exists():
        return
    if not folder.is_run:
        raise FileExistsError(
            f"{str(out)!r} exists, and no run has made it; pass overwrite=True to "
            "replace it, or choose another out"
        )
    for path in outputs_of(folder.path, out):
        if path.exists() and stamps.get(path.name) not in (None, stamp_of(path)):
            raise FileChangedError(
                f"another program has changed {str(path)!r} since the run wrote it; "
                "pass overwrite=True to replace it, or choose another out"
            )


def stamp_of(path: Path) -> list[int]:
    """Return the size and the modification time in ns of a file."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _places(folder: RunFolder) -> list[Path]:
    """Return the files of others that have names of outputs.

    Raises:
        OSError: A file or folder is where the run needs the other.
    """
    out = folder.out
    if not out.parent.is_dir():
        raise FileNotFoundError(
            f"the folder {str(out.parent)!r} of out={out.name!r} does not exist"
        )
    if folder.path.exists() and not folder.path.is_dir():
        raise FileExistsError(
            f"the run needs the folder {str(folder.path)!r}, but a file has this name; "
            "choose another out"
        )
    others = files_of_others(folder.path, out)
    for path in others:
        if path.is_dir():
            raise IsADirectoryError(
                f"{str(path)!r} is a folder, and the run would write a file of this "
                "name; choose another out"
            )
    return others


def check_inputs(folder: RunFolder, items: Items) -> None:
    """Check that the outputs replace no file that holds items.

    Args:
        folder: The folder of the run.
        items: The items of the call.

    Raises:
        ValueError: They would replace one.
    """
    out = folder.out
    for path in out.parent.iterdir():
        is_output = path.name == out.name or is_further_file(out, path.name)
        if is_output and items.reads(path):
            raise ValueError(
                f"{str(path)!r} holds items of this call, and the run would replace "
                "it; choose another out"
            )


def compare(folder: RunFolder, properties: Mapping[str, Any]) -> None:
    """Check that a run has the chain and options of a call.

    Args:
        folder: The folder of the run; there may be no run.
        properties: The properties of the call.

    Raises:
        RunExistsError: They differ. The message says in what.
    """
    if not folder.is_run:
        return
    differences = list(_differences(folder.properties(), properties))
    if differences:
        raise RunExistsError(
            f"the run of {str(folder.out)!r} differs from this call: "
            f"{'; '.join(differences)}; pass restart=True to replace it, or choose "
            "another out"
        )


def forget_lost(folder: RunFolder, states: ItemStates) -> None:
    """Let items be computed again whose objects were removed or damaged.

    Args:
        folder: The folder of the run.
        states: The state of the items.
    """
    remove_damaged(folder.parts)
    known = kept_objects(folder.path, folder.out)
    for result in states.results():
        if not _has_objects(known, result):
            states.forget(result.receipt.index)


def _has_objects(known: KeptObjects, result: ItemResult) -> bool:
    try:
        for row in result.receipt.rows:
            for each in row.objects:
                known.find(result.part, each.uuid)
    except (OSError, ValueError):
        return False
    return True


def _differences(
    former: Mapping[str, Any], present: Mapping[str, Any]
) -> Iterator[str]:
    before, now = former["chain"], present["chain"]
    if before["fingerprint"] != now["fingerprint"]:
        if before["description"] == now["description"]:
            yield _changed_code(before.get("parts", {}), now)
        else:
            yield f"its chain is {before['description']}, not {now['description']}"
    if former["keep"] != present["keep"]:
        yield f"it has keep={former['keep']!r}, not {present['keep']!r}"
    for title in ("reading", "versions"):
        then, given = former[title], present[title]
        for name in sorted({*then, *given}):
            if then.get(name) != given.get(name):
                yield _difference(title, name, then.get(name), given.get(name))


def _changed_code(before: Mapping[str, str], now: Mapping[str, Any]) -> str:
    names = [name for name in now["parts"] if before.get(name) != now["parts"][name]]
    changed = f"the code of its chain ({now['description']}) has changed"
    if not names or not before:
        return changed
    more = ", …" if len(names) > _NAMES else ""
    return f"{changed}: {', '.join(map(shortened, names[:_NAMES]))}{more}"


def _difference(title: str, name: str, former: Any, present: Any) -> str:
    if title == "versions":
        return f"it was computed with {name} {former}; this is {present}"
    return f"it has {name}={former!r}, not {present!r}"
