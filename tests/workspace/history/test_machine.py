"""After any calls, a history makes its object again, or says why it does not.

The machine knows how each object was made. An object that code has changed must never
be called identical, and one that calls made from objects that are still there always.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import sigima.proc.signal as sps
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sigima.objects import SignalObj, create_signal_roi

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history.replay.verdict import Verdict

NAMES = ("a", "b", "c", "d")
#: Features that give another result if anything changes in what they are computed from.
FEATURES = {
    "normalize": lambda obj: sps.normalize(obj, method="energy"),
    "moving_average": lambda obj: sps.moving_average(obj, n=5),
    "addition_constant": lambda obj: sps.addition_constant(obj, value=0.5),
    "derivative": sps.derivative,
}

#: Data is never repeated, because objects with the same data count as copies.
_seeds = count(1)
_names = st.sampled_from(NAMES)
_picks = st.integers(0, 50)
_features = st.sampled_from(sorted(FEATURES))


@dataclass(eq=False)
class Made:
    """The truth about how the data of an object was made.

    Attributes:
        how: "root", "code" or "calls".
        inputs: What it was made from, if it was made by calls.
        y: The data.
    """

    how: str
    y: np.ndarray
    inputs: list[Made] = field(default_factory=list)


class HistoryMachine(RuleBasedStateMachine):
    """A machine that makes objects from others at random, and remembers how."""

    #: The number of samples.
    size = 40

    def __init__(self) -> None:
        super().__init__()
        self.x = np.linspace(0.0, 1.0, self.size)
        self.workspace = dlw.Workspace(backend=MemoryBackend())
        self.made: dict[str, Made] = {}
        self.opened = self.copied = False
        self.folder = tempfile.TemporaryDirectory()

    def pick(self, number: int) -> str:
        """Return the name of an object that exists."""
        return [*self.made][number % len(self.made)]

    def store(self, name: str, obj: object, made: Made) -> None:
        """Store an object under a name, in place of the one that has it."""
        self.workspace.add(name, obj, overwrite=True)
        self.made[name] = made

    @rule(name=_names)
    def begin(self, name: str) -> None:
        """A new object that no history explains."""
        y = np.random.default_rng(next(_seeds)).normal(size=self.size)
        self.store(name, (self.x, y), Made("root", y))

    @precondition(lambda self: self.made)
    @rule(number=_picks, feature=_features)
    def calc(self, number: int, feature: str) -> None:
        """A feature is computed by `calc`."""
        source = self.pick(number)
        keywords = {"normalize": {"method": "energy"}, "moving_average": {"n": 5}}
        keywords["addition_constant"] = {"value": 0.5}
        name = self.workspace.calc(feature, on=source, **keywords.get(feature, {}))
        if name not in self.made:
            y = self.workspace.get(name).y
            self.made[name] = Made("calls", y, [self.made[source]])

    @precondition(lambda self: self.made)
    @rule(
        number=_picks, features=st.lists(_features, min_size=1, max_size=3), to=_names
    )
    def call(self, number: int, features: list[str], to: str) -> None:
        """Features are called one after the other, and the last result is stored."""
        source = self.pick(number)
        obj = self.workspace.get(source)
        for feature in features:
            obj = FEATURES[feature](obj)
        self.store(to, obj, Made("calls", obj.y, [self.made[source]]))

    @precondition(lambda self: self.made)
    @rule(number=_picks, second=_picks, to=_names)
    def call_with_two(self, number: int, second: int, to: str) -> None:
        """A feature with two operands is called."""
        sources = [self.pick(number), self.pick(second)]
        obj = sps.addition([*map(self.workspace.get, sources)])
        self.store(to, obj, Made("calls", obj.y, [self.made[n] for n in sources]))

    @precondition(lambda self: self.made)
    @rule(number=_picks, to=_names, where=st.integers(0, 39), after=st.booleans())
    def change(self, number: int, to: str, where: int, after: bool) -> None:
        """Code changes one value, before a call or after it."""
        source = self.pick(number)
        obj = self.workspace.get(source)
        if after:
            obj = self.called_before(obj)
        y = obj.xydata[1]
        y[where] += 0.01 * next(_seeds)
        made = Made("code", y, [self.made[source]])
        if not after:
            obj = sps.addition_constant(obj, value=0.5)
            made = Made("calls", obj.y, [made])
        self.store(to, obj, made)

    def called_before(self, obj: SignalObj) -> SignalObj:
        """Return the result of a call, which code will change."""
        return sps.derivative(obj)

    @precondition(lambda self: self.made)
    @rule(number=_picks, to=_names)
    def copy(self, number: int, to: str) -> None:
        """An object is stored under another name, as it is."""
        source = self.pick(number)
        self.store(to, self.workspace.get(source).copy(), self.made[source])
        self.copied = True

    @precondition(lambda self: self.made)
    @rule(number=_picks, unit=st.sampled_from("sm"), region=st.integers(0, 2))
    def edit(self, number: int, unit: str, region: int) -> None:
        """Labels and regions are edited, which changes no data."""
        roi = create_signal_roi([0.1 * region, 0.5]) if region else None
        self.workspace.edit(self.pick(number), xunit=unit, roi=roi)

    @precondition(lambda self: len(self.made) > 1)
    @rule(number=_picks)
    def remove(self, number: int) -> None:
        """An object is removed."""
        name = self.pick(number)
        self.workspace.remove(name)
        del self.made[name]

    @precondition(lambda self: self.made)
    @rule(number=_picks)
    def recompute(self, number: int) -> None:
        """An object is brought up to date, if that is possible."""
        name = self.pick(number)
        try:
            computed = self.workspace.recompute(name)
        except dlw.NotReplayableError:
            return
        for each in computed:
            assert self.workspace.replay(each).verdict is Verdict.IDENTICAL
            self.made[each] = Made("calls", self.workspace.get(each).y, [])
        stale = self.workspace.stale()
        # Edits that went through files may still be reported. A copy counts as its
        # original, which may have been replaced.
        assert self.opened or self.copied or name not in stale, stale

    @precondition(lambda self: self.made)
    @rule(lazy=st.booleans())
    def reopen(self, lazy: bool) -> None:
        """The objects go through a file."""
        path = self.workspace.save(Path(self.folder.name, "saved.h5"), overwrite=True)
        self.opened = True
        made = [self.made[name] for name in self.workspace.list()]
        self.workspace = dlw.Workspace(backend=MemoryBackend())
        # A name such as "a (2)" may be shorter now.
        names = self.workspace.load(path, lazy=lazy)
        self.made = dict(zip(names, made, strict=True))

    @precondition(lambda self: self.made)
    @rule(number=_picks)
    def replay(self, number: int) -> None:
        """The verdict is the truth."""
        self.check(self.pick(number))

    def check(self, name: str) -> None:
        """Compare the verdict of an object with how it was made."""
        made, found = self.made[name], self.workspace.replay(name)
        if found.verdict is Verdict.NOT_REPLAYABLE:
            assert found.reason
            present = [id(other) for n, other in self.made.items() if n != name]
            from_present = made.inputs and all(id(m) in present for m in made.inputs)
            # A file does not tell which of its objects are copies of each other.
            assert self.opened or made.how != "calls" or not from_present, found
            return
        assert found.verdict is Verdict.IDENTICAL, found
        # An edited copy of an object is made from it, however that was made.
        originals = [self.made[each] for each in found.inputs if each in self.made]
        assert made.how == "calls" or made in originals, found
        assert found.steps
        assert np.array_equal(found.obj.y, made.y)
        assert name not in found.inputs

    def teardown(self) -> None:
        """Check all objects at the end."""
        try:
            for name in self.made:
                self.check(name)
            for reasons in self.workspace.stale().values():
                assert all(reasons)
        finally:
            self.folder.cleanup()


class LargeHistoryMachine(HistoryMachine):
    """A machine with signals whose changes a glance does not see."""

    size = 20_000

    def called_before(self, obj: SignalObj) -> SignalObj:
        """Store the result of a call first, whose data is not known otherwise."""
        stored = self.workspace.add("stored", super().called_before(obj))
        obj = self.workspace.get(stored)
        self.workspace.remove(stored)
        return obj


@pytest.mark.parametrize("machine", [HistoryMachine, LargeHistoryMachine])
@pytest.mark.parametrize(
    "examples", [8, pytest.param(150, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_history_is_the_truth(machine, examples):
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            deadline=None,
            phases=[Phase.generate],  # shrinking would take minutes
            suppress_health_check=[*HealthCheck],
        ),
    )
