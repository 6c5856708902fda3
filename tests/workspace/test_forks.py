"""A fork next to threads that use a workspace: the child never waits for them."""

from __future__ import annotations

import faulthandler
import os
import subprocess
import sys
import warnings
from functools import partial
from threading import Event, Thread

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import InterruptedChangeError
from datalab_workspace.formats import registry
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.processing import titles
from datalab_workspace.subscriptions import Dispatcher, _EventThread

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this cannot fork")
PIXELS = np.arange(600, dtype="u2").reshape(20, 30)
LIMIT = 30  # seconds after which a child has hung


def in_child(work):
    """Fork, and return the exit status of the child that does the work."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there are threads
        child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        # A child that hangs says where, and is ended.
        faulthandler.dump_traceback_later(LIMIT, exit=True)
        work()
    except BaseException:  # noqa: BLE001  the child must not run the other tests
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


class Slow(ArrayReference):
    """An array that another thread reads until it may go on."""

    shape, dtype = PIXELS.shape, PIXELS.dtype

    def __init__(self):
        self.begun, self.go_on = Event(), Event()

    def read(self):
        self.begun.set()
        assert self.go_on.wait(LIMIT)
        return PIXELS.copy()


@pytest.fixture
def workspace():
    workspace = Workspace()
    workspace.add("signal", np.linspace(0, 1, 1000))
    workspace.add("image", PIXELS)
    return workspace


def use(workspace, folder, *, saves=True):
    """Use a workspace in a child as a script would."""
    assert workspace.list() == ["signal", "image"]
    np.testing.assert_array_equal(
        workspace.record("signal").array("xydata")[0, :3], range(3)
    )
    workspace.add("own", np.zeros(3))
    with workspace.on_change(lambda event: None):
        workspace.rename("own", "renamed")
    if not saves:
        return
    path = workspace.save(folder / f"child-{os.getpid()}.h5", compression="gzip")
    assert open_project(path).list() == ["signal", "renamed", "image"]


def test_children_of_a_fork_use_a_workspace_that_a_thread_saves(workspace, tmp_path):
    stop = Event()

    def save():
        while not stop.is_set():
            workspace.save(tmp_path / "project.h5", compression="gzip")

    thread = Thread(target=save)
    thread.start()
    try:
        ended = [
            in_child(partial(use, workspace, tmp_path, saves=number % 4 == 0))
            for number in range(20)
        ]
    finally:
        stop.set()
        thread.join(LIMIT)
    assert ended == [0] * 20
    assert open_project(tmp_path / "project.h5").list() == ["signal", "image"]


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_child_of_a_fork_in_the_middle_of_a_save(workspace, tmp_path, compression):
    slow = Slow()
    record = workspace._session.transaction().__enter__().record("image")
    workspace._session.end(workspace._session._transaction)
    record.arrays["data"] = slow
    path = tmp_path / "project.h5"
    thread = Thread(target=lambda: workspace.save(path, compression=compression))
    thread.start()
    assert slow.begun.wait(LIMIT)

    def work():
        slow.go_on.set()
        use(workspace, tmp_path)

    try:
        assert in_child(work) == 0
    finally:
        slow.go_on.set()
        thread.join(LIMIT)
    np.testing.assert_array_equal(
        open_project(path).record("image").array("data"), PIXELS
    )


def test_a_child_of_a_fork_in_the_middle_of_a_change_is_told(tmp_path):
    begun, go_on = Event(), Event()

    class Slowly(MemoryBackend):
        def add(self, record, *, group=None):
            super().add(record, group=group)
            begun.set()
            assert go_on.wait(LIMIT)

    workspace = Workspace(backend=Slowly())
    thread = Thread(target=lambda: workspace.add("image", PIXELS))
    thread.start()
    assert begun.wait(LIMIT)

    def work():
        for call in (workspace.list, lambda: workspace.save(tmp_path / "a.h5")):
            with pytest.raises(InterruptedChangeError, match="while another thread"):
                call()

    try:
        assert in_child(work) == 0
    finally:
        go_on.set()
        thread.join(LIMIT)
    assert workspace.list() == ["image"]
    assert in_child(lambda: workspace.list() == ["image"] or os._exit(2)) == 0


def test_a_fork_within_a_call_of_the_same_thread_changes_nothing(workspace):
    with workspace._session.transaction():
        assert in_child(lambda: workspace.remove("image")) == 0
    assert workspace.list() == ["signal", "image"]


@pytest.mark.parametrize(
    "holder",
    [registry._shared, titles._switch, Dispatcher(), _EventThread()],
    ids=lambda holder: type(holder).__name__,
)
def test_no_lock_of_another_thread_is_left_in_a_child(holder):
    held, release = Event(), Event()

    def hold():
        with holder._lock:
            held.set()
            assert release.wait(LIMIT)

    def work():
        with holder._lock:
            pass

    thread = Thread(target=hold)
    thread.start()
    assert held.wait(LIMIT)
    try:
        assert in_child(work) == 0
    finally:
        release.set()
        thread.join(LIMIT)


def test_events_reach_the_thread_of_a_child():
    events, done = _EventThread(), Event()
    events.put(done.set)
    assert done.wait(LIMIT)
    done.clear()

    def work():
        events.put(done.set)
        assert done.wait(LIMIT)

    assert in_child(work) == 0


FIRST_SAVE = """
import faulthandler, os, sys, threading
import numpy as np
from datalab_workspace import Workspace

begun, forking = threading.Event(), threading.Event()
# Called before the hooks that were registered earlier.
os.register_at_fork(before=forking.set)

class Delay:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            begun.set()
            assert forking.wait(30)

sys.meta_path.insert(0, Delay())
workspace = Workspace()
workspace.add("image", np.ones((20, 30)))
thread = threading.Thread(target=workspace.save, args=["project.h5"])
thread.start()
assert begun.wait(30)
child = os.fork()
if not child:
    faulthandler.dump_traceback_later(30, exit=True)
    assert Workspace().load("project.h5" if os.path.exists("project.h5") else
                            workspace.save("child.h5")) == ["image"]
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
thread.join()
"""


@pytest.mark.parametrize(
    "module", ["datalab_workspace.formats.h5.staging", "h5py._selector"]
)
def test_a_child_of_a_fork_during_the_first_save_can_import(tmp_path, module):
    _run(FIRST_SAVE, tmp_path, module)
    assert open_project(tmp_path / "project.h5").list() == ["image"]


ENDS_NORMALLY = """
import os, sys, threading
import numpy as np
from datalab_workspace import Workspace
from datalab_workspace.model.array_reference import ArrayReference

begun, go_on = threading.Event(), threading.Event()

class Slow(ArrayReference):
    shape, dtype = (2000, 2000), np.dtype("u2")
    def read(self):
        begun.set()
        assert go_on.wait(30)
        return np.random.default_rng(1).integers(0, 60000, self.shape, self.dtype)

workspace = Workspace()
for name in "abc":
    workspace.add(name, np.random.default_rng(2).integers(0, 9, (1000, 1000), "u2"))
workspace.add("image", np.zeros((2, 2), "u2"))
with workspace._session.transaction() as transaction:
    transaction.record("image").arrays["data"] = Slow()
thread = threading.Thread(target=workspace.save, args=["project.h5"],
                          kwargs={"compression": "gzip"})
thread.start()
assert begun.wait(30)
child = os.fork()
if not child:
    sys.exit(0)  # with all that the interpreter does at its end
assert os.waitpid(child, 0)[1] == 0
go_on.set()
thread.join()
loaded = Workspace()
loaded.load("project.h5")
assert loaded.list() == ["a", "b", "c", "image"], loaded.list()
assert loaded.record("image").array("data").any()
"""


def test_a_child_that_ends_leaves_the_save_of_its_parent_alone(tmp_path):
    _run(ENDS_NORMALLY, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["project.h5"]


def _run(code, tmp_path, *args):
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code, *args],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
