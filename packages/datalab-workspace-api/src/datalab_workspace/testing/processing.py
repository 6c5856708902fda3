"""The rules of processing: results, operands and errors of `calc`."""

from __future__ import annotations

import json
import traceback
from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.events import ChangeEvent
from datalab_workspace.model.record import KINDS
from datalab_workspace.processing import result_writer
from datalab_workspace.testing.comparison import assert_same
from datalab_workspace.testing.samples.operands import REGIONS, sources
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace


class _Sources(WorkspaceSuite):
    """Workspaces to compute in."""

    def filled(self) -> Workspace:
        """Return a workspace with two signals and two images."""
        workspace = self.open_workspace()
        for kind in KINDS:
            for name, obj in sources(kind).items():
                workspace.add(name, obj)
        return workspace


class RefusedCalculations(_Sources):
    """Mistakes that `calc` reports before anything runs."""

    @pytest.mark.parametrize(
        ("call", "error", "match"),
        [
            ({"name": "fftt"}, ValueError, "did you mean 'fft'"),
            ({"name": "compute_fft"}, ValueError, "called 'fft'"),
            ({"name": "canny"}, ValueError, "for images, not for signals"),
            ({"name": "all_denoise", "on": "spot"}, ValueError, "denoise_tv"),
            ({"name": "polyfit"}, ValueError, "polynomial_fit"),
            ({"name": "fft", "on": "wive"}, KeyError, "'wave'"),
            ({"name": "fft", "on": 3}, TypeError, "got int"),
            ({"name": "fft", "on": []}, ValueError, "select"),
            ({"name": "exp", "n": 3}, TypeError, "no parameters"),
            ({"name": "moving_average", "nn": 3}, TypeError, "did you mean 'n'"),
            ({"name": "moving_average", "n": 0}, ValueError, "n=0.* at least 1"),
            ({"name": "moving_average", "n": "x"}, TypeError, "n='x'.*whole number"),
            ({"name": "moving_average", "n": 2.5}, TypeError, "n=2.5.*whole number"),
            ({"name": "moving_average", "n": True}, TypeError, "n=True.*whole number"),
            ({"name": "moving_average", "mode": "rflct"}, ValueError, "'reflect'"),
            ({"name": "addition_constant"}, ValueError, "needs a value for 'value'"),
            ({"name": "moving_average", "wheree": "kernel"}, TypeError, "'where'"),
            ({"name": "exp", "onn": "peak"}, TypeError, "no parameters.*'on'"),
            ({"name": "exp", "where": "datalb"}, ValueError, "'datalab'"),
        ],
        ids=str,
    )
    def test_a_mistake_raises_before_anything_runs(
        self, call: dict[str, Any], error: type[Exception], match: str
    ) -> None:
        """The error names the mistake and the right spelling."""
        workspace = self.filled()
        before = workspace.list()
        with pytest.raises(error, match=match):
            workspace.calc(**{"on": ["wave", "peak"], **call})
        assert workspace.list() == before


class ProcessingRules(_Sources):
    """`calc` computes with sigima, and names and stores results as DataLab does."""

    # -- results ----------------------------------------------------------------------

    def test_a_result_has_the_bits_of_sigima_and_the_title_of_datalab(self) -> None:
        """Metadata records the calculation, so that DataLab can repeat it."""
        import sigima.proc.signal as sips

        workspace = self.filled()
        uuid = workspace.describe("peak").uuid
        name = workspace.calc("moving_average", on="peak", n=5)
        assert name == "moving_average(s001)|size=5, mode=reflect"
        found = self.settle(workspace).get(name, full=True)
        assert found.title == name
        expected = sips.moving_average(sources("signal")["peak"], n=5)
        np.testing.assert_array_equal(found.xydata, expected.xydata)
        assert (found.xunit, found.yunit) == ("s", "V")
        noted = found.metadata["__processing_parameters"]
        assert (noted["func_name"], noted["pattern"]) == ("moving_average", "1-to-1")
        assert noted["source_uuid"] == uuid
        assert json.loads(noted["param_json"])["n"] == 5

    def test_the_source_stays_as_it_was(self) -> None:
        """This holds even if the function changes its argument."""
        workspace = self.filled()
        before = workspace.get("spot")
        workspace.calc("normalize", on="spot")
        assert_same(before, workspace.get("spot"))

    def test_the_kind_is_that_of_the_object(self) -> None:
        """One feature may exist for both kinds."""
        workspace = self.filled()
        names = workspace.calc("normalize", on=["wave", "spot", "peak"])
        ids = ("s002", "i001", "s001")
        assert names == [f"normalize({each})|ref=maximum" for each in ids]
        found = [workspace.describe(name).kind for name in names]
        assert found == ["signal", "image", "signal"]

    def test_one_of_a_list_is_a_list(self) -> None:
        """A list returns a list, even with one object."""
        workspace = self.filled()
        assert workspace.calc("exp", on=["peak"]) == ["exp(s001)"]
        assert workspace.calc("exp", on="s001") == "exp(s001)"

    def test_two_operands(self) -> None:
        """Each object of the list is combined with the second operand."""
        workspace = self.filled()
        assert workspace.calc("difference", on="peak", with_="wave") == "s001-s002"
        names = workspace.calc("difference", on=["wave", "peak"], with_="peak")
        assert names == ["s002-s001", "s001-s001"]
        found = self.settle(workspace).get("s001-s002", full=True)
        peak, wave = sources("signal").values()
        np.testing.assert_array_equal(found.y, peak.y - wave.y)
        noted = found.metadata["__processing_parameters"]
        uuids = [workspace.describe(name).uuid for name in ("peak", "wave")]
        assert (noted["pattern"], noted["source_uuids"]) == ("2-to-1", uuids)
        for name in ("exp", "average"):
            with pytest.raises(TypeError, match="with_"):
                workspace.calc(name, on=["peak", "wave"], with_="wave")
        with pytest.raises(TypeError, match="takes two signals"):
            workspace.calc("difference", on=["peak", "wave"])
        with pytest.raises(TypeError, match="'spot'"):
            workspace.calc("difference", on="peak", with_="spot")

    def test_many_operands(self) -> None:
        """All objects of the list give one result."""
        workspace = self.filled()
        name = workspace.calc("signals_to_image", on=["peak", "wave"])
        assert name == "combined_signals|n=2, orientation=Each signal becomes a row"
        found = workspace.get(name)
        peak, wave = sources("signal").values()
        np.testing.assert_array_equal(found.data, [peak.y, wave.y])
        with pytest.raises(TypeError, match="'spot'"):
            workspace.calc("addition", on=["peak", "spot"])

    def test_every_region(self) -> None:
        """The regions are those of the object, or are passed."""
        from sigima.objects import create_image_roi

        workspace = self.filled()
        with pytest.raises(ValueError, match="'slope' has no region"):
            workspace.calc("extract_roi", on="slope")
        spot = sources("image")["spot"]
        spot.roi = create_image_roi("rectangle", [[2, 3, 10, 8], [15, 4, 9, 11]])
        workspace.add("regions", spot)
        names = workspace.calc("extract_roi", on="regions")
        assert names[0] == "extract_roi(i003)|x0=2.0,y0=3.0,dx=10.0,dy=8.0"
        assert [workspace.describe(name).shape for name in names] == [(8, 10), (11, 9)]
        area: dict[str, Any] = {"x0": 1.0, "y0": 2.0, "dx": 5.0, "dy": 4.0}
        [name] = workspace.calc("extract_roi", on="slope", **area)
        assert workspace.describe(name).shape == (4, 5)
        names = workspace.calc("extract_roi", [area, {**area, "dx": 7}], on="slope")
        assert names[0] == name
        assert workspace.describe(names[1]).shape == (4, 7)
        with pytest.raises(ValueError, match="'slope' has no region"):
            workspace.calc("extract_roi", on=["regions", "slope"])

    def test_the_type_follows_from_the_feature_and_the_form_of_on(self) -> None:
        """It does not follow from the data: one region is a list as two are."""
        workspace = self.filled()
        one, other = REGIONS
        for given, count in ((one, 1), ([one], 1), ([one, other], 2)):
            names = workspace.calc("extract_roi", given, on="spot")
            assert [type(name) for name in names] == [str] * count
            nested = workspace.calc("extract_roi", given, on=["spot"])
            assert nested == [names]
        nested = workspace.calc("extract_roi", [one, other], on=["spot", "slope"])
        assert [len(names) for names in nested] == [2, 2]
        several = workspace.calc("sqrt", on=("peak", "wave"))
        assert several == [f"sqrt({each})" for each in ("s001", "s002")]
        assert isinstance(workspace.calc("signals_to_image", on=["peak", "wave"]), str)
        assert isinstance(workspace.calc("stats", on=["peak"]), list)

    def test_what_calc_returns_is_taken_where_names_are(self) -> None:
        """`get` keeps their form; others take nested lists as one list."""
        workspace = self.filled()
        nested = workspace.calc("extract_roi", [*REGIONS], on=["spot", "slope"])
        flat = [name for names in nested for name in names]
        objects = workspace[nested]
        titles = [[obj.title for obj in of_one] for of_one in objects]
        found = [[workspace[name].title for name in of_one] for of_one in nested]
        assert titles == found
        assert [obj.title for obj in workspace.get(nested[0])] == titles[0]
        assert [each.name for each in workspace.describe(nested)] == flat
        assert len(workspace.calc("absolute", on=nested)) == 4
        assert isinstance(
            workspace.calc("signals_to_image", on=["peak", ["wave"]]), str
        )
        workspace.select(nested)
        assert self.selected(workspace, *flat)
        workspace.remove(nested[0], nested[1][0])
        assert [name in workspace for name in flat] == [False, False, False, True]
        del workspace[nested[1][1:]]
        assert flat[3] not in workspace

    def test_results_join_the_group_of_their_source(
        self, capabilities: Capabilities
    ) -> None:
        """Results come last in it. Other kinds join the first group."""
        workspace = self.filled()
        if capabilities.groups:
            workspace.add("other", sources("signal")["wave"], group="more")
        else:
            workspace.add("other", sources("signal")["wave"])
        names = [
            workspace.calc(feature, on=source)
            for feature, source in (
                ("exp", "peak"),
                ("sqrt", "other"),
                ("average_profile", "spot"),
            )
        ]
        if capabilities.groups:
            first, second, images = (g.names for g in workspace.groups())
            assert first == ("peak", "wave", names[0], names[2])
            assert second == ("other", names[1])
            assert images == ("spot", "slope")
        else:
            assert workspace.list("signal")[2:] == ["other", *names]

    # -- names ------------------------------------------------------------------------

    def test_the_same_again_adds_nothing(self) -> None:
        """A notebook can run twice."""
        workspace = self.filled()
        first = workspace.calc("exp", on=["peak", "spot"])
        before = workspace.list()
        assert workspace.calc("exp", on=["peak", "spot"]) == first
        assert workspace.list() == before

    def test_another_result_of_the_same_title_gets_the_next_name(self) -> None:
        """The second call finds the result again."""
        workspace = self.filled()
        workspace.add("exp(s001)", sources("signal")["wave"])
        for _ in range(2):
            assert workspace.calc("exp", on="peak") == "exp(s001) (2)"
        shared = workspace.capabilities.tells_apart
        title = "exp(s001)" if shared else "exp(s001) (2)"
        assert workspace.get("exp(s001) (2)").title == title

    # -- analyses ---------------------------------------------------------------------

    def test_an_analysis_is_returned_and_recorded_in_its_object(self) -> None:
        """The metadata is the same as in DataLab."""
        workspace = self.filled()
        width = workspace.calc("fwhm", on="peak", method="gauss")
        tables = workspace.calc("stats", on=["peak", "spot"])
        assert width.coords[0, 2] - width.coords[0, 0] == pytest.approx(1.665, abs=0.01)
        assert width.to_dataframe().shape[0] == 1
        assert [table["max"][0] > 0 for table in tables] == [True, True]
        uuid = workspace.describe("peak").uuid
        metadata = self.settle(workspace).get("peak", full=True).metadata
        assert metadata["Geometry_fwhm_dict"]["coords"] == width.coords.tolist()
        noted = metadata["Geometry_fwhm_dict"]["attrs"]["param_json"]
        assert json.loads(noted)["method"] == "gauss"
        assert metadata["Table_stats_dict"]["func_name"] == "stats"
        noted = metadata["__analysis_parameters"]
        assert noted == {
            "func_name": "stats",
            "pattern": "1-to-0",
            "source_uuid": uuid,
        }

    def test_results_are_one_table_of_all_objects(self) -> None:
        """The parameters of a fit are results of the fitted curve."""
        workspace = self.filled()
        workspace.calc("stats", on=["peak", "slope"])
        fit = workspace.calc("gaussian_fit", on="peak")
        results = self.settle(workspace).results()
        found = [(each.object, each.unit) for each in results["max"]]
        assert found == [("peak", "V"), ("slope", "counts")]
        [center] = results["x0"]
        assert (center.object, center.unit) == (fit, "s")
        assert center.value == pytest.approx(0, abs=1e-6)
        assert center.uncertainty is not None
        assert self.settle(workspace).results(fit) == results.select(object=fit)
        assert workspace.calc("gaussian_fit", on="peak") == fit

    def test_what_was_analysed_can_be_added_again(self) -> None:
        """A notebook that runs twice does this, and the results stay."""
        workspace = self.filled()
        workspace.calc("stats", on="peak")
        workspace.add("peak", sources("signal")["peak"])
        assert "Table_stats_dict" in workspace.get("peak", full=True).metadata

    def test_results_of_the_source_are_not_those_of_the_result(self) -> None:
        """DataLab removes the results of the source too."""
        workspace = self.filled()
        workspace.calc("stats", on="peak")
        found = workspace.get(workspace.calc("exp", on="peak"))
        assert "Table_stats_dict" not in found.metadata

    # -- selection --------------------------------------------------------------------

    def selected(self, workspace: Workspace, *names: str) -> bool:
        """Return whether these objects are selected.

        The selection in a window may differ and is not checked.
        """
        can_tell = not workspace.capabilities.window
        return not can_tell or workspace.selection == [*names]

    def test_without_on_it_is_what_was_selected(self) -> None:
        """Select by name, UUID or short id; removed objects are deselected."""
        workspace = self.filled()
        if not workspace.capabilities.window:  # which has something selected
            with pytest.raises(ValueError, match="select"):
                workspace.calc("exp")
        workspace.select(["wave", workspace.describe("spot").uuid, "s001"])
        assert self.selected(workspace, "wave", "spot", "peak")
        assert len(workspace.calc("exp")) == 3
        assert self.selected(workspace, "wave", "spot", "peak")
        workspace.add("another", sources("signal")["peak"])
        names = workspace.calc("absolute")
        assert names == [f"absolute({each})" for each in ("s002", "i001", "s001")]
        with pytest.raises(KeyError, match="'wive'"):
            workspace.select(["peak", "wive"])
        assert self.selected(workspace, "wave", "spot", "peak")
        workspace.rename("wave", "cosine")
        workspace.remove("spot")
        assert self.selected(workspace, "cosine", "peak")
        with pytest.deprecated_call(match="use select"):
            workspace.select_objects("peak")
        assert workspace.calc("sqrt") == "sqrt(s001)"
        workspace.select(["peak"])
        assert workspace.calc("sqrt") == ["sqrt(s001)"]
        workspace.select([])
        assert self.selected(workspace)
        if not workspace.capabilities.window:
            with pytest.raises(ValueError, match="select"):
                workspace.calc("exp")

    def test_what_was_selected_last_counts(self) -> None:
        """Even if a window shows other objects, which were selected before."""
        workspace = self.filled()
        workspace.select("spot")
        workspace.select("peak")
        assert workspace.calc("sqrt") == "sqrt(s001)"
        workspace.select("spot")
        assert workspace.calc("exp") == "exp(i001)"

    # -- errors -----------------------------------------------------------------------

    def test_what_was_done_before_an_error_is_kept(self) -> None:
        """The error names the object that failed, and what is kept."""
        workspace = self.filled()
        before = workspace.list("signal")
        spectrum = workspace.calc("fft", on="peak")
        with pytest.raises(TypeError) as caught:
            workspace.calc("ifft", on=[spectrum, "wave", spectrum])
        [kept] = [n for n in workspace.list("signal") if n not in (*before, spectrum)]
        report = "".join(traceback.format_exception(caught.value))
        assert "while computing 'ifft' from 'wave'" in report
        assert f"1 of 3 objects were done before; their results are kept: {kept!r}" in (
            report
        )
        if workspace.capabilities.undo:
            workspace.undo()
            assert workspace.list("signal") == [*before, spectrum]

    def test_one_call_is_undone_as_one(
        self, monkeypatch: pytest.MonkeyPatch, capabilities: Capabilities
    ) -> None:
        """It may have stored its results in several steps, each of them an event."""
        if not capabilities.undo:
            pytest.skip("this backend cannot undo")
        workspace = self.filled()
        before = workspace.list()
        monkeypatch.setattr(result_writer, "_INTERVAL", 0.0)
        events: list[ChangeEvent] = []
        with workspace.on_change(events.append):
            names = workspace.calc("sqrt", on=["peak", "wave", "peak"])
        assert [event.names_after for event in events] == [(n,) for n in names[:2]]
        workspace.undo()
        assert workspace.list() == before
