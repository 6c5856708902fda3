"""The environment of child processes, and the user's configuration of IPython."""

from __future__ import annotations

from typing import Any

import pytest

from support.three_kernels import known

FOR_CHILDREN = {
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "TERM": "xterm-color",
    "CLICOLOR": "1",
    "FORCE_COLOR": "1",
    "CLICOLOR_FORCE": "1",
}


@known(stock="leaves it as it was")
@pytest.mark.parametrize(("variable", "value"), FOR_CHILDREN.items())
def test_children_are_not_to_page_and_may_colour(own, variable, value) -> None:
    kernel = own(**{variable: "before"})

    assert kernel.value(f"__import__('os').environ[{variable!r}]") == repr(value)
    if variable != "GIT_PAGER":  # one more child would tell no more
        assert kernel.value(f"!!echo ${variable}") == repr([value])


@pytest.mark.skipif("sys.platform == 'win32'", reason="pagers wait elsewhere")
@known(stock="waits for ever")
def test_a_child_that_pages_does_not_wait(own) -> None:
    kernel = own(PAGER="sh -c 'cat; read key < /dev/tty'")

    cell = kernel.run(
        "import sys\n!{sys.executable} -c \"import pydoc; pydoc.pager('text\\n' * 99)\""
    )

    assert cell.status == "ok"
    assert cell.stdout.count("text") == 99


@pytest.mark.skipif("not __import__('shutil').which('git')", reason="there is no git")
def test_a_log_is_shown(any_kernel, tmp_path: Any) -> None:
    any_kernel.run(
        f"!cd {tmp_path} && git init -q && git -c user.name=a -c user.email=b commit "
        "-q --allow-empty -m 'the message'"
    )

    assert "the message" in any_kernel.run(f"!cd {tmp_path} && git log").stdout


# Configuration

IGNORED = "ignores it"
CONFIGURATION = {
    "InteractiveShell": (
        "c.InteractiveShell.ast_node_interactivity = 'all'",
        "get_ipython().ast_node_interactivity",
        "'all'",
    ),
    "xmode": (
        "c.InteractiveShell.xmode = 'Minimal'",
        "get_ipython().InteractiveTB.mode",
        "'Minimal'",
    ),
    "IPCompleter": (
        "c.IPCompleter.use_jedi = False",
        "get_ipython().Completer.use_jedi",
        "False",
    ),
    "Completer": (
        "c.Completer.greedy = True",
        "get_ipython().Completer.greedy",
        "True",
    ),
    "PlainTextFormatter": (
        "c.PlainTextFormatter.max_width = 40",
        "get_ipython().display_formatter.formatters['text/plain'].max_width",
        "40",
    ),
    "HistoryManager": (
        "c.HistoryManager.db_log_output = True",
        "get_ipython().history_manager.db_log_output",
        "True",
    ),
    "lines": ("c.InteractiveShellApp.exec_lines = ['mine = 42']", "mine", "42"),
    "magic lines": (
        "c.InteractiveShellApp.exec_lines = ['%precision 2']",
        "1 / 3",
        "0.33",
    ),
    "ZMQInteractiveShell": (
        "c.ZMQInteractiveShell.ast_node_interactivity = 'all'",
        "get_ipython().ast_node_interactivity",
        "'all'",
    ),
    "IPKernelApp": ("c.IPKernelApp.exec_lines = ['mine = 42']", "mine", "42"),
}


@known(stock=IGNORED)
@pytest.mark.parametrize("file", ["ipython_config.py", "ipython_kernel_config.py"])
@pytest.mark.parametrize(
    ("line", "look", "seen"), CONFIGURATION.values(), ids=CONFIGURATION
)
def test_the_configuration_is_read(own, ipython_folder, file, line, look, seen) -> None:
    (ipython_folder / file).write_text(f"c = get_config()\n{line}\n")

    assert own().value(look) == seen


@known(stock=IGNORED)
def test_figures_have_the_configured_format(own, ipython_folder) -> None:
    (ipython_folder / "ipython_config.py").write_text(
        "c = get_config()\nc.InlineBackend.figure_formats = {'svg'}\n"
    )
    kernel = own()

    cell = kernel.run("import matplotlib.pyplot as plt; lines = plt.plot([1, 2])")

    assert "image/svg+xml" in cell.displayed[0]


def test_figures_have_the_format_that_a_cell_asks_for(own_kernel) -> None:
    cell = own_kernel.run(
        "%config InlineBackend.figure_format = 'svg'\n"
        "import matplotlib.pyplot as plt; lines = plt.plot([1, 2])"
    )

    assert "image/svg+xml" in cell.displayed[0]


@known(stock=IGNORED)
def test_startup_files_are_run(own, ipython_folder) -> None:
    startup = ipython_folder / "startup"
    (startup / "00-first.py").write_text("first = 1\n")
    (startup / "01-second.ipy").write_text("%precision 2\nsecond = first + 1\n")
    kernel = own()

    assert kernel.value("second, 1 / 3") == "(2, 0.33)"


CLASSES = [
    pytest.param("ZMQInteractiveShell", marks=known(stock="does not know it")),
    pytest.param("IPKernelApp", marks=known(stock="does not know it")),
    "IPCompleter",
    "HistoryManager",
]


@pytest.mark.parametrize("name_of_class", CLASSES)
def test_a_class_is_configured_by_its_name(own_kernel, name_of_class: str) -> None:
    cell = own_kernel.run(f"%config {name_of_class}")

    assert cell.error is None
    assert f"{name_of_class}" in cell.stdout


@known(stock="knows it by another name")
def test_the_shell_is_configured_by_its_name(own_kernel) -> None:
    cell = own_kernel.run(
        "%config ZMQInteractiveShell.ast_node_interactivity = 'all'\n"
    )

    assert cell.error is None
    assert own_kernel.value("get_ipython().ast_node_interactivity") == "'all'"


@known(stock="makes it by itself")
def test_the_shell_is_made_by_its_application(any_kernel) -> None:
    assert any_kernel.value("get_ipython().parent is not None") == "True"
    assert any_kernel.value("get_ipython().config is not None") == "True"
