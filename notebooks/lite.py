"""Build a JupyterLite site with the notebooks and this clone's packages; serve it.

    python notebooks/lite.py --out FOLDER --port 8000 --kernel pyodide

Where micromamba is installed, the site's kernel is built from
recipes/emscripten-forge/environment.yml, with all that the notebooks need. Elsewhere it
is a Pyodide with NumPy, SciPy, pandas and Matplotlib, from PyPI; where that cannot be
installed, it is a xeus-python with NumPy alone. The site opens on a notebook that runs
to its end there, and says what is missing.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lite_site.builders import InstallationError, build
from lite_site.contents import write_contents
from lite_site.kinds import NAMES, NUMPY, PYODIDE, Kind, forge


def main() -> None:
    """Run the command until it is interrupted."""
    options = _parser().parse_args()
    kind = _build_best(options.out, options.kernel)
    print(f"built in {options.out}; its kernel is {kind.kernel}")
    if not options.build_only:
        serve(options.out, options.port)


def build_site(kind: Kind, out: Path, *, cache: Path | None = None) -> None:
    """Build a site with the notebooks that run there.

    Args:
        kind: The kind of the site.
        out: The folder for the site; what it holds is removed.
        cache: The folder that keeps what is installed to build sites; by default, one
            in the user's home.

    Raises:
        InstallationError: What the site is built from cannot be installed.
    """
    cache = cache or Path.home() / ".cache" / "datalab-kernel"
    cache.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        write_contents(Path(folder), kind)
        build(kind, Path(folder), out, cache)


def serve(folder: Path, port: int) -> None:
    """Serve a folder on loopback until the user interrupts it."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped")


def _build_best(out: Path, name: str | None) -> Kind:
    """Build a site of the kind of a name, or the best that can be built here."""
    named = {kind.name: kind for kind in (forge(), PYODIDE, NUMPY)}
    if name is None and shutil.which("micromamba"):
        name = "forge"
    kind = named[name or PYODIDE.name]
    try:
        build_site(kind, out)
    except InstallationError as failure:
        if name is not None:
            raise
        print(f"there is no Pyodide with Matplotlib: {failure}", file=sys.stderr)
        kind = NUMPY
        build_site(kind, out)
    return kind


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Build a JupyterLite site with the notebooks, and serve it."
    )
    parser.add_argument("--out", type=Path, default=Path(".out/lite"))
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--kernel",
        choices=NAMES,
        help="the site's kernel (default: the one with the most packages)",
    )
    parser.add_argument("--build-only", action="store_true", help="do not serve it")
    return parser


if __name__ == "__main__":
    main()
