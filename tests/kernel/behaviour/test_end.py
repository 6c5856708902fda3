"""Widgets, and the end of a kernel."""

from __future__ import annotations

import signal as signals
from typing import TYPE_CHECKING, Any

import h5py
import pytest

from datalab_kernel.kernelspec import KERNEL_NAME
from support.three_kernels import known

if TYPE_CHECKING:
    from collections.abc import Callable


WIDGET = """
from ipywidgets import IntSlider
slider = IntSlider(3)
slider.comm.comm_id
"""


def test_a_widget_is_known_and_follows_the_front_end(any_kernel) -> None:
    comm = any_kernel.value(WIDGET).strip("'")
    client = any_kernel.client

    assert comm in any_kernel.answer(client.comm_info())["comms"]
    data = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    client.shell_channel.send(
        client.session.msg("comm_msg", {"comm_id": comm, "data": data})
    )

    assert any_kernel.value("slider.value") == "7"


@known(stock="lacks what they call")
def test_leaving_is_asked_of_the_front_end(any_kernel) -> None:
    assert any_kernel.run("exit()").answer["payload"][0]["source"] == "ask_exit"


@known(stock="exits at the interrupt that comes before each shutdown")
def test_exit_handlers_run_when_the_kernel_is_shut_down(
    own_kernel, tmp_path: Any
) -> None:
    left = tmp_path / "left"
    own_kernel.run(
        f"import atexit, pathlib\natexit.register(pathlib.Path({str(left)!r}).touch)"
    )

    assert own_kernel.shut_down() == 0
    assert left.exists()


def test_a_restarted_kernel_is_empty(start: Callable, name: str) -> None:
    kernel = start(name)
    kernel.run("mine = 1")

    kernel.restart()

    assert kernel.run("mine").status == "error"


@pytest.mark.skipif("os.name == 'nt'", reason="parents are not replaced there")
@known(stock="stays for ever")
def test_a_kernel_ends_with_the_server_that_started_it(
    name: str, orphan: Callable
) -> None:
    with orphan(name, "print('left')") as kernel:
        kernel.wait(timeout=30 if name == KERNEL_NAME else 4)


@pytest.mark.skipif("os.name == 'nt'", reason="there are no such signals")
@pytest.mark.parametrize("signal", ["SIGTERM", "SIGHUP"])
@known(stock="dies at once", ipykernel="dies at once")
def test_exit_handlers_run_when_the_kernel_is_told_to_end(
    own_kernel, tmp_path: Any, signal: str
) -> None:
    left = tmp_path / "left"
    own_kernel.run(
        f"import atexit, pathlib\natexit.register(pathlib.Path({str(left)!r}).touch)"
    )

    own_kernel.manager.signal_kernel(getattr(signals, signal))
    own_kernel.process.wait(timeout=own_kernel.patience)

    assert left.exists()


@pytest.mark.skipif("os.name == 'nt'", reason="there are no such signals")
@known(stock="dies at once", ipykernel="dies at once")
def test_files_are_closed_when_a_busy_kernel_is_told_to_end(
    own_kernel, tmp_path: Any
) -> None:
    path = tmp_path / "data.h5"
    own_kernel.begin(
        f"import h5py, time\nfile = h5py.File({str(path)!r}, 'w')\nfile['a'] = [1]\n"
        "print('on')\ntime.sleep(60)",
        until="on",
    )

    own_kernel.manager.signal_kernel(signals.SIGTERM)
    own_kernel.process.wait(timeout=own_kernel.patience)

    with h5py.File(path) as file:
        assert file["a"][()] == [1]
