"""The formatters that show objects, workspaces and descriptions in IPython.

They are registered by the names of the types, so that neither sigima nor NumPy is
imported before an object is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_DISPLAY = "datalab_kernel_core.display"
_DESCRIPTION = "datalab_workspace.model.description"
_RESULTS = "datalab_workspace.results_table"
_PROCESSING = "datalab_workspace.processing"
_RECOVERY = "datalab_workspace.recovery.listing"
_HISTORY = "datalab_workspace.history"
_BATCH = "datalab_workspace.batch"
#: By type: the module that shows it, and the first part of the names of the module's
#: two functions, `<part>_html` and `<part>_text`.
_SHOWN = {
    "sigima.objects.signal.object.SignalObj": (f"{_DISPLAY}.object_html", "signal"),
    "sigima.objects.image.object.ImageObj": (f"{_DISPLAY}.object_html", "image"),
    "sigima.objects.scalar.table.TableResult": (f"{_DISPLAY}.results_html", "analysis"),
    "sigima.objects.scalar.geometry.GeometryResult": (
        f"{_DISPLAY}.results_html",
        "analysis",
    ),
    "datalab_workspace.workspace.Workspace": (
        f"{_DISPLAY}.workspace_html",
        "workspace",
    ),
    f"{_RECOVERY}.RecoveryListing": (f"{_DISPLAY}.recovery_html", "recovery"),
    f"{_HISTORY}.view.history.History": (f"{_DISPLAY}.history_html", "history"),
    f"{_HISTORY}.replay.verdict.Replay": (f"{_DISPLAY}.replay_html", "replay"),
    f"{_PROCESSING}.feature_table.FeatureTable": (
        f"{_DISPLAY}.features_html",
        "features",
    ),
    f"{_PROCESSING}.feature_table.FeatureInfo": (f"{_DISPLAY}.features_html", "info"),
    f"{_PROCESSING}.feature_calls.FeatureCalls": (f"{_DISPLAY}.features_html", "calc"),
    f"{_DESCRIPTION}.Listing": (f"{_DISPLAY}.workspace_html", "listing"),
    f"{_DESCRIPTION}.Description": (f"{_DISPLAY}.summaries_html", "description"),
    f"{_DESCRIPTION}.Status": (f"{_DISPLAY}.summaries_html", "status"),
    f"{_DESCRIPTION}.GroupInfo": (f"{_DISPLAY}.summaries_html", "group"),
    f"{_DESCRIPTION}.GroupList": (f"{_DISPLAY}.groups_html", "groups"),
    "datalab_workspace.model.record.Record": (f"{_DISPLAY}.object_html", "record"),
    "datalab_workspace.backends.capabilities.Capabilities": (
        f"{_DISPLAY}.capabilities_html",
        "capabilities",
    ),
    f"{_RESULTS}.Results": (f"{_DISPLAY}.results_html", "results"),
    f"{_RESULTS}.ResultList": (f"{_DISPLAY}.results_html", "list"),
    f"{_BATCH}.results.run.Run": (f"{_DISPLAY}.run_html", "run"),
    f"{_BATCH}.results.item_errors.ItemErrors": (f"{_DISPLAY}.run_html", "errors"),
}


def install(shell: InteractiveShell) -> None:
    """Register the formatters; keep those that the user has registered."""
    for formatter, function in _formatters(shell):
        for name, (module, what) in _SHOWN.items():
            if formatter.for_type(name) is None:
                formatter.for_type(name, function(module, what))


def uninstall(shell: InteractiveShell) -> None:
    """Remove the formatters."""
    for formatter, _ in _formatters(shell):
        for name in _SHOWN:
            if isinstance(formatter.for_type(name), _Shown):
                formatter.pop(name)


def _formatters(
    shell: InteractiveShell,
) -> list[tuple[Any, Callable[[str, str], _Shown]]]:
    formatters = shell.display_formatter.formatters  # type: ignore[union-attr]
    return [(formatters["text/html"], _AsHtml), (formatters["text/plain"], _AsText)]


class _Shown:
    """A formatter for one type, whose function is imported at the first call.

    Args:
        module: Full name of the module.
        what: First part of the function's name.
    """

    def __init__(self, module: str, what: str) -> None:
        self._module = module
        self._what = what

    def _function(self, form: str) -> Any:
        return getattr(import_module(self._module), f"{self._what}_{form}")


class _AsHtml(_Shown):
    def __call__(self, obj: Any) -> str | None:
        text: str = self._function("html")(obj)
        return text or None  # an empty display would hide the plain text


class _AsText(_Shown):
    def __call__(self, obj: Any, printer: Any, cycle: bool) -> None:  # noqa: ARG002
        lines = self._function("text")(obj).split("\n")
        if len(printer.stack) > 1:  # the object is an item of a list, for example
            del lines[1:]
        for number, line in enumerate(lines):
            if number:
                printer.break_()
            printer.text(line)
