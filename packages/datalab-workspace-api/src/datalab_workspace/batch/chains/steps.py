"""The steps of a chain: features of sigima and functions of the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from datalab_workspace.model.record import Kind, Record


@dataclass(frozen=True, eq=False)
class FeatureStep:
    """A feature that `calc` knows.

    Attributes:
        name: Name of the feature.
        given: A parameter object of sigima, a list of these for regions, or None.
        values: Parameters by name.
        second: The second operand of a feature of two objects; None without one.
        kind: The kind of objects that the feature was named for; None for any.
    """

    name: str
    given: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    second: Record | None = None
    kind: Kind | None = None

    @property
    def seeded_by_item(self) -> bool:
        """Whether random results get a seed from the item: the user gives none."""
        return self.given is None and "seed" not in self.values

    @property
    def description(self) -> str:
        """The step in words, such as "moving_average(n=5)"."""
        values = [f"{name}={value!r:.40}" for name, value in self.values.items()]
        if self.given is not None:
            values.insert(0, type(self.given).__name__)
        if self.second is not None:
            values.append(f"with_={self.second.title!r:.40}")
        return f"{self.name}({', '.join(values)})" if values else self.name


@dataclass(frozen=True, eq=False)
class FunctionStep:
    """A function of the user, which takes an object.

    Attributes:
        function: The function.
        name: Its name, for people.
        source: Its source and that of the functions that it uses, without secrets; ""
            if it is not known.
        values: Keyword arguments of each call.
    """

    function: Callable[..., Any]
    name: str
    source: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """The name of the function."""
        return self.name


Step: TypeAlias = "FeatureStep | FunctionStep"
