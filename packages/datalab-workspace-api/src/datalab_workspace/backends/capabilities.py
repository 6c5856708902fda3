"""The capabilities that a backend declares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Capabilities:
    """The abilities of a backend; anything else raises the documented error.

    Attributes:
        groups: Objects can be put in any group; otherwise naming a group raises
            `NotImplementedError`.
        in_place_overwrite: Overwriting keeps position, group and UUID.
        any_name: Every name that `check_name` accepts can be given; otherwise
            `InvalidNameError` is raised before anything is sent.
        noncharacters: Names may contain U+FFFE and U+FFFF; otherwise
            `InvalidNameError` is raised, too.
        full_metadata: Every field, annotation and metadata value comes back.
        dtypes: Names of the dtypes that data is kept in, None for every numeric dtype.
            Data of another dtype is converted to one of them and back; if that would
            lose anything, `UnsupportedDtypeError` is raised.
        shares_views: ``copy=False`` holds and hands out views instead of copies.
        tells_apart: Objects of the same title are distinguished, and an object stays
            the same when another program changes its title. Otherwise an ambiguous
            title raises `AmbiguousObjectError`, and a changed title is another object.
        window: Objects are shown in a window; `selection` returns those that its user
            has selected.
        shared: Other programs and users may add, change and remove objects. The name
            of an object then follows its title.
        computes: `compute` runs a feature where the objects are.
        events: `observed` reports every change of others, with its parts and its
            author, and `watch` waits for changes.
        undo: Transactions can be undone.
        edits_groups: Objects can be moved between groups, and groups renamed.

    Example:
        >>> workspace.capabilities.shares_views
        True
    """

    groups: bool = True
    in_place_overwrite: bool = True
    any_name: bool = True
    noncharacters: bool = True
    full_metadata: bool = True
    dtypes: frozenset[str] | None = None
    shares_views: bool = False
    tells_apart: bool = True
    window: bool = False
    shared: bool = False
    computes: bool = False
    events: bool = False
    undo: bool = False
    edits_groups: bool = False
