"""What Visual Studio Code's Jupyter extension asks of a kernel, and in which order.

The extension starts a kernelspec's command itself and speaks ZeroMQ with the kernel,
without a Jupyter server. Much of what it asks for is code that its user never sees,
run outside the history. Here the same is asked of this kernel and of ipykernel; the
answers are to be the same. The sequence was taken from the sources of
microsoft/vscode-jupyter: it has not been run in the editor itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from jupyter_client.kernelspec import get_kernel_spec

PATIENCE = 60
OURS, OTHER = "datalab-kernel", "python3"

# Hidden: which widgets there are, the folder, the notebook's path, completion by the
# editor's own engine, figures in its style.
WIDGETS = """\
try:
    import ipywidgets as hidden
    print("widgets", hidden.__version__)
    del hidden
except ImportError:
    pass"""
SET_UP = """\
import os as hidden_os
import sys as hidden_sys
%cd "{folder}"
if hidden_os.getcwd() not in hidden_sys.path:
    hidden_sys.path.insert(0, hidden_os.getcwd())
del hidden_sys
del hidden_os
__vsc_ipynb_file__ = "{folder}/notebook.ipynb"
%config Completer.use_jedi = False
import matplotlib
%matplotlib inline
_hidden_style = dict(matplotlib.rcParams)
matplotlib.rcParams.update(_hidden_style)
from matplotlib_inline.backend_inline import InlineBackend, set_matplotlib_formats
set_matplotlib_formats(*InlineBackend.instance().figure_formats, "svg")"""
# The list of variables: a function is defined, called and deleted.
DEFINE = """\
def _hidden_describe(names):
    import json as hidden_json
    values = {name: globals()[name] for name in names if name in globals()}
    print(hidden_json.dumps({
        name: [type(value).__name__, str(getattr(value, "shape", ""))]
        for name, value in values.items()
    }))"""
NAMES = "%who_ls"
DESCRIBE = "_hidden_describe(['numbers', 'table', 'absent'])"
DELETE = "del _hidden_describe"
TABLE = "print(table.iloc[0:2].to_json(orient='split', date_format='iso'))"
DEBUGGER = "import builtins\nimport ipykernel\nbuiltins.print(ipykernel.__version__)"

CELL = """\
import numpy, pandas
numbers = numpy.arange(3)
table = pandas.DataFrame({'a': [1, 2, 3]})
print('seen')
table"""
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
ENDLESS = "print('running', flush=True)\nwhile True: pass"

# What a kernel may choose, or leave out. The counts of this one include hidden code.
FREE = {
    *("banner", "help_links", "implementation", "implementation_version"),
    *("protocol_version", "supported_features", "version", "tmpFilePrefix"),
    *("engine_info", "payload", "user_expressions", "traceback", "execution_count"),
    "_jupyter_types_experimental",
}


@dataclass(frozen=True)
class Answer:
    """What comes back for one request."""

    reply: dict[str, Any]
    published: list[tuple[str, dict[str, Any]]]

    def essence(self) -> Any:
        """All that a kernel is not free to choose."""
        return without_free([self.reply, self.published])

    def printed(self) -> str:
        """What the code printed; the extension joins the messages too."""
        streams = [content for kind, content in self.published if kind == "stream"]
        return "".join(content["text"] for content in streams)


class Editor:
    """The extension, with a kernel that it started."""

    def __init__(self, name: str, folder: Path) -> None:
        path, _ports = write_connection_file(
            str(folder / f"{name}.json"), key=uuid4().hex.encode()
        )
        spec = get_kernel_spec(name)
        command = [part.replace("{connection_file}", path) for part in spec.argv]
        command[0] = sys.executable
        with (folder / f"{name}.log").open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=dict(os.environ), stdout=log, stderr=log
            )
        self.folder = folder
        self._replies: dict[str, dict[str, Any]] = {}
        self.client = BlockingKernelClient(connection_file=path)
        self.client.load_connection_file()
        self.client.start_channels(hb=False)  # or a slow start counts as a death

    def send(self, kind: str, channel: str = "shell", **content: Any) -> str:
        """Ask for something, and go on."""
        message = self.client.session.msg(kind, content)
        getattr(self.client, f"{channel}_channel").send(message)
        return str(message["header"]["msg_id"])

    def ask(self, kind: str, channel: str = "shell", **content: Any) -> Answer:
        """Ask for something, and wait for all that comes back."""
        return self.answer(self.send(kind, channel, **content), channel)

    def hidden(self, code: str) -> Answer:
        """Run code that the user does not see."""
        code = code.format(folder=self.folder) if "{folder}" in code else code
        return self.ask("execute_request", **execution(code, store_history=False))

    def cell(self, code: str) -> Answer:
        """Run a cell."""
        return self.ask("execute_request", **execution(code, store_history=True))

    def answer(self, request: str, channel: str = "shell") -> Answer:
        """Wait for the answer to a request."""
        published: list[tuple[str, dict[str, Any]]] = []
        while not published or published[-1] != ("status", {"execution_state": "idle"}):
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == request:
                published.append((message["msg_type"], message["content"]))
        return Answer(self.reply(request, channel), published)

    def reply(self, request: str, channel: str = "shell") -> dict[str, Any]:
        """Wait for the reply to a request; others may come before."""
        while request not in self._replies:
            socket = getattr(self.client, f"{channel}_channel")
            message = socket.get_msg(timeout=PATIENCE)
            self._replies[message["parent_header"]["msg_id"]] = message["content"]
        return self._replies.pop(request)

    def close(self) -> int:
        """End the kernel as the extension does; return its exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=PATIENCE)
        self.client.stop_channels()
        return code


def execution(code: str, *, store_history: bool) -> dict[str, Any]:
    return {
        "code": code,
        "silent": False,
        "store_history": store_history,
        "user_expressions": {},
        "allow_stdin": True,
        "stop_on_error": False,
    }


def without_free(value: Any) -> Any:
    """Leave out what is free, and the content of pictures, at any depth."""
    if isinstance(value, dict):
        return {
            name: ... if name.startswith("image/") else without_free(inner)
            for name, inner in value.items()
            if name not in FREE
        }
    return [*map(without_free, value)] if isinstance(value, list | tuple) else value


EXCHANGES: dict[str, Callable[[Editor], Answer]] = {
    "connect": lambda editor: editor.ask("kernel_info_request"),
    "widgets": lambda editor: editor.hidden(WIDGETS),
    "set up": lambda editor: editor.hidden(SET_UP),
    "ready": lambda editor: editor.ask("kernel_info_request"),
    "cell": lambda editor: editor.cell(CELL),
    "variables: define": lambda editor: editor.hidden(DEFINE),
    "variables: names": lambda editor: editor.hidden(NAMES),
    "variables: describe": lambda editor: editor.hidden(DESCRIBE),
    "variables: delete": lambda editor: editor.hidden(DELETE),
    "data viewer": lambda editor: editor.hidden(TABLE),
    "figure": lambda editor: editor.cell(FIGURE),
    "error": lambda editor: editor.cell("1 / 0"),
    "hidden error": lambda editor: editor.hidden("absent"),
    "after errors": lambda editor: editor.cell("numbers.tolist()"),
    "complete": lambda editor: editor.ask(
        "complete_request", code="numbers.tol", cursor_pos=11
    ),
    "inspect": lambda editor: editor.ask(
        "inspect_request", code="absent", cursor_pos=6, detail_level=0
    ),
    "comms": lambda editor: editor.ask("comm_info_request"),
    "is complete": lambda editor: editor.ask("is_complete_request", code="if 1:"),
    "debugger": lambda editor: editor.hidden(DEBUGGER),
    "debug info": lambda editor: editor.ask(
        *("debug_request", "control"),
        type="request",
        seq=1,
        command="debugInfo",
        arguments={},
    ),
}


@pytest.fixture(scope="module")
def editors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Editor]]:
    folder = tmp_path_factory.mktemp("vscode")
    with ExitStack() as kernels:
        editors = {}
        for name in (OURS, OTHER):
            editors[name] = Editor(name, folder)
            kernels.callback(editors[name].close)
            editors[name].client.wait_for_ready(timeout=PATIENCE)
        yield editors


@pytest.fixture(scope="module")
def sessions(editors: dict[str, Editor]) -> dict[str, dict[str, Answer]]:
    """All exchanges, in their order, with either kernel."""
    return {
        name: {exchange: ask(editor) for exchange, ask in EXCHANGES.items()}
        for name, editor in editors.items()
    }


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_it_is_answered_as_ipykernel_does(sessions, exchange: str) -> None:
    ours, other = sessions[OURS][exchange], sessions[OTHER][exchange]

    assert ours.essence() == other.essence()


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_status_is_busy_until_all_is_sent(sessions, exchange: str) -> None:
    published = sessions[OURS][exchange].published

    assert published[0] == ("status", {"execution_state": "busy"})
    assert published[-1] == ("status", {"execution_state": "idle"})


def test_the_editor_learns_the_language_and_that_there_is_a_debugger(sessions) -> None:
    info = dict(sessions[OURS]["connect"].reply)
    language = info["language_info"]
    assert language.pop("version").startswith("3.")

    assert info["status"] == "ok"
    assert "debugger" in info["supported_features"]
    assert get_kernel_spec(OURS).metadata["debugger"] is True
    assert language == {
        "name": "python",
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "codemirror_mode": {"name": "ipython", "version": 3},
        "pygments_lexer": "ipython3",
        "nbconvert_exporter": "python",
    }


def test_variables_are_described(sessions) -> None:
    described = json.loads(sessions[OURS]["variables: describe"].printed())

    assert described == {
        "numbers": ["ndarray", "(3,)"],
        "table": ["DataFrame", "(3, 1)"],
    }


def test_what_is_shown_of_a_name_contains_what_ipykernel_shows(editors) -> None:
    shown = [
        editor.ask("inspect_request", code="len", cursor_pos=3, detail_level=0).reply
        for editor in editors.values()
    ]

    assert shown[0]["found"]
    assert shown[0]["data"]["text/plain"] == shown[1]["data"]["text/plain"]


@pytest.mark.parametrize("name", [OURS, OTHER])
def test_a_busy_kernel_is_interrupted_and_answers_what_waited(
    editors: dict[str, Editor], name: str
) -> None:
    editor = editors[name]
    cell = editor.send("execute_request", **execution(ENDLESS, store_history=True))
    message = {}
    while message.get("text") != "running\n":
        message = editor.client.get_iopub_msg(timeout=PATIENCE)["content"]
    waiting = editor.send("complete_request", code="prin", cursor_pos=4)
    os.kill(editor.process.pid, signal.SIGINT)

    stopped = editor.answer(cell)
    assert (stopped.reply["status"], stopped.reply["ename"]) == (
        "error",
        "KeyboardInterrupt",
    )
    assert "print" in editor.reply(waiting)["matches"]
    assert editor.cell("6 * 7").reply["status"] == "ok"


def test_the_kernel_ends_when_it_is_told_to(tmp_path: Path) -> None:
    editor = Editor(OURS, tmp_path)
    try:
        editor.client.wait_for_ready(timeout=PATIENCE)
    finally:
        code = editor.close()

    assert code == -signal.SIGTERM
