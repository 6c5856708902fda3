"""Send the functions of a chain to another process, with what they use."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from datalab_workspace.batch.chains.fingerprints import MOST_BYTES, too_large
from datalab_workspace.batch.chains.steps import FeatureStep, FunctionStep
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    from datalab_workspace.batch.chains.chain import Chain


_lock = threading.Lock()


def dumps(chain: Chain) -> bytes:
    """Return a chain with functions as bytes; see `Chain.dumps`.

    Args:
        chain: The chain.

    Raises:
        ModuleNotFoundError: See `Chain.dumps`.
        ValueError: See `Chain.dumps`.
    """
    require(
        "cloudpickle",
        f"sending {chain.description!r:.80} to another process",
        'pass on="threads" or on="serial"',
        remedy='run pip install "datalab-workspace-api[batch]"',
    )
    import cloudpickle  # type: ignore[import-untyped]  # it has no stubs

    examination = chain.examination
    with _lock, ExitStack() as stack:
        for name in examination.modules:
            module = sys.modules.get(name)
            if module is not None and name != "__main__":
                # A worker of another computer does not have the user's modules.
                cloudpickle.register_pickle_by_value(module)
                stack.callback(cloudpickle.unregister_pickle_by_value, module)
        content: bytes = cloudpickle.dumps(chain)
    if len(content) > MOST_BYTES + sum(_operand_sizes(chain)):
        names = [step.name for step in chain.steps if isinstance(step, FunctionStep)]
        raise too_large(names[0], len(content), examination.sizes)
    return content


def _operand_sizes(chain: Chain) -> Iterator[int]:
    """Yield the bytes of the second operands, which are not part of a function."""
    for step in chain.steps:
        if isinstance(step, FeatureStep) and step.second is not None:
            yield step.second.nbytes
