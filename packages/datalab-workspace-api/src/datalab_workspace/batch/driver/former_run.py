"""Compare a call with the run that an earlier call left in the same place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from datalab_workspace.batch.driver.ledger import Ledger
from datalab_workspace.batch.errors import RunExistsError
from datalab_workspace.batch.folder.parts import KeptObjects, remove_damaged
from datalab_workspace.batch.folder.run_folder import RunFolder
from datalab_workspace.batch.items.item import Items
from datalab_workspace.batch.outputs.files import kept_objects
from datalab_workspace.batch.outputs.staging import files_of_others
from datalab_workspace.batch.results.distribution import csv_name, is_further_file
from datalab_workspace.batch.results.item_results import ItemResult
from datalab_workspace.errors import FileChangedError, NotAProjectError
from datalab_workspace.formats.targets import is_of_other_format


def check_out(
    folder: RunFolder, *, overwrite: bool, stamp: list[int] | None = None
) -> None:
    """Check that the output may be written.

    Args:
        folder: The folder of the run.
        overwrite: Whether a file of another program may be replaced.
        stamp: Size and modification time in ns of the file as the run wrote it; None
            if that is not known.

    Raises:
        NotAProjectError: The suffix is that of another format.
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
    status = out.stat()
    if stamp is not None and stamp != [status.st_size, status.st_mtime_ns]:
        raise FileChangedError(
            f"another program has changed {str(out)!r} since the run wrote it; pass "
            "overwrite=True to replace it, or choose another out"
        )


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
            f"the run of {str(folder.out)!r} was made otherwise: "
            f"{'; '.join(differences)}; pass restart=True to replace it, or choose "
            "another out"
        )


def forget_lost(folder: RunFolder, ledger: Ledger) -> None:
    """Let items be computed again whose objects were removed or damaged.

    Args:
        folder: The folder of the run.
        ledger: The state of the items.
    """
    remove_damaged(folder.parts)
    known = kept_objects(folder.path, folder.out)
    for result in ledger.results():
        if not _has_objects(known, result):
            ledger.forget(result.receipt.index)


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
            yield f"the code of its chain ({now['description']}) has changed"
        else:
            yield f"its chain is {before['description']}, not {now['description']}"
    if former["keep"] != present["keep"]:
        yield f"it has keep={former['keep']!r}, not {present['keep']!r}"
    for title in ("reading", "versions"):
        then, given = former[title], present[title]
        for name in sorted({*then, *given}):
            if then.get(name) != given.get(name):
                yield _difference(title, name, then.get(name), given.get(name))


def _difference(title: str, name: str, former: Any, present: Any) -> str:
    if title == "versions":
        return f"it was computed with {name} {former}; this is {present}"
    return f"it has {name}={former!r}, not {present!r}"
