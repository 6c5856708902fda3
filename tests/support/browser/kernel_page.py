"""A kernel in a page of JupyterLite, spoken to by the messages of a front end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

#: Starts a kernel by the page's own services, as opening a notebook does.
_START = """async ([name, notebook]) => {
  const app = window.jupyterapp;
  await app.started;
  const services = app.serviceManager;
  await services.ready;
  const session = await services.sessions.startNew({
    name: notebook, path: notebook, type: 'notebook', kernel: {name}
  });
  window.kernel = session.kernel;
  await window.kernel.info;
}"""
_EXECUTE = """async code => {
  const future = window.kernel.requestExecute({code});
  const outputs = [];
  future.onIOPub = message => {
    const type = message.header.msg_type;
    if (type !== 'status' && type !== 'execute_input')
      outputs.push({type, content: message.content});
  };
  const reply = await future.done;
  return {status: reply.content.status, outputs};
}"""
_BEGIN = f"code => {{ window.pending = ({_EXECUTE})(code); }}"
_COMPLETE = """async code => {
  const reply = await window.kernel.requestComplete({code, cursor_pos: code.length});
  return reply.content;
}"""


class CellError(AssertionError):
    """A cell raised."""


@dataclass
class Result:
    """What came of a cell.

    Attributes:
        status: "ok" or "error".
        outputs: Messages of its outputs: their types and contents.
    """

    status: str
    outputs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it printed."""
        return "".join(
            output["content"]["text"]
            for output in self.outputs
            if output["type"] == "stream"
        )

    @property
    def error(self) -> str:
        """Its error: "ValueError: …"; empty if there was none."""
        for output in self.outputs:
            if output["type"] == "error":
                said = output["content"]
                return f"{said['ename']}: {said['evalue']}"
        return ""

    def data(self, mime: str) -> list[Any]:
        """What it displayed in a format."""
        bundles = (output["content"].get("data", {}) for output in self.outputs)
        return [bundle[mime] for bundle in bundles if mime in bundle]


class KernelPage:
    """The kernel of a page.

    Args:
        page: A page of JupyterLite.
        name: The name of the kernel.
        notebook: The path of its notebook, which need not exist.
    """

    def __init__(self, page: Page, name: str, notebook: str = "tested.ipynb") -> None:
        self.page = page
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate(_START, [name, notebook])

    def execute(self, code: str) -> Result:
        """Run a cell, whatever comes of it."""
        return Result(**self.page.evaluate(_EXECUTE, code))

    def begin(self, code: str) -> None:
        """Have a cell begin to run."""
        self.page.evaluate(_BEGIN, code)

    def finish(self) -> Result:
        """Wait for the cell that began."""
        return Result(**self.page.evaluate("window.pending"))

    def run(self, code: str) -> Result:
        """Run a cell that raises nothing.

        Raises:
            CellError: It raised.
        """
        result = self.execute(code)
        if result.status != "ok":
            traceback = [
                line
                for output in result.outputs
                if output["type"] == "error"
                for line in output["content"]["traceback"]
            ]
            raise CellError("\n".join([result.text, *traceback]))
        return result

    def complete(self, code: str) -> list[str]:
        """Complete code at its end."""
        return list(self.page.evaluate(_COMPLETE, code)["matches"])
