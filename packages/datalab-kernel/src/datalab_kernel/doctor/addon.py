"""A check of the companions in DataLab's plugin folder and in running DataLabs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from datalab_kernel._version import __version__
from datalab_kernel.doctor.findings import Finding

if TYPE_CHECKING:
    from datalab_kernel.desktop.addon.folder import Installed
    from datalab_workspace.live.companion_files import CompanionFile

_INSTALL = "run `python -m datalab_kernel install --desktop`, then restart DataLab"
_RESTART = (
    "restart DataLab; if datalab-kernel is installed in its environment, upgrade it "
    "there first"
)
#: Seconds for an answer.
_CONNECT, _READ = 1.0, 2.0


def check() -> Iterator[Finding]:
    """Compare the add-on, and what runs in DataLab, with the packages of this Python.

    Most users have no add-on; then nothing is said about it.
    """
    from datalab_kernel.desktop.addon import folder
    from datalab_workspace.live.companion_files import companion_files

    addon = None
    try:
        addon = folder.installed()
    except OSError as error:
        yield Finding("warn", f"the add-on for DataLab cannot be examined: {error}")
    if addon is not None:
        yield _compared(addon)
    for file in companion_files():
        yield _running(file, addon)


def _compared(addon: Installed) -> Finding:
    text = f"the add-on {addon.version or '(unknown version)'} is in {addon.folder}"
    if addon.current:
        return Finding("ok", text)
    return Finding("warn", f"{text}: {addon.state}", _INSTALL)


def _running(file: CompanionFile, addon: Installed | None) -> Finding:
    """Return the finding about the companion of a running DataLab."""
    from datalab_workspace.errors import LiveError
    from datalab_workspace.live.companion.client import CompanionClient
    from datalab_workspace.live.transport.base import Timeouts

    datalab = f"the DataLab with process {file.pid}"
    client = CompanionClient(file.url, file.token)
    try:
        said = client.hello(Timeouts(connect=_CONNECT, read=_READ))
    except LiveError as error:
        return Finding("warn", f"{datalab} does not serve notebooks: {error}", _RESTART)
    finally:
        client.close()
    runs = f"{datalab} runs version {said.get('companion')!s:.40} of the companion"
    known, expected = "the add-on has", addon.version if addon is not None else ""
    if not expected:
        known, expected = "this Python has", __version__
    if said.get("companion") == expected:
        return Finding("ok", runs)
    return Finding("warn", f"{runs}, and {known} {expected}", _RESTART)
