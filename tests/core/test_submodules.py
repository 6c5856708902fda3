"""`sigima.proc.image.x` works wherever sigima was imported, and however."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

# Each is run in a shell of its own to which sigima is new.
TOUCHES = {
    "sigima.proc.image.butterworth.__name__": "butterworth",
    "sigima.proc.signal.fwhm.__name__": "fwhm",
    "sigima.params.MovingAverageParam.__name__": "MovingAverageParam",
    "sigima.objects.SignalObj.__name__": "SignalObj",
    "exec('import sigima as sg') or sg.proc.signal.fft.__name__": "fft",
    "exec('from sigima import proc') or proc.image.fft.__name__": "fft",
    "create_image('i', np.ones((2, 2))).title": "i",
    "'proc' in dir(sigima) and 'image' in dir(sigima.proc)": True,
    "sigima.proc.__spec__.loader.__class__.__name__": "SourceFileLoader",
}
SCRIPT = f"""
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
outcomes = {{}}
for code in {[*TOUCHES]!r}:
    shell = InteractiveShell(config=config)
    shell.run_line_magic("load_ext", "datalab_kernel_core")
    loaded = [name for name in sys.modules if name.split(".")[0] == "sigima"]
    for name in loaded:
        del sys.modules[name]
    outcomes[code] = repr(shell.ev(code))
print(json.dumps(outcomes))
"""


@pytest.fixture(scope="module")
def outcomes(in_new_process: Callable[[str], Any]) -> dict[str, str]:
    return in_new_process(SCRIPT)


@pytest.mark.parametrize("code", TOUCHES)
def test_it_works_at_first_touch(outcomes: dict[str, str], code: str) -> None:
    assert outcomes[code] == repr(TOUCHES[code])


def test_what_was_imported_before_the_extension_works_too(shell) -> None:
    shell.run("import sigima as sg\nfrom sigima import proc")

    shell.run("%load_ext datalab_kernel_core")

    assert shell.run("sg.proc.image.fft is proc.image.fft")


def test_unloading_gives_sigima_back_as_it_was(shell) -> None:
    import sigima
    import sigima.proc

    def hooks() -> list[Any]:
        packages = (sigima, sigima.proc)
        return [vars(p).get(n) for p in packages for n in ("__getattr__", "__dir__")]

    before = hooks()
    shell.run("%load_ext datalab_kernel_core")
    assert hooks() != before

    shell.run("%unload_ext datalab_kernel_core")

    assert hooks() == before


def test_a_missing_attribute_is_reported_as_ever(loaded) -> None:
    with pytest.raises(AttributeError, match="'sigima' has no attribute 'prok'"):
        loaded.run("sigima.prok")
    with pytest.raises(ImportError, match="prok"):
        loaded.run("from sigima import prok")
