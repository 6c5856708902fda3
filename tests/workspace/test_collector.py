"""The garbage collector, which is paused while very many objects are created."""

from __future__ import annotations

import gc
import os
from threading import Event, Thread

import pytest

from datalab_workspace import NotAProjectError, Workspace
from datalab_workspace.collector import collections_paused


@pytest.fixture(autouse=True)
def _enabled():
    before = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if before else gc.disable)()


def test_it_is_paused_and_resumed():
    with collections_paused(True):
        assert not gc.isenabled()
        with collections_paused(True):
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_not_paused_unless_wanted():
    with collections_paused(False):
        assert gc.isenabled()


def test_it_stays_disabled():
    gc.disable()
    with collections_paused(True):
        pass
    assert not gc.isenabled()


def test_it_is_resumed_after_a_failed_load(tmp_path):
    path = tmp_path / "text.h5"
    path.write_text("no project")
    with pytest.raises(NotAProjectError):
        Workspace().load(path, lazy=True)
    assert gc.isenabled()


def pause_in_thread():
    """Pause it in another thread; return a function that ends the pause."""
    begun, ended = Event(), Event()

    def work():
        with collections_paused(True):
            begun.set()
            ended.wait()

    thread = Thread(target=work)
    thread.start()
    begun.wait()

    def end():
        ended.set()
        thread.join()

    return end


def test_the_last_of_several_threads_resumes_it():
    with collections_paused(True):
        end = pause_in_thread()
    assert not gc.isenabled()
    end()
    assert gc.isenabled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # there are threads
def test_a_forked_child_resumes_it():
    end = pause_in_thread()
    child = os.fork()
    if not child:
        resumed = gc.isenabled()
        with collections_paused(True):
            paused = not gc.isenabled()
        os._exit(0 if resumed and paused and gc.isenabled() else 1)
    end()
    assert os.waitpid(child, 0)[1] == 0
    assert gc.isenabled()
