"""xeus-python in JupyterLite, in Chromium: one page and one kernel for nearly all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datalab_workspace.encoding.carriers import NPZ
from datalab_workspace.live.clients.webapi import WebApi
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token
from support.browser import builds
from support.browser.inside.noise import noise
from support.browser.kernel_page import KernelPage
from support.real_datalab.application import Application, free_port

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

INSIDE = Path(builds.__file__).with_name("inside")
NAMES = ("workspace", "plotter", "sigima", "np", "plt", "create_signal", "create_image")
# Imported by nothing, because it is not there.
ABSENT = ("sigima", "guidata", "h5py", "matplotlib", "hypothesis")
DTYPES = sorted(map(str, NPZ.dtypes["image"]))


@pytest.fixture
def client(datalab: Application):
    """Another program that is attached to the same DataLab."""
    client = WebApi(NativeTransport(datalab.url, token=Token(datalab.token)))
    yield client
    client.close()


# -- the namespace --------------------------------------------------------------------


def test_the_extension_injects_its_names_once(kernel: KernelPage) -> None:
    kernel.run("%load_ext datalab_kernel\nbefore = workspace")

    again = kernel.run(
        "%load_ext datalab_kernel\n%load_ext datalab_kernel_core\n"
        "%reload_ext datalab_kernel\n"
        f"print(before is workspace, all(n in globals() for n in {NAMES}))"
    )

    assert again.text.endswith("True True\n")


def test_numpy_is_all_that_was_imported(kernel: KernelPage) -> None:
    output = kernel.run(
        "import datalab_workspace, datalab_kernel_core, datalab_kernel, sys\n"
        "workspace.add('x', np.arange(3.0), overwrite=True)\n"
        "print([n for n in ('requests', 'urllib3', 'ssl', 'sigima') "
        "if n in sys.modules])"
    )

    assert output.text == "[]\n"


def test_names_are_completed(kernel: KernelPage) -> None:
    kernel.run("workspace.add('long name', np.eye(3), overwrite=True)")

    assert "long name" in kernel.complete('workspace.record("lo')
    assert any("long name" in match for match in kernel.complete('workspace["lo'))


#: The first bytes of any HDF5 file.
SIGNATURE = b"\x89HDF\r\n\x1a\n"


@pytest.mark.parametrize(
    ("code", "package"),
    [
        ("workspace.get('x')", "sigima"),
        ("workspace.calc('fft', on='x')", "sigima"),
        ("sigima.proc", "sigima"),
        ("create_signal('x')", "sigima"),
        ("plt.figure()", "matplotlib"),
        ("plotter.plot('x').figure", "matplotlib"),
        ("workspace.save('x.h5')", "h5py"),
        ("workspace.replay('x')", "sigima"),
        ("workspace.recompute('x')", "sigima"),
        ("workspace.map('fft', 'x')", "sigima"),
        ("workspace.map(print, 'x', out='r.h5')", "h5py"),
        (
            f"_ = open('y.hdf5', 'wb').write({SIGNATURE})\nworkspace.load('y.hdf5')",
            "h5py",
        ),
    ],
)
def test_what_is_missing_is_named(kernel: KernelPage, code: str, package: str) -> None:
    kernel.run("workspace.add('x', np.arange(3.0), overwrite=True)")

    error = kernel.execute(code).error

    assert "ModuleNotFoundError" in error
    assert f"needs {package}, which is not installed here: it must be added" in error


def test_histories_need_numpy_alone(kernel: KernelPage) -> None:
    kernel.run("workspace.add('x', np.arange(3.0), overwrite=True)")
    kernel.run("workspace.edit('x', xunit='s')")

    shown = kernel.run(
        "history = workspace.history('x')\n"
        "path = history.export('x.txt', overwrite=True)\n"
        "print(history, workspace.stale(), path.read_text(), sep='\\n--\\n')\n"
        "history"
    )

    text, stale, exported = shown.text.split("\n--\n")
    assert text.startswith("x: 1 step from 1 input;")
    assert "; complete\n" in text
    assert "xunit='s'" in text
    assert stale == "{}"
    assert "xunit='s'" in exported
    (page,) = shown.data("text/html")
    assert "xunit" in page


def test_a_picture_is_displayed(kernel: KernelPage) -> None:
    shown = kernel.run(
        "from IPython.display import Image, display\nfrom noise import png\n"
        "display(Image(data=png(bytes([0, 128, 255])), format='png'))"
    )

    (picture,) = shown.data("image/png")
    width = kernel.page.evaluate(
        "async data => { const image = new Image();"
        " image.src = `data:image/png;base64,${data}`;"
        " await image.decode(); return image.naturalWidth; }",
        picture,
    )
    assert width == 3


@pytest.mark.parametrize("what", ["np.sin(np.arange(50) / 5)", "np.eye(16)"])
def test_pictures_need_numpy_alone(kernel: KernelPage, what: str) -> None:
    shown = kernel.run(
        f"from datalab_kernel import plotter as drawer\ndrawer.plot({what}, 'A title')"
    )

    (picture,) = shown.data("image/png")
    colors = kernel.page.evaluate(
        "async data => { const image = new Image();"
        " image.src = `data:image/png;base64,${data}`; await image.decode();"
        " const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);"
        " const context = canvas.getContext('2d'); context.drawImage(image, 0, 0);"
        " const all = context.getImageData(0, 0, canvas.width, canvas.height).data;"
        " const words = new Uint32Array(all.buffer);"
        " return [canvas.width, new Set(words).size]; }",
        picture,
    )
    assert colors[0] == 640
    assert colors[1] > 10


# -- files ----------------------------------------------------------------------------


def test_a_file_of_the_site_is_replaced_as_a_whole(kernel: KernelPage) -> None:
    """By what h5py writes through, in the files that JupyterLab shows."""
    output = kernel.run(
        "from pathlib import Path\n"
        "from datalab_workspace.formats.atomic import FileStamp, replacing\n"
        "from datalab_workspace.formats.h5.staging import Staging\n"
        "path = Path('project.h5')\n"
        "def save(text, expected=None):\n"
        "    with replacing(path, expected=expected) as new:\n"
        "        staging = Staging(new.file)\n"
        "        staging.seek(70_000)\n"
        "        staging.write(text)\n"
        "        staging.seek(0)\n"
        "        staging.write(b'begin')\n"
        "        staging.finish()\n"
        "        if not text:\n"
        "            raise ValueError\n"
        "    return new.stamp\n"
        "stamp = save(b'old')\nstamp = save(b'new', stamp)\n"
        "try:\n    save(b'')\nexcept ValueError:\n    pass\n"
        "content = path.read_bytes()\n"
        "print(FileStamp.of(path) == stamp, len(content), content[:5], content[-3:])\n"
        "print([*Path().glob('*.h5'), *Path().glob('.*')])"
    )

    assert output.text == ("True 70003 b'begin' b'new'\n[PosixPath('project.h5')]\n")
    shown = kernel.page.evaluate(
        "async () => (await window.jupyterapp.serviceManager.contents"
        ".get('project.h5')).size"
    )
    assert shown == 70_003


# -- DataLab --------------------------------------------------------------------------


def test_a_signal_and_an_image_go_there_and_back(
    attached: KernelPage, client: WebApi
) -> None:
    output = attached.run(
        "ws.add('s', (np.arange(5.0), np.arange(5.0) ** 2))\n"
        "ws.add('i', np.arange(12, dtype='int16').reshape(3, 4))\n"
        "ws.rename('i', 'image')\nprint(ws.list(), ws.describe('image').shape)\n"
        "print(ws.record('s').array('xydata').tolist())\n"
        "ws.remove('s')\nprint(ws.list(), ws.mode, ws.status().protocols)"
    )

    assert output.text == (
        "['s', 'image'] (3, 4)\n"
        "[[0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 4.0, 9.0, 16.0]]\n"
        "['image'] live ('Web API',)\n"
    )
    (image,) = client.objects()
    assert (image.name, image.shape, image.dtype) == ("image", (3, 4), np.int16)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_byte_is_equal(attached: KernelPage, client: WebApi, dtype: str) -> None:
    """To DataLab, and back over another connection."""
    output = attached.run(
        f"from noise import noise\ndata = noise({dtype!r})\nws.add('data', data)\n"
        "back = dlw.connect(URL, TOKEN).record('data').array('data')\n"
        "print(back.dtype, back.shape, back.tobytes() == data.tobytes())"
    )

    assert output.text == f"{dtype} (16, 24) True\n"
    there = client.get("data").array("data")
    assert (there.dtype, there.tobytes()) == (dtype, noise(dtype).tobytes())


def test_a_large_image_goes_both_ways(
    attached: KernelPage, client: WebApi, record_property
) -> None:
    output = attached.run(
        "import time\nfrom noise import noise\ndata = noise('uint16', (2048, 4096))\n"
        "start = time.monotonic()\nws.add('large', data)\n"
        "added = time.monotonic()\n"
        "back = dlw.connect(URL, TOKEN).record('large').array('data')\n"
        "print(added - start, time.monotonic() - added)\n"
        "assert back.tobytes() == data.tobytes()"
    )

    there_s, back_s = map(float, output.text.split())
    record_property("16 MiB to DataLab, in s", there_s)
    record_property("16 MiB from DataLab, in s", back_s)
    there = client.get("large").array("data")
    assert there.tobytes() == noise("uint16", (2048, 4096)).tobytes()


def test_the_kernel_keeps_no_answer_longer_than_its_user(attached: KernelPage) -> None:
    """Sixteen times 16 MiB would not fit beside each other."""
    output = attached.run(
        "from noise import noise\nws.add('large', noise('uint16', (2048, 4096)))\n"
        "import pyjs\n"
        "def memory():\n"
        "    view = pyjs.buffer_to_js_typed_array(np.zeros(1, 'uint8'), True)\n"
        "    return view.buffer.byteLength\n"
        "def fetch():\n"
        "    dlw.connect(URL, TOKEN).record('large')\n"
        "for _ in range(3): fetch()\n"
        "before = memory()\n"
        "for _ in range(8): fetch()\n"
        "print(memory() - before)"
    )

    assert int(output.text) <= 1 << 25


@pytest.mark.parametrize(
    ("token", "said"),
    [(None, "Missing"), ("wrong", "Invalid token")],
    ids=["none", "another"],
)
def test_datalab_wants_its_token(
    kernel: KernelPage, datalab: Application, token: str | None, said: str
) -> None:
    result = kernel.execute(
        "import datalab_workspace as dlw\n"
        f"dlw.Workspace().connect({datalab.url!r}, {token!r})"
    )

    assert "TokenError" in result.error
    assert said in result.error
    assert datalab.token not in str(result)


def test_an_impossible_address_says_what_to_do(kernel: KernelPage) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    result = kernel.execute(f"import datalab_workspace as dlw\ndlw.connect({url!r})")

    assert "UnreachableError" in result.error
    assert "start it and its Web API" in result.error
    assert "(CORS)" in result.error
    assert "local network" not in result.error  # this page is of this machine


def test_a_title_is_changed_where_datalab_fails_afterwards(
    attached: KernelPage, client: WebApi
) -> None:
    """DataLab 1.3 answers so that no page may read it."""
    attached.run("ws.add('before', np.eye(2))\nws.rename('before', 'after')")

    assert [item.name for item in client.objects()] == ["after"]


def test_a_datalab_that_stands_still(
    attached: KernelPage, datalab: Application
) -> None:
    attached.run(
        "from datalab_workspace.live.transport.base import Request, Timeouts\n"
        "from datalab_workspace.live.transport.browser import BrowserTransport\n"
        "transport = BrowserTransport(URL, timeouts=Timeouts(0.5, 0.5))"
    )
    datalab.freeze()
    try:
        error = attached.execute(
            "transport.send(Request('GET', '/api/v1/objects'))"
        ).error
    finally:
        datalab.thaw()

    assert "NoAnswerError" in error
    assert "did not answer GET /api/v1/objects within 0.5 s" in error
    assert (
        attached.run("print(transport.send(Request('GET', '/x')).status)").text
        == "404\n"
    )


def test_a_datalab_that_stands_still_ends_each_call(
    attached: KernelPage, datalab: Application
) -> None:
    """Nothing can interrupt a page. A request gets half a second, then three."""
    attached.run("ws.add('x', np.eye(2))")
    datalab.freeze()
    try:
        errors = [attached.execute(code).error for code in STALLED]
    finally:
        datalab.thaw()

    assert re.search("did not answer GET .* within 3 s", errors[0])
    assert all(re.search("did not answer .* within (3|1.5) s", e) for e in errors)
    assert attached.run("print(ws.list())").text == "['x']\n"


def test_a_datalab_that_stops_before_a_change(
    attached: KernelPage, datalab: Application
) -> None:
    attached.run("web = ws.backend.connection.web\nws.list()")
    datalab.freeze()
    try:
        error = attached.execute("web.select(['x'])").error
    finally:
        datalab.thaw()

    assert "within 3 s" in error


#: Calls of which each needs an answer.
STALLED = ("ws.list()", "ws.add('y', np.eye(2))", "ws.record('x')", "ws.resync()")
#: Advice that nobody can follow in a page.
USELESS = ("pip install", "DATALAB_", "environment variable", "XML-RPC", "python -m")
#: Code that fails in a page which reaches the Web API alone; `ws` is attached by it.
FAILING = (
    "dlw.connect(URL)",
    "dlw.connect(URL, 'wrong')",
    "dlw.connect('http://127.0.0.1:9')",
    "dlw.connect('127.0.0.1')",
    "dlw.Workspace().connect()",
    "raise OSError(*dlw.Workspace().status().notes)",
    "ws.connect('http://127.0.0.1:9')",
    "ws.add('x', np.eye(2), group='mine')",
    "ws.add('a/b', np.eye(2))",
    "ws.add('x', np.eye(3))",
    "ws.rename('x', 'y')",
    "ws.rename('x', 'a/b')",
    "ws.record('z')",
    "ws.record('x', full=True)",
    "ws.rename_group('', 'mine')",
    "ws.move('x', 'mine')",
    "ws.undo()",
    "ws.ask_roi('x')",
    "ws.wait_for_selection()",
    "ws.macros()",
    "ws.run_macro('a')",
    "ws.backend.window.screenshot('window')",
    "ws.backend.compute(ws.describe('x').uuid, 'fft', None)",
)


@pytest.mark.parametrize("code", FAILING)
def test_advice_can_be_followed_in_a_page(attached: KernelPage, code: str) -> None:
    attached.run("ws.update({'x': np.eye(2), 'y': np.eye(2)})")

    error = attached.execute(code).error

    assert error
    assert [advice for advice in USELESS if advice in error] == []


# -- the conformance suite ------------------------------------------------------------


@pytest.fixture(scope="module")
def rules() -> list[str]:
    """The tests of the suite that pass in memory, where sigima and the like are not."""
    script = (
        "import json\n"
        "import running_rules\n"
        f"running_rules.hide({ABSENT})\n"
        "outcomes = running_rules.run('TestInMemory', tracebacks='no')\n"
        "print('\\n' + json.dumps([outcomes.passed, outcomes.failed]))"
    )
    variables = {"PYTHONPATH": str(INSIDE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    passed, failed = json.loads(ran.stdout.splitlines()[-1])
    assert failed == []
    assert len(passed) > 100
    return passed


@pytest.mark.parametrize("suite", ["TestInMemory", "TestLive"])
def test_the_conformance_suite(
    attached: KernelPage, rules: list[str], suite: str
) -> None:
    output = attached.run(
        "import json, os, running_rules\n"
        "os.environ.update(TESTED_URL=URL, TESTED_TOKEN=TOKEN)\n"
        f"outcomes = running_rules.run({suite!r}, {rules!r})\n"
        "output = [outcomes.passed, outcomes.failed, outcomes.lacking]\n"
        "print('\\n' + json.dumps(output))"
    )

    passed, failed, lacking = json.loads(output.text.splitlines()[-1])
    assert failed + lacking == [], output.text
    assert sorted(passed) == sorted(rules), output.text


# -- the end of a DataLab: the last test of this module --------------------------------


def test_datalab_ends_in_the_middle(attached: KernelPage, datalab: Application) -> None:
    attached.run("ws.add('kept', np.eye(2))")
    datalab.freeze()
    attached.begin("ws.list()")
    datalab.kill()

    error = attached.finish().error
    assert "UnreachableError" in error
    assert "gets no answer" in error
    # The kernel lives, and keeps what it knows.
    output = attached.run(
        "import warnings\nwith warnings.catch_warnings(record=True) as output:\n"
        "    ws.disconnect()\nprint(ws.list(), ws.mode)"
    )
    assert output.text == "['kept'] standalone\n"
