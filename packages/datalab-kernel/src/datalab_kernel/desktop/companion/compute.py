"""Run features of DataLab without a dialog.

DataLab computes; its results are then added by a draft, like those of a transaction, so
that a computation that fails leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from datalab_kernel.desktop.companion import application
from datalab_kernel.desktop.companion.dialogs import collected_dialogs
from datalab_kernel.desktop.companion.draft import Draft, DraftGroup
from datalab_kernel.desktop.companion.exchange import ProtocolError
from datalab_kernel.desktop.companion.objects import clone, refused
from datalab_kernel.desktop.companion.overrides import override
from datalab_kernel.desktop.companion.window import Panel, Window
from datalab_workspace.errors import WorkspaceError
from datalab_workspace.model.naming import SHORT_ID_PREFIX
from datalab_workspace.model.record import UUID_KEY, Kind
from datalab_workspace.processing.parameters import make_parameters, region_parameters

_TWO, _MANY, _ANALYSIS = "2_to_1", "1_to_n", "1_to_0"


@dataclass(eq=False)
class Computation:
    """A feature and its operands.

    Attributes:
        name: Name of the feature.
        on: UUIDs of the operands.
        operand: UUID of the second operand.
        parameters: Values of parameters by name.
    """

    name: str
    on: Sequence[str]
    operand: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Results:
    """The objects and values that a computation has made.

    Attributes:
        kind: The kind of its operands.
        source: UUID of the last operand.
        objects: The new objects, each with the UUID of the group that DataLab chose.
        changed: For each analysed operand, an object with its new values.
    """

    kind: Kind
    source: str
    objects: list[tuple[Any, str | None]]
    changed: dict[str, Any]


def compute(window: Window, draft: Draft, computation: Computation) -> Results:
    """Compute a feature.

    Args:
        window: The window. Nothing of it is changed, but the event loop runs, in which
            others may change it.
        draft: A draft of the window, in which the operands are looked up.
        computation: The feature and its operands.

    Raises:
        ProtocolError: There is no such feature or operand, or DataLab reports an error.
    """
    on, operand = list(dict.fromkeys(computation.on)), computation.operand
    draft.check([*on, *([] if operand is None else [operand])])
    kinds = {draft.kinds[uuid] for uuid in on}
    if len(kinds) != 1:
        raise refused("a feature needs operands of one kind, signals or images")
    (kind,) = kinds
    panel = window.panels[kind]
    feature = _feature(panel, computation.name)
    if (feature.pattern == _TWO) != (operand is not None):
        needs = "needs a" if operand is None else "takes no"
        raise refused(f"{computation.name} {needs} second operand")
    arguments = _arguments(feature, computation, draft.objects[on[0]])
    if operand is not None:
        arguments["obj2"] = draft.objects[operand]
    if feature.pattern != _ANALYSIS:
        return Results(kind, on[-1], _run(panel, feature, on, arguments), {})
    before = {uuid: application.values_of(draft.objects[uuid]) for uuid in on}
    try:
        _run(panel, feature, on, arguments)
        return Results(kind, on[-1], [], {u: clone(draft.objects[u]) for u in on})
    finally:
        for uuid, values in before.items():
            application.set_values(draft.objects[uuid], values)


def add_results(draft: Draft, results: Results) -> None:
    """Put results into a draft of the window as it is now.

    Raises:
        ProtocolError: An operand was removed in the meantime.
    """
    draft.check([results.source, *results.changed])
    draft.changed.update(results.changed)
    for obj, group_id in results.objects:
        kind, group = _group(draft, obj, results, group_id)
        uuid = obj.metadata.get(UUID_KEY)
        if not uuid or uuid in draft.objects:
            obj.metadata[UUID_KEY] = str(uuid4())
        uuid = draft.insert(obj, kind, group, len(group.members))
        draft.added.append(uuid)
        draft.bind_by_title(uuid, obj.title or "")
        draft.give_title(uuid, obj.title or "", composed=True)


def _feature(panel: Panel, name: str) -> Any:
    try:
        return panel.widget.processor.get_feature(name)
    except ValueError:
        raise refused(
            f"DataLab has no feature {name!r:.80} for {panel.kind}s"
        ) from None


def _arguments(feature: Any, computation: Computation, first: Any) -> dict[str, Any]:
    """Return the checked parameters, as DataLab's method takes them."""
    described: Any = SimpleNamespace(
        name=computation.name, parameters=feature.paramclass
    )
    values = dict(computation.parameters)
    try:
        if feature.pattern == _MANY:
            return {"params": region_parameters(described, None, values, first)}
        return {"param": make_parameters(described, None, values, first)}
    except (WorkspaceError, TypeError, ValueError) as error:
        raise refused(str(error)) from error


def _run(
    panel: Panel, feature: Any, on: list[str], arguments: dict[str, Any]
) -> list[tuple[Any, str | None]]:
    """Run a feature; return the objects that it makes, with their groups."""
    processor = panel.widget.processor
    results: list[tuple[Any, str | None]] = []
    messages: list[str] = []

    def take(obj: Any, group_id: str | None = None, *_: Any, **__: Any) -> None:
        results.append((obj, group_id))

    def report(_: Any, category: str, *texts: str | None) -> None:
        if category == "error":
            messages.append(next(filter(None, reversed(texts[:2])), ""))

    with ExitStack() as stack:
        stack.enter_context(_selected(panel, on))
        stack.enter_context(
            override(processor, "_add_object_to_appropriate_panel", take)
        )
        for name, function in _quiet_functions(report).items():
            stack.enter_context(override(_module(), name, function))
        for name in ("selection_changed", "refresh_plot"):
            stack.enter_context(override(panel.widget, name, _do_nothing))
        dialogs = stack.enter_context(collected_dialogs())
        try:
            # The method itself, without the decorator that opens error dialogs.
            run = type(processor).run_feature.__wrapped__
            run(processor, feature, edit=False, **arguments)
        except ProtocolError:
            raise
        except Exception as error:
            detail = f"{feature.name}: {type(error).__name__}: {error}"
            raise refused(detail) from error
    for message in (*messages, *dialogs):
        lines = message.strip().splitlines()
        raise refused(f"{feature.name}: {lines[-1] if lines else 'DataLab failed'}")
    return results


@contextmanager
def _selected(panel: Panel, uuids: list[str]) -> Iterator[None]:
    """Let objects be the selected ones, for DataLab's functions alone."""
    chosen = panel.selected_groups() or panel.selection()
    current = panel.tree.get_current_item_id()
    panel.select(uuids, uuids[-1])
    try:
        yield
    finally:
        panel.select(chosen, current)


def _module() -> Any:
    from datalab.gui.processor import base

    return base


def _quiet_functions(report: Any) -> dict[str, Any]:
    """Return the replacements of the functions of DataLab that open dialogs or ask."""
    return {
        "show_warning_error": report,
        "show_resultdata": _do_nothing,
        "is_pairwise_mode": lambda: False,
    }


def _do_nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""


def _group(
    draft: Draft, obj: Any, results: Results, group_id: str | None
) -> tuple[Kind, DraftGroup]:
    """Return the kind of a result and the group that it joins."""
    kind: Kind = "signal" if SHORT_ID_PREFIX["signal"] == obj.PREFIX else "image"
    for group in draft.groups[kind]:
        if group.group is not None and str(group.group.uuid) == group_id:
            return kind, group
    if kind == results.kind:
        return kind, draft.group_of(results.source)
    return kind, draft.first_group(kind)
