"""Checks of what notebooks/workspace_tour.ipynb claims."""


@claim(
    "Besides sigima's objects, `add` takes arrays: with one dimension for a signal, with two for an image.",
    "A pair `(x, y)` makes a signal, too.",
)
def _():
    from datalab_workspace.backends.memory import MemoryBackend

    scratch = dlw.Workspace(backend=MemoryBackend())
    scratch.add("line", np.zeros(3))
    scratch.add("square", np.zeros((3, 3)))
    scratch.add("pair", (np.arange(3.0), np.zeros(3)))
    kinds = {item.name: item.kind for item in scratch.describe()}
    assert kinds == {"line": "signal", "square": "image", "pair": "signal"}


@claim(
    "`get` returns a copy.",
    "A change to it changes nothing in the workspace until you add it again, and a name is given to a different object only if you ask for it.",
)
def _():
    assert mine.y.max() == 7
    assert workspace.get("steps").y.max() == 1


@claim(
    "An object that is equal to the one under its name can be added again.",
    "So a notebook can be run twice.",
)
def _():
    before = workspace.list()
    workspace.add("steps", workspace.get("steps"), group="tour")
    assert workspace.list() == before


@claim("Here the first row is the whole signal, and the other two are its regions.")
def _():
    y = with_roi.y
    results = sigima.proc.signal.stats(with_roi).to_dataframe()
    assert [*results["roi_index"]] == [-1, 0, 1]
    inside = [(t >= low) & (t <= high) for low, high in ((0, 0.3), (0.6, 0.9))]
    for row, part in zip(results["mean"], (y, *(y[i] for i in inside)), strict=True):
        assert abs(row - part.mean()) < 0.02


@claim(
    "Numbers, strings, arrays, dates and tuples, nested as you like, come back unchanged from a file and from DataLab."
)
def _():
    saved = dlw.open("tour.h5").get("chirp").metadata
    for key in ("recorded", "range", "settings"):
        assert saved[key] == metadata[key]
        assert type(saved[key]) is type(metadata[key])


@claim(
    "Results have DataLab's titles and parameters, so DataLab can compute them again."
)
def _():
    assert name.startswith("moving_average(s")
    assert "size=9" in name
