"""Parameters of features: made, filled in and checked before anything runs."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from datalab_workspace.errors import close_matches
from datalab_workspace.processing.features import Feature
from datalab_workspace.validation import unknown_argument

#: What `calc` itself is told by keyword, which may have been meant.
CALL = ("on", "with_", "where")


def make_parameters(
    feature: Feature, given: object, values: Mapping[str, Any], obj: Any
) -> Any:
    """Return the parameter object to compute a feature of an object with.

    It begins with sigima's defaults, those that depend on the object included; on top
    come the values that were given.

    Args:
        feature: The feature.
        given: A parameter object of sigima's, which replaces the defaults, or a dict of
            values, or None.
        values: More values by name; they win.
        obj: The (first) object that it is to be computed of.

    Returns:
        A parameter object of its own; None where the feature has no parameters.

    Raises:
        TypeError: There is no such parameter, close matches are named, or a value or
            parameter object is of the wrong type.
        ValueError: A value is not allowed; the message says what is. Or one is missing.
    """
    chosen = {**given, **values} if isinstance(given, Mapping) else dict(values)
    ours = feature.parameters
    if ours is None:
        if chosen or not (given is None or isinstance(given, Mapping)):
            close = close_matches(str(next(iter(chosen), "")), CALL, limit=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise TypeError(f"{feature.name}() takes no parameters{hint}")
        return None
    if given is None or isinstance(given, Mapping):
        parameters = ours()
        _set(parameters, chosen, feature)
        if hasattr(parameters, "update_from_obj"):
            # What follows from the object may depend on choices of the user's; what
            # else it changes is theirs again.
            parameters.update_from_obj(obj)
    elif isinstance(given, ours):
        parameters = copy.deepcopy(given)
        _check(parameters, feature)
    else:
        raise TypeError(
            f"the parameters of {feature.name}() are a {ours.__name__}, a dict or "
            f"keywords, not {type(given).__name__}"
        )
    _set(parameters, chosen, feature)
    _require(parameters, feature)
    if hasattr(parameters, "update_operation") and not parameters.operation:
        # The formula in words, of which sigima makes the title.
        parameters.update_operation(None, None)
    return parameters


def region_parameters(
    feature: Feature, given: object, values: Mapping[str, Any], obj: Any
) -> list[Any]:
    """Return a parameter object for each region to compute a feature of.

    Args:
        feature: A feature that has parameters of regions.
        given: As of `make_parameters`, or several of them; where there is nothing, the
            regions of interest of the object itself are meant.
        values: As of `make_parameters`, for one region.
        obj: The object.

    Raises:
        TypeError: As of `make_parameters`.
        ValueError: As of `make_parameters`; or there is no region.
    """
    if given is None and not values:
        regions = [] if obj.roi is None else list(obj.roi.to_params(obj))
        if not regions:
            raise ValueError(
                f"{feature.name}() needs a region: {obj.title!r:.80} has no region of "
                "interest, and none is given by parameters"
            )
        return regions
    if isinstance(given, Sequence) and not isinstance(given, str):
        if not given:
            raise ValueError(f"{feature.name}() needs a region, the list is empty")
        return [make_parameters(feature, one, values, obj) for one in given]
    return [make_parameters(feature, given, values, obj)]


def _set(parameters: Any, values: Mapping[str, Any], feature: Feature) -> None:
    items = {item.get_name(): item for item in _settable(parameters)}
    for name, value in values.items():
        if name not in items:
            raise unknown_argument(feature.name, str(name), [*items, *CALL])
        setattr(parameters, name, _checked(items[name], value, feature))


def _check(parameters: Any, feature: Feature) -> None:
    for item in _settable(parameters):
        value = item.get_value(parameters)
        if value is not None:
            _checked(item, value, feature)


def _require(parameters: Any, feature: Feature) -> None:
    for item in _settable(parameters):
        if item.get_value(parameters) is None and not _may_be_none(item):
            raise ValueError(
                f"{feature.name}() needs a value for {item.get_name()!r}: "
                f"{_allowed(item)}"
            )


def _settable(parameters: Any) -> Iterator[Any]:
    """Yield the items of a parameter object that hold a value of the user's."""
    from guidata.dataset import ButtonItem

    for item in parameters.get_items():
        layout = type(item).__name__.startswith(("Begin", "End"))
        computed = item.get_prop("data", "computed", None) is not None
        transient = item.get_prop("data", "transient", False)
        if not (layout or computed or transient or isinstance(item, ButtonItem)):
            yield item


def _checked(item: Any, given: Any, feature: Feature) -> Any:
    """Return a value as the item takes it.

    Raises:
        TypeError: It is of the wrong type.
        ValueError: It is not allowed.
    """
    from guidata.dataset import ChoiceItem, FloatItem

    value = given.item() if isinstance(given, np.generic) else given
    if isinstance(item, FloatItem) and type(value) is int:
        value = float(value)
    if value is None:
        if not _may_be_none(item):
            raise TypeError(_refusal(item, given, feature))
        return None
    if isinstance(item, ChoiceItem):
        return _choice(item, value, given, feature)
    if not _is_of_its_type(item, value):
        raise TypeError(_refusal(item, given, feature))
    try:
        item.check_value(value, raise_exception=True)
    except NotImplementedError:  # there is nothing that guidata would check
        pass
    except TypeError as error:
        raise TypeError(_refusal(item, given, feature)) from error
    except ValueError as error:
        raise ValueError(_refusal(item, given, feature)) from error
    return value


def _is_of_its_type(item: Any, value: object) -> bool:
    from guidata.dataset import BoolItem, FloatItem, IntItem

    if isinstance(item, BoolItem):
        return isinstance(value, bool)
    if isinstance(item, FloatItem | IntItem):
        number = int if isinstance(item, IntItem) else (int, float)
        return isinstance(value, number) and not isinstance(value, bool)
    return True


def _choice(item: Any, value: Any, given: Any, feature: Feature) -> Any:
    keys = _choices(item)
    if isinstance(value, list):
        value = tuple(value)
    elif isinstance(value, Enum):
        value = value.value
    for key, written in keys.items():
        for spelling in (key, written):
            # True is no 1 here.
            if type(value) is type(spelling) and value == spelling:
                return key
    raise ValueError(_refusal(item, given, feature))


def _choices(item: Any) -> dict[Any, Any]:
    """Return how each choice may be written, by the key that is stored."""
    keys = [choice[0] for choice in item.get_prop("data", "choices", ())]
    enum = getattr(item, "_enum_cls", None)
    members = [key if enum is None else enum[key] for key in keys]
    return {
        key: member.value if isinstance(member, Enum) else member
        for key, member in zip(keys, members, strict=True)
    }


def _may_be_none(item: Any) -> bool:
    from guidata.dataset import ChoiceItem

    if isinstance(item, ChoiceItem):
        return None in _choices(item) or item.get_default() is None
    allow_none = item.get_prop("data", "allow_none", False)
    return allow_none or not item.get_prop("data", "check_value", True)


def _refusal(item: Any, value: object, feature: Feature) -> str:
    name = item.get_name()
    return f"{feature.name}(): {name}={value!r:.80} is not {_allowed(item)}"


def _allowed(item: Any) -> str:
    """Say what values an item takes."""
    from guidata.dataset import BoolItem, ChoiceItem, FloatItem, IntItem

    if isinstance(item, ChoiceItem):
        return f"one of {', '.join(map(repr, _choices(item).values()))}"
    if isinstance(item, BoolItem):
        return "True or False"
    if not isinstance(item, FloatItem | IntItem):
        return f"of type {item.type.__name__}"
    limits = {
        limit: item.get_prop("data", limit, None) for limit in ("min", "max", "even")
    }
    words = "a number" if isinstance(item, FloatItem) else "a whole number"
    if limits["even"] is not None:
        words = "an even number" if limits["even"] else "an odd number"
    if limits["min"] is not None:
        words += f" of at least {limits['min']}"
    if limits["max"] is not None:
        words += f"{' and' * (limits['min'] is not None)} of at most {limits['max']}"
    if item.get_prop("data", "nonzero", None):
        words += " other than 0"
    return f"{words}, or None" if _may_be_none(item) else words
