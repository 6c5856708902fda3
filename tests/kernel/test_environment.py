"""Child processes start no pager and may write colors, as with ipykernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ("PAGER", "GIT_PAGER", "TERM", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR")
# As a user's own settings, a pager that never ends.
PAGERS = dict.fromkeys(("PAGER", "GIT_PAGER", "MANPAGER"), "sleep 999;")
ENVIRONMENT = f"import os; {{name: os.environ.get(name) for name in {NAMES}}}"


def test_the_stock_kernel_still_leaves_the_pagers(start: Callable) -> None:
    """The defect that `repairs.environment` repairs; when this fails, drop it."""
    assert start("xpython", **PAGERS).value("import os; os.environ['PAGER']") == (
        "'sleep 999;'"
    )


@pytest.mark.parametrize("variables", [{}, PAGERS], ids=["default", "own"])
def test_the_variables_are_those_of_ipykernel(
    start: Callable, variables: dict[str, str]
) -> None:
    ours, peer = start(**variables), start("python3", **variables)

    assert ours.value(ENVIRONMENT) == peer.value(ENVIRONMENT)


@pytest.mark.parametrize(
    "command",
    [
        "git --paginate -C {folder} log",
        "python -m pydoc str",
        "sh -c '${{MANPAGER:-$PAGER}} {folder}/page'",
    ],
)
def test_a_command_that_starts_a_pager_ends(
    start: Callable, tmp_path: Path, command: str
) -> None:
    kernel = start(**PAGERS)
    (tmp_path / "page").write_text("page\n" * 500, "utf-8")
    kernel.run(
        f"!git init -q {tmp_path} && git -C {tmp_path} -c user.name=a -c user.email=a "
        "commit -q --allow-empty -m commit"
    )

    cell = kernel.run(f"!{command.format(folder=tmp_path)}\n_exit_code")

    assert cell.result == "0", cell.stdout


@pytest.mark.parametrize(
    "code",
    [
        "!printf 'a\\n'; echo b >&2; exit 3",
        "!echo a; sleep 0.1; echo b",
        "lines = !echo a; echo b\nlines",
        "print('a')\nget_ipython().system('echo b')\nprint('c')",
        "%%bash\necho a; echo b >&2",
        "!echo a &",
        "!test -t 1 && echo terminal",
    ],
)
def test_shell_commands_do_what_they_do_under_ipykernel(
    kernel, peer, code: str
) -> None:
    expected, cell = peer.run(code), kernel.run(code)

    assert (cell.status, cell.result, cell.error) == (
        expected.status,
        expected.result,
        expected.error,
    )
    assert (cell.stdout, cell.stderr) == (expected.stdout, expected.stderr)
    code = "globals().get('_exit_code')"
    assert kernel.run(code).result == peer.run(code).result


@pytest.mark.parametrize(
    "code",
    [
        "!echo go; sleep 60",
        "import subprocess; subprocess.run('echo go; sleep 60', shell=True)",
        "import os; os.system('echo go; sleep 60');",
    ],
)
def test_an_interrupt_ends_a_command_as_under_ipykernel(
    kernel, peer, code: str
) -> None:
    found = []
    for each in (kernel, peer):
        cell = each.begin(code, until="go")
        each.interrupt()
        each.finish(cell)
        found.append((cell.status, cell.error, cell.stdout))

    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["notebook", "nbagg"])
def test_figures_of_the_classic_notebook_are_warned_of_and_go_on(
    start: Callable, name: str
) -> None:
    kernel = start()
    cell = kernel.run(f"%matplotlib {name}")

    assert cell.status == "ok"
    assert cell.stderr.count("use '%matplotlib widget'") == 1
    assert kernel.value("plt.get_backend().lower()") == f"'{name}'"


@pytest.mark.parametrize("name", ["widget", "ipympl", "inline"])
def test_figures_that_are_shown_are_not_warned_of(kernel, name: str) -> None:
    cell = kernel.run(f"%matplotlib {name}")

    assert (cell.status, cell.stderr) == ("ok", "")


@pytest.fixture(scope="module")
def peer(running: Callable):
    """One ipykernel for the tests of this module."""
    with running("python3") as kernel:
        yield kernel
