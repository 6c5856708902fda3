"""Libraries that ask whether they run in a notebook."""

from __future__ import annotations

import pytest

from support.three_kernels import known

NO = "is not recognised as a notebook"


@known(stock=NO)
def test_rich_knows_a_notebook(any_kernel) -> None:
    assert any_kernel.value("import rich; rich.get_console().is_jupyter") == "True"


@known(stock=NO)
def test_rich_prints_with_colours(any_kernel) -> None:
    cell = any_kernel.run("import rich; rich.print('[bold red]text')")

    assert "font-weight: bold" in cell.displayed[0]["text/html"]


@known(stock=NO)
def test_rich_shows_progress_while_it_is_made(any_kernel) -> None:
    cell = any_kernel.run(
        "import time\nfrom rich.progress import track\n"
        "for n in track(range(3)):\n    time.sleep(0.3); print('done', n)"
    )

    before_the_end = cell.sent[: len(cell.sent) // 2]
    assert any("text/html" in m["content"].get("data", {}) for m in before_the_end)


@known(stock=NO)
def test_rich_installs_its_display(own_kernel) -> None:
    own_kernel.run("from rich import pretty; pretty.install()")

    assert "text/html" in own_kernel.run("[1, 2]").displayed[0]


@known(stock=NO)
def test_tqdm_shows_a_widget(any_kernel) -> None:
    cell = any_kernel.run(
        "import warnings; warnings.simplefilter('ignore')\nfrom tqdm.auto import tqdm\n"
        "for _ in tqdm(range(3)): pass"
    )

    shown = [data for data in cell.displayed if "text/plain" in data]
    assert "application/vnd.jupyter.widget-view+json" in shown[0]


@known(stock=NO)
def test_tqdm_chooses_the_notebook_by_itself(any_kernel) -> None:
    cell = any_kernel.run(
        "import warnings; warnings.simplefilter('ignore')\n"
        "from tqdm import autonotebook; autonotebook.tqdm.__name__"
    )

    assert cell.result == "'tqdm_notebook'"


@known(stock="puts 5 MB of JavaScript into the notebook")
def test_plotly_leaves_its_javascript_to_the_front_end(any_kernel) -> None:
    any_kernel.run("import plotly.io, plotly.graph_objects as go")

    cell = any_kernel.run("go.Figure(go.Scatter(y=[1, 2])).show()")

    (shown,) = cell.displayed
    assert "application/vnd.plotly.v1+json" in shown
    assert "text/html" not in shown


RECOGNISED = {
    "class": "type(get_ipython()).__name__ == 'ZMQInteractiveShell'",
    "module": "'ipykernel' in type(get_ipython()).__module__",
    "configuration": "'IPKernelApp' in get_ipython().config",
    "parent": "bool(get_ipython().parent_header)",
    "its text": "'ZMQInteractiveShell' in str(type(get_ipython()))",
    "trait": "get_ipython().has_trait('kernel')",
}


@known(stock=NO)
@pytest.mark.parametrize("asked", RECOGNISED.values(), ids=RECOGNISED)
def test_the_shell_is_recognised(own_kernel, asked: str) -> None:
    assert own_kernel.value(asked) == "True"


@known(stock="lacks it")
def test_a_library_hooks_into_displays(own_kernel) -> None:
    own_kernel.run(
        "seen = []\ndef hook(message):\n    seen.append(message['msg_type'])\n"
        "    return message\npublisher = get_ipython().display_pub"
    )
    own_kernel.run("publisher.register_hook(hook); display(1)")

    cell = own_kernel.run("publisher.unregister_hook(hook), display(2)")

    assert cell.displayed[-1]["text/plain"] == "2"
    assert own_kernel.value("seen") == "['display_data']"


@known(stock="lacks it")
def test_a_hook_keeps_a_display_back(own_kernel) -> None:
    own_kernel.run(
        "def hook(message): return None\nget_ipython().display_pub.register_hook(hook)"
    )

    assert own_kernel.run("display(1)").displayed == []
    own_kernel.run("get_ipython().display_pub.unregister_hook(hook)")
    assert own_kernel.run("display(2)").displayed == [{"text/plain": "2"}]
