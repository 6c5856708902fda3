"""A check of the add-on in DataLab's plugin folder."""

from __future__ import annotations

from collections.abc import Iterator

from datalab_kernel.doctor.findings import Finding

_INSTALL = "run `python -m datalab_kernel install --desktop`, then restart DataLab"


def check() -> Iterator[Finding]:
    """Compare the add-on with the packages of this Python; most users have none."""
    from datalab_kernel.desktop.addon import folder

    try:
        found = folder.installed()
    except OSError as error:
        yield Finding("warn", f"the add-on for DataLab cannot be examined: {error}")
        return
    if found is None:
        return
    text = f"the add-on {found.version or '(unknown version)'} is in {found.folder}"
    if found.current:
        yield Finding("ok", text)
    else:
        yield Finding("warn", f"{text}: {found.state}", _INSTALL)
