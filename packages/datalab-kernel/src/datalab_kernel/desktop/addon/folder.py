"""Install the add-on in DataLab's plugin folder, look at it, and remove it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datalab_kernel._version import __version__
from datalab_kernel.desktop.addon import archive
from datalab_workspace.formats.atomic import replacing
from datalab_workspace.live.clients.settings import config_folder

#: DataLab imports a file as a plugin if its name begins with `datalab_`.
PLUGIN = "datalab_kernel_companion.py"
ARCHIVE = "datalab_kernel_companion.zip"
_SOURCE = Path(__file__).with_name("plugin.py")


@dataclass(frozen=True)
class Installed:
    """An add-on in a plugin folder.

    Attributes:
        folder: The folder.
        version: The version of datalab-kernel that installed it; "" if the add-on is
            not complete.
        current: Whether it has the sources of the packages that are installed here.
    """

    folder: Path
    version: str
    current: bool

    @property
    def state(self) -> str:
        """The state of the add-on, compared with the packages that are installed here.

        It is "current", or the reason to install it again.
        """
        if self.current:
            return "current"
        if not self.version:
            return "not complete; install it again"
        if self.version == __version__:
            return "its sources differ from those of this Python; install it again"
        return f"this Python has {__version__}; install it again"


def plugin_folder() -> Path:
    """Return the folder in which the DataLab of this user looks for plugins."""
    return config_folder() / ".DataLab_v1" / "plugins"


def install(folder: Path | None = None) -> Path:
    """Install the add-on, or replace it by the one of this package.

    Args:
        folder: The plugin folder of a DataLab; by default that of this user.

    Returns:
        The folder.

    Raises:
        FileNotFoundError: `folder` does not exist.
        FileExistsError: Other files have the names of the add-on's files.
        OSError: The folder cannot be written.
    """
    content = archive.build()
    if folder is None:
        folder = plugin_folder()
        folder.mkdir(parents=True, exist_ok=True)
    _own_files(folder)
    plugin = _SOURCE.read_text("utf-8")
    plugin = plugin.replace('VERSION = ""', f'VERSION = "{__version__}"')
    # The plugin last: without it, DataLab ignores the archive.
    for name, data in ((ARCHIVE, content), (PLUGIN, plugin.encode())):
        with replacing(folder / name) as new:
            new.write(data)
    return folder


def uninstall(folder: Path | None = None) -> Path:
    """Remove the add-on; a running DataLab keeps it until it ends.

    Args:
        folder: See `install`.

    Returns:
        The folder.

    Raises:
        FileNotFoundError: The folder has no add-on.
        FileExistsError: Other files have the names of the add-on's files.
        OSError: A file cannot be removed.
    """
    folder = plugin_folder() if folder is None else folder
    files = _own_files(folder)
    if not files:
        raise FileNotFoundError(f"there is no add-on in {folder}")
    for file in files:
        file.unlink()
    return folder


def installed(folder: Path | None = None) -> Installed | None:
    """Return the add-on in a folder, None if there is none.

    Args:
        folder: See `install`.

    Raises:
        FileExistsError: Other files have the names of the add-on's files.
        OSError: A file cannot be read.
    """
    folder = plugin_folder() if folder is None else folder
    files = _own_files(folder)
    if not files:
        return None
    found = archive.about(folder / ARCHIVE) if len(files) == 2 else None
    if found is None:
        return Installed(folder, "", current=False)
    version, digest = found
    return Installed(folder, version, current=digest == archive.digest())


def _own_files(folder: Path) -> list[Path]:
    """Return the files of the add-on that exist in a folder.

    Raises:
        FileExistsError: One of them is not of the add-on.
    """
    plugin, packed = folder / PLUGIN, folder / ARCHIVE
    mark = _SOURCE.read_text("utf-8").partition("\n")[0]
    own = {
        plugin: lambda: plugin.read_text("utf-8", errors="replace").startswith(mark),
        packed: lambda: archive.about(packed) is not None,
    }
    existing = [file for file in own if file.exists()]
    for file in existing:
        if not own[file]():
            raise FileExistsError(
                f"{file} is not a file of datalab-kernel; move it to another folder"
            )
    return existing
