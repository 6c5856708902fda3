"""The packages `comm` and `ipykernel`, as libraries import them."""

from __future__ import annotations

import pytest

from support.three_kernels import known

FAKE = "puts modules in their place that are no packages"
NOT_FOUND = {
    "comm.base_comm": "from comm.base_comm import BaseComm, CommManager",
    "comm's hooks": "from comm import create_comm, get_comm_manager, DummyComm",
    "ipykernel.kernelapp": "from ipykernel.kernelapp import IPKernelApp",
}
FOUND = {
    "ipykernel.comm": "from ipykernel.comm import Comm, CommManager",
    "ipykernel.connect": "from ipykernel.connect import get_connection_info",
    "ipykernel.zmqshell": "from ipykernel.zmqshell import ZMQInteractiveShell",
    "ipykernel.pylab": "import ipykernel.pylab.backend_inline",
    "ipykernel.jsonutil": "from ipykernel.jsonutil import json_clean",
    "ipykernel.iostream": "from ipykernel.iostream import OutStream",
    "ipykernel.version": "import ipykernel; ipykernel.version_info[0] > 5",
}


@known(stock=FAKE)
@pytest.mark.parametrize("code", NOT_FOUND.values(), ids=NOT_FOUND)
def test_a_module_is_not_hidden(any_kernel, code: str) -> None:
    assert any_kernel.run(code).error is None


@pytest.mark.parametrize("code", FOUND.values(), ids=FOUND)
def test_a_module_is_imported(own_kernel, code: str) -> None:
    assert own_kernel.run(code).error is None


PACKAGES = [pytest.param("comm", marks=known(stock=FAKE)), "ipykernel"]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_the_real_one(any_kernel, package: str) -> None:
    cell = any_kernel.run(
        f"import importlib.metadata, {package}\n"
        f"{package}.__version__ == importlib.metadata.version({package!r})"
    )

    assert cell.result == "True"
    assert any_kernel.value(f"bool({package}.__path__)") == "True"


@known(stock="raises")
def test_the_connection_file_is_found(any_kernel) -> None:
    any_kernel.run("import ipykernel, json, pathlib")

    keys = any_kernel.value(
        "sorted(json.loads(pathlib.Path(ipykernel.get_connection_file()).read_text()))"
    )

    assert "'shell_port'" in keys


@known(stock="raises")
def test_the_connection_is_told_to_programs(any_kernel) -> None:
    any_kernel.run("import ipykernel")

    info = any_kernel.value("sorted(ipykernel.get_connection_info(unpack=True))")

    assert "'key'" in info
    assert "'shell_port'" in info


COMM = "import comm\nmine = comm.create_comm(target_name='mine')"


@known(stock=FAKE)
def test_a_comm_is_one_of_the_real_classes(any_kernel) -> None:
    any_kernel.run(COMM)

    assert any_kernel.run("from comm.base_comm import BaseComm").error is None
    assert any_kernel.value("isinstance(mine, BaseComm)") == "True"


@known(stock=FAKE)
def test_a_comm_manager_is_one_of_the_real_classes(any_kernel) -> None:
    any_kernel.run("import comm; from comm.base_comm import CommManager")

    manager = "comm.get_comm_manager()"
    assert any_kernel.value(f"isinstance({manager}, CommManager)") == "True"
    same = f"{manager} is get_ipython().kernel.comm_manager"
    assert any_kernel.value(same) == "True"


def test_a_comm_of_ipykernels_is_opened(any_kernel) -> None:
    cell = any_kernel.run(
        "from ipykernel.comm import Comm\n"
        "mine = Comm(target_name='mine', data={'a': 1})"
    )

    (opened,) = [m["content"] for m in cell.sent if m["msg_type"] == "comm_open"]
    assert opened["data"] == {"a": 1}


@known(stock=FAKE)
def test_a_comm_of_a_library_is_opened(any_kernel) -> None:
    """As a subclass of the documented class, which is given its way to send."""
    cell = any_kernel.run(
        "import comm\nfrom comm.base_comm import BaseComm\n"
        "class Mine(type(comm.create_comm(target_name='x', primary=False))): pass\n"
        "mine = Mine(target_name='mine')"
    )

    assert cell.error is None
    assert cell.kinds[-1] == "comm_open"


@known(stock=FAKE)
def test_a_library_replaces_how_comms_are_made(own_kernel) -> None:
    own_kernel.run(
        "import comm\nfrom comm import DummyComm\ncomm.create_comm = DummyComm"
    )

    made = "type(comm.create_comm(target_name='mine')).__name__"
    assert own_kernel.value(made) == "'DummyComm'"
