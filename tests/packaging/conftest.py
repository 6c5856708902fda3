"""The artefacts that the tests of packaging look at, built once."""

from __future__ import annotations

import pytest

from support.artefacts import PACKAGES, ROOT, Artefacts, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artefacts]:
    """The artefacts of the three packages, by name."""
    return {
        name: build(ROOT / "packages" / name, tmp_path_factory.mktemp(name))
        for name in PACKAGES
    }
