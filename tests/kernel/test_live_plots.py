"""Live plots as kernels send them: ours and ipykernel."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from datalab_kernel.kernelspec import KERNEL_NAME
from support.three_kernels import EITHER

PNG = "image/png"


@pytest.fixture(params=EITHER)
def kernel(request: pytest.FixtureRequest, start: Callable) -> Any:
    """A kernel with the extension, whose workspace has a signal "peak"."""
    kernel = start(request.param, DATALAB_KERNEL_MODE="standalone")
    done(kernel, "%load_ext datalab_kernel_core")
    done(kernel, "workspace.add('peak', np.arange(5.0));")
    return kernel


def done(kernel: Any, code: str) -> Any:
    execution = kernel.run(code)
    assert (execution.status, execution.error) == ("ok", None)
    return execution


def contents(execution: Any, kind: str) -> list[Any]:
    """Return the contents of the messages of one type that a cell has sent."""
    return [m["content"] for m in execution.sent if m["msg_type"] == kind]


def shown(kernel: Any, code: str = "live = plotter.live('peak')\nlive") -> Any:
    """Show a live plot, and return the content of the message."""
    execution = done(kernel, code)
    (content,) = contents(execution, "display_data")
    assert contents(execution, "execute_result") == []
    return content


def next_update(kernel: Any) -> Any:
    """Wait for an update, whatever has caused it, and return its content."""
    deadline = time.monotonic() + kernel.patience
    while True:
        message = kernel.client.get_iopub_msg(timeout=deadline - time.monotonic())
        if message["msg_type"] == "update_display_data":
            return message["content"]


def test_the_output_of_its_cell_changes_with_the_object(kernel) -> None:
    first = shown(kernel)

    changed = done(kernel, "workspace.add('peak', np.arange(7.0), overwrite=True);")

    (update,) = contents(changed, "update_display_data")
    assert update["transient"]["display_id"] == first["transient"]["display_id"]
    assert set(update["data"]) == {PNG, "text/plain"}
    assert update["data"][PNG] != first["data"][PNG]
    assert "LivePlot of 'peak': signal: 5 points" in first["data"]["text/plain"]
    assert "LivePlot of 'peak': signal: 7 points" in update["data"]["text/plain"]
    assert update["metadata"][PNG]["alt"] == update["data"]["text/plain"]


def test_many_changes_are_drawn_a_few_times_and_the_last_one_always(kernel) -> None:
    shown(kernel)
    code = """
    import time
    began = time.monotonic()
    for number in range(2, 300):
        workspace.add("peak", np.arange(float(number)), overwrite=True)
    print(time.monotonic() - began)
    """
    execution = done(kernel, code)
    updates = contents(execution, "update_display_data")

    assert 1 <= len(updates) <= 1 + float(execution.stdout) / 0.1
    while "299 points" not in updates[-1]["data"]["text/plain"]:
        updates.append(next_update(kernel))  # after the cell


def test_the_last_change_is_drawn_while_the_kernel_is_idle(kernel) -> None:
    shown(kernel)
    code = """
    for number in (6, 7):
        workspace.add("peak", np.arange(float(number)), overwrite=True)
    """
    (at_once,) = contents(done(kernel, code), "update_display_data")

    assert "6 points" in at_once["data"]["text/plain"]
    assert "7 points" in next_update(kernel)["data"]["text/plain"]


@pytest.mark.parametrize(
    "kernel", [KERNEL_NAME, "python3"], ids=["ours", "ipykernel"], indirect=True
)
def test_a_change_of_a_thread_is_drawn_on_the_event_loop(kernel) -> None:
    shown(kernel)
    done(
        kernel,
        "import threading\n"
        "from datalab_kernel_core.plotter import live as module\n"
        "threads, make_plot = [], module.make_plot\n"
        "def noting(*args, **options):\n"
        "    threads.append(threading.current_thread().name)\n"
        "    return make_plot(*args, **options)\n"
        "module.make_plot = noting",
    )
    code = """
    other = threading.Thread(
        target=workspace.add, args=("peak", np.arange(8.0)), kwargs={"overwrite": True}
    )
    other.start()
    other.join()
    """
    execution = kernel.submit(code)

    assert "8 points" in next_update(kernel)["data"]["text/plain"]
    kernel.answer(execution.request)
    assert kernel.value("threads") == "['MainThread']"


def test_a_plot_that_no_variable_holds_goes_on(kernel) -> None:
    first = shown(kernel, "import gc\ndisplay(plotter.live('peak'))\ngc.collect();")

    changed = done(kernel, "workspace.add('peak', np.arange(7.0), overwrite=True);")

    (update,) = contents(changed, "update_display_data")
    assert update["transient"] == first["transient"]


def test_a_removed_object_leaves_its_picture_and_a_caption(kernel) -> None:
    first = shown(kernel)

    removed = done(kernel, "workspace.remove('peak')")

    (update,) = contents(removed, "update_display_data")
    assert update["transient"] == first["transient"]
    assert update["data"][PNG] == first["data"][PNG]
    said = "'peak' was removed; this is its last picture"
    assert said in update["data"]["text/plain"]
    assert said.replace("'", "&#x27;") in update["data"]["text/html"]
    assert first["data"][PNG].strip() in update["data"]["text/html"]
    assert kernel.value("live.active") == "False"


def test_an_error_of_a_redraw_is_in_the_caption_and_the_log(kernel) -> None:
    done(kernel, "workspace.add('spot', np.eye(4));")
    shown(kernel, "live = plotter.live('spot', colormap='gray')\nlive")
    done(kernel, "from datalab_kernel_core.plotter import live as module")
    broken = done(
        kernel,
        "make_plot, module.make_plot = module.make_plot, lambda *a, **k: 1 / 0\n"
        "workspace.add('spot', np.eye(5), overwrite=True);",
    )

    (update,) = contents(broken, "update_display_data")
    assert "cannot be drawn again" in update["data"]["text/plain"]
    assert "ZeroDivisionError: division by zero" in update["data"]["text/html"]
    assert "Traceback" in broken.stderr

    mended = done(
        kernel,
        "module.make_plot = make_plot\n"
        "import asyncio; await asyncio.sleep(0.5)\n"
        "workspace.add('spot', np.eye(6), overwrite=True);",
    )

    (update,) = contents(mended, "update_display_data")
    assert set(update["data"]) == {PNG, "text/plain"}
    assert "cannot" not in update["data"]["text/plain"]
