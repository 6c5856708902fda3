"""Each repair names the issue upstream that would make it unnecessary."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from datalab_kernel import repairs
from support.documentation import FENCE
from support.real_datalab.environment import REQUIREMENTS

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "docs" / "upstream"
INDEX = REPORTS / "index.md"
REPAIRS = sorted(
    path.stem if path.is_file() else path.name
    for path in Path(repairs.__path__[0]).iterdir()
    if path.suffix == ".py" or (path / "__init__.py").is_file()
)
REPAIRS.remove("__init__")
UPSTREAM = re.compile(r"^Upstream:(.*(?:\n(?!\n).*)*)", re.MULTILINE)
ISSUE = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(?:issues|pull)/\d+")
REPORT = re.compile(r"docs/upstream/\w+\.md")


class Report(NamedTuple):
    """A report in docs/upstream."""

    path: Path
    text: str

    @property
    def workarounds(self) -> list[str]:
        """The modules that work around the defect."""
        (line,) = re.findall(r"^- Workaround: (.*(?:\n  .*)*)", self.text, re.MULTILINE)
        return re.findall(r"`([\w.]+)`", line)

    @property
    def script(self) -> str:
        """The script that shows the defect."""
        return self._block("python")

    @property
    def output(self) -> str:
        """What the script prints."""
        return self._block("text")

    def _block(self, language: str) -> str:
        (block,) = [text for kind, text in FENCE.findall(self.text) if kind == language]
        return str(block)


ALL = [
    Report(path, path.read_text("utf-8"))
    for path in sorted(REPORTS.glob("*.md"))
    if path != INDEX
]
each_report = pytest.mark.parametrize(
    "report", [pytest.param(report, id=report.path.stem) for report in ALL]
)


def references(module: str) -> list[str]:
    """The issues and reports that a module, which is not imported, names."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text("utf-8")
    found = UPSTREAM.search(ast.get_docstring(ast.parse(source)) or "")
    if found is not None:
        return found[1].replace(",", " ").split()
    comments = "\n".join(re.findall(r"^# .*$", source, re.MULTILINE))
    return REPORT.findall(comments)


@pytest.mark.parametrize("name", REPAIRS)
def test_each_repair_names_an_issue_or_a_report(name: str) -> None:
    named = references(f"datalab_kernel.repairs.{name}")

    assert named
    for reference in named:
        assert ISSUE.fullmatch(reference) or REPORT.fullmatch(reference), reference


@each_report
def test_a_report_names_the_module_that_names_it(report: Report) -> None:
    name = report.path.relative_to(ROOT).as_posix()
    assert report.workarounds or "\n- Workaround: none\n" in report.text

    for module in report.workarounds:
        assert name in references(module), module


@each_report
def test_a_report_has_all_its_parts(report: Report) -> None:
    assert report.text.startswith("# ")
    assert "\n- Repository: https://" in report.text
    assert "\n- Versions: " in report.text
    headings = re.findall(r"^## (.*)$", report.text, re.MULTILINE)
    assert headings == ["Script", "What happens", "What should happen"]
    assert report.output.strip()
    compile(report.script, report.path.name, "exec")


def test_the_index_lists_every_report() -> None:
    index = INDEX.read_text("utf-8")
    (*listed,) = re.findall(r"^(\w+)$", index, re.MULTILINE)

    assert sorted(listed) == [report.path.stem for report in ALL]


#: Needs PySide6 6.12.0, which crashes and is in no environment of the tests.
NOT_RUN = {"pyside_references"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "report",
    [
        pytest.param(report, id=report.path.stem)
        for report in ALL
        if report.path.stem not in NOT_RUN
    ],
)
def test_the_script_of_a_report_prints_what_the_report_says(
    report: Report, python_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    """If this fails, the defect may be corrected: then drop its workaround."""
    script = tmp_path / "shows_a_defect.py"
    script.write_text(report.script, "utf-8")
    python, environment = Path(sys.executable), dict(os.environ)
    if "from datalab." in report.script:
        python = python_of(REQUIREMENTS)
        environment.pop("PYTHONPATH", None)
        environment |= {
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "QT_API": "pyqt5",
            "QT_QPA_PLATFORM": "offscreen",
        }

    done = subprocess.run(
        [python, script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",  # a log may hold the bytes of a request
        check=False,
        timeout=180,
    )

    assert done.returncode == 0, done.stderr
    printed = [line for line in done.stdout.splitlines() if line.strip()]
    assert printed == report.output.splitlines()
