"""A single calculation: a feature, its source objects and its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import is_not
from typing import Any

from datalab_workspace.error_messages import add_note
from datalab_workspace.history.calls.noted_calls import NotedCall, note
from datalab_workspace.history.recording.observer import silenced
from datalab_workspace.history.steps import Step
from datalab_workspace.model.record import PROCESSING_KEY, Kind
from datalab_workspace.processing.alignment import aligned
from datalab_workspace.processing.doubtful_results import Doubts
from datalab_workspace.processing.features import Feature
from datalab_workspace.processing.fit_results import fit_entries
from datalab_workspace.processing.known_faults import faults_in
from datalab_workspace.processing.known_faults.fault import Call
from datalab_workspace.processing.masks import ignored_masks_in, masked_count
from datalab_workspace.processing.mismatch import mismatch_in
from datalab_workspace.processing.results import (
    analysis_entries,
    drop_results,
    processing_entry,
)
from datalab_workspace.processing.titles import datalab_titles, with_short_ids
from datalab_workspace.runtime import missing

_OPENCV = "run pip install opencv-python-headless"


@dataclass(frozen=True)
class Source:
    """A source object of a calculation, without its data.

    Attributes:
        uuid: UUID of the object.
        name: Name of the object in the workspace.
        short_id: Short id of the object.
        kind: "signal" or "image".
    """

    uuid: str
    name: str
    short_id: str
    kind: Kind


@dataclass(frozen=True)
class Operand(Source):
    """A source object of a calculation, with its data.

    Attributes:
        obj: A copy of the sigima object.
        masked: The number of its masked values, before sigima may clear the mask.
        filled: Whether its masked values were replaced by NaN.
        step: The step that made it.
    """

    obj: Any
    masked: int
    filled: bool = False
    step: Step | None = None

    @classmethod
    def of(cls, source: Source, obj: Any, step: Step | None = None) -> Operand:
        """Return a source object with its data."""
        name, number, kind = source.name, source.short_id, source.kind
        return cls(source.uuid, name, number, kind, obj, masked_count(obj), step=step)


@dataclass
class Calculation:
    """A feature together with its source objects and parameters.

    Attributes:
        feature: The feature.
        sources: The source objects, in order.
        parameters: The parameter object, a list of parameter objects, or None.
        interpolated: Whether signals were interpolated to common x.
    """

    feature: Feature
    sources: Sequence[Operand]
    parameters: Any
    interpolated: bool = field(default=False, init=False)

    def run(self, doubts: Doubts) -> Any:
        """Run the calculation.

        Args:
            doubts: Takes the reasons to doubt the result.

        Returns:
            A signal or image with the title and metadata that DataLab would give it.
            An analysis returns its result; None if it finds nothing.

        Raises:
            Exception: The error of sigima, with a note that names the feature and the
                source objects.
        """
        try:
            result = self._computed()
        except Exception as error:
            names = ", ".join(repr(source.name) for source in self.sources)
            if isinstance(error, ModuleNotFoundError) and error.name == "cv2":
                raise missing("cv2", repr(self.feature.name), remedy=_OPENCV) from None
            add_note(error, f"while computing {self.feature.name!r} from {names}")
            raise
        if not self.feature.analysis:
            ids = [source.short_id for source in self.sources]
            result.title = with_short_ids(result.title, ids)
        call = self._call(result)
        for found in (mismatch_in, ignored_masks_in, faults_in):
            for doubt in found(call):
                doubts.note(doubt)
        if self.feature.analysis:
            return result
        drop_results(result)
        source = self.sources[0].obj
        result.metadata.update(fit_entries(self.feature.name, source, result))
        uuids = [source.uuid for source in self.sources]
        entry = processing_entry(self.feature, uuids, self.parameters)
        result.metadata[PROCESSING_KEY] = entry
        return result

    def parameter_values(self) -> dict[str, Any] | None:
        """Return the values of the parameters by name, as data for JSON."""
        if self.parameters is None:
            return None
        values = {}
        for item in self.parameters.get_items():
            value = getattr(self.parameters, item.get_name(), None)
            if isinstance(value, str | bool | int | float):
                values[item.get_name()] = getattr(value, "value", value)
        return values

    def noted_call(self) -> NotedCall | None:
        """Return the call for the history of its result; see `calls.note`."""
        return note(
            self.feature.function,
            [] if self.parameters is None else [self.parameters],
            aligned=self.interpolated,
            masked_as_nan=any(source.filled for source in self.sources),
        )

    def noted(self, result: Any) -> dict[str, Any] | None:
        """Return the metadata entries that an analysis adds to its source object.

        Args:
            result: The value returned by `run`.

        Returns:
            The entries, see `results.analysis_entries`; None without a result.
        """
        if result is None:
            return None
        (source,) = self.sources
        return analysis_entries(
            self.feature, source.uuid, source.obj, self.parameters, result
        )

    def _call(self, result: Any) -> Call:
        return Call(
            self.feature.name,
            self.feature.kind,
            [source.obj for source in self.sources],
            [source.name for source in self.sources],
            self.parameters,
            result,
            [source.masked for source in self.sources],
        )

    def _computed(self) -> Any:
        feature = self.feature
        objects = [source.obj for source in self.sources]
        if feature.aligned:
            names = [source.name for source in self.sources]
            given, objects = objects, aligned(objects, names, feature.name)
            self.interpolated = any(map(is_not, given, objects))
        arguments = [objects] if feature.operands is None else objects
        if self.parameters is not None:
            arguments = [*arguments, self.parameters]
        with silenced(), datalab_titles():
            return feature.function(*arguments)
