"""Send the functions of a chain to another process, with what they use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace.runtime import is_installed

if TYPE_CHECKING:
    from datalab_workspace.batch.chains import Chain


def dumps(chain: Chain, most: int) -> bytes:
    """Return a chain with functions as bytes; see `Chain.dumps`.

    Args:
        chain: The chain.
        most: The most bytes that it may have.
    """
    if not is_installed("cloudpickle"):
        raise ModuleNotFoundError(
            f"sending {chain.description!r:.80} to another process needs cloudpickle, "
            'which is not installed here: pip install "datalab-workspace-api[batch]", '
            'or pass on="threads" or on="serial"',
            name="cloudpickle",
        )
    import cloudpickle  # type: ignore[import-untyped]  # it has no stubs

    content: bytes = cloudpickle.dumps(chain)
    if len(content) > most:
        raise ValueError(
            f"the function takes {len(content) / 1e6:.1f} MB with what it uses, more "
            f"than {most / 1e6:.0f} MB; let it open a file, or pass less"
        )
    return content
