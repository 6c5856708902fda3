"""The shell of the kernel: its context, its replies and what libraries ask it for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from datalab_kernel.kernelspec import KERNEL_NAME
from tests.kernel.conftest import PATIENCE


def test_what_a_cell_sets_in_the_context_stays(kernel) -> None:
    kernel.run("import contextvars, sigima\nv = contextvars.ContextVar('v', default=0)")
    kernel.run("token = v.set(1)")
    kernel.run("import asyncio\nawait asyncio.sleep(0.01)\ntoken = v.set(v.get() + 1)")

    assert kernel.value("v.get()") == "2"


def test_what_a_failed_or_interrupted_cell_sets_stays(kernel) -> None:
    kernel.run("import contextvars\nw = contextvars.ContextVar('w', default=0)")
    kernel.run("token = w.set(1)\n1 / 0")

    assert kernel.value("w.get()") == "1"


def test_a_task_has_the_context_of_the_cell_that_created_it(kernel) -> None:
    kernel.run(
        "import asyncio, contextvars\nu = contextvars.ContextVar('u', default=0)"
    )
    kernel.run(
        "token = u.set(1)\nasync def later():\n    await asyncio.sleep(0.05)\n"
        "    return u.get()\ntask = asyncio.create_task(later())"
    )
    kernel.run("token = u.set(2)")

    assert kernel.value("(await task, u.get())") == "(1, 2)"


def test_observing_calls_of_sigima_goes_on_in_later_cells(kernel) -> None:
    observed = kernel.run(
        "import numpy as np, sigima.proc.signal\n"
        "from sigima.proc.decorator import observe_calls\n"
        "seen = []\nobserver = observe_calls(lambda *a, **k: seen.append(1))\n"
        "entered = observer.__enter__()"
    )
    assert observed.error is None
    kernel.run(
        "import sigima\nobj = sigima.create_signal('a', np.arange(4.0), np.ones(4))\n"
        "result = sigima.proc.signal.absolute(obj)"
    )

    assert kernel.value("len(seen) > 0") == "True"
    kernel.run("observer.__exit__(None, None, None)")


def test_output_still_belongs_to_the_cell_that_made_it(kernel) -> None:
    """Although all cells share a context."""
    first = kernel.submit("import asyncio\nawait asyncio.sleep(0.1)\nprint('one')")
    second = kernel.submit("print('two')")

    assert kernel.finish(first).stdout == "one\n"
    assert kernel.finish(second).stdout == "two\n"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise ValueError('a')", "ValueError: a"),
        ("raise ValueError('half \\ud83d')", "ValueError: half \ufffd"),
        ("%no_such_magic", "UsageError: Line magic function `%no_such_magic` not"),
        ("1 +", "SyntaxError: invalid syntax"),
        ("return 1", "SyntaxError: 'return' outside function"),
        ("class R:\n    def __repr__(self): 1 / 0\nR()", "ZeroDivisionError: division"),
        (
            "class E(Exception):\n    def __str__(self): 1 / 0\nraise E",
            "E: <str() raised",
        ),
    ],
)
def test_a_failed_cell_is_answered_with_its_error(kernel, code, error) -> None:
    cell = kernel.run(code)

    assert cell.status == "error"
    assert str(cell.error).startswith(error)


RENDERS = "class E(Exception):\n    def _render_traceback_(self): {}\nraise E('a')"


@pytest.mark.parametrize(
    "code",
    [
        RENDERS.format("1 / 0"),
        RENDERS.format("return None"),
        RENDERS.format("return [1]"),
        "get_ipython().showtraceback = lambda *a, **k: None\n1 / 0",
    ],
)
def test_a_cell_has_failed_however_its_error_is_shown(start, code) -> None:
    assert start().run(code).status == "error"


@pytest.mark.parametrize(
    "code",
    [
        "get_ipython().run_cell('1 / 0')",
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    get_ipython().showtraceback()",
        "%tb",
        "%%capture\n1 / 0",
    ],
)
def test_an_error_that_is_not_the_cells_is_only_shown(kernel, code) -> None:
    kernel.run("1 / 0")

    cell = kernel.run(code)

    assert cell.status == "ok"
    assert "ZeroDivisionError" in cell.stderr


@pytest.mark.skipif("sys.version_info < (3, 11)", reason="it has no groups")
def test_a_traceback_of_a_group_shows_the_users_lines_only(kernel) -> None:
    content = kernel.client.execute_interactive(
        "def fails():\n    raise ExceptionGroup('g', [ValueError(1)])\nfails()",
        output_hook=lambda _message: None,
        timeout=PATIENCE,
    )["content"]

    lines = "\n".join(content["traceback"])
    assert "in fails" in lines
    assert "ValueError: 1" in lines
    assert "interactiveshell" not in lines


@pytest.mark.skipif("sys.version_info < (3, 11)", reason="it has no groups")
def test_the_traceback_of_a_group_can_be_shown_again(kernel) -> None:
    kernel.run("raise ExceptionGroup('g', [KeyError(12)])")

    cell = kernel.run("%tb")

    assert cell.status == "ok"
    assert "KeyError: 12" in cell.stderr


def send(kernel, packed: str) -> None:
    """Send a cell whose code is given as JSON."""
    session = kernel.client.session
    content = {"code": "@@", "silent": False, "allow_stdin": False}
    message = session.msg("execute_request", content)
    pack = session.pack
    session.pack = lambda part: (
        json.dumps(part, default=str).replace('"@@"', packed).encode("latin-1")
    )
    try:
        kernel.client.shell_channel.send(message)
    finally:
        session.pack = pack


@pytest.mark.parametrize("packed", [r'"\ud83d"', '"\xff"', '"'])
def test_a_request_that_cannot_be_read_stops_no_other(kernel, packed: str) -> None:
    for _ in range(3):
        send(kernel, packed)

    assert kernel.value("40 + 2") == "42"


def test_a_message_may_be_changed_or_kept_by_a_hook(kernel) -> None:
    cell = kernel.run(
        "def hook(message):\n"
        "    data = message['content']['data']\n"
        "    if 'kept' in data['text/plain']:\n        return None\n"
        "    data['text/plain'] += '!'\n    return message\n"
        "publisher = get_ipython().display_pub\n"
        "publisher.register_hook(hook)\n"
        "for text in ('a', 'kept'):\n"
        "    display({'text/plain': text}, raw=True)\n"
        "removed = publisher.unregister_hook(hook), publisher.unregister_hook(hook)\n"
        "display({'text/plain': 'b'}, raw=True)"
    )

    assert cell.error is None
    assert [data["text/plain"] for data in cell.displayed] == ["a!", "b"]
    assert kernel.value("removed") == "(True, False)"


def test_a_thread_may_link_its_output_to_an_earlier_cell(kernel) -> None:
    first = kernel.run("parent = get_ipython().get_parent()")
    assert first.error is None

    later = kernel.submit(
        "import threading\n"
        "def work():\n    get_ipython().set_parent(parent)\n    print('of a thread')\n"
        "thread = threading.Thread(target=work)\nthread.start()\nthread.join()"
    )
    kernel.wait_for_output(first, "of a thread")

    assert kernel.finish(later).stdout == ""


def test_a_thread_may_return_to_the_request_that_it_had(kernel) -> None:
    first = kernel.run("parent = get_ipython().get_parent()")

    later = kernel.run(
        "shell = get_ipython()\n"
        "token = shell.set_thread_parent(parent)\n"
        "print('to the first', flush=True)\n"
        "shell.reset_thread_parent(token)\n"
        "print('to the second')"
    )

    assert later.stdout == "to the second\n"
    assert first.error is None


def test_the_kernel_sends_what_libraries_ask_it_to_send(kernel) -> None:
    cell = kernel.run(
        "k = get_ipython().kernel\n"
        "k.session.send(k.iopub_socket, 'stream', {'name': 'stdout', 'text': 'a'})\n"
        "k.send_response(k.iopub_socket, 'display_data',"
        " {'data': {'text/plain': 'b'}, 'metadata': {}})"
    )

    assert cell.error is None
    assert cell.stdout == "a"
    assert cell.displayed == [{"text/plain": "b"}]
    sent = kernel.run(
        "k.session.send(k.iopub_socket, 'execute_result',"
        " {'execution_count': 7, 'data': {'text/plain': 'c'}, 'metadata': {}})"
    )
    assert (sent.result, sent.shown["execution_count"]) == ("c", 7)
    refused = kernel.run("k.session.send(k.iopub_socket, 'no_such_type', {})")
    assert str(refused.error).startswith("NotImplementedError: this kernel cannot send")


def payload(kernel, code: str) -> list[dict]:
    reply = kernel.client.execute_interactive(
        code, output_hook=lambda _message: None, timeout=PATIENCE
    )
    return reply["content"]["payload"]


def test_payloads_do_what_they_ask_for(kernel, tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text("x = 1\n")

    assert payload(kernel, "get_ipython().set_next_input('a')") == [
        {"source": "set_next_input", "text": "a", "replace": False}
    ]
    (loaded,) = payload(kernel, f"%load {source}")
    assert loaded["replace"] is True
    assert "x = 1" in loaded["text"]
    edited = {"source": "edit_magic", "filename": str(source), "line_number": 3}
    assert payload(kernel, f"%edit -n 3 {source}") == [edited]
    for magic in ("less", "more"):
        (paged,) = payload(kernel, f"%{magic} {source}")
        assert paged["source"] == "page"
        assert "x" in paged["data"]["text/plain"]
    assert payload(kernel, "exit(keep_kernel=True)") == [
        {"source": "ask_exit", "keepkernel": True}
    ]


def test_a_payload_that_json_lacks_is_converted(kernel) -> None:
    (shown,) = payload(
        kernel,
        "import numpy as np\nget_ipython().payload_manager.write_payload("
        "{'source': 'page', 'data': {'text/plain': '\\udcff'}, 'start': np.int64(0)})",
    )

    assert shown == {"source": "page", "data": {"text/plain": "\ufffd"}, "start": 0}


def test_a_reply_that_cannot_be_built_is_an_error(kernel) -> None:
    cell = kernel.run(
        "get_ipython().payload_manager.write_payload({'source': 'a', 'b': object()})"
    )

    assert cell.status == "error"
    assert str(cell.error).startswith("TypeError: JSON has no form of objects")
    assert kernel.value("1") == "1"


@pytest.mark.parametrize("magic", ["less", "more", "autosave"])
def test_a_magic_that_is_misused_says_how_to_use_it(kernel, magic: str) -> None:
    cell = kernel.run(f"%{magic}")

    assert str(cell.error).startswith(f"UsageError: %{magic.split()[0]}")


def test_the_connection_of_the_kernel_is_printed(kernel) -> None:
    printed = kernel.run("%connect_info").stdout

    described = json.loads(printed.partition("\n\n")[0])
    expected = json.loads(Path(kernel.manager.connection_file).read_text())
    assert described == expected
    assert kernel.manager.connection_file in printed


@pytest.mark.parametrize(
    ("name", "text", "expression", "expected"),
    [
        (
            "ipython_config.py",
            "c.InteractiveShell.ast_node_interactivity = 'all'",
            "get_ipython().ast_node_interactivity",
            "'all'",
        ),
        (
            "ipython_kernel_config.py",
            "c.IPKernelApp.exec_lines = ['mine = 1']",
            "mine",
            "1",
        ),
        (
            "ipython_config.py",
            "c.IPCompleter.use_jedi = False",
            "get_ipython().Completer.use_jedi",
            "False",
        ),
        (
            "ipython_config.py",
            "c.ZMQInteractiveShell.autocall = 1",
            "get_ipython().autocall",
            "1",
        ),
    ],
)
def test_the_users_configuration_applies(
    start: Callable,
    ipython_folder: Path,
    name: str,
    text: str,
    expression: str,
    expected: str,
) -> None:
    (ipython_folder / name).write_text(text, "utf-8")

    assert start().run(expression).result == expected


def test_options_of_ipython_may_follow_the_connection_file(
    start: Callable, jupyter_data: Path
) -> None:
    """As nbclient passes one, so that its cells are not kept in the history."""
    kernels = jupyter_data / "kernels"
    spec = json.loads((kernels / KERNEL_NAME / "kernel.json").read_text("utf-8"))
    spec["argv"] += ["--HistoryManager.hist_file=:memory:", "--no-such-flag"]
    (kernels / "with-options").mkdir()
    (kernels / "with-options" / "kernel.json").write_text(json.dumps(spec), "utf-8")

    kernel = start("with-options")

    assert kernel.value("get_ipython().history_manager.hist_file") == "':memory:'"
    assert kernel.value("len(__import__('sys').argv)") == "1"


def test_the_file_of_the_cells_may_have_a_name(start: Callable) -> None:
    kernel = start(IPYKERNEL_CELL_NAME="<a cell>")

    assert kernel.value("(lambda: 0).__code__.co_filename") == "'<a cell>'"


def test_figures_follow_the_users_configuration(
    start: Callable, ipython_folder: Path
) -> None:
    (ipython_folder / "ipython_config.py").write_text(
        "c.InlineBackend.figure_formats = {'svg'}", "utf-8"
    )

    cell = start().run("import matplotlib.pyplot as plt\nlines = plt.plot([1, 2])")

    assert "image/svg+xml" in cell.displayed[0]


def test_the_users_startup_files_run(start: Callable, ipython_folder: Path) -> None:
    (ipython_folder / "startup" / "a.py").write_text("first = 1", "utf-8")
    (ipython_folder / "startup" / "b.ipy").write_text(
        "%precision 3\nsecond = first + 1\n", "utf-8"
    )
    (ipython_folder / "startup" / "c.py").write_text(
        "import numpy\nnumpy.set_printoptions(precision=2)", "utf-8"
    )

    kernel = start()

    assert kernel.value("second") == "2"
    assert kernel.value("numpy.array([1 / 3])") == "array([0.33])"
