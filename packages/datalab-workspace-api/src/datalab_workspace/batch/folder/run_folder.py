"""The folder of a run: its properties, journal, parts and claims."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datalab_workspace.batch import file_names
from datalab_workspace.batch.errors import RunExistsError

_FORMAT = 1


class RunFolder:
    """The folder next to the output of a run, with everything that resuming needs.

    Attributes:
        path: The folder.
        out: The summary project.
        journal: The run journal.
        lock: The lock file.
        parts: The folder of the parts.
        under_way: The folder of the claims.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.path = file_names.run_folder(out)
        self.journal = self.path / "journal.jsonl"
        self.lock = self.path / "lock"
        self.parts = self.path / "parts"
        self.under_way = self.path / "under_way"
        self._properties = self.path / file_names.PROPERTIES
        self._token = self.path / "token"

    @classmethod
    def at(cls, path: Path) -> RunFolder:
        """Return the folder of a run from its own path."""
        return cls(file_names.output_of(path) or path)

    def create(self) -> None:
        """Make the folder where it does not exist.

        Raises:
            RunExistsError: The folder holds links, which lead to files that the run
                must not change. No run makes them.
        """
        for entry in self.path.iterdir() if self.path.is_dir() else ():
            mode = entry.lstat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise RunExistsError(
                    f"{str(entry)!r} is neither a file nor a folder, so no run has "
                    f"made it; remove the folder {str(self.path)!r}"
                )
        for folder in (self.path, self.parts, self.under_way):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def is_run(self) -> bool:
        """Whether a run has written its properties here."""
        return self._properties.exists()

    def properties(self) -> dict[str, Any]:
        """Return the properties of the run.

        Raises:
            FileNotFoundError: There is no run.
            RunExistsError: A newer version of this package made the run, or the file
                is damaged.
        """
        found: Any = None
        try:
            with contextlib.suppress(ValueError, RecursionError):
                found = json.loads(self._properties.read_text("utf-8"))
        except FileNotFoundError:
            raise FileNotFoundError(
                f"there is no run for {str(self.out)!r}: the folder "
                f"{str(self.path)!r} does not exist or holds no run.json"
            ) from None
        if not isinstance(found, dict):
            raise RunExistsError(
                f"{str(self._properties)!r} is damaged; pass restart=True to replace "
                "the run"
            )
        if found.get("format") != _FORMAT:
            raise RunExistsError(
                f"the run in {str(self.path)!r} was made by another version of "
                "datalab-workspace-api; pass restart=True to replace it"
            )
        return _sound(found)

    def write_properties(self, properties: Mapping[str, Any]) -> None:
        """Write the properties of a new run."""
        data = json.dumps({"format": _FORMAT, **properties}, indent=1, default=repr)
        _write_atomically(self._properties, data)

    def new_token(self) -> str:
        """Write a random string by which workers recognise the folder, and return it.

        Workers that an earlier, killed driver left do not know it. So they compute no
        more tasks.
        """
        token = secrets.token_hex(8)
        _write_atomically(self._token, token)
        return token

    def token(self) -> str:
        """Return the string of the present driver; "" if the folder is another one."""
        try:
            return self._token.read_text("ascii")
        except FileNotFoundError:
            return ""

    def clear(self) -> None:
        """Remove the receipts, parts and claims of an earlier run.

        Its properties stay until those of the new run replace them. So a folder that a
        killed driver leaves behind still belongs to a run.
        """
        self.journal.unlink(missing_ok=True)
        self.remove_claims()
        self.remove_parts()

    def remove_claims(self) -> None:
        """Remove the claims of earlier drivers."""
        for claim in self.under_way.iterdir() if self.under_way.exists() else ():
            with contextlib.suppress(OSError):
                claim.unlink()

    def remove_parts(self, *, but: frozenset[str] = frozenset()) -> None:
        """Remove the parts, except those with the names `but`."""
        if not but:
            shutil.rmtree(self.parts, ignore_errors=True)
            self.parts.mkdir(exist_ok=True)
            return
        for part in self.parts.iterdir():
            if part.name not in but:
                with contextlib.suppress(OSError):
                    part.unlink()


def _sound(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that are read, where another program may have set them."""
    chain = _mapping(found, "chain")
    return {
        "chain": {
            "fingerprint": str(chain.get("fingerprint")),
            "description": str(chain.get("description")),
            "parts": _mapping(chain, "parts"),
        },
        "keep": str(found.get("keep")),
        "reading": _mapping(found, "reading"),
        "versions": _mapping(found, "versions"),
        "call": _sound_call(found.get("call")),
    }


def _sound_call(call: Any) -> dict[str, Any] | None:
    """Return the arguments of the call; None without them, or if they are damaged."""
    if not isinstance(call, dict):
        return None
    chain, options = _mapping(call, "chain"), _mapping(call, "options")
    if not isinstance(chain.get("steps"), list) or not isinstance(
        call.get("items"), list
    ):
        return None
    return {**call, "chain": chain, "options": options, "key": call.get("key")}


def _mapping(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
