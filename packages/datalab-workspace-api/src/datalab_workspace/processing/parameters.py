"""Create and check the parameters of features before any calculation starts."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from datalab_workspace.error_messages import add_note, close_matches
from datalab_workspace.processing.features import Feature
from datalab_workspace.validation import unknown_argument

#: The keyword arguments of `calc` itself, for suggestions.
CALL = ("on", "with_", "where", "masked")
_OTHER_TYPES = {str: "a string", np.ndarray: "an array"}


def check_parameters(
    feature: Feature, given: object, values: Mapping[str, Any]
) -> None:
    """Check the parameters of a call as far as they do not depend on an object.

    Args:
        feature: The feature.
        given: See `make_parameters`; or a list, see `region_parameters`.
        values: See `make_parameters`.

    Raises:
        TypeError: See `make_parameters`.
        ValueError: See `make_parameters`.
    """
    of_regions = feature.each_region or feature.listed
    if not of_regions:
        validate(make_parameters(feature, given, values, None), feature)
    elif given is not None or values:
        for one in region_parameters(feature, given, values, None):
            validate(one, feature)


def validate(parameters: Any, feature: Feature, *objects: Any) -> None:
    """Let sigima check parameters together, or against the objects.

    Args:
        parameters: The parameter object; it needs not be one that can be checked.
        feature: The feature, for the note of an error.
        objects: The source objects. Without any, parameters are not checked if they
            depend on an object.
    """
    check = getattr(parameters, "validate_parameters", None)
    depends = hasattr(parameters, "update_from_obj")
    if not callable(check) or (depends and not objects):
        return
    try:
        check(*objects)
    except Exception as error:
        add_note(error, f"while checking the parameters of {feature.name!r}")
        raise


def make_parameters(
    feature: Feature, given: object, values: Mapping[str, Any], obj: Any
) -> Any:
    """Return the parameter object for computing a feature from an object.

    The parameters have sigima's defaults, which may depend on the object, except for
    the values that were given.

    Args:
        feature: The feature.
        given: A parameter object of sigima, which replaces the defaults; a dict of
            values; or None.
        values: More values by name. They take precedence.
        obj: The first source object. If it is None, defaults that depend on an object
            are left out.

    Returns:
        A new parameter object; None if the feature has no parameters.

    Raises:
        TypeError: There is no such parameter, and the message names close matches; or
            a value or parameter object has the wrong type.
        ValueError: A value is missing or not allowed. The message says which values
            are allowed.
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
            if obj is None:
                return parameters
            # Defaults from the object may depend on the user's values. The update may
            # also overwrite these values, so that they are set again below.
            parameters.update_from_obj(obj)
    elif isinstance(given, ours):
        parameters = copy.deepcopy(given)
        _check(parameters, feature)
    else:
        raise TypeError(
            f"expected a {ours.__name__}, a dict or keywords as the parameters of "
            f"{feature.name}(), got {type(given).__name__}"
        )
    _set(parameters, chosen, feature)
    _require(parameters, feature)
    if hasattr(parameters, "update_operation") and not parameters.operation:
        # sigima composes the title from the formula in words.
        parameters.update_operation(None, None)
    return parameters


def region_parameters(
    feature: Feature, given: object, values: Mapping[str, Any], obj: Any
) -> list[Any]:
    """Return a parameter object for each region of a feature.

    Args:
        feature: A feature whose parameters describe regions.
        given: See `make_parameters`; or a list of these, one for each region. Without
            any parameters, the regions of interest of the object are used.
        values: See `make_parameters`; they describe one region.
        obj: The source object.

    Raises:
        TypeError: See `make_parameters`.
        ValueError: See `make_parameters`; or there is no region.
    """
    if given is None and not values:
        regions = [] if obj.roi is None else list(obj.roi.to_params(obj))
        if not regions:
            raise no_region(feature, obj.title)
        return regions
    if isinstance(given, Sequence) and not isinstance(given, str):
        if not given:
            raise ValueError(
                f"{feature.name}() needs a region, but the list of parameters is empty"
            )
        return [make_parameters(feature, one, values, obj) for one in given]
    return [make_parameters(feature, given, values, obj)]


def no_region(feature: Feature, title: str) -> ValueError:
    """Return the error for an object that has no region of interest."""
    return ValueError(
        f"{feature.name}() needs a region, but {title!r:.80} has no region of "
        "interest; define one, or pass its parameters"
    )


def _set(parameters: Any, values: Mapping[str, Any], feature: Feature) -> None:
    items = {item.get_name(): item for item in settable(parameters)}
    for name, value in values.items():
        if name not in items:
            raise unknown_argument(feature.name, str(name), [*items, *CALL])
        setattr(parameters, name, _checked(items[name], value, feature))


def _check(parameters: Any, feature: Feature) -> None:
    for item in settable(parameters):
        value = item.get_value(parameters)
        if value is not None:
            _checked(item, value, feature)


def _require(parameters: Any, feature: Feature) -> None:
    for item in settable(parameters):
        if item.get_value(parameters) is None and not may_be_none(item):
            raise ValueError(
                f"{feature.name}() needs a value for {item.get_name()!r}; pass "
                f"{allowed_values(item)}"
            )


def settable(parameters: Any) -> Iterator[Any]:
    """Yield the items of a parameter object that the user can set."""
    from guidata.dataset import ButtonItem

    for item in parameters.get_items():
        layout = type(item).__name__.startswith(("Begin", "End"))
        computed = item.get_prop("data", "computed", None) is not None
        transient = item.get_prop("data", "transient", False)
        if not (layout or computed or transient or isinstance(item, ButtonItem)):
            yield item


def _checked(item: Any, given: Any, feature: Feature) -> Any:
    """Check a value and convert it to the type of the item.

    Raises:
        TypeError: The value has the wrong type.
        ValueError: The value is not allowed.
    """
    from guidata.dataset import ChoiceItem, FloatItem

    value = given.item() if isinstance(given, np.generic) else given
    if isinstance(item, FloatItem) and type(value) is int:
        value = float(value)
    if value is None:
        if not may_be_none(item):
            raise TypeError(_refusal(item, given, feature))
        return None
    if isinstance(item, ChoiceItem):
        return _choice(item, value, given, feature)
    if not _has_right_type(item, value):
        raise TypeError(_refusal(item, given, feature))
    # guidata compares numbers with their limits, and NaN is never out of them.
    if isinstance(value, float) and math.isnan(value) and _limits(item):
        raise ValueError(_refusal(item, given, feature))
    try:
        item.check_value(value, raise_exception=True)
    except NotImplementedError:  # guidata has no check for this kind of item
        pass
    except TypeError as error:
        raise TypeError(_refusal(item, given, feature)) from error
    except ValueError as error:
        raise ValueError(_refusal(item, given, feature)) from error
    return value


def _has_right_type(item: Any, value: object) -> bool:
    from guidata.dataset import BoolItem, FloatItem, IntItem

    if isinstance(item, BoolItem):
        return isinstance(value, bool)
    if isinstance(item, FloatItem | IntItem):
        number = int if isinstance(item, IntItem) else (int, float)
        return isinstance(value, number) and not isinstance(value, bool)
    return True


def _choice(item: Any, value: Any, given: Any, feature: Feature) -> Any:
    keys = choices_of(item)
    if isinstance(value, list):
        value = tuple(value)
    elif isinstance(value, Enum):
        value = value.value
    for key, written in keys.items():
        for spelling in (key, written):
            # The types are compared because True == 1.
            if type(value) is type(spelling) and value == spelling:
                return key
    raise ValueError(_refusal(item, given, feature))


def choices_of(item: Any) -> dict[Any, Any]:
    """Return the public value of each choice, by the key that guidata stores."""
    keys = [choice[0] for choice in item.get_prop("data", "choices", ())]
    enum = getattr(item, "_enum_cls", None)
    members = [key if enum is None else enum[key] for key in keys]
    return {
        key: member.value if isinstance(member, Enum) else member
        for key, member in zip(keys, members, strict=True)
    }


def may_be_none(item: Any) -> bool:
    """Return whether None is a value of an item."""
    from guidata.dataset import ChoiceItem

    if isinstance(item, ChoiceItem):
        return None in choices_of(item) or item.get_default() is None
    allow_none = item.get_prop("data", "allow_none", False)
    return allow_none or not item.get_prop("data", "check_value", True)


def _refusal(item: Any, value: object, feature: Feature) -> str:
    name = item.get_name()
    return f"{feature.name}(): {name}={value!r:.80} is not {allowed_values(item)}"


def allowed_values(item: Any) -> str:
    """Describe the values that an item accepts."""
    from guidata.dataset import BoolItem, ChoiceItem, FloatItem, IntItem

    if isinstance(item, ChoiceItem):
        return f"one of {', '.join(map(repr, choices_of(item).values()))}"
    if isinstance(item, BoolItem):
        return "True or False"
    if not isinstance(item, FloatItem | IntItem):
        return _OTHER_TYPES.get(item.type, f"of type {item.type.__name__}")
    words = "a number" if isinstance(item, FloatItem) else "a whole number"
    even = item.get_prop("data", "even", None)
    if even is not None:
        words = "an even number" if even else "an odd number"
    words = f"{words}{_limits(item)}"
    return f"{words}, or None" if may_be_none(item) else words


def _limits(item: Any) -> str:
    """Describe the limits of a number."""
    low, high, nonzero = (
        item.get_prop("data", limit, None) for limit in ("min", "max", "nonzero")
    )
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}{' other than 0' if nonzero else ''}"
    if nonzero and low == 0:
        return " greater than 0"
    limit = "" if low is None else f" of at least {low:g}"
    limit = limit if high is None else f" of at most {high:g}"
    return f"{limit} other than 0" if nonzero else limit
