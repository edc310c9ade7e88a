"""The dashboards in a real browser: behind a tunnel, abandoned, unopened, and without an engine."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from genesis.panels.pool import IDLE_S
from tests.support.browser import Look
from tests.support.dashboard import Dashboard, dashboard
from tests.support.forwarder import Forwarder
from tests.support.patience import PATIENCE_S
from tests.support.process import Control, Process

LOADS = 3
LONG_LOADS = 20
A_MINUTE_S = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Process]:
    home = folder / "home"
    arguments = ("run", "--mode", "paper", "--home", str(home), "--port", "0", "--json")
    with Process(folder, *arguments) as running:
        yield running
        running.end()


@pytest.fixture(scope="module")
def served(folder: Path, engine: Process) -> Iterator[Dashboard]:
    with dashboard(folder, folder / "home") as running:
        yield running


def kernels(served: Dashboard) -> list[psutil.Process]:
    """Its children: nothing else is started by it."""
    return psutil.Process(served.process.ready["pid"]).children()


def readers(engine: Process, home: Path) -> int:
    with Control(engine.ready["url"], home).http as http:
        told = http.get("/metrics").text
    found = re.search(r"^genesis_stream_readers (\d+)", told, re.MULTILINE)
    assert found is not None
    return int(found[1])


def flows(page: Any) -> None:
    page.get_by_text("flowing").first.wait_for()


def test_the_garden_flows_through_a_tunnel_and_its_pages_are_linked(
    look: Look, served: Dashboard, screens: Path
) -> None:
    with Forwarder(served.port) as tunnel:
        page = look()
        page.goto(f"http://localhost:{tunnel.port}/?token={served.token}")
        flows(page)
        assert page.url == f"http://localhost:{tunnel.port}/"
        links = page.locator("#pages a")
        assert links.all_inner_texts() == ["garden", "tilt", "tiers"]
        assert page.locator("#pages [aria-current=page]").inner_text() == "garden"
        assert page.title() == "Zen Garden · Genesis"
        page.screenshot(path=screens / "tunnel.png")
        links.nth(2).click()
        page.wait_for_url("**/tiers")
        page.locator("#pages [aria-current=page]").get_by_text("tiers").wait_for()
        assert str(tunnel.port) in page.url
        page.close()  # it may still load parts of itself through the tunnel


def test_a_tunnel_drops_and_comes_back_and_no_order_is_left_in_it(
    look: Look, served: Dashboard, engine: Process, folder: Path
) -> None:
    with Forwarder(served.port) as tunnel:
        page = look()
        page.goto(f"http://localhost:{tunnel.port}/?token={served.token}")
        flows(page)
        tunnel.is_up = False
        tunnel.drop()
        say(page, "buy 100 usdt btc")  # into a tunnel of which nobody knows yet that it is dead
        page.locator(".answer", has_text="The engine is asked").wait_for()
        page.locator(".link", has_text="lost its kernel").wait_for()
        say(page, "buy 100 usdt btc")
        page.locator(".answer", has_text="It cannot be sent now").wait_for()
        tunnel.is_up = True
        page.locator(".link").get_by_text("flowing", exact=True).wait_for()
        page.locator(".answer", has_text="Nothing was done").wait_for()
        say(page, "status")
        page.locator(".answer[data-verdict=approved]", has_text="equity").wait_for()
    assert Control(engine.ready["url"], folder / "home").get("/positions") == []


def say(page: Any, text: str) -> None:
    page.fill(".command input", text)
    page.press(".command input", "Enter")


def test_without_the_token_the_browser_shows_the_gate_and_takes_the_token(
    look: Look, served: Dashboard, screens: Path
) -> None:
    page = look(420, 800, dark=True)
    page.goto(f"{served.base}/tilt?token=wrong")
    assert "not the one" in page.inner_text("main")
    page.screenshot(path=screens / "gate.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    page.get_by_label("Token").fill(served.token)
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url("**/tilt")
    page.locator("#pages").wait_for()


def test_no_engine_runs_and_the_page_waits_for_it(
    look: Look, folder: Path, screens: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with dashboard(folder, home) as served:
        page = look()
        page.goto(served.url)
        page.get_by_text("no engine runs").first.wait_for()
        page.screenshot(path=screens / "no-engine.png")
        arguments = ("run", "--mode", "paper", "--home", str(home), "--port", "0", "--json")
        with Process(folder, *arguments) as running:
            flows(page)
            running.end()


def test_a_tab_that_closes_ends_its_kernel_at_once(look: Look, served: Dashboard) -> None:
    """By its own word, long before it would count as abandoned."""
    page = look()
    page.goto(served.url)
    flows(page)
    config = json.loads(page.locator("#jupyter-config-data").inner_text())
    address = f"{served.base}/api/kernels/{config['kernelId']}"
    headers = {"Authorization": f"token {served.token}"}
    with httpx.Client(headers=headers, trust_env=False, timeout=PATIENCE_S) as http:
        assert http.get(address).status_code == 200
        page.close(run_before_unload=True)
        left = time.monotonic() + IDLE_S * 0.6
        while http.get(address).status_code != 404:
            assert time.monotonic() < left
            time.sleep(0.1)


@pytest.mark.parametrize("loads", [LOADS, pytest.param(LONG_LOADS, marks=pytest.mark.long)])
def test_loads_and_closes_leave_no_kernel_and_no_reader_after_a_minute(
    look: Look, engine: Process, folder: Path, loads: int
) -> None:
    """Closed properly, closed at once, and torn away, each of them several times: a kernel each,
    and none is left.
    """
    with dashboard(folder, folder / "home") as served:
        _load_and_close(look, served, loads)
        left = time.monotonic() + A_MINUTE_S
        while len(kernels(served)) > 1 or readers(engine, folder / "home"):
            assert time.monotonic() < left, [kernel.pid for kernel in kernels(served)]
            time.sleep(1)
        page = look()
        page.goto(served.url)
        flows(page)  # the one that waited is spared


def _load_and_close(look: Look, served: Dashboard, loads: int) -> None:
    for number in range(loads):
        page = look(640, 480)
        page.goto(served.url, wait_until="commit" if number % 3 == 1 else "load")
        if number % 3 != 1:
            flows(page)
        page.close(run_before_unload=number % 3 == 0)
        page.context.close()
