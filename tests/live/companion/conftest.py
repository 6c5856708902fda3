"""DataLab with the companion inside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.real_datalab.companion import Companion


@pytest.fixture(scope="session")
def _companion(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Companion]:
    companion = Companion(python_of_datalab, tmp_path_factory.mktemp("companion"))
    yield companion
    companion.datalab.close()


@pytest.fixture
def companion(_companion: Companion) -> Companion:
    """The companion of a DataLab that is empty and shows the signals."""
    _companion.datalab.empty()
    _companion.do({"op": "clear"}, {"op": "show", "kind": "signal"})
    return _companion
