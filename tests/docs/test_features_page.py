"""The page of features is the table of the installed sigima."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location

from support.documentation import DOCS


def test_the_page_is_what_its_script_writes() -> None:
    spec = spec_from_file_location("features_page", DOCS / "features_page.py")
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)

    written = script.PAGE.read_text("utf-8")
    assert written == script.page(), "run: python docs/features_page.py"
