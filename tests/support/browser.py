"""Headless Chromium for tests that look at a face, and a plain page to see one without a kernel.

`tests/browser/conftest.py` makes the fixtures known: `chromium`, `look`, `screens`. A page that
asks for anything beyond this machine, or breaks in its own script, fails its test.
"""

import os
import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from genesis.panels.scripts import packed, script, split
from tests.conftest import require
from tests.support.patience import PATIENCE_MS

KEPT = os.environ.get("GENESIS_SCREENS")
"""Where screenshots stay; read here because tests run without GENESIS_ variables."""
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The same browser without its windows comes first: it starts faster."""
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
_HERE = ("127.0.0.1", "localhost", "::1")
_BARE = "http://127.0.0.1/face"
_BARE_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>face</title>
<style>html,body{margin:0;background:#f4efe5}
@media(prefers-color-scheme:dark){html,body{background:#1f211f}}</style><body></body></html>"""
_MODEL = """async ([esm, css, pack, traits]) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  const ears = {}, held = { ...traits };
  held.pack = Uint8Array.from(atob(pack), c => c.charCodeAt(0));
  const emit = (name, ...given) => [...(ears[name] ?? [])].forEach(ear => ear(...given));
  window.sent = [];
  window.esm = esm;
  window.face = {
    get: name => held[name], save_changes() {}, send: m => window.sent.push(m),
    set(name, value) { held[name] = value; emit("change:" + name); },
    on: (name, ear) => (ears[name] ??= new Set()).add(ear),
    off: (name, ear) => ears[name]?.delete(ear),
    tell: m => emit("msg:custom", m),
  };
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const module = (await import(url)).default;
  const el = document.body.appendChild(document.createElement("div"));
  window.unmount = await module.render({ model: window.face, el });
}"""

Look = Callable[..., Any]
_OF_A_DEAD_KERNEL = ("Kernel connection disconnected",)
STEP = 12
"""Characters that are typed at once: fewer than a burst, which the engine would mind."""


def chromium_path() -> str | None:
    """Where this machine has a Chromium."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for a module.

    Not for the session: while Playwright's synchronous side is open, its thread counts as one with
    a running event loop, and tests of other modules that run a loop of their own would fail.
    """
    path = chromium_path()
    require(path is not None, "Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of screenshots: GENESIS_SCREENS, or one that goes with the run."""
    folder = tmp_path_factory.mktemp("screens") if KEPT is None else Path(KEPT)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def look(chromium: Any) -> Iterator[Look]:
    """Makes pages: `look(width=1280, height=860, dark=False, still=True, kernel_dies=False)`.

    still: less motion, as a reader may ask for; moving pictures cost a machine without a graphics
    card as much as all the rest, so that only tests that are about motion look at them.
    kernel_dies: the test kills it; that Voila's own script says so on its way out is no fault.
    """
    contexts: list[Any] = []
    faults: list[str] = []

    def page(
        width: int = 1280,
        height: int = 860,
        *,
        dark: bool = False,
        still: bool = True,
        kernel_dies: bool = False,
    ) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
            locale="en-US",
        )
        contexts.append(context)
        made = context.new_page()
        made.set_default_timeout(PATIENCE_MS)
        watch(made, faults, _OF_A_DEAD_KERNEL if kernel_dies else ())
        return made

    yield page
    for context in contexts:
        context.close()
    assert not faults, faults


def watch(page: Any, faults: list[str], expected: tuple[str, ...] = ()) -> None:
    """Write down what a page asks of other machines, and what breaks in it beside the expected."""

    def asked(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about", "file") and parts.hostname not in _HERE:
            faults.append(f"the page asked for {url}")

    def broke(error: object) -> None:
        if str(error) not in expected:
            faults.append(f"the page broke: {error}")

    page.on("request", lambda request: asked(request.url))
    page.on("websocket", lambda socket: asked(socket.url))
    page.on("pageerror", broke)


def shot(page: Any, folder: Path, name: str, *, whole: bool = False) -> Path:
    """A screenshot `name.png`; `whole`: of the page's full height."""
    path = folder / f"{name}.png"
    page.screenshot(path=str(path), full_page=whole, animations="allow")
    return path


def type_quickly(page: Any, text: str, keys: int = 40, step_ms: float = 0) -> None:
    """The beginning key by key, the rest of a long text a few characters at a time.

    A page of ours writes down what is typed in small steps, whoever takes them; a key costs the
    browser as much as such a step. step_ms: the least time for a step, where the
    time counts in which a page was written, however fast the machine is.
    """
    page.keyboard.type(text[:keys])
    for begin in range(keys, len(text), STEP):
        begun = time.monotonic()
        page.keyboard.insert_text(text[begin : begin + STEP])
        left_ms = step_ms - 1000 * (time.monotonic() - begun)
        if left_ms > 0:
            page.wait_for_timeout(left_ms)


def is_too_wide(page: Any) -> bool:
    """Would one have to scroll sideways?"""
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
        )
    )


class BareFace:
    """A widget's script in a plain page: the kernel's side is played by the test.

    face: the widget's class; only its scripts are used.
    """

    def __init__(self, page: Any, face: Any, link: str = "flowing") -> None:
        self.page = page
        self._face = face
        page.route(_BARE, lambda route: route.fulfill(body=_BARE_PAGE, content_type="text/html"))
        page.goto(_BARE)
        traits = {"link": link, "problem": ""}
        pack = b64encode(packed(*face.scripts)).decode()
        page.evaluate(_MODEL, [str(face._esm), str(getattr(face, "_css", "")), pack, traits])

    def tell(self, **message: Any) -> None:
        """The kernel says something."""
        self.page.evaluate("m => window.face.tell(m)", message)

    def show(self, seq: int = 1, t: str = "", speed: float = 1, **parts: Any) -> None:
        """New parts of the view."""
        self.tell(kind="view", seq=seq, t=t, speed=speed, parts=parts)

    def link(self, state: str, problem: str = "") -> None:
        for name, value in (("problem", problem), ("link", state)):
            self.page.evaluate("([n, v]) => window.face.set(n, v)", [name, value])

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """What the browser's side said of that kind so far."""
        found = self.page.evaluate("k => window.sent.filter(m => m.kind === k)", kind)
        return list(found)

    def asked(self, path: str) -> dict[str, Any]:
        """The newest request for `path`, waited for."""
        self.page.wait_for_function(
            "p => window.sent.some(m => m.kind === 'ask' && m.path === p)", arg=path
        )
        return [m for m in self.sent("ask") if m["path"] == path][-1]

    def answer(self, to: dict[str, Any], status: int, body: Any, **more: Any) -> None:
        """Answer a request as the kernel would."""
        told = {"kind": "answer", "ref": to["ref"], "path": to["path"], "status": status}
        self.tell(**told, certain=status != 0, body=body, **more)

    def give_module(self, name: str) -> None:
        """Give a script that is loaded later, once it is asked for."""
        self.page.wait_for_function(
            "n => window.sent.some(m => m.kind === 'need' && m.name === n)", arg=name
        )
        scripts, styles = split(self._face.modules[name])
        text = script(*scripts) + f"\nexport {{ {name} }};"
        self.tell(kind="module", name=name, text=text, css=script(*styles))
