"""The real DataLab: its window, and its own reader of project files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest

from datalab_workspace.live.clients.webapi import WebApi
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token
from support.live_conformance import Companion, Live
from support.real_datalab import beside
from support.real_datalab.application import Application
from support.real_datalab.desktop import SEEN, Desktop, put_seen
from support.real_datalab.environment import REQUIREMENTS
from support.real_datalab.exchange import Project
from support.real_datalab.process import Program

#: Older versions of DataLab: the file of the environment, and whether it has a Web API.
OLDER = {"1.0.4": ("datalab_1_0.txt", False), "1.1.1": ("datalab_1_1.txt", True)}
OLDER["1.2.2"] = ("datalab_1_2.txt", True)
Suite = TypeVar("Suite", Companion, Live)
#: From so many samples on, each way to DataLab takes one of twelve.
_MANY = 12


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Share out the samples of the conformance suite.

    Each rule is tested by both protocols and by each alone, with all its samples if
    there are few. If there are many, each of the three takes every twelfth, and never
    one that another takes; the others are slow. XML-RPC alone, the slowest, also takes
    a third if there are few. The two quicker ways test the slowest samples. The
    companion, to which each part of an object is the same, takes one of three.
    """
    for (_, _), samples in _by_rule(items, Companion).items():
        if len(samples) >= _MANY:
            _leave(samples, every=3, first=0)
    for (suite, name), samples in _by_rule(items, Live).items():
        if name in suite.left_out:
            _leave(samples, every=1, first=1)
        elif len(samples) >= _MANY:
            _leave(samples, every=12, first=suite.share * 4)
        elif len(samples) >= suite.few:
            _leave(samples, every=3, first=0)


def _by_rule(
    items: list[pytest.Item], base: type[Suite]
) -> dict[tuple[type[Suite], str], list[pytest.Function]]:
    """Return the samples of each rule in the suites that derive from a class."""
    tests: dict[tuple[type[Suite], str], list[pytest.Function]] = {}
    for item in items:
        if isinstance(item, pytest.Function) and issubclass(item.cls or object, base):
            tests.setdefault((item.cls, item.originalname), []).append(item)
    return tests


def _leave(samples: list[pytest.Function], *, every: int, first: int) -> None:
    """Mark all samples as slow but the `first` of each `every`."""
    for number, item in enumerate(samples):
        if number % every != first:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def datalab_files() -> Path:
    """The folder of project files that DataLab itself wrote."""
    return Path(__file__).parents[1] / "data" / "datalab"


class DataLabWindow:
    """DataLab's main window, without a screen."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def open(self, path: Path, *, save_to: Path | None = None) -> Project:
        """Open a project, have every object drawn, and save it if asked to.

        Args:
            path: The project file.
            save_to: The file that DataLab is to save the project to.

        Returns:
            What the window holds after opening the file.
        """
        return self._program.look("open", path=str(path), save_to=_text(save_to))

    def perform(
        self, session: str, *, path: Path | None = None, save_to: Path | None = None
    ) -> Project:
        """Do in a project what a user might do.

        Args:
            session: Name of a function of `support.real_datalab.sessions`.
            path: The project file; None for an empty project.
            save_to: The file that DataLab is to save the project to.

        Returns:
            What the window holds after that.
        """
        return self._program.look(
            "perform", session=session, path=_text(path), save_to=_text(save_to)
        )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


@pytest.fixture(scope="session")
def datalab_window(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataLabWindow]:
    """DataLab's main window; each project that it opens replaces the one before."""
    folder = tmp_path_factory.mktemp("window")
    program = Program(python_of_datalab, "support.real_datalab.window", folder)
    yield DataLabWindow(program)
    program.close()


@pytest.fixture(scope="session")
def native_read(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path], Project]]:
    """Read project files with DataLab's own reader, without a window."""
    folder = tmp_path_factory.mktemp("reader")
    program = Program(python_of_datalab, "support.real_datalab.reader", folder)
    yield lambda path: program.look("read", path=str(path))
    program.close()


def _running(
    python: Path, factory: pytest.TempPathFactory, name: str, **options: Any
) -> Iterator[Application]:
    application = Application(python, factory.mktemp(name), **options)
    yield application
    application.kill()  # which is quicker than closing it


@pytest.fixture(scope="session")
def _datalab(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    yield from _running(python_of_datalab, tmp_path_factory, "datalab", isolates=True)


@pytest.fixture(scope="session")
def _datalab_without_token(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    yield from _running(python_of_datalab, tmp_path_factory, "open", needs_token=False)


@pytest.fixture(scope="session")
def _attended_datalab(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    yield from _running(
        python_of_datalab, tmp_path_factory, "attended", unattended=False
    )


@pytest.fixture(scope="session")
def _companion_datalab(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    yield from _running(
        python_of_datalab,
        tmp_path_factory,
        "companion",
        companion=True,
        isolates=True,
        needs_token=False,  # DataLab's default, which the companion must not follow
    )


@pytest.fixture(scope="session")
def _attended_companion_datalab(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    yield from _running(
        python_of_datalab,
        tmp_path_factory,
        "attended-companion",
        companion=True,
        unattended=False,
    )


@pytest.fixture
def datalab(_datalab: Application) -> Application:
    """The running application, empty, which asks for its token."""
    _datalab.empty()
    return _datalab


@pytest.fixture
def named(datalab: Application, monkeypatch: pytest.MonkeyPatch) -> Application:
    """The running application, empty, which the environment names."""
    for variable, value in datalab.connection.items():
        monkeypatch.setenv(variable, value)
    return datalab


@pytest.fixture
def datalab_without_token(_datalab_without_token: Application) -> Application:
    """The running application, empty, as it is by default on one's own machine."""
    _datalab_without_token.empty()
    return _datalab_without_token


@pytest.fixture
def attended_datalab(_attended_datalab: Application) -> Iterator[Application]:
    """The running application, empty, which shows the dialogs that a user would see."""
    _attended_datalab.empty()
    _attended_datalab.forget_boxes()
    yield _attended_datalab
    _attended_datalab.close_boxes()


@pytest.fixture
def companion_datalab(_companion_datalab: Application) -> Iterator[Application]:
    """The running application with a companion, empty; it asks for no token itself."""
    _companion_datalab.empty()
    yield _companion_datalab
    _companion_datalab.act("close_dialogs")
    _companion_datalab.check_companion_log()


@pytest.fixture
def attended_companion_datalab(
    _attended_companion_datalab: Application,
) -> Iterator[Application]:
    """The running application with a companion, empty, which shows all dialogs."""
    _attended_companion_datalab.empty()
    _attended_companion_datalab.forget_boxes()
    yield _attended_companion_datalab
    _attended_companion_datalab.close_boxes()
    _attended_companion_datalab.check_companion_log()


@pytest.fixture(scope="session", params=OLDER)
def older_datalab(
    request: pytest.FixtureRequest,
    python_of: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Application]:
    """An older DataLab with a companion. Tests that use it are slow."""
    file, web_api = OLDER[request.param]
    python = python_of(REQUIREMENTS.with_name(file))
    folder = tmp_path_factory.mktemp("older")
    application = Application(
        python, folder, companion=True, web_api=web_api, xml_rpc=False
    )
    yield application
    application.kill()


@pytest.fixture
def web_api() -> Iterator[Callable[..., WebApi]]:
    """Make clients of the Web API: (URL, token, options of the transport)."""
    with ExitStack() as stack:

        def connect(url: str, token: str | None = None, **options: Any) -> WebApi:
            client = WebApi(NativeTransport(url, token=Token.of(token), **options))
            stack.callback(client.close)
            return client

        yield connect


@pytest.fixture
def xml_rpc() -> Iterator[Callable[..., XmlRpc]]:
    """Make clients of XML-RPC: (port, options of the transport)."""
    with ExitStack() as stack:

        def connect(port: int, **options: Any) -> XmlRpc:
            url = f"http://127.0.0.1:{port}"
            transport = NativeTransport(url, **options) if options else None
            client = XmlRpc(port, transport=transport)
            stack.callback(client.close)
            return client

        yield connect


@pytest.fixture(scope="module")
def _restartable_datalab(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("restartable")
    application = Application(python_of_datalab, folder, companion=True)
    yield application
    application.kill()


@pytest.fixture
def restartable_datalab(_restartable_datalab: Application) -> Iterator[Application]:
    """A running application with a companion, empty.

    A test may stop it for a time, and restart its Web API and its plugins.
    """
    _restartable_datalab.empty()
    yield _restartable_datalab
    _restartable_datalab.thaw()


@pytest.fixture
def new_datalab(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Application]]:
    """Start an application that a test may kill: (folder, options of `Application`)."""
    started: list[Application] = []

    def start(folder: Path | None = None, **options: Any) -> Application:
        folder = folder or tmp_path_factory.mktemp("mortal")
        started.append(Application(python_of_datalab, folder, **options))
        return started[-1]

    yield start
    for application in started:
        application.kill()


@pytest.fixture(scope="session")
def python_beside_jupyter(
    python_of_datalab: Path, python_of: Callable[[Path], Path]
) -> Iterator[Path]:
    """The interpreter of a DataLab beside JupyterLab and our wheels."""
    with beside.with_our_packages(python_of(beside.REQUIREMENTS)) as python:
        yield python


@pytest.fixture
def new_desktop(
    python_beside_jupyter: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Desktop]]:
    """Start a DataLab that a test may end, by default that of another user."""
    started: list[Desktop] = []

    def start(
        python: Path = python_beside_jupyter,
        folder: Path | None = None,
        **options: Any,
    ) -> Desktop:
        folder = folder or tmp_path_factory.mktemp("desktop")
        started.append(Desktop(python, folder, **options))
        return started[-1]

    yield start
    for desktop in reversed(started):
        desktop.end()


@pytest.fixture(scope="module")
def _desktop(
    python_beside_jupyter: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desktop]:
    # As a user runs it: it would show every dialog.
    desktop = Desktop(
        python_beside_jupyter, tmp_path_factory.mktemp("desktop"), unattended=False
    )
    yield desktop
    desktop.end()


@pytest.fixture
def desktop(_desktop: Desktop) -> Iterator[Desktop]:
    """The running DataLab, empty; no dialog may be open at the end."""
    _desktop.datalab.empty()
    yield _desktop
    _desktop.stop_server()
    assert _desktop.datalab.boxes() == []


@pytest.fixture
def seen(desktop: Desktop, web_api: Callable[..., WebApi]) -> list[float]:
    """The values of a signal in the window."""
    put_seen(desktop, web_api)
    return SEEN
