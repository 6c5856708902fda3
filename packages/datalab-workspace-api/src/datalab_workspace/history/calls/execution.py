"""Compute a step again: from its call or edit, and the objects that it used.

A call may come from a file of unknown origin. Its feature is looked up by name in the
local sigima, its parameters must be values of the feature's own parameters, and no
class, function or expression is read from it.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from datalab_workspace.errors import NotReplayableError, UnsupportedObjectError
from datalab_workspace.history.calls.noted_calls import contract_of, operation_of
from datalab_workspace.history.calls.parameters import decoded_value
from datalab_workspace.history.steps import Action, Call, Edit
from datalab_workspace.model.record import FIELDS, ROI_KEY, checked_field

_KINDS = ("signal", "image")


@dataclass(frozen=True)
class Tolerance:
    """The difference that a contract allows between two environments.

    A value c matches a value r if ``|c - r| <= absolute + relative * |r|``.

    Attributes:
        absolute: The absolute tolerance.
        relative: The relative tolerance.
    """

    absolute: float = 0.0
    relative: float = 0.0

    def widest(self, other: Tolerance) -> Tolerance:
        """Return the tolerance that allows every difference that one of two allows."""
        return Tolerance(
            max(self.absolute, other.absolute), max(self.relative, other.relative)
        )


EXACT = Tolerance()


@dataclass(frozen=True)
class Execution:
    """A call that is ready to be computed.

    Attributes:
        function: The function of the local sigima.
        parameters: Its arguments after the objects.
        as_list: Whether it takes the objects as one list.
        options: The global options to apply while it runs.
        aligned: Whether the signals are interpolated to common x first.
        masked_as_nan: Whether masked values are replaced by NaN first.
        tolerance: The tolerance of its result in another environment.
    """

    function: Callable[..., Any]
    parameters: Sequence[Any]
    as_list: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    aligned: bool = False
    masked_as_nan: bool = False
    tolerance: Tolerance = EXACT

    def run(self, objects: Sequence[Any]) -> Any:
        """Compute the result.

        Args:
            objects: The signals or images of sigima. The computation may change them.

        Raises:
            NotReplayableError: sigima raised an error.
        """
        try:
            with _applied(self.options), _unobserved(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                objects = self._prepared(objects)
                first = [objects] if self.as_list else objects
                return self.function(*first, *self.parameters)
        except Exception as error:
            name = self.function.__name__
            raise NotReplayableError(
                f"{name} fails: {type(error).__name__}: {error}"
            ) from error

    def _prepared(self, objects: Sequence[Any]) -> list[Any]:
        from datalab_workspace.processing.alignment import aligned
        from datalab_workspace.processing.masks import fill_with_nan

        prepared = list(objects)
        if self.masked_as_nan:
            prepared = [fill_with_nan(obj, str(obj.title)) for obj in prepared]
        if self.aligned:
            names = [str(obj.title) for obj in prepared]
            prepared = aligned(prepared, names, self.function.__name__)
        return prepared


def is_random(call: Call) -> bool:
    """Return whether a call gives random values: its seed is None."""
    parameters = call.parameters
    return parameters is not None and parameters.get("seed", 0) is None


def execution_of(call: Call) -> Execution:
    """Return a call in a form that the local sigima can compute.

    Raises:
        NotReplayableError: The local sigima has no such feature, has it in another
            version of its contract, or does not accept the parameters.
    """
    if call.parameters is None:
        raise NotReplayableError(
            f"the parameters of {_name(call)} were of a type that cannot be written"
        )
    function = _function(call.operation)
    contract = contract_of(function)
    if contract is not None and call.version is not None:
        if call.version != contract.contract_version:
            raise NotReplayableError(
                f"{_name(call)} had version {call.version} of its contract, and has "
                f"version {contract.contract_version} here"
            )
        parameters = _decoded(contract, call)
    else:
        parameters = _decoded_by_name(function, call)
    return Execution(
        function,
        parameters,
        _takes_list(function),
        _options(function, call),
        call.aligned,
        call.masked_as_nan,
        _tolerance(contract),
    )


def for_use(obj: Any, action: Action) -> Any:
    """Return an object that an action may use, although others need it afterwards.

    A feature leaves its inputs as they are, and gets the very same objects as in the
    user's call. The usual copy of an object loses regions that were merged.
    """
    changes = isinstance(action, Edit) or (
        isinstance(action, Call) and action.masked_as_nan
    )
    return copy.deepcopy(obj) if changes else obj


def edited(obj: Any, edit: Edit) -> Any:
    """Edit an object of sigima in place, and return it.

    Raises:
        NotReplayableError: The edit does not fit the object.
    """
    from datalab_workspace.model.sigima_objects import item_names, object_kind

    names, kind = item_names(obj), object_kind(obj)
    assert kind is not None, "a signal or image is passed"
    for name, value in edit.fields.items():
        spec = FIELDS[kind].get(name)
        if name not in names or spec is None:
            raise NotReplayableError(f"there is no field {name!r:.80}")
        try:
            setattr(obj, name, checked_field(value, spec, f"{name!r:.80}"))
        except UnsupportedObjectError as error:
            raise NotReplayableError(f"an edit is malformed: {error}") from error
    if edit.sets_roi:
        try:
            regions = edit.roi
            roi = None if regions is None else obj.get_roi_class().from_dict(regions)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotReplayableError(
                f"the regions of interest are malformed: {error}"
            ) from error
        obj.metadata.pop(ROI_KEY, None)
        obj.roi = roi
    return obj


# -- the feature ----------------------------------------------------------------------


def _name(call: Call) -> str:
    return call.operation.rpartition(".")[2]


def _function(operation: str) -> Callable[..., Any]:
    """Return the function of the local sigima for the id of an operation."""
    parts = operation.split(".")
    if len(parts) == 3 and parts[0] == "sigima" and parts[1] in _KINDS:
        function = _public(parts[1], parts[2])
        if function is not None:
            return function
    function = _by_alias(operation)
    if function is None:
        raise NotReplayableError(
            f"sigima {_version()} has no feature {operation!r:.80}"
        )
    return function


def _public(kind: str, name: str) -> Callable[..., Any] | None:
    if kind == "signal":
        import sigima.proc.signal as module
    else:
        import sigima.proc.image as module
    function: Callable[..., Any] | None = vars(module).get(name)
    known = None if function is None else operation_of(function)
    return None if known is None else function


def _by_alias(operation: str) -> Callable[..., Any] | None:
    """Return the function whose operation had another id before."""
    try:
        from sigima.proc.contracts import build_contract_registry
    except ImportError:  # before sigima 1.3
        return None
    for contract in build_contract_registry().contracts:
        if operation in (contract.operation_id, *contract.aliases):
            function: Callable[..., Any] = contract.function
            return function
    return None


def _version() -> str:
    import sigima

    return str(sigima.__version__)


def _takes_list(function: Callable[..., Any]) -> bool:
    contract = contract_of(function)
    if contract is not None:
        return any(role.variadic for role in contract.inputs)
    return _feature(function).operands is None


def _feature(function: Callable[..., Any]) -> Any:
    from datalab_workspace.processing.features import features

    operation = operation_of(function)
    assert operation is not None, "_function() checks it"
    _, kind, name = operation.name.split(".")
    return features("signal" if kind == "signal" else "image")[name]


def _tolerance(contract: Any) -> Tolerance:
    rule = None if contract is None else contract.comparison
    if rule is None:
        return EXACT
    allowed = EXACT
    for each in rule.tolerances:
        allowed = allowed.widest(Tolerance(each.atol, each.rtol))
    return allowed


# -- parameters and options -----------------------------------------------------------


def _decoded(contract: Any, call: Call) -> list[Any]:
    try:
        decoded: list[Any] = contract.decode_parameters(_plain(call.parameters))
    except Exception as error:
        raise NotReplayableError(
            f"{_name(call)} refuses its parameters: {error}"
        ) from error
    return decoded


def _decoded_by_name(function: Callable[..., Any], call: Call) -> list[Any]:
    """Return the parameters if the sigima here or the recorded one has no contracts.

    Parameters that the other sigima did not have get their defaults.
    """
    from datalab_workspace.processing.parameters import make_parameters

    feature, given = _feature(function), _plain(call.parameters)
    if feature.parameters is None and not given:
        return []
    several = given and all(isinstance(v, list | dict) for v in given.values())
    nested = several and any(isinstance(v, list) for v in given.values())
    try:
        if feature.listed or nested:
            ((_, written),) = given.items()
            each = written if isinstance(written, list) else [written]
            made = [make_parameters(feature, _values(one), {}, None) for one in each]
            return [made if isinstance(written, list) else made[0]]
        return [make_parameters(feature, _values(given), {}, None)]
    except Exception as error:
        raise NotReplayableError(
            f"sigima {_version()} refuses the parameters of {_name(call)}: {error}"
        ) from error


def _values(written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: decoded_value(value) for name, value in written.items()}


def _plain(value: Any) -> Any:
    """Return data for JSON as plain dicts and lists, as the codec requires."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _options(function: Callable[..., Any], call: Call) -> dict[str, Any]:
    """Return the recorded values of the options that the feature reads."""
    operation = operation_of(function)
    names = () if operation is None else operation.options
    return {name: call.options[name] for name in names if name in call.options}


@contextmanager
def _applied(values: Mapping[str, Any]) -> Iterator[None]:
    if not values:
        yield
        return
    from sigima.config import options

    with ExitStack() as stack:
        for name, value in values.items():
            stack.enter_context(getattr(options, name).context(value))
        yield


@contextmanager
def _unobserved() -> Iterator[None]:
    """Keep the computation out of the histories of this session."""
    try:
        from sigima.proc.decorator import observe_calls
    except ImportError:  # before sigima 1.3
        yield
        return
    with observe_calls(lambda function, arguments: None):  # noqa: ARG005  # see `observe_calls`
        yield
