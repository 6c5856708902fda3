"""The question for a token outside a browser: hidden, kept in memory, for one URL."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from support.leak_checks import TOKEN

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
ASK = """\
import datalab_workspace as dlw
from datalab_workspace.live import token_prompt
workspace = dlw.Workspace()
workspace.ask_token("http://127.0.0.1:18080/path")
kept = token_prompt.kept(("127.0.0.1", 18080))
print(kept, kept == input(), token_prompt.kept(("127.0.0.1", 18081)))
"""
VARIABLES = {"DATALAB_KERNEL_MODE": "standalone"}


def test_a_terminal_does_not_show_the_token() -> None:
    terminal, program = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", ASK],
        stdin=program,
        stdout=subprocess.PIPE,
        stderr=program,
        start_new_session=True,  # or it would ask in the terminal of the tests
        env=os.environ | VARIABLES,
        text=True,
    ) as process:
        os.close(program)
        shown = os.read(terminal, 1024)
        while b"(File > Web API): " not in shown:
            shown += os.read(terminal, 1024)
        os.write(terminal, f"{TOKEN}\n".encode())
        os.read(terminal, 1024)  # the end of the line: it shows what comes next again
        os.write(terminal, f"{TOKEN}\n".encode())
        printed, _ = process.communicate(timeout=60)
    os.close(terminal)

    assert b"Token of DataLab at http://127.0.0.1:18080 (" in shown
    assert TOKEN.encode() not in shown
    assert printed == "<token> True None\n"


def test_nothing_is_asked_where_the_token_would_be_shown() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=f"{TOKEN}\n",
        start_new_session=True,
        env=os.environ | VARIABLES,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr.endswith("set DATALAB_WORKSPACE_TOKEN instead\n")
    assert TOKEN not in done.stderr + done.stdout
