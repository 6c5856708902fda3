"""Transactions: operations on DataLab's window, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datalab_kernel.desktop.companion import application, entries
from datalab_kernel.desktop.companion.draft import Draft
from datalab_kernel.desktop.companion.entries import malformed
from datalab_kernel.desktop.companion.exchange import Call, ProtocolError
from datalab_kernel.desktop.companion.objects import object_of
from datalab_kernel.desktop.companion.operations import Material, carry_out
from datalab_kernel.desktop.companion.state import State
from datalab_workspace.errors import DamagedFileError
from datalab_workspace.live.codecs import frame


def material_of(call: Call) -> Material:
    """Return DataLab's objects for the records of a request.

    This takes time for large arrays, and needs no window.

    Raises:
        ProtocolError: A record cannot be read, or DataLab refuses such an object.
    """
    total = sum(array.nbytes for array in call.arrays)
    objects, kinds = [], []
    for data in entries.items(call.header, "records"):
        try:
            record = frame.decode_record(data, call.arrays)
        except DamagedFileError as error:
            raise malformed(str(error)) from error
        # An array that is a small part of the body is copied, so that it does not keep
        # the whole body in memory.
        objects.append(object_of(record, own=2 * record.nbytes > total))
        kinds.append(record.kind)
    return Material(objects, kinds, call.arrays)


def check_expectations(state: State, expect: Mapping[str, Any]) -> None:
    """Check the preconditions of a transaction.

    Raises:
        ProtocolError: They do not hold.
    """
    names = entries.mapping(expect, "names")
    wrong = {
        n: state.names.uuid_of(n) for n in names if state.names.uuid_of(n) != names[n]
    }
    if wrong:
        shown = ", ".join(f"{name!r:.80}" for name in list(wrong)[:5])
        raise ProtocolError(
            409,
            "changed",
            f"the names {shown} do not belong to the expected objects",
            names={name: state.names.uuid_of(name) for name in names},
        )
    revisions = entries.mapping(expect, "rev")
    for uuid in revisions:
        known, expected = state.known.get(uuid), entries.integer(revisions, uuid)
        if known is None or known.revision > expected:
            what = "was removed" if known is None else "has changed"
            raise ProtocolError(409, "changed", f"the object {uuid} {what}", names={})


def draft_of(state: State, call: Call, material: Material) -> Draft:
    """Return the draft that the operations of a request make.

    Raises:
        ProtocolError: A precondition does not hold, or an operation cannot be done.
    """
    expect = entries.mapping(call.header, "expect")
    state.look(also=entries.mapping(expect, "rev"))
    check_expectations(state, expect)
    draft = application.draft_of(state.window, state.names)
    carry_out(draft, entries.items(call.header, "ops"), material)
    return draft


def decoded(value: Any, call: Call) -> Any:
    """Return the value of typed JSON in a request.

    Raises:
        ProtocolError: It is not valid.
    """
    try:
        return frame.decode(value, call.arrays)
    except (ValueError, TypeError) as error:
        raise malformed(f"a value cannot be read: {error}") from error
