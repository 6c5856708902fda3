"""The functions that exported scripts and notebooks call.

`History.export` writes scripts that import this module. Its names and arguments stay,
so that a script from an earlier version runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datalab_workspace.history.calls.execution import edited, execution_of, for_use
from datalab_workspace.history.steps import Call, Edit

if TYPE_CHECKING:
    from datalab_workspace.history.replay.verdict import Replay
    from datalab_workspace.workspace import Workspace


def compute(
    operation: str,
    version: int | None,
    objects: Sequence[Any],
    parameters: Mapping[str, Any],
    *,
    options: Mapping[str, Any] | None = None,
    aligned: bool = False,
    masked_as_nan: bool = False,
) -> Any:
    """Compute a feature of sigima whose parameters keywords cannot express.

    Args:
        operation: The id of the feature, such as "sigima.signal.normalize".
        version: The version of its contract; None without one.
        objects: The signals or images; they are not changed.
        parameters: The parameters, in the form of sigima's codec.
        options: The values of the global options that the feature reads.
        aligned: Interpolate the signals to common x first, as `Workspace.calc` does.
        masked_as_nan: Replace masked values by NaN first.

    Returns:
        The signal or image.

    Raises:
        NotReplayableError: This sigima has no such feature, or refuses the parameters.
    """
    call = Call(
        operation,
        version,
        parameters,
        options or {},
        aligned=aligned,
        masked_as_nan=masked_as_nan,
    )
    return execution_of(call).run([for_use(obj, call) for obj in objects])


def edit(obj: Any, fields: Mapping[str, Any], **regions: Any) -> Any:
    """Return a copy of a signal or image with other labels, units or regions.

    Args:
        obj: The object; it is not changed.
        fields: The values to set by name, such as ``{"xlabel": "Time"}``.
        regions: ``roi=``, the regions as the dict of a ROI of sigima, or None to remove
            them. Without it, they stay.

    Raises:
        NotReplayableError: The values do not fit the object.
    """
    change = Edit(fields, regions.get("roi"), sets_roi="roi" in regions)
    return edited(for_use(obj, change), change)


def compare(project: Workspace, name: str, made: Any) -> Replay:
    """Compare an object that was made again with the one that a project stores.

    Args:
        project: The project.
        name: Name of the object in the project.
        made: The signal or image that was made again.

    Returns:
        The verdict, as `Workspace.replay` returns it.

    Raises:
        KeyError: The project has no such object.
    """
    from datalab_workspace.history.replay.replay import judged

    return judged(project._session, name, made)  # noqa: SLF001  # the same package
