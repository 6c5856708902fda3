"""The calls of a workspace that compute: features, and what they find."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from datalab_workspace.model.record import Kind
from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    from datalab_workspace.processing.feature_calls import FeatureCalls
    from datalab_workspace.processing.feature_table import FeatureTable
    from datalab_workspace.results_table import Results


class ProcessingCalls:
    """The calls of a workspace that compute features from its objects."""

    _session: Session

    @property
    def calc(self) -> FeatureCalls:
        """Compute a feature, by ``calc("fft", on="peak")`` or ``calc.fft("peak")``.

        `features` lists the features. ``calc.`` completes them, and ``calc.fft?`` shows
        the parameters of one. See `FeatureCalls` for the arguments and the results.

        Example:
            >>> workspace.calc("moving_average", on="noisy", n=5)
            'moving_average(s002)|size=5, mode=reflect'
            >>> workspace.calc.moving_average("noisy", n=5)
            'moving_average(s002)|size=5, mode=reflect'
        """
        from datalab_workspace.processing.feature_calls import FeatureCalls

        return FeatureCalls(self._session)

    @suggest_on_typo
    def features(
        self, kind: Kind | None = None, search: str | None = None
    ) -> FeatureTable:
        """Return the features that `calc` can compute, as a table.

        Args:
            kind: "signal" or "image", to return only the features for these objects.
            search: Words to look for, such as "smooth" or "peak width". Names, menus,
                descriptions, parameters and other words for the same thing are
                searched. The best matches come first, otherwise DataLab's order.

        Returns:
            Their names, menus in DataLab, descriptions, results and parameters.

        Example:
            >>> workspace.features("image", search="blur")[0].name
            'gaussian_filter'
        """
        from datalab_workspace.processing import feature_search

        return feature_search.features_table(kind, search)

    @suggest_on_typo
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
            >>> fit = workspace.calc("linear_fit", on="peak")
            >>> workspace.results(fit)["a"][0].unit
            'V/s'
            >>> workspace.results().to_csv("results.csv").name
            'results.csv'
        """
        from datalab_workspace.operations import results

        return results.results(self._session, name)
