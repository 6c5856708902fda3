"""Messages to and from the comms of a kernel, as a page sends and receives them."""

from __future__ import annotations

from typing import Any

WIDGETS = "jupyter.widget"
SLIDER = """
import ipywidgets
slider = ipywidgets.IntSlider(value=7)
seen = []
slider.observe(lambda change: seen.append(change.new), "value")
closed = ipywidgets.IntSlider()
closed_id = closed.model_id
closed.close()
"""
CLICK = {"method": "custom", "content": {"event": "click"}}


def send(kernel, kind: str, content: dict, **options: Any) -> str:
    """Send a message as a front end does; return its id."""
    message = kernel.client.session.msg(kind, content, **options)
    kernel.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def answers(kernel, request: str) -> list[dict]:
    """Return what the kernel publishes for a message until it is done with it."""
    published: list[dict] = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] != "status":
            published.append(message)
        elif message["content"]["execution_state"] == "idle":
            return published


def tell(kernel, comm_id: str, data: dict) -> list[dict]:
    """Send a message to a comm; return what the kernel publishes for it."""
    content = {"comm_id": comm_id, "data": data}
    return answers(kernel, send(kernel, "comm_msg", content))


def listed(kernel, target: str = WIDGETS) -> list[str]:
    """Return the ids of the comms that the kernel says are open."""
    request = send(kernel, "comm_info_request", {"target_name": target})
    while True:
        reply = kernel.client.get_shell_msg(timeout=30)
        if reply["parent_header"].get("msg_id") == request:
            return list(reply["content"]["comms"])


def reload(kernel) -> dict[str, dict]:
    """Ask for all widgets as JupyterLab does after a reload; return their states.

    A page takes the answer on the comm that it opens. Where the kernel closes that,
    it asks each widget, and takes what answers just that question.
    """
    content = {"comm_id": "0" * 32, "target_name": "jupyter.widget.control"}
    opening = send(
        kernel, "comm_open", {**content, "data": {}}, metadata={"version": "1.0.0"}
    )
    kinds = [message["msg_type"] for message in answers(kernel, opening)]
    for message in tell(kernel, content["comm_id"], {"method": "request_states"}):
        states = message["content"]["data"]["states"]
        return {comm_id: state["state"] for comm_id, state in states.items()}
    assert kinds == ["comm_close"], "the page waits for an answer"
    return {comm_id: state(kernel, comm_id) for comm_id in listed(kernel)}


def state(kernel, comm_id: str) -> dict:
    """Ask a widget for its state as a page does; return it."""
    [message] = tell(kernel, comm_id, {"method": "request_state"})
    data = message["content"]["data"]
    assert data["method"] == "update"
    return dict(data["state"])


def text(kernel, expression: str) -> str:
    return str(kernel.value(expression)).strip("'")


def update(**values: Any) -> dict:
    return {"method": "update", "state": values, "buffer_paths": []}


def published(kernel, code: str) -> list[dict]:
    """Run a cell that must succeed; return the messages of its comms."""
    messages = answers(kernel, kernel.client.execute(code))
    failed = [m["content"]["evalue"] for m in messages if m["msg_type"] == "error"]
    assert failed == []
    return [m for m in messages if m["msg_type"].startswith("comm_")]


def button(kernel, body: str) -> str:
    """Make a button that runs some code when it is clicked; return its comm's id."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    cell = kernel.run(
        "import ipywidgets\nbutton = ipywidgets.Button()\n"
        f"@button.on_click\ndef clicked(_button):\n{lines}"
    )
    assert cell.error is None, cell.error
    return text(kernel, "button.comm.comm_id")
