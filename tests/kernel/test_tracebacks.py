"""The tracebacks of kernels and of IPython in a terminal, after a mistake."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.fake_web_api import fake_web_api
from support.three_kernels import EITHER

if TYPE_CHECKING:
    from conftest import Kernel

ANSI = re.compile(r"\x1b\[[0-9;]*m")
OUR_FILES = re.compile(r"datalab_(workspace|kernel|kernel_core)[/\\]")
TOKEN = "Fr3nel-t0ken-of-the-window"
MISTAKE = "before = 1\nworkspace.get('nope')"


def traceback_of(kernel: Kernel, code: str) -> str:
    """Run a cell that fails, and return its traceback."""
    reply = kernel.run(code).answer
    assert reply["status"] == "error", reply
    return ANSI.sub("", "\n".join(reply["traceback"]))


@pytest.mark.parametrize("name", EITHER)
def test_a_kernel_shows_the_users_line_and_the_message(
    start: Callable[..., Kernel], name: str
) -> None:
    kernel = start(name)
    kernel.run("%load_ext datalab_kernel")

    short = traceback_of(kernel, MISTAKE)
    awaited = traceback_of(kernel, f"import asyncio\nawait asyncio.sleep(0)\n{MISTAKE}")
    kernel.run("%xmode Verbose")
    complete = traceback_of(kernel, MISTAKE)

    for shown in (short, awaited, complete):
        assert "workspace.get('nope')" in shown
        assert "no object 'nope' in the workspace" in shown
    assert not OUR_FILES.search(short + awaited)
    assert len(OUR_FILES.findall(complete)) > 3


def test_ipython_in_a_terminal_shows_the_users_line_and_the_message(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt"),
            *("--HistoryManager.enabled=False", "--ext=datalab_kernel"),
        ],
        input=f"{MISTAKE.splitlines()[-1]}\n",
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    shown = ANSI.sub("", done.stdout + done.stderr)
    assert "workspace.get('nope')" in shown
    assert "no object 'nope' in the workspace" in shown
    assert not OUR_FILES.search(shown)


@pytest.mark.parametrize("mode", ["", "401", "500", "garbage", "echo"])
def test_no_traceback_shows_the_token(start: Callable[..., Kernel], mode: str) -> None:
    with fake_web_api() as server:
        kernel = start(
            DATALAB_KERNEL_MODE="live",
            DATALAB_WORKSPACE_URL=server.url,
            DATALAB_WORKSPACE_TOKEN=TOKEN,
        )
        kernel.run("%xmode Verbose")
        server.mode = mode

        shown = traceback_of(kernel, "workspace.get('nope')")

        assert TOKEN in server.seen
    assert len(OUR_FILES.findall(shown)) > 3
    assert TOKEN not in shown
