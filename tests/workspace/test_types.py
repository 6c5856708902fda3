"""The types that editors find for the calls of a workspace.

mypy checks `support/static_types.py`.
"""

from __future__ import annotations

from typing import get_args

import jedi
import pytest

from datalab_workspace.model.record import KINDS
from datalab_workspace.processing import feature_types
from datalab_workspace.processing.features import Feature, feature_names, features

#: Those that `datalab_kernel` offers for import, but not to `help`, which uses each
#: name of `dir` and would make a workspace.
OF_A_NOTEBOOK = {"create_image", "create_signal", "np", "plotter", "plt", "sigima"}
OF_A_NOTEBOOK |= {"workspace"}
START = "import datalab_workspace as dlw\nws = dlw.Workspace()\n"


def of_type(feature: Feature) -> str:
    """Return the name of the type that lists features like this one."""
    if feature.analysis:
        return "Analysis"
    if feature.gives_several:
        return "Regions"
    return "Combining" if feature.operands is None else "OneObject"


def test_each_feature_is_listed_by_the_type_of_its_result() -> None:
    listed = {
        name: [
            kind
            for kind in ("Analysis", "Regions", "Combining", "OneObject")
            if name in get_args(getattr(feature_types, kind))
        ]
        for name in feature_names()
    }

    for name in feature_names():
        types = {
            of_type(features(kind)[name]) for kind in KINDS if name in features(kind)
        }
        # The result of a few features depends on the kind of the object.
        assert listed[name] == ([*types] if len(types) == 1 else [])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('ws.get("x").', {"get_data", "roi", "metadata"}),
        ('ws["x"].', {"get_data", "roi", "metadata"}),
        ('ws.pop("x").', {"get_data", "roi", "metadata"}),
        ("ws.features().", {"to_dataframe"}),
        ("ws.calc.", {"__call__"}),
        ('ws.describe("x").', {"short_id"}),
    ],
)
def test_jedi_completes_the_results_of_calls(expression, expected) -> None:
    code = START + expression

    found = {completion.name for completion in jedi.Script(code).complete()}

    assert expected <= found


@pytest.mark.parametrize(
    "package", ["datalab_workspace", "datalab_kernel_core", "datalab_kernel"]
)
def test_jedi_completes_public_names_of_an_imported_package_only(package) -> None:
    module = __import__(package)
    script = jedi.Interpreter("package.", [{"package": module}])

    found = {one.name for one in script.complete() if not one.name.startswith("__")}

    names = {*module.__all__} - (
        OF_A_NOTEBOOK if package == "datalab_kernel" else set()
    )
    assert found == {name for name in names if not name.startswith("__")}
    assert dir(module) == sorted(names)
