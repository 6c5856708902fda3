"""Checks of what notebooks/history.ipynb claims."""


@claim(
    "This notebook computes a few, shows their histories, makes them again, and gives one to a colleague.",
    "The exported script reads the inputs from it, computes, and prints the verdict.",
)
def _():
    import subprocess
    import sys

    # As a colleague has it: the project and the script, in another Python.
    done = subprocess.run(
        [sys.executable, script.name],
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "identical" in done.stdout, done


@claim(
    "A feature of DataLab, a function of sigima, and plain NumPy: all three are recorded."
)
def _():
    assert [step.what for step in history.steps][:3] == [
        "moving_average",
        "difference",
        "code",
    ]


@claim(
    '`history="calls"` leaves out the code of cells, and the folders of files, which others need not see.'
)
def _():
    from pathlib import Path

    assert b"np.clip" not in Path("history.h5").read_bytes()


@claim("This notebook leaves only what it has saved.")
def _():
    left_over = {"flat", "clipped", "noisy", scaled}
    assert not left_over & {*workspace.list()}
    assert {*names} <= {*workspace.list()}
