"""What `import datalab_workspace` offers, and what it costs."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import datalab_workspace as dlw

PUBLIC = {
    # what users call
    "Workspace",
    "batch",
    "connect",
    "open",
    # what they get
    "Description",
    "GroupInfo",
    "History",
    "Listing",
    "Record",
    "Replay",
    "ResultValue",
    "Results",
    "Status",
    "WorkspaceMode",
    # what they catch
    "AmbiguousObjectError",
    "BatchStoppedError",
    "RunExistsError",
    "RunLockedError",
    "ConcurrentChangeError",
    "NothingToUndoError",
    "ChangeEvent",
    "ObjectChange",
    "Origin",
    "Subscription",
    "ConnectionLostError",
    "DamagedFileError",
    "DamagedFileWarning",
    "DataLabError",
    "DoubtfulResultWarning",
    "ExportError",
    "FeatureNotFoundError",
    "FileChangedError",
    "InterruptedChangeError",
    "InvalidNameError",
    "LiveError",
    "LiveUnavailableError",
    "NameConflictError",
    "NoAnswerError",
    "NotAProjectError",
    "NotReplayableError",
    "NotSupportedByProtocolError",
    "ObjectNotFoundError",
    "ReusedNameError",
    "StaleFileError",
    "TokenError",
    "UnreachableError",
    "UnreadableFileError",
    "UnsafeFileError",
    "UnsupportedDtypeError",
    "UnsupportedMetadataError",
    "UnsupportedObjectError",
    "WorkspaceError",
    # what they report
    "__version__",
}
METHODS = """
    add ask_roi ask_token autosave backend browse calc capabilities clear connect
    describe disconnect edit exists export features get groups history items keys list
    load macros map mode modified move notebooks on_change path pop preview quiet
    read recompute record recover remove rename rename_group replay results resync
    run_macro save select select_objects selection show stale status to_pandas to_xarray
    undo update values wait_for_selection
""".split()  # noqa: SIM905 - a list is easier to read so
HEAVY = ("sigima", "scipy", "pandas", "skimage", "matplotlib", "requests", "h5py")
BUILTIN_OF = {
    "AmbiguousObjectError": ValueError,
    "BatchStoppedError": RuntimeError,
    "ConcurrentChangeError": ConnectionError,
    "NothingToUndoError": LookupError,
    "NotSupportedByProtocolError": NotImplementedError,
    "ConnectionLostError": ConnectionError,
    "DataLabError": ConnectionError,
    "LiveError": ConnectionError,
    "NoAnswerError": TimeoutError,
    "TokenError": PermissionError,
    "UnreachableError": ConnectionError,
    "DamagedFileError": OSError,
    "FeatureNotFoundError": ValueError,
    "FileChangedError": FileExistsError,
    "InterruptedChangeError": RuntimeError,
    "InvalidNameError": ValueError,
    "LiveUnavailableError": ConnectionError,
    "NameConflictError": ValueError,
    "ExportError": ValueError,
    "NotAProjectError": ValueError,
    "NotReplayableError": ValueError,
    "ObjectNotFoundError": KeyError,
    "ReusedNameError": KeyError,
    "RunExistsError": FileExistsError,
    "RunLockedError": RuntimeError,
    "StaleFileError": OSError,
    "UnreadableFileError": ValueError,
    "UnsafeFileError": ValueError,
    "UnsupportedDtypeError": TypeError,
    "UnsupportedMetadataError": TypeError,
    "UnsupportedObjectError": TypeError,
}


def run(code: str) -> str:
    """Return what a new Python prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


def test_every_public_name():
    assert set(dlw.__all__) == PUBLIC
    assert set(dir(dlw)) >= PUBLIC
    for name in PUBLIC:
        assert getattr(dlw, name) is not None


def test_every_public_method():
    found = [name for name in dir(dlw.Workspace) if not name.startswith("_")]
    assert found == METHODS


def test_everything_public_is_documented():
    for name in PUBLIC - {"__version__"}:
        assert inspect.getdoc(getattr(dlw, name)), name
    for name in METHODS:
        assert inspect.getdoc(getattr(dlw.Workspace, name)), name


def test_a_name_that_does_not_exist():
    with pytest.raises(AttributeError, match=r"'datalab_workspace'.*'Workspce'"):
        dlw.Workspce  # noqa: B018


@pytest.mark.parametrize("name", BUILTIN_OF)
def test_errors_are_what_a_user_would_catch(name):
    error = getattr(dlw, name)
    assert issubclass(error, BUILTIN_OF[name])
    assert issubclass(error, dlw.WorkspaceError)


def test_there_is_no_error_without_a_built_in_base():
    errors = {n for n in PUBLIC if n.endswith("Error")} - {"WorkspaceError"}
    assert errors == set(BUILTIN_OF)


def test_the_message_of_a_missing_name_is_not_quoted():
    error = dlw.ObjectNotFoundError("no object 'x'")
    assert str(error) == "no object 'x'"


IMPORTED = f"sorted(set({HEAVY!r}) & set(sys.modules))"


def test_the_import_is_cheap_and_silent():
    code = f"import sys, datalab_workspace; print({IMPORTED}, 'numpy' in sys.modules)"
    assert run(code).strip() == "[] False"


def test_an_empty_workspace_needs_numpy_alone():
    code = f"""
import sys, numpy as np, datalab_workspace as dlw
ws = dlw.Workspace()
ws.add("y", np.arange(3.0))
ws.rename("y", "z")
assert ws.list() == ["z"] and ws.describe("z").shape == (3,)
print({IMPORTED})
"""
    assert run(code).strip() == "[]"


#: Modules that take long to import in a page, and that a first object does not need.
UNUSED = (
    "datalab_workspace.export_formats",
    "datalab_workspace.history.storage",
    "datalab_workspace.operations.files",
    "datalab_workspace.processing.calculator",
    "datalab_workspace.processing.known_faults",
    "difflib",
    "importlib.metadata",
    "numpy.ma",
)


def test_a_first_object_imports_only_what_keeps_it():
    code = f"""
import sys, numpy as np
before = set(sys.modules)
import datalab_workspace as dlw
dlw.Workspace().add("y", np.arange(3.0))
print(sorted(set({UNUSED!r}) & set(sys.modules) - before))
"""
    assert run(code).strip() == "[]"


def test_every_public_name_can_be_imported_without_the_heavy_ones():
    code = f"import sys; from datalab_workspace import *; print({IMPORTED})"
    assert run(code).strip() == "[]"


def test_it_survives_a_reload():
    before = dlw.Workspace, dlw.WorkspaceError
    workspace = dlw.Workspace()
    importlib.reload(dlw)
    assert (dlw.Workspace, dlw.WorkspaceError) == before
    assert isinstance(workspace, dlw.Workspace)
    with pytest.raises(dlw.ObjectNotFoundError):
        workspace.get("x")
