"""A token that is typed into a page, and an address of a page that names a DataLab."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from datalab_kernel_core import in_browser
from support.browser import pyodide_site
from support.browser.http_server import served
from support.browser.kernel_packages import site_files, sources
from support.browser.lite_notebook import LiteNotebook
from support.real_datalab.application import Application

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

SCRIPT = Path(in_browser.__file__).with_name("page_address.js").read_text("utf-8")
LOAD = "%load_ext datalab_kernel"
#: Notes each message between the front end and its kernel.
RECORD = """() => {
  const { sessions } = window.jupyterapp.serviceManager;
  window.messages = [];
  for (const model of sessions.running()) {
    sessions.connectTo({model}).kernel.anyMessage.connect((_, { msg }) => {
      const bytes = (msg.buffers || []).map(each => [...new Uint8Array(each.buffer)]);
      window.messages.push(JSON.stringify([msg.header.msg_type, msg.content, bytes]));
    });
  }
}"""
#: Lets the page run no scripts of outputs, as some front ends do.
NO_SCRIPTS = """() => {
  const make = document.createElement.bind(document);
  document.createElement = (name, ...more) =>
    make(name === 'script' ? 'template' : name, ...more);
}"""
#: All that the page stores.
STORED = """async () => {
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  const result = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  for (const { name } of await indexedDB.databases()) {
    const database = await result(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store).getAll();
      found.push(JSON.stringify(await result(all)));
    }
    database.close();
  }
  return found.join();
}"""


@pytest.fixture(scope="module")
def xeus_site(site: Path) -> Iterator[str]:
    """URL of a site with a kernel of xeus-python, without anywidget."""
    with served(site, site_files(site, sources())) as url:
        yield url


def cells(datalab: Application) -> list[str]:
    """Return the cells of a notebook whose token is typed into a field."""
    return [
        f"workspace.connect({datalab.url!r})",
        f"workspace.ask_token({datalab.url!r})",
        f"workspace.connect({datalab.url!r})\nprint(workspace.mode, 'with a token')",
    ]


def type_token(notebook: LiteNotebook, datalab: Application) -> None:
    """Run the cells of a notebook, and type the token into its field."""
    page = notebook.page
    page.evaluate(RECORD)
    notebook.run(1)
    expect(notebook.errors).to_contain_text("run workspace.ask_token(")
    notebook.run(2)
    field = page.get_by_label("Token of DataLab at")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("type", "password")
    expect(notebook.output(2)).not_to_contain_text("There is no password field")
    page.keyboard.type("\N{GREEK SMALL LETTER PI}")
    page.keyboard.press("Enter")
    expect(notebook.output(2)).to_contain_text("the token contains characters")
    page.keyboard.type(datalab.token)
    page.keyboard.press("Enter")
    expect(notebook.output(2)).to_contain_text("is kept until this kernel ends")
    notebook.run(3)
    expect(notebook.output(3)).to_have_text("live with a token")


def check_secret(notebook: LiteNotebook, token: str) -> None:
    """Check that the token is nowhere but in the memory of the kernel."""
    page = notebook.page
    saved = json.dumps(notebook.saved())
    assert "live with a token" in saved
    messages = page.evaluate("window.messages")
    assert any("workspace.ask_token" in message for message in messages)
    stored = page.evaluate(STORED)
    assert "live with a token" in stored
    shown = page.content() + page.url + page.evaluate("document.body.innerText")
    for place in (saved, stored, shown, *messages):
        assert token not in place


def test_a_token_is_typed_in_xeus_python(
    page: Page, xeus_site: str, datalab: Application
) -> None:
    page.goto(f"{xeus_site}/lab/index.html?reset")
    notebook = LiteNotebook(page, "xeus-python", [LOAD, *cells(datalab)])
    notebook.run(0)
    notebook.expect_run(0)

    type_token(notebook, datalab)

    check_secret(notebook, datalab.token)
    notebook.reopen()
    expect(page.get_by_label("Token of DataLab at")).to_have_count(0)


@pytest.mark.slow
def test_a_token_is_typed_in_pyodide(
    page: Page, datalab: Application, python_of: Callable[[Path], Path]
) -> None:
    python = python_of(pyodide_site.REQUIREMENTS)
    site = pyodide_site.built_site(python)
    with served(site, pyodide_site.site_files(site, python)) as url:
        page.goto(f"{url}/lab/index.html?reset")
        first = pyodide_site.first_cell(url) + LOAD
        notebook = LiteNotebook(page, "python", [first, *cells(datalab)])
        notebook.run(0)
        notebook.expect_run(0)

        type_token(notebook, datalab)

        check_secret(notebook, datalab.token)


def test_a_page_that_runs_no_scripts_says_so(
    page: Page, xeus_site: str, datalab: Application
) -> None:
    page.goto(f"{xeus_site}/lab/index.html?reset")
    notebook = LiteNotebook(page, "xeus-python", [LOAD, *cells(datalab)])
    page.evaluate(NO_SCRIPTS)
    notebook.run(0)
    notebook.run(1)
    notebook.run(2)
    expect(notebook.output(2)).to_contain_text("There is no password field for http")
    expect(page.get_by_label("Token of DataLab at")).to_have_count(0)


NAMED = "datalab_url=http://lab.test:80/%3Cb%3E&datalab_token=9f86d081884c7d65"


def test_the_address_of_a_page_attaches_nothing(page: Page, xeus_site: str) -> None:
    """JupyterLite changes the address before the notebook is open."""
    page.goto(f"{xeus_site}/lab/index.html?reset&{NAMED}")
    code = [LOAD, "print(workspace.mode, workspace.status().url)"]
    notebook = LiteNotebook(page, "xeus-python", code)
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1)).to_have_text("standalone None")

    shown = notebook.output(0).last  # below the offer of autosave
    expect(shown).to_contain_text("on another computer, lab.test")
    expect(shown).to_contain_text('workspace.connect("http://lab.test")')
    assert "9f86d081884c7d65" not in json.dumps(notebook.saved())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", ""),
        ("datalab_url=http://127.0.0.1:18080/", "DataLab on this computer."),
        (NAMED, 'the call workspace.ask_token("http://lab.test")'),
        ("datalab_token=9f86d081884c7d65", "workspace.ask_token(url)"),
        ("datalab_url=javascript:9f86d081884c7d65", "something that is not a URL"),
        ("datalab_url=http://me:9f86d081884c7d65@lab.test", "that is not a URL"),
    ],
)
def test_an_address_is_shown_without_secrets(
    page: Page, tmp_path: Path, address: str, shown: str
) -> None:
    with served(tmp_path, {"index.html": b"<p></p>"}) as url:
        page.goto(f"{url}/index.html?{address}")
        page.evaluate(f"{SCRIPT}; draw(document.querySelector('p'))")
        text = page.evaluate("document.body.innerText").strip()

    assert shown in text
    assert bool(text) == bool(shown)
    assert "9f86d081884c7d65" not in text
