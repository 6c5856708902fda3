"""The calls of a workspace that compute: features, and what they find."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datalab_workspace.model.results import Results
from datalab_workspace.operations import results
from datalab_workspace.processing import calculator
from datalab_workspace.session import Session


class ProcessingCalls:
    """The calls of a workspace that compute features from its objects."""

    _session: Session

    def calc(
        self,
        name: str,
        param: Any = None,
        *,
        on: str | Iterable[str] | None = None,
        with_: str | None = None,
        where: calculator.Where = "kernel",
        **parameters: Any,
    ) -> Any:
        """Compute a feature from objects, by the name that DataLab and sigima give it.

        The names are those of the functions in `sigima.proc.signal` and
        `sigima.proc.image`; the kind of the objects decides which module is used.

        A computed signal or image is added under the title that DataLab gives it, at
        the end of the group of its (first) source, or in the first group of its panel
        if it is of the other kind. If another object has that name, the next free name
        is used, as in ``fft(s001) (2)``. If an equal object has it, that object is the
        result and nothing is added, so that a notebook can be run twice. The result of
        an analysis goes into the metadata of the object analysed, where DataLab puts
        it. Everything is computed before anything is added or changed, and other
        threads can use the workspace during the computation.

        Args:
            name: Name of the feature: ``"fft"``, ``"gaussian_filter"``, ``"stats"``…
            param: A parameter object of sigima or a dict of values; by default sigima's
                defaults. ``extract_roi``, ``extract_rois`` and ``erase`` also take a
                list of them; by default they use the regions of the object.
            on: One name, UUID or short id, or several. A feature of one object is
                computed from each, a feature of a list from all of them together. By
                default the objects that are selected in DataLab's window, or those that
                `select` chose if the objects are in memory.
            with_: Name of the second object, for a feature of two objects.
            where: "kernel" computes in this process; "datalab" computes in the DataLab
                that the workspace is attached to, for features that make one object
                from one. It is computed here first, because DataLab would open a
                dialog if it failed.
            parameters: Values of parameters by name; they override those in `param`.

        Returns:
            The name of the result. For an analysis the result itself, a
            `GeometryResult` or `TableResult` of sigima, or None if it found nothing. A
            list of these if `on` is a list and the feature is computed from each, or if
            it is computed from several regions.

        Raises:
            FeatureNotFoundError: There is no such feature for these objects (a
                `ValueError`); close matches are named.
            KeyError: There is no such object.
            TypeError: There is no such parameter, or one has the wrong type; or the
                feature takes other objects.
            ValueError: A parameter has a value that is not allowed, or there is no
                object to compute from.
            LiveUnavailableError: `where` is "datalab", and the workspace is not
                attached to one (a `ConnectionError`).
            NotSupportedByProtocolError: `where` is "datalab", and only one of its
                protocols is available, or its window would open a dialog.
            Exception: Any error of sigima; a note names the feature and the object.

        Warns:
            UserWarning: Signals with different x were interpolated. Warnings of sigima
                are passed on.

        Example:
            >>> workspace.calc("moving_average", on="noisy", n=5)
            'moving_average(s002)|size=5, mode=reflect'
        """
        arguments = (name, param, on, with_, where, parameters)
        return calculator.calculate(self._session, *arguments)

    def results(self, name: str | Iterable[Any] | None = None) -> Results:
        """Return the results of analyses and fits as one table.

        The table names the object, region of interest and unit of each value. It has
        the results that `calc` has stored and those that DataLab's user has computed.
        A fit has its parameters, with their standard uncertainties. No array is read.

        Units are derived from those of the axes. A unit is "" if the quantity has none,
        or if it depends on a unit that the object does not have.

        Args:
            name: One name, UUID or short id, or a list of them, as `calc` returns it;
                by default all objects.

        Returns:
            The values, in the order of the objects; empty if there are no results.

        Raises:
            KeyError: There is no such object.
            TypeError: `name` is neither a string nor a list of strings.

        Warns:
            UserWarning: A result is malformed; it is left out.

        Example:
            >>> fit = workspace.calc("gaussian_fit", on="peak")
            >>> results = workspace.results(fit)
            >>> results["fwhm"][0].unit
            's'
            >>> workspace.results().to_csv("results.csv").name
            'results.csv'
        """
        return results.results(self._session, name)
