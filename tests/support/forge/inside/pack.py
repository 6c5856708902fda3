"""Pack an environment as jupyterlite-xeus does; runs where that is installed.

    python pack.py SITE-PACKAGES ENVIRONMENT.YML EMPACK-CONFIG PREFIX PACKED

SITE-PACKAGES has what conda installs. The packages of the environment's pip section,
but for those of this project, are installed next to it in PREFIX, by jupyterlite-xeus.
PACKED is what a page has of all this.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import yaml
from empack.file_patterns import pkg_file_filter_from_yaml
from empack.filter_env import filter_env
from jupyterlite_xeus._pip import _install_pip_dependencies

PYTHON = "python3.13"
#: The recipes of emscripten-forge leave out the metadata of these, and their tests.
WITHOUT_METADATA = ("numpy", "pandas", "scipy")


def main() -> None:
    """Fill the folders of the command line."""
    installed, environment, config, prefix, packed = map(Path, sys.argv[1:])
    site_packages = prefix / "lib" / PYTHON / "site-packages"
    shutil.copytree(installed, site_packages)
    shutil.copytree(
        installed.parents[2] / "share", prefix / "share", dirs_exist_ok=True
    )
    _describe_as_conda_does(prefix, site_packages)
    listed = yaml.safe_load(environment.read_text("utf-8"))["dependencies"]
    (by_pip,) = (entry["pip"] for entry in listed if isinstance(entry, dict))
    others = [spec for spec in by_pip if not spec.startswith("datalab-")]
    _install_pip_dependencies(prefix, others)
    packed.mkdir()
    filter_env(prefix, packed, pkg_file_filter_from_yaml(config))


def _describe_as_conda_does(prefix: Path, site_packages: Path) -> None:
    """Write the files that conda keeps of each package."""
    described = prefix / "conda-meta"
    described.mkdir()
    _describe(described, "python", "3.13.1", [])
    for metadata in sorted(site_packages.glob("*.dist-info")):
        name, _, version = metadata.name.removesuffix(".dist-info").partition("-")
        files = [
            path.relative_to(prefix).as_posix()
            for line in (metadata / "RECORD").read_text("utf-8").splitlines()
            if (path := (site_packages / line.split(",")[0])).is_file()
            and ".." not in line
        ]
        (metadata / "INSTALLER").write_text("conda")
        if name in WITHOUT_METADATA:
            shutil.rmtree(metadata)
            files = [path for path in files if (prefix / path).exists()]
        _describe(described, name, version, files)


def _describe(folder: Path, name: str, version: str, files: list[str]) -> None:
    facts = {"name": name, "version": version, "build": "0", "build_number": 0}
    path = folder / f"{name}-{version}-0.json"
    path.write_text(json.dumps({**facts, "channel": "forge", "files": files}))


if __name__ == "__main__":
    main()
