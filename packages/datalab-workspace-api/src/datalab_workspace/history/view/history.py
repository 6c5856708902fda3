"""The history of one object for people: inputs, steps, cells, versions and gaps."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.history.steps import Call, Cell, Code, Step
from datalab_workspace.history.view import words
from datalab_workspace.history.view.text import history_text
from datalab_workspace.model.record import Kind
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    from datalab_workspace.session import Session


@dataclass(frozen=True)
class HistoryInput:
    """An object that the steps of a history begin with.

    Attributes:
        name: Its name; that of a file if the object was never in a workspace.
        origin: Where it came from, in words.
        cell: The number of the cell that it came from; None if it is not known.
        uuid: UUID of the object in the workspace, if it is still the same; otherwise
            None.
        kind: "signal" or "image"; None if the object is not in the workspace.
        shape: Its shape; () if the object is not in the workspace.
        step: The step that recorded where it came from.

    Example:
        >>> name = workspace.calc("normalize", on="noisy")
        >>> workspace.history(name).inputs[0].name
        'noisy'
    """

    name: str
    origin: str
    cell: int | None
    uuid: str | None
    kind: Kind | None
    shape: tuple[int, ...]
    step: Step = field(repr=False, compare=False)


@dataclass(frozen=True)
class HistoryStep:
    """One step of a history.

    Attributes:
        number: Its number, from 1.
        what: The name of the feature; "edit" if labels, units or regions were set;
            "code" if Python code made or changed the object.
        inputs: The objects that it used: the number of the step that made it, or the
            name of an input.
        settings: The parameters of the feature, or the fields that were set, as names
            and short values.
        remarks: Other facts about it, in a few words each.
        cell: The number of the cell that was running; None outside cells.
        name: The name under which the result was stored; None if it was not.
        versions: The version of each library that computed it.
        step: The step as it was recorded.

    Example:
        >>> name = workspace.calc("moving_average", on="noisy", n=5)
        >>> step = workspace.history(name).steps[0]
        >>> step.what, step.inputs
        ('moving_average', ('noisy',))
    """

    number: int
    what: str
    inputs: tuple[int | str, ...]
    settings: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    cell: int | None
    name: str | None
    versions: Mapping[str, str]
    step: Step = field(repr=False, compare=False)

    @property
    def code(self) -> str:
        """The first line of the code, or where it was; "" if it is a feature."""
        action = self.step.action
        return (
            words.code_line(action, self.name or "") if isinstance(action, Code) else ""
        )

    @property
    def operation(self) -> str | None:
        """The id of the feature in sigima's contracts; None if it is not a feature."""
        action = self.step.action
        return action.operation if isinstance(action, Call) else None


@dataclass(frozen=True, repr=False)
class History:
    """The history of an object: the steps that led to it, from its inputs.

    It is a snapshot: later changes of the workspace do not show in it. Its string, and
    its table in a notebook, list inputs and steps. It needs no sigima.

    Attributes:
        name: Name of the object.
        inputs: The objects that the steps begin with.
        steps: The steps in order. The last one made the object.
        cells: The cells that ran them, and those that defined what they use, as far as
            they are known.
        gaps: What is not known, in words.
        origin: The object as one expression, such as "fft(normalize(raw))", shortened.
        versions: The versions of each library that computed a step.
        latest: The latest step.
        uuid: UUID of the object.
        session: The session of its workspace, for `export`.

    Example:
        >>> name = workspace.calc("normalize", on="noisy")
        >>> history = workspace.history(name)
        >>> history.name, len(history.steps), history.origin
        ('normalize(s002)|ref=maximum', 1, 'normalize(noisy)')
    """

    name: str
    inputs: tuple[HistoryInput, ...]
    steps: tuple[HistoryStep, ...]
    cells: tuple[Cell, ...]
    gaps: tuple[str, ...]
    origin: str
    versions: Mapping[str, tuple[str, ...]]
    latest: Step = field(repr=False, compare=False)
    uuid: str = field(default="", repr=False, compare=False)
    session: Session | None = field(default=None, repr=False, compare=False)

    @property
    def complete(self) -> bool:
        """Whether everything is known; `gaps` lists the rest."""
        return not self.gaps

    @suggest_on_typo
    def export(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the history to a file; its suffix chooses the form.

        A script or notebook makes the object again from its inputs, which it reads from
        the saved project, and prints the verdict. It contains calls of sigima, and no
        code of cells. Anyone who has the project can run it.

        Args:
            path: One of these:

                - ``.py``, a script, or ``.ipynb``, a notebook. They need sigima;
                - ``.txt``, a line for each input and step;
                - ``.crate.json``, the metadata of an RO-Crate (Process Run Crate);
                - ``.zip`` or a folder, an RO-Crate with the objects, the script and the
                  text.

            overwrite: Replace a file or crate that exists.

        Returns:
            The path.

        Raises:
            ExportError: The suffix is another one, the object cannot be made again by
                calls of sigima, or the project is not saved (a `ValueError`).
            FileExistsError: The file exists, and `overwrite` is false.
            ImportError: sigima is not installed.
            OSError: The file cannot be written.

        Example:
            >>> name = workspace.calc("normalize", on="peak")
            >>> path = workspace.save("analysis.h5")
            >>> workspace.history(name).export("normalized.py").name
            'normalized.py'
        """
        from datalab_workspace.history.export.target import export

        return export(self, path, overwrite=overwrite)

    def __repr__(self) -> str:
        return history_text(self)
