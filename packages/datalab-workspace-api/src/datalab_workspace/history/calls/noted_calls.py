"""Calls of sigima's features, from the moment they are noted to their written form.

Noting a call must cost microseconds: `note` keeps the function and the values of its
parameters, and `NotedCall.call` encodes them when they are needed.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from datalab_workspace.history.calls.parameters import encoded
from datalab_workspace.history.steps import Call, Place
from datalab_workspace.model.sigima_objects import object_kind

Function = Callable[..., Any]

#: Types of values that cannot be changed later.
_CONSTANT = frozenset((type(None), bool, int, float, complex, str, bytes))


class Operation(NamedTuple):
    """The identity of a feature in histories.

    Attributes:
        name: The id of the operation contract, such as "sigima.signal.normalize".
        version: The version of the contract; None if sigima has no contracts.
        options: The names of the global options that the feature reads.
    """

    name: str
    version: int | None
    options: tuple[str, ...]


class NotedCall:
    """A call of a feature as it was noted, before its parameters are encoded.

    Attributes:
        function: The function of sigima.
        arguments: For each argument after the objects: None, or the class of a
            parameter object and the values of its items; a list of these for a list.
        options: The values of the global options that the function reads.
        aligned: See `Call.aligned`.
        masked_as_nan: See `Call.masked_as_nan`.
        place: See `Call.place`.
    """

    __slots__ = (
        "_call",
        "aligned",
        "arguments",
        "function",
        "masked_as_nan",
        "options",
        "place",
    )

    def __init__(
        self,
        function: Function,
        arguments: Sequence[Any],
        options: Mapping[str, Any],
        *,
        aligned: bool = False,
        masked_as_nan: bool = False,
        place: Place = "kernel",
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.options = options
        self.aligned = aligned
        self.masked_as_nan = masked_as_nan
        self.place = place
        self._call: Call | None = None

    def key(self) -> object:
        """Return a key that equal calls share; None if it is not known."""
        for kept in self.arguments:
            if isinstance(kept, list) or (
                kept is not None
                and not _CONSTANT.issuperset(map(type, kept[1].values()))
            ):
                return None
        # 0.0 equals -0.0 and 1 equals True, but their strings differ.
        return (
            self.function,
            repr(self.arguments),
            repr(self.options),
            self.aligned,
            self.masked_as_nan,
            self.place,
        )

    def call(self) -> Call:
        """Return the call with its parameters encoded; the same one each time."""
        if self._call is None:
            operation = operation_of(self.function)
            assert operation is not None, "note() checks it"
            self._call = Call(
                operation.name,
                operation.version,
                _encoded_arguments(self.function, self.arguments),
                self.options,
                self.aligned,
                self.masked_as_nan,
                self.place,
            )
        return self._call


def note(
    function: Function,
    parameters: Sequence[Any],
    *,
    aligned: bool = False,
    masked_as_nan: bool = False,
    place: Place = "kernel",
) -> NotedCall | None:
    """Note a call of a feature, in a few microseconds.

    Args:
        function: The function of sigima, as `observe_calls` reports it.
        parameters: Its arguments after the objects; see `split`.
        aligned: The signals were interpolated to common x first.
        masked_as_nan: Masked values were replaced by NaN first.
        place: The program that computed it.

    Returns:
        The call; None if the function is not a feature of sigima itself.
    """
    operation = operation_of(function)
    if operation is None:
        return None
    options = _current(operation.options) if operation.options else {}
    return NotedCall(
        function,
        [
            _kept_default(function, number, repr(options))
            if one is None
            else _kept(one)
            for number, one in enumerate(parameters)
        ],
        options,
        aligned=aligned,
        masked_as_nan=masked_as_nan,
        place=place,
    )


def split(arguments: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Divide the arguments of a feature into its objects and its parameters.

    Args:
        arguments: The arguments, as `observe_calls` reports them.

    Returns:
        The signals or images, with those of a list one by one; and everything else.
    """
    objects: list[Any] = []
    others: list[Any] = []
    for one in arguments:
        if object_kind(one) is not None:
            objects.append(one)
        elif isinstance(one, list | tuple) and one and object_kind(one[0]) is not None:
            objects.extend(one)
        else:
            others.append(one)
    return objects, others


@functools.cache
def operation_of(function: Function) -> Operation | None:
    """Return the identity of a feature; None if it does not belong to sigima."""
    from sigima.proc.decorator import get_computation_metadata, is_computation_function

    if not is_computation_function(function):
        return None
    known = get_computation_metadata(function)
    module = str(function.__module__).split(".")
    if module[:2] != ["sigima", "proc"] or len(module) < 3:
        return None
    by_name = f"sigima.{module[2]}.{function.__name__}"
    name: str = getattr(known, "operation_id", None) or by_name
    version: int | None = getattr(known, "contract_version", None)
    return Operation(name, version, tuple(getattr(known, "reads_options", ())))


@functools.cache
def contract_of(function: Function) -> Any:
    """Return the operation contract of a feature; None if sigima has none.

    A registry of one function is built, because that of all takes 0.2 s.
    """
    try:
        from sigima.proc.contracts import build_contract_registry
    except ImportError:  # before sigima 1.3
        return None
    return build_contract_registry([function]).for_function(function)


def _current(names: Sequence[str]) -> dict[str, Any]:
    from sigima.config import options

    return {name: getattr(options, name).get() for name in names}


# -- parameters -----------------------------------------------------------------------


def _default(function: Function, number: int) -> Any:
    """Return the default for None, which may follow a global option."""
    contract = contract_of(function)
    specs = () if contract is None else contract.parameters
    if number < len(specs) and specs[number].container == "single":
        return specs[number].paramclass()
    return None


@functools.lru_cache(maxsize=256)
def _kept_default(function: Function, number: int, options: str) -> Any:  # noqa: ARG001  # a key
    """Return the default as `_kept` does; the options are a part of the key."""
    return _kept(_default(function, number))


def _kept(argument: Any) -> Any:
    if isinstance(argument, list | tuple):
        return [_kept(one) for one in argument]
    if argument is None:
        return None
    held = vars(argument)
    of_class: Callable[[], Any] = type(argument)
    values = {name: held[name] for name in _stored_names(of_class) if name in held}
    for name, value in values.items():
        if type(value) not in _CONSTANT:
            values[name] = copy.deepcopy(value)
    return of_class, values


@functools.cache
def _stored_names(of_class: Callable[[], Any]) -> tuple[str, ...]:
    """Return the attributes in which guidata stores the values of the items."""
    return tuple(f"_{item.get_name()}" for item in of_class().get_items())


def _restored(kept: Any) -> Any:
    if isinstance(kept, list):
        return [_restored(one) for one in kept]
    if kept is None:
        return None
    parameters, values = kept
    made = parameters()
    vars(made).update(values)
    return made


def _encoded_arguments(
    function: Function, arguments: Sequence[Any]
) -> Mapping[str, Any] | None:
    """Return the arguments as data for JSON; None if they cannot be encoded."""
    restored = [_restored(one) for one in arguments]
    contract = contract_of(function)
    try:
        if contract is not None:
            written: Mapping[str, Any] = contract.encode_parameters(restored)
            return written
        return _encoded_by_name(function, restored)
    except (ValueError, TypeError, KeyError):
        return None


def _encoded_by_name(function: Function, arguments: Sequence[Any]) -> dict[str, Any]:
    """Return the arguments in the form of the codec of sigima 1.3."""
    if not arguments:
        return {}
    if len(arguments) == 1 and not isinstance(arguments[0], list):
        (only,) = arguments
        return {} if only is None else encoded(only)
    names = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    written: dict[str, Any] = {}
    for name, one in zip(names[-len(arguments) :], arguments, strict=True):
        several = isinstance(one, list)
        written[name] = [encoded(each) for each in one] if several else encoded(one)
    return written
