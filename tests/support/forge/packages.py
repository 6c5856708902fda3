"""Make the packages of a page's kernel as a JupyterLite site has them."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from support.environments import made, run

RECIPES = Path(__file__).parents[3] / "recipes" / "emscripten-forge"
ENVIRONMENT = RECIPES / "environment.yml"
EMPACK = RECIPES / "empack_config.yaml"
CONDA = Path(__file__).with_name("conda.txt")
TOOLS = Path(__file__).with_name("tools.txt")
INSIDE = Path(__file__).with_name("inside")
_PACK = INSIDE / "pack.py"
#: The Python of emscripten-forge.
VERSION = "3.13"


def python313() -> str:
    """Return an interpreter of that version, or its number, for uv to fetch it."""
    if sys.version_info[:2] == (3, 13):
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(pyenv.glob(f"versions/{VERSION}*/bin/python{VERSION}"))
    return str(found[-1]) if found else VERSION


def packed(python: Path, tools: Path) -> Path:
    """Return the folder with the packages of a page, which is kept between runs.

    Args:
        python: The interpreter of the environment of `CONDA`.
        tools: The interpreter of the environment of `TOOLS`.
    """
    parts = (ENVIRONMENT, EMPACK, CONDA, TOOLS, _PACK)
    content = "\0".join(path.read_text("utf-8") for path in parts)
    name = f"forge-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    cache = python.parents[2]
    folder = made(cache / name, _pack(python, tools))
    (site_packages,) = folder.glob("lib/python*/site-packages")
    return site_packages


def _pack(python: Path, tools: Path) -> Callable[[Path], None]:
    (installed,) = python.parents[1].glob("lib/python*/site-packages")

    def pack(draft: Path) -> None:
        with tempfile.TemporaryDirectory(dir=draft.parent) as folder:
            prefix, filtered = Path(folder, "prefix"), Path(folder, "packed")
            run(
                [tools, _PACK, installed, ENVIRONMENT, EMPACK, prefix, filtered],
                f"cannot install the packages of {ENVIRONMENT}",
            )
            _keep_page_parts(prefix, filtered)
            for part in filtered.iterdir():
                shutil.move(part, draft / part.name)

    return pack


def _keep_page_parts(prefix: Path, filtered: Path) -> None:
    """Keep what a site serves to JupyterLab: jupyterlite-xeus takes it from here."""
    extensions = prefix / "share" / "jupyter" / "labextensions"
    names = sorted(
        path.parent.relative_to(extensions).as_posix()
        for path in extensions.rglob("package.json")
    )
    (filtered / "labextensions.txt").write_text("\n".join(names), "utf-8")
