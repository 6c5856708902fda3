"""The plotter's methods of version 0.2, which raise a DeprecationWarning.

Old names of arguments are accepted by `datalab_workspace.validation.old_arguments`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datalab_workspace.model.analysis import Result
from datalab_workspace.validation import one_of, warn_of_old

if TYPE_CHECKING:
    from typing_extensions import Self

    from datalab_kernel_core.plotter.tables import ResultTable
    from datalab_workspace import Results

_INSTEAD = {
    "matplotlib": "plot(), which always uses Matplotlib,",
    "plotly": "explore(), or %matplotlib widget,",
}


class OldMethods:
    """The methods of version 0.2 that `Plotter` has under another name, or not at all.

    Of the two backends, "plotly" is gone: every picture is drawn by Matplotlib.
    """

    if TYPE_CHECKING:

        def table(
            self,
            result: Any,
            title: str | None = None,
            *,
            visible_only: bool = True,
            transpose_single_row: bool = True,
        ) -> ResultTable | Results:
            """See `Plotter.table`."""

    def display_table(
        self, result: Any, title: str | None = None, **options: bool
    ) -> ResultTable | Results:
        """Return ``table(result, title, **options)``; the old name of `table`."""
        warn_of_old("display_table()", "table()")
        return self.table(result, title, **options)

    def display_geometry(
        self, result: Any, title: str | None = None
    ) -> ResultTable | Results:
        """Return ``table(result, title)``; the old name of `table` for geometry.

        Raises:
            TypeError: `result` is a table result.
        """
        warn_of_old("display_geometry()", "table()")
        if not isinstance(result, str | list | tuple) and not Result.of(result).kind:
            raise TypeError(
                "display_geometry() takes a geometry result, not a table result; "
                "pass it to table()"
            )
        return self.table(result, title)

    @property
    def backend(self) -> str:
        """The name "matplotlib"; deprecated, because there is no other backend."""
        warn_of_old("plotter.backend", "the name 'matplotlib'")
        return "matplotlib"

    def set_backend(self, backend: str) -> Self:
        """Return the plotter; deprecated, because Matplotlib draws every picture.

        Raises:
            ValueError: `backend` is neither "matplotlib" nor "plotly".
        """
        check_backend(backend, "set_backend")
        return self


def check_backend(backend: str, called: str, argument: str = "") -> None:
    """Warn that the name of a backend has no effect.

    Args:
        backend: The name, "matplotlib" or "plotly".
        called: The function that it is passed to, for the warning.
        argument: The name of the argument, with its equals sign.

    Raises:
        ValueError: There never was such a backend.
    """
    name = str(backend).strip().lower()
    one_of(name, "backend", ("matplotlib", "plotly"))
    old = f"{called}({argument}{name!r})"
    warn_of_old(old, _INSTEAD[name])
