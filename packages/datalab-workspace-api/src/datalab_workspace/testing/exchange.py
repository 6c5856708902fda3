"""The rules of exchange: dates, files for other programs, other libraries."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from datalab_workspace.testing.samples.images import spot
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace


class ExchangeRules(WorkspaceSuite):
    """Objects leave the workspace as they came, wherever it keeps them."""

    @pytest.mark.parametrize("unit", ["s", "us"])
    def test_dates_come_back_with_their_resolution(
        self, workspace: Workspace, unit: str
    ) -> None:
        """The flag, the seconds and the resolution are kept."""
        start = np.array("2025-06-19T12:00:00", f"datetime64[{unit}]")
        dates = start + np.arange(4)
        workspace.add("x", (dates, np.arange(4.0)))
        workspace = self.settle(workspace)
        obj = workspace.get("x")
        assert obj.is_x_datetime()
        assert obj.xunit == "s"
        found = workspace.to_pandas("x").index.to_numpy()
        assert found.dtype == dates.dtype
        np.testing.assert_array_equal(found, dates)
        workspace.add("x", (dates, np.arange(4.0)))  # equal: no conflict

    def test_an_exported_array_is_the_data(
        self, workspace: Workspace, tmp_path: Path
    ) -> None:
        """The objects are fetched from wherever they are."""
        obj = spot()
        workspace.update({"a": obj, "s": np.arange(5.0), "a:a": obj})
        workspace = self.settle(workspace)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            paths = workspace.export(workspace.list(), tmp_path, format="npy")
        assert [path.name for path in paths] == ["s.npy", "a.npy", "a_a.npy"]
        np.testing.assert_array_equal(np.load(paths[1]), obj.data)
        np.testing.assert_array_equal(np.load(paths[0])[:, 1], np.arange(5.0))
        np.testing.assert_array_equal(workspace.to_pandas("a"), obj.data)
