"""The packages comm and ipykernel, and what uses them, work as under ipykernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.comms import (
    CLICK,
    SLIDER,
    button,
    listed,
    published,
    state,
    tell,
    text,
    update,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_stock_kernel_still_replaces_the_package_comm(start: Callable) -> None:
    """The defect that `repairs.comms` cures; when this fails, drop it."""
    kernel = start("xpython")

    cell = kernel.run("from comm.base_comm import BaseComm")

    assert cell.error is not None
    assert "'comm' is not a package" in cell.error


def test_the_stock_kernel_still_ignores_the_id_of_a_comm(start: Callable) -> None:
    """The defect that `repairs.comms` cures; when this fails, drop it."""
    kernel = start("xpython")

    [opened] = published(kernel, "import comm; comm.create_comm('a', comm_id='b')")

    assert opened["content"]["comm_id"] != "b"


def test_the_package_comm_is_the_installed_one(either) -> None:
    kinds = (
        "isinstance(comm.create_comm('mine'), BaseComm)"
        " and isinstance(comm.get_comm_manager(), CommManager)"
    )
    either.run("import comm\nfrom comm.base_comm import BaseComm, CommManager")

    assert either.value(kinds) == "True"
    assert either.value("comm.__version__ and comm.__spec__.origin[-11:]") == (
        "'__init__.py'"
    )


def test_a_comm_is_opened_used_and_closed(either) -> None:
    opened, sent, closed = published(
        either,
        "import comm\nchannel = comm.create_comm(target_name='mine', data={'a': 1},\n"
        "    metadata={'b': 2}, buffers=[b'c'], comm_id='chosen')\n"
        "states = [channel._closed]\n"
        "channel.send({'d': 3}, {'e': 4}, [memoryview(b'f')])\n"
        "channel.close({'g': 5})\nchannel.close()\nstates.append(channel._closed)",
    )

    assert opened["msg_type"] == "comm_open"
    assert (
        opened["content"].items()
        >= {
            "comm_id": "chosen",
            "target_name": "mine",
        }.items()
    )
    assert opened["content"]["data"] == {"a": 1}
    assert opened["metadata"].items() >= {"b": 2}.items()
    assert [bytes(buffer) for buffer in opened["buffers"]] == [b"c"]
    assert sent["msg_type"] == "comm_msg"
    assert sent["content"] == {"comm_id": "chosen", "data": {"d": 3}}
    assert sent["metadata"].items() >= {"e": 4}.items()
    assert [bytes(buffer) for buffer in sent["buffers"]] == [b"f"]
    assert closed["msg_type"] == "comm_close"
    assert closed["content"] == {"comm_id": "chosen", "data": {"g": 5}}
    assert either.value("states") == "[False, True]"
    assert either.value(
        "(channel.comm_id, channel.primary, channel.target_name, channel.topic)"
    ) == ("('chosen', True, 'mine', b'comm-chosen')")


def test_a_comm_that_the_kernel_did_not_open_cannot_send(kernel) -> None:
    cell = kernel.run("import comm; comm.create_comm('a', primary=False).send({})")

    assert cell.error is not None
    assert "create it with primary=True" in cell.error


SUBCLASS = """
import comm
class Mine(type(comm.create_comm("first"))):
    def __init__(self, **options):
        super().__init__(target_name="subclass", **options)
        self.on_msg(self.answer)
    def answer(self, message):
        self.send({"answer": message["content"]["data"]["question"]})
mine = Mine(comm_id="of-a-subclass")
"""


def test_a_subclass_of_the_kernel_s_comm_receives_and_sends(either) -> None:
    either.run(SUBCLASS)

    [answer] = tell(either, "of-a-subclass", {"question": 1})

    assert answer["content"]["data"] == {"answer": 1}


def test_a_subclass_of_basecomm_is_registered_while_it_is_open(either) -> None:
    either.run(
        "import comm\nfrom comm.base_comm import BaseComm\nsent = []\n"
        "class Mine(BaseComm):\n"
        "    def publish_msg(self, msg_type, **rest): sent.append(msg_type)\n"
        "mine = Mine(comm_id='mine')\nmanager = comm.get_comm_manager()\n"
        "found = [manager.get_comm('mine') is mine]\n"
        "mine.send({})\nmine.close()\nfound.append(manager.get_comm('mine'))"
    )

    assert either.value("(sent, found)") == (
        "(['comm_open', 'comm_msg', 'comm_close'], [True, None])"
    )


def test_a_target_is_registered_and_removed(either) -> None:
    either.run(
        "import comm\nmanager = comm.get_comm_manager()\n"
        "manager.register_target('mine', print)\n"
        "manager.register_target('imported', 'os.path.join')"
    )

    assert either.value("manager.targets['mine'] is print") == "True"
    assert either.value("manager.targets['imported'].__name__") == "'join'"
    assert either.value("manager.unregister_target('mine', print) is print") == "True"
    assert either.value("'mine' in manager.targets") == "False"


REOPENED = """
import comm
channel = comm.create_comm("mine", comm_id="again")
channel.on_msg(lambda message: channel.send({"got": message["content"]["data"]}))
channel.close()
channel.open()
"""
REPLACED = """
import comm
first = comm.create_comm("mine", comm_id="again")
channel = comm.create_comm("mine", comm_id="again")
channel.on_msg(lambda message: channel.send({"got": message["content"]["data"]}))
"""


@pytest.mark.parametrize("code", [REOPENED, REPLACED], ids=["reopened", "replaced"])
def test_an_id_is_used_again(either, code: str) -> None:
    either.run(code)

    for number in range(3):
        [answer] = tell(either, "again", {"number": number})
        assert answer["content"]["data"] == {"got": {"number": number}}

    assert listed(either, "mine") == ["again"]
    either.run("channel.close()")
    assert listed(either, "mine") == []


def test_a_widget_is_closed_and_opened_again(either) -> None:
    either.run(SLIDER)
    slider = text(either, "slider.comm.comm_id")

    either.run("slider.close(); slider.open()")
    tell(either, slider, update(value=8))

    assert text(either, "slider.comm.comm_id") == slider
    assert either.value("slider.value") == "8"


def test_a_comm_that_nothing_holds_is_closed(either) -> None:
    kinds = [
        message["msg_type"]
        for message in published(
            either,
            "import comm\nchannel = comm.create_comm('mine')\n"
            "comm.get_comm_manager().unregister_comm(channel)\ndel channel",
        )
    ]

    assert kinds == ["comm_open", "comm_close"]


def test_where_the_id_cannot_be_chosen_the_comm_gets_one(start: Callable) -> None:
    """Another version of xeus-python may find the ID elsewhere, or not at all."""
    kernel = start()
    kernel.run(
        "from datalab_kernel.repairs.comms import native\nnative._Options = dict\n"
        "import comm\nchannel = comm.create_comm('mine', comm_id='chosen')\n"
        "channel.on_msg(lambda message: channel.send({'got': True}))"
    )
    comm_id = text(kernel, "channel.comm_id")

    [answer] = tell(kernel, comm_id, {})

    assert comm_id != "chosen"
    assert answer["content"] == {"comm_id": comm_id, "data": {"got": True}}
    assert kernel.value("list(comm.get_comm_manager().comms)") == f"['{comm_id}']"


def test_ipykernel_finds_the_connection_file(either) -> None:
    expected = either.manager.connection_file
    either.run(
        "import ipykernel\nfrom ipykernel.connect import get_connection_info\n"
        "info = get_connection_info(unpack=True)"
    )

    assert text(either, "ipykernel.get_connection_file()") == expected
    assert either.value("info['shell_port']") == str(either.manager.shell_port)
    assert either.value("info['key']") == repr(either.manager.session.key)


def test_ipykernel_is_imported_where_the_connection_file_is_gone(either) -> None:
    either.run(f"import os; os.remove({either.manager.connection_file!r})")

    cell = either.run("import ipykernel.kernelapp; ipykernel.get_connection_file()")

    assert cell.error is not None
    assert "does not exist in any of the search paths" in cell.error


def test_ipykernel_s_application_describes_the_kernel(either) -> None:
    either.run(
        "from ipykernel.kernelapp import IPKernelApp\napp = IPKernelApp.instance()"
    )

    assert either.value("IPKernelApp.initialized()") == "True"
    assert either.value("isinstance(app, IPKernelApp)") == "True"
    assert either.value("app.shell is get_ipython()") == "True"
    assert either.value("app.kernel is get_ipython().kernel") == "True"
    assert either.value("app.iopub_port") == str(either.manager.iopub_port)


@pytest.mark.parametrize("module", ["ipkernel", "kernelapp", "inprocess"])
def test_widgets_work_after_an_import_of_ipykernel_s_kernel(
    either, module: str
) -> None:
    """Its module makes the package `comm` create comms of its own."""
    either.run(f"import ipykernel.{module}\n{SLIDER}")
    slider = text(either, "slider.comm.comm_id")

    tell(either, slider, update(value=8))
    either.run(f"import importlib; importlib.reload(ipykernel.{module})")
    sent = published(either, "slider.value = 9; other = ipywidgets.IntSlider()")

    assert either.value("seen") == "[8, 9]"
    assert [message["msg_type"] for message in sent] == [
        "comm_msg",
        *["comm_open"] * 3,
    ]


OLD_COMM = """
import warnings
warnings.simplefilter("ignore")
import comm
from ipykernel.comm import Comm, CommManager
old = Comm("mine", {"opened": 1}, comm_id="old")
old.on_msg(lambda message: old.send({"got": message["content"]["data"]}))
"""


def test_a_comm_of_ipykernel_works(either) -> None:
    [opened] = published(either, OLD_COMM)

    [answer] = tell(either, "old", {"question": 1})
    [closed] = published(either, "old.close()")

    assert opened["content"]["data"] == {"opened": 1}
    assert opened["content"]["target_name"] == "mine"
    assert answer["content"]["data"] == {"got": {"question": 1}}
    assert closed["msg_type"] == "comm_close"
    assert listed(either, "mine") == []


# What a callback has to do with cells


def test_a_figure_that_a_callback_draws_is_shown(either) -> None:
    either.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    clicked = button(either, "plt.plot([1, 2])")

    [shown] = tell(either, clicked, CLICK)

    assert shown["msg_type"] == "display_data"
    assert "image/png" in shown["content"]["data"]


def test_ipython_s_events_come_before_and_after_a_message(either) -> None:
    clicked = button(either, "seen.append('clicked')")
    either.run(
        "seen = []\nip = get_ipython()\n"
        "ip.events.register('pre_execute', lambda: seen.append('before'))\n"
        "ip.events.register('post_execute', lambda: seen.append('after'))"
    )
    either.run("seen.clear()")

    tell(either, clicked, CLICK)

    assert either.value("seen[-4:-1]") == "['before', 'clicked', 'after']"


def test_a_figure_of_a_callback_that_fails_is_shown(kernel) -> None:
    kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    clicked = button(kernel, "plt.plot([1, 2])\n1 / 0")

    kinds = [message["msg_type"] for message in tell(kernel, clicked, CLICK)]

    assert sorted(kinds) == ["display_data", "stream"]


# Libraries


ANYWIDGET = """
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = "export default { render() {} }"
    value = traitlets.Int(0).tag(sync=True)
counter = Counter()
"""


def test_anywidget_works(either) -> None:
    either.run(ANYWIDGET)
    counter = text(either, "counter.model_id")

    tell(either, counter, update(value=3))
    [sent] = published(either, "counter.value = 4")

    assert state(either, counter)["value"] == 4
    assert sent["content"]["data"]["state"] == {"value": 4}


def test_a_figure_of_ipympl_answers_its_page(either) -> None:
    either.run(
        "%matplotlib widget\nimport matplotlib.pyplot as plt\n"
        "figure, axes = plt.subplots()\ncanvas = figure.canvas"
    )
    canvas = text(either, "canvas.model_id")
    draw = {"method": "custom", "content": {"type": "draw"}}

    sent = tell(either, canvas, draw)

    assert any(message["buffers"] for message in sent)
    assert {message["msg_type"] for message in sent} == {"comm_msg"}
