"""The capabilities that the available protocols of DataLab provide."""

from __future__ import annotations

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.encoding.carriers import NATIVE_DTYPES, NPZ
from datalab_workspace.live.connection import Connection
from datalab_workspace.model.record import KINDS


def abilities_of(connection: Connection) -> Capabilities:
    """Return the capabilities that the protocols of a connection provide."""
    rpc = connection.rpc is not None
    dtypes = NATIVE_DTYPES if connection.web is None else NPZ.dtypes
    return Capabilities(
        groups=rpc,
        in_place_overwrite=rpc,
        any_name=rpc,
        noncharacters=not rpc,
        full_metadata=rpc,
        tells_apart=rpc,
        window=True,
        shared=True,
        computes=True,
        dtypes=frozenset(str(d) for kind in KINDS for d in dtypes[kind]),
    )
