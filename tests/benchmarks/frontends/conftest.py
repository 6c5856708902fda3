"""JupyterLab in Chromium, as the tests of front ends have it."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

FRONTENDS = Path(__file__).parents[2] / "kernel" / "frontends"

# Test modules are imported by their file, so that their folder is not on the path.
sys.path.insert(0, str(FRONTENDS))

spec = spec_from_file_location("frontends_conftest", FRONTENDS / "conftest.py")
assert spec is not None
assert spec.loader is not None
fixtures = module_from_spec(spec)
sys.modules[spec.name] = fixtures
spec.loader.exec_module(fixtures)

browser = fixtures.browser
new_page = fixtures.new_page
notebook_path = fixtures.notebook_path
open_file = fixtures.open_file
open_notebook = fixtures.open_notebook
page = fixtures.page
server = fixtures.server
