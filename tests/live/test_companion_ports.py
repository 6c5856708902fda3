"""The companion's ports in the real DataLab: who gets in, and what ends them.

What the companion answers is tested elsewhere.
"""

from __future__ import annotations

import stat

import pytest

from support.real_datalab.application import Application
from support.real_datalab.companion import Companion

# The first of them may have to make an environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

ORIGIN = "https://notebooks.example.org"


@pytest.fixture(params=["own", "web"])
def port(companion_datalab: Application, request: pytest.FixtureRequest) -> Companion:
    """The companion at its own port, and at that of the Web API."""
    companion = companion_datalab.companion
    if request.param == "web":
        return companion.at(companion_datalab.url)
    return companion


def test_both_ports_answer(port: Companion) -> None:
    hello = port.ask("GET", "hello")

    assert hello["protocol"] == 1
    assert (hello["pid"], hello["boot"]) == (port.pid, port.boot)


def test_the_file_is_for_its_user_alone(companion_datalab: Application) -> None:
    file = companion_datalab.companion_file

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert companion_datalab.companion.pid == companion_datalab.process.pid
    assert companion_datalab.companion.url.startswith("http://127.0.0.1:")
    assert [path.name for path in file.parent.glob("*companion*")] == [file.name]
