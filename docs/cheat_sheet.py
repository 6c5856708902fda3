"""Print the cheat sheet as one page: ``hatch run cheatsheet``.

The page `cheatsheet.md` becomes `_static/cheatsheet.pdf`, A4, by Chromium or Chrome.
"""

from __future__ import annotations

import argparse
import re
import shutil
from html import escape
from pathlib import Path

from playwright.sync_api import sync_playwright
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

DOCS = Path(__file__).parent
PAGE = DOCS / "cheatsheet.md"
PDF = DOCS / "_static" / "cheatsheet.pdf"
#: Names of the browser's program, one a line.
PROGRAMS = DOCS.parent / ".ci" / "browsers.txt"
_BLOCK = re.compile(r"^## ([^\n]+)\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: The column of the comments.
_COMMENTS = 40
_LEXERS = {"text": "python", "sh": "bash"}
_STYLE = """\
@page { size: A4 landscape; margin: 8mm 9mm; }
body { font: 8pt "DejaVu Sans", sans-serif; margin: 0; color: #111; }
h1 { font-size: 13pt; margin: 0 0 2mm; }
h1 small { font-size: 8pt; font-weight: normal; margin-left: 4mm; color: #444; }
main { columns: 3; column-gap: 6mm; column-rule: 0.2mm solid #bbb; }
section { break-inside: avoid; margin-bottom: 4.2mm; }
h2 { font-size: 9.5pt; margin: 0 0 1.2mm; color: #00526a; }
pre { font: 6.4pt/1.8 "DejaVu Sans Mono", monospace; margin: 0; white-space: pre; }
"""


def blocks() -> list[tuple[str, str, str]]:
    """Return the heading, the language and the code of each block of the page."""
    return _BLOCK.findall(PAGE.read_text("utf-8"))


def sheet() -> str:
    """Return the sheet as HTML."""
    formatter = HtmlFormatter(nowrap=True, style="friendly")
    sections = []
    for heading, language, code in blocks():
        lexer = get_lexer_by_name(_LEXERS.get(language, language))
        shown = highlight(_aligned(code), lexer, formatter)
        sections.append(
            f"<section><h2>{escape(heading)}</h2><pre>{shown}</pre></section>"
        )
    known = "in a notebook: workspace, plotter, sigima, np, create_signal, create_image"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        "<title>DataLab-Kernel cheat sheet</title>"
        f"<style>{formatter.get_style_defs('pre')}{_STYLE}</style>"
        f"<h1>DataLab-Kernel <small>{known}</small></h1>"
        f"<main>{''.join(sections)}</main></html>"
    )


def _aligned(code: str) -> str:
    """Return the code with its comments below each other."""
    parted = [line.partition("  # ") for line in code.splitlines()]
    return "\n".join(
        f"{line.rstrip():{_COMMENTS}}# {comment}" if mark else line
        for line, mark, comment in parted
    )


def write(path: Path, program: str) -> None:
    """Print the sheet.

    Args:
        path: The PDF file to write.
        program: Path of Chromium or Chrome.
    """
    with sync_playwright() as playwright:
        # A sandbox needs rights that a container does not have; the page is our own.
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.set_content(sheet())
        page.pdf(path=path, prefer_css_page_size=True, print_background=True)
        browser.close()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Print the cheat sheet as a PDF.")
    parser.add_argument("--out", type=Path, default=PDF)
    names = PROGRAMS.read_text("utf-8").split()
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        parser.error(f"install one of these programs first: {', '.join(names)}")
    write(parser.parse_args().out, program)


if __name__ == "__main__":
    main()
