"""The object behind `Workspace.calc`: a function with an attribute for each feature."""

from __future__ import annotations

from inspect import Signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from datalab_workspace.model.name_lists import NamesOf
from datalab_workspace.processing import calculator
from datalab_workspace.runtime import require
from datalab_workspace.session import Session

if TYPE_CHECKING:
    from sigima.objects import GeometryResult, TableResult

    from datalab_workspace.processing.feature_types import (
        Analysis,
        Combining,
        OneObject,
        Regions,
    )

Names: TypeAlias = "list[Any] | tuple[Any, ...]"


class _Required:
    def __repr__(self) -> str:
        return "<required>"


_REQUIRED: Any = _Required()


class FeatureCalls:
    """Compute features: `calc(name, on=…)`, or one by its attribute, `calc.fft(…)`.

    Each feature of sigima is an attribute, whose signature and docstring show its
    parameters with their defaults and allowed values. `Workspace.features` is the table
    of all features.

    Example:
        >>> workspace.calc.gaussian_filter("peak", sigma=2)
        'gaussian_filter(s001)|sigma=2.0'
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    @overload
    def __call__(
        self,
        name: OneObject | Combining,
        param: Any = None,
        *,
        on: str,
        with_: str | None = None,
        where: calculator.Where = "kernel",
        masked: calculator.Masked = "ignore",
        **parameters: Any,
    ) -> str: ...
    @overload
    def __call__(
        self,
        name: OneObject,
        param: Any = None,
        *,
        on: Names,
        with_: str | None = None,
        where: calculator.Where = "kernel",
        masked: calculator.Masked = "ignore",
        **parameters: Any,
    ) -> list[str]: ...
    @overload
    def __call__(
        self,
        name: Combining,
        param: Any = None,
        *,
        on: NamesOf,
        with_: str | None = None,
        where: calculator.Where = "kernel",
        masked: calculator.Masked = "ignore",
        **parameters: Any,
    ) -> str: ...
    @overload
    def __call__(
        self,
        name: Regions,
        param: Any = None,
        *,
        on: str,
        with_: str | None = None,
        where: calculator.Where = "kernel",
        masked: calculator.Masked = "ignore",
        **parameters: Any,
    ) -> list[str]: ...
    @overload
    def __call__(
        self,
        name: Analysis,
        param: Any = None,
        *,
        on: str,
        with_: str | None = None,
        where: calculator.Where = "kernel",
        masked: calculator.Masked = "ignore",
        **parameters: Any,
    ) -> GeometryResult | TableResult | Any: ...
    @overload
    def __call__(
        self,
        name: str,
        param: Any = None,
        *,
        on: NamesOf | None = None,
        with_: str | None = None,
        where: calculator.Where = "kernel",
        masked: calculator.Masked = "ignore",
        **parameters: Any,
    ) -> Any: ...
    def __call__(
        self,
        name: str = _REQUIRED,
        param: Any = None,
        *,
        on: NamesOf | None = None,
        with_: str | None = None,
        where: calculator.Where = "kernel",
        masked: calculator.Masked = "ignore",
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
        it.

        Names, kinds and parameters are checked for all objects before anything is
        computed. Then each object is fetched, computed, stored and released, so that
        only a few are in memory at once, unless the feature combines them. Results
        appear while others are computed, and other threads can use the workspace. After
        an error or an interrupt, the results that are whole stay; a note of the error
        counts and names them. `undo` takes all results of the call back.

        Args:
            name: Name of the feature: ``"fft"``, ``"gaussian_filter"``, ``"stats"``…
            param: A parameter object of sigima or a dict of values; by default sigima's
                defaults. ``extract_roi``, ``extract_rois`` and ``erase`` also take a
                list of them; by default they use the regions of the object.
            on: One name, UUID or short id, or a list of them, in which there may be
                lists again, as `calc` returns them. A feature of one object is computed
                from each, a feature of a list from all of them together. By default the
                objects that are selected in DataLab's window, or those that `select`
                chose if the objects are in memory.
            with_: Name of the second object, for a feature of two objects.
            where: "kernel" computes in this process; "datalab" computes in the DataLab
                that the workspace is attached to, for features that make one object
                from one. It is computed here first, because DataLab would open a
                dialog if it failed.
            masked: "ignore" computes as sigima and DataLab do, which use the values
                under a mask as ordinary numbers in most features. "nan" computes with
                NaN in their place, in this process only.
            parameters: Values of parameters by name; they override those in `param`.

        Returns:
            The type follows from the feature and the form of `on`, not from the data.
            For one name, it is

            - the name of the result, if the feature makes one object;
            - a list of names, even of one, if the feature makes an object for each
              region (`extract_roi`);
            - the result itself for an analysis: a `GeometryResult` or `TableResult` of
              sigima, or None if it found nothing.

            For a list, it is a list that has one of these for each name, in order. A
            feature that combines all objects returns one name. Without `on`, it is a
            list, too, unless ``select(name)`` chose the object by its name alone.

        Raises:
            FeatureNotFoundError: There is no such feature for these objects (a
                `ValueError`); close matches are named.
            KeyError: There is no such object.
            TypeError: There is no name, or no such parameter, or one has the wrong
                type; or the feature takes other objects.
            ValueError: A parameter has a value that is not allowed, or there is no
                object to compute from.
            LiveUnavailableError: `where` is "datalab", and the workspace is not
                attached to one (a `ConnectionError`).
            UnsupportedDtypeError: `masked` is "nan", and a masked object has integers
                (a `TypeError`).
            NotSupportedByProtocolError: `where` is "datalab", and only one of its
                protocols is available, or its window would open a dialog.
            Exception: Any error of sigima; a note names the feature and the object.

        Warns:
            UserWarning: Signals with different x were interpolated. Warnings of sigima
                are passed on.
            DoubtfulResultWarning: A fault of sigima concerns the result, the objects
                have different units or axes, or a mask is ignored. The result is left
                as sigima computes it.

        Example:
            >>> workspace.calc("moving_average", on="noisy", n=5)
            'moving_average(s002)|size=5, mode=reflect'
        """
        if name is _REQUIRED:
            raise TypeError(
                "calc() needs the name of a feature, as in calc('fft', on='peak'); "
                "workspace.features() lists them all"
            )
        arguments = (name, param, on, with_, where, masked, parameters)
        return calculator.calculate(self._session, *arguments)

    def __getattr__(self, name: str) -> FeatureCall:
        # IPython, pickle and copy ask for many private names.
        if name.startswith("_"):
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            )
        require("sigima", "calc")
        from datalab_workspace.processing.features import feature_names, no_feature

        if name not in feature_names():
            raise AttributeError(no_feature(name))
        return FeatureCall(self, name)

    def __dir__(self) -> list[str]:
        require("sigima", "calc")
        from datalab_workspace.processing.features import feature_names

        return feature_names()

    def __repr__(self) -> str:
        return (
            "<calc: calc(name, on=…) or calc.<name>(on, …) computes a feature; "
            "workspace.features() lists them all, features(search='smooth') finds them>"
        )


class FeatureCall:
    """A feature of a workspace, as a function.

    Args:
        calls: The `calc` of the workspace.
        name: Name of an existing feature.

    Example:
        >>> fft = workspace.calc.fft
        >>> fft("peak")
        'fft(s001)'
    """

    __signature__: Signature

    def __init__(self, calls: FeatureCalls, name: str) -> None:
        from datalab_workspace.processing.signatures import docstring_of, signature_of

        self._calls = calls
        self.__name__ = self.__qualname__ = name
        self.__doc__ = docstring_of(name)
        self.__signature__ = signature_of(name)

    # As functions, `?` and `help` show the signature and the docstring, and not those
    # of this class in addition.
    @property  # type: ignore[misc]  # mypy allows only a class here
    def __class__(self) -> type:
        return FunctionType

    def __call__(
        self, on: Any = None, *others: Any, param: Any = None, **arguments: Any
    ) -> Any:
        """Compute the feature; see `FeatureCalls.__call__`."""
        if others:
            arguments = {**self._second(others, arguments), **arguments}
        return self._calls(self.__name__, param, on=on, **arguments)

    # IPython shows the file of a function, and its source with `??`.
    __code__ = __call__.__code__

    def _second(self, others: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        """Return the operand that was passed by position, as a keyword."""
        name, known = self.__name__, self.__signature__.parameters
        if "with_" not in known:
            raise TypeError(
                f"calc.{name}() takes one positional argument, the name of an object "
                f"or a list of names, as in calc.{name}(['a', 'b']); pass parameters "
                "by name"
            )
        if len(others) > 1:
            raise TypeError(
                f"calc.{name}() takes two positional arguments, the names of its "
                "objects; pass parameters by name"
            )
        if "with_" in arguments:
            raise TypeError(f"calc.{name}() got two values for 'with_'")
        return {"with_": others[0]}

    def __repr__(self) -> str:
        shown = Signature(
            [
                one.replace(annotation=one.empty)
                for one in self.__signature__.parameters.values()
            ]
        )
        return f"<feature {self.__name__}{shown}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._calls, self.__name__)
