"""The sentence that offers autosave where a page may lose the objects."""

from __future__ import annotations

from datalab_workspace.recovery.folder import root

#: The file that a user who declined has in the folder above those of the kernels.
_DECLINED = "no-offer"


def offer() -> str | None:
    """Return the sentence; None if the user declined, or no file outlives the page."""
    parent = root()
    if parent is None or parent.with_name(_DECLINED).exists():
        return None
    return (
        "a reload of this page loses all objects, unless you call "
        "workspace.autosave() (every=None: do not offer this again)"
    )


def decline() -> None:
    """Offer autosave no more in this site."""
    parent = root()
    if parent is not None:
        parent.parent.mkdir(parents=True, exist_ok=True)
        parent.with_name(_DECLINED).touch()
