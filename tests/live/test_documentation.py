"""The pages about a running DataLab, beside one."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import documentation
from support.documentation import PAGES, Page
from support.real_datalab.application import Application

pytestmark = pytest.mark.live


@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.name) for p in PAGES if p.manner == "live"]
)
def test_the_examples_of_a_page_run(
    page: Page, datalab: Application, tmp_path: Path
) -> None:
    documentation.fill(tmp_path)
    documentation.run(page, tmp_path, datalab.connection)
