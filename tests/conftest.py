"""What every test relies on: an isolated home, and a rule on what may be skipped."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from datalab_workspace.live import discovery
from support import environments, ports

# Imported later: a failing assertion is to show what it compared.
pytest.register_assert_rewrite(
    *(
        f"support.{name}"
        for name in (
            "browser",
            "comparison",
            "documentation",
            "frontends",
            "leak_checks",
            "live_conformance",
            "notebook_page",
            "prompts",
            "real_datalab",
            "reloaded",
            "view_page",
        )
    )
)

# Under `nohup` or in the background of a shell, the programs that tests start would
# ignore the signals that the tests send to them.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

APT_PACKAGES = Path(__file__).parents[1] / ".ci" / "apt.txt"

# Jupyter and IPython read these before the home directory.
DIRECTORIES = {
    "HOME": "home",
    "USERPROFILE": "home",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_RUNTIME_DIR": "run",
    "XDG_STATE_HOME": "state",
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter-config",
    "JUPYTER_DATA_DIR": "jupyter-data",
    "JUPYTER_RUNTIME_DIR": "jupyter-run",
    "MPLCONFIGDIR": "matplotlib",
}
REMOVED = (
    "JUPYTER_PATH",
    "JUPYTER_CONFIG_PATH",
    "JUPYTER_NO_CONFIG",
    # Each process would compile all that it imports.
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONSTARTUP",
)
REMOVED_PREFIXES = ("DATALAB_",)

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Run two workers more than there are cores, unless the environment says how many.

    Many tests wait for a kernel, a browser or DataLab, and leave a core idle.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return (os.cpu_count() or 1) + 2


def running_in_ci() -> bool:
    """Whether `CI` is set to anything but an empty or a false value."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false", "no", "off"}


# Examples may be slow on a shared machine; that is no finding. CI tries the same
# examples in every run, so that it fails for a change and not by chance.
settings.register_profile("datalab", deadline=None, derandomize=running_in_ci())
settings.load_profile("datalab")


@pytest.fixture(scope="session", autouse=True)
def isolated_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the tests, and the processes they start, a home of their own."""
    root = tmp_path_factory.mktemp("isolated")
    with pytest.MonkeyPatch.context() as patch:
        for variable, name in DIRECTORIES.items():
            directory = root / name
            directory.mkdir(mode=0o700, exist_ok=True)
            patch.setenv(variable, str(directory))
        for variable in [*os.environ]:
            if variable in REMOVED or variable.startswith(REMOVED_PREFIXES):
                patch.delenv(variable)
        # Kernels that tests kill would be mentioned in the first cells of others.
        patch.setenv("DATALAB_KERNEL_RECOVERY", "0")
        patch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR", f"{_CACHE}/uv"))
        yield root


@pytest.fixture(scope="session", autouse=True)
def no_default_port() -> Iterator[None]:
    """Keep away from the port where a DataLab of whoever runs the tests may be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discovery, "DEFAULT_URL", "http://127.0.0.1:9")
        yield


@pytest.fixture(scope="session", autouse=True)
def no_warm_up(isolated_environment: Path) -> Iterator[None]:
    """Let kernels import nothing while they are idle.

    Most kernels end soon, and what they import takes three seconds of a core each.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATALAB_KERNEL_WARMUP", "0")
        yield


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Bring the module `__main__` back: each IPython shell puts its own there.

    Processes that a test spawns would run or miss the code of that one.
    """
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kernels that start in the test warm up, as those of users do."""
    monkeypatch.delenv("DATALAB_KERNEL_WARMUP")


@pytest.fixture(scope="session", autouse=True)
def kernel_ports() -> Iterator[None]:
    """Give kernels ports of their own."""
    with ports.kernel_ports():
        yield


@pytest.fixture(scope="session")
def environment_cache() -> Path:
    """A folder outside the clone that survives the run, for costly environments.

    What is put there must be named by a hash of what it was made from.
    """
    directory = _CACHE / "datalab-kernel"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture(scope="session")
def requirement() -> Callable[[object, str], None]:
    """`requirement(met, reason)`: skip the test if unmet, fail it under CI.

    A test that cannot run on a user's machine is skipped and says why; in CI
    everything must run, and a silent skip would hide what is broken.
    """

    def check(met: object, reason: str) -> None:
        if met:
            return
        if running_in_ci():
            pytest.fail(f"cannot run under CI: {reason}", pytrace=False)
        pytest.skip(reason)

    return check


@pytest.fixture(scope="session")
def python_of(
    environment_cache: Path, requirement: Callable[[object, str], None]
) -> Callable[..., Path]:
    """`python_of(requirements, *options, base=…)`: the Python of an environment."""

    def python(requirements: Path, *options: str, **base: str) -> Path:
        try:
            return environments.python_with(
                requirements, environment_cache, *options, **base
            )
        except environments.InstallationError as failure:
            requirement(None, str(failure))
            raise

    return python


@pytest.fixture(scope="session")
def python_of_datalab(
    python_of: Callable[[Path], Path],
    requirement: Callable[[object, str], None],
    system_packages_hint: str,
) -> Path:
    """The interpreter of DataLab's environment."""
    # Not before its assertions are rewritten.
    from support.real_datalab.environment import REQUIREMENTS, missing_library

    python = python_of(REQUIREMENTS)
    missing = missing_library(python)
    requirement(missing is None, f"{system_packages_hint} ({missing})")
    return python


@pytest.fixture(scope="session")
def packages_of(
    environment_cache: Path, requirement: Callable[[object, str], None]
) -> Callable[[Path], Path]:
    """`packages_of(requirements)`: a folder with them, without what they need."""

    def packages(requirements: Path) -> Path:
        try:
            return environments.packages(requirements, environment_cache)
        except environments.InstallationError as failure:
            requirement(None, str(failure))
            raise

    return packages


@pytest.fixture(scope="session")
def system_packages_hint() -> str:
    """The line that tells which Debian packages windows and browsers need."""
    packages = " ".join(APT_PACKAGES.read_text(encoding="utf-8").split())
    return f"needs the Debian packages in .ci/apt.txt: apt-get install {packages}"
