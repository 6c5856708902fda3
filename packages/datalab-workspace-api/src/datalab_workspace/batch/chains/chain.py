"""The chain of a run: what is computed from each item."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.chains import sigima_options
from datalab_workspace.batch.chains.fingerprints import Examination, examine
from datalab_workspace.batch.chains.step_forms import renewed, step_of
from datalab_workspace.batch.chains.steps import FeatureStep, FunctionStep, Step
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    from datalab_workspace.workspace import Workspace


class Chain:
    """One or several steps that are computed in sequence from each item of a run.

    Attributes:
        steps: The steps.
        key: The string that the user gave in place of the fingerprint of functions.
        options: The options of sigima when the chain was made.

    Example:
        >>> dlw.batch.chain("normalize", ("moving_average", {"n": 5}), "fwhm")
        <Chain normalize, moving_average(n=5), fwhm>
    """

    def __init__(self, steps: Sequence[Step], *, key: str | None = None) -> None:
        self.steps = tuple(steps)
        self.key = key
        self.options = sigima_options.present()

    @property
    def description(self) -> str:
        """The steps in words, such as "normalize, moving_average(n=5), fwhm".

        Example:
            >>> dlw.batch.chain("normalize", "fwhm").description
            'normalize, fwhm'
        """
        return ", ".join(step.description for step in self.steps)

    def __repr__(self) -> str:
        return f"<Chain {self.description}>"

    @property
    def fingerprint(self) -> str:
        """The string by which another chain is recognised.

        It depends on the features, their parameters, and the code of functions with all
        that they use. Comments, docstrings and the place of the code do not matter.

        Raises:
            ValueError: A function uses a workspace, or more than 10 MB, or an object
                without stable content; then pass ``key=``.

        Example:
            >>> one, other = dlw.batch.chain("fwhm"), dlw.batch.chain("fwhm")
            >>> one.fingerprint == other.fingerprint
            True
        """
        return self.examination.fingerprint

    @functools.cached_property
    def examination(self) -> Examination:
        """The result of the examination of the functions; see `fingerprint`."""
        return examine(self.steps, self.key, self.options)

    def check(self) -> None:
        """Check the features and their parameters; this imports sigima.

        Raises:
            ModuleNotFoundError: sigima is not installed. A function, too, takes its
                objects.
            FeatureNotFoundError: There is no such feature (a `ValueError`).
            TypeError: A feature does not take one object, or there is no such
                parameter, or it has the wrong type.
            ValueError: A parameter has a value that is not allowed.

        Example:
            >>> dlw.batch.chain("normalize", "fwhm").check()
        """
        require("sigima", "a run")
        from datalab_workspace.batch.chains.feature_checks import check_feature

        for step in self.steps:
            if isinstance(step, FeatureStep):
                check_feature(step)

    def dumps(self) -> bytes:
        """Return the chain as bytes for another process.

        Raises:
            ModuleNotFoundError: cloudpickle is not installed, and a function cannot be
                sent without it.
            ValueError: A function is larger than 10 MB with what it uses.
            TypeError: A function uses something that no other process can have, such as
                an open file.

        Example:
            >>> sent = dlw.batch.chain("fwhm").dumps()
        """
        _ = self.fingerprint  # a worker does not have the source of functions
        if not any(isinstance(step, FunctionStep) for step in self.steps):
            return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)
        from datalab_workspace.batch.chains.function_pickles import dumps

        return dumps(self)

    @staticmethod
    def loads(content: bytes) -> Chain:
        """Return the chain that `dumps` has made into bytes.

        Example:
            >>> from datalab_workspace.batch.chains.chain import Chain
            >>> Chain.loads(dlw.batch.chain("fwhm").dumps())
            <Chain fwhm>
        """
        chain: Chain = pickle.loads(content)  # noqa: S301  # the driver made it
        return chain

    def as_json(self) -> dict[str, Any]:
        """Return the chain as data for JSON.

        Example:
            >>> dlw.batch.chain(("moving_average", {"n": 5})).as_json()
            {'steps': [{'feature': 'moving_average', 'parameters': {'n': 5}}]}
        """
        from datalab_workspace.batch.chains.chain_json import encoded

        return encoded(self)

    @staticmethod
    def from_json(content: Any, *, workspace: Workspace | None = None) -> Chain:
        """Return a chain from data of JSON or TOML, such as `as_json` returns.

        Args:
            content: ``{"steps": [...]}``, or the list alone. Each step is a name, or a
                dict with "feature" and "parameters", or with "function", the place of a
                function such as "widths:fwhm_of".
            workspace: See `chain`.

        Raises:
            ValueError: It does not describe a chain.
            TypeError: See `chain`.
            KeyError: See `chain`.

        Example:
            >>> from datalab_workspace.batch.chains.chain import Chain
            >>> Chain.from_json({"steps": ["normalize", {"feature": "fwhm"}]})
            <Chain normalize, fwhm>
        """
        from datalab_workspace.batch.chains.chain_json import decoded

        return decoded(content, workspace)


def chain(*steps: Any, workspace: Workspace | None = None) -> Chain:
    """Return a chain of steps, for `map`.

    Args:
        steps: Each one is the name of a feature of `calc`; a tuple of the name and a
            dict of parameters, or a parameter object of sigima; a function that takes
            one object; the place of a function, such as "widths:fwhm_of"; or a chain. A
            feature of two objects has its second one among its parameters: ``with_``.
            A feature with random results is seeded by the item, unless a seed is given.
        workspace: The workspace with the names that ``with_`` uses.

    Raises:
        TypeError: A step is something else.
        ValueError: There are no steps.
        KeyError: ``with_`` names an object that does not exist.

    Example:
        >>> dlw.batch.chain("normalize", ("moving_average", {"n": 5}))
        <Chain normalize, moving_average(n=5)>
    """
    return make_chain(list(steps), workspace=workspace)


def make_chain(
    what: Any, *, key: str | None = None, workspace: Workspace | None = None
) -> Chain:
    """Return the chain that a call of `map` computes.

    Args:
        what: A step, see `chain`; a list of steps; or a chain.
        key: A string that is used in place of the fingerprint of the functions.
        workspace: See `chain`.

    Raises:
        TypeError: See `chain`.
        ValueError: There are no steps, or a function uses a workspace, or more than
            10 MB.
        KeyError: See `chain`.
    """
    if key is not None and not isinstance(key, str):
        raise TypeError(f"expected a string for key, got {type(key).__name__}")
    # What functions use may have changed since a chain was made, so that it is
    # examination again.
    if isinstance(what, Chain) and key is None:
        key = what.key
    steps = list(_steps([what], workspace))
    if not steps:
        raise ValueError("a chain needs at least one step, such as 'normalize'")
    return Chain(steps, key=key)


def _steps(given: Iterable[Any], workspace: Workspace | None) -> Iterable[Step]:
    for one in given:
        if isinstance(one, Chain):
            yield from map(renewed, one.steps)
        elif isinstance(one, list):
            yield from _steps(one, workspace)
        else:
            yield step_of(one, workspace)
