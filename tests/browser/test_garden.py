"""The garden as a trader meets it: the real engine, through the real dashboard, in a real browser.

The tests of this file share one account and follow each other: the halt comes last.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.browser import Look, is_too_wide, shot
from tests.support.ceremony_home import record_warning_home
from tests.support.dashboard import Dashboard, dashboard
from tests.support.face_stage import Stage
from tests.support.forwarder import Forwarder
from tests.support.process import Process, going_on

EQUITY = ".garden[data-link=flowing][data-seq]"
APPROVED = ".answer[data-verdict=approved]"
REFUSED = ".answer[data-verdict=refused]"
EXCHANGE = ("--sample", "--speed", "5")


@pytest.fixture(scope="module")
def stage(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as ending:
        yield Stage(tmp_path_factory.mktemp("garden"), ending, "zen_garden", EXCHANGE)


@pytest.fixture
def garden(stage: Stage, look: Look) -> Any:
    """The garden, flowing, at 1280 px."""
    return entered(look(), stage.served)


def entered(page: Any, served: Dashboard) -> Any:
    page.goto(served.url)
    page.wait_for_selector(EQUITY)
    return page


def say(page: Any, text: str) -> None:
    page.fill(".command input", text)
    page.press(".command input", "Enter")


def told(page: Any, selector: str) -> str:
    """The answer, once it is there."""
    return str(page.wait_for_selector(selector).inner_text())


def buy(page: Any) -> None:
    say(page, "buy 100 usdt btc")
    told(page, APPROVED)
    page.wait_for_selector(".held tbody tr")


def flat(page: Any) -> None:
    page.wait_for_selector(".held .none:not([hidden])")


def test_a_calm_account_is_seen_at_once(stage: Stage, garden: Any, screens: Path) -> None:
    equity = stage.control.get("/account/status")["balance"]
    assert garden.inner_text(".equity") == f"{float(equity):.2f}"
    assert garden.inner_text(".tier") == "SNIPER"
    assert garden.inner_text(".link") == "flowing"
    assert garden.inner_text(".line time").endswith("UTC")
    assert "time runs 5 times faster" in garden.inner_text(".line")
    assert garden.locator(".bamboo li").count() >= 5
    assert "25.00 of 25.00 USDT left" in garden.inner_text(".bamboo")
    assert garden.locator(".discs li").count() == 6
    garden.wait_for_timeout(300)
    shot(garden, screens, "garden-calm")


def test_time_goes_on_in_venue_seconds(garden: Any) -> None:
    before = garden.inner_text(".line time")
    garden.wait_for_function(
        "before => document.querySelector('.line time').textContent !== before", arg=before
    )


def test_a_typed_order_is_clipped_refused_and_closed_again(
    stage: Stage, garden: Any, screens: Path
) -> None:
    say(garden, "buy 100 usdt btc")
    answer = told(garden, APPROVED)
    assert "BTC/USDT" in answer
    assert "Clipped from 100.00 to 25.00 USDT" in answer
    garden.wait_for_selector(".work tbody tr:has-text('stop loss'):has-text('open')")
    [position] = stage.control.get("/positions")
    row = garden.inner_text(".held tbody tr")
    assert position["quantity"] in row
    assert position["stop"].split(".")[0] in row.replace(",", "")
    garden.wait_for_selector(".diary li:has-text('Bought')")
    garden.wait_for_timeout(600)
    shot(garden, screens, "garden-order")

    garden.press(".command input", "ArrowUp")
    assert garden.input_value(".command input") == "buy 100 usdt btc"
    garden.press(".command input", "Enter")
    refusal = stage.control.say("buy 100 usdt btc").json()
    assert refusal["verdict"] == "refused"
    shown = told(garden, REFUSED)
    assert "less than the smallest order" in shown
    assert len(shown.splitlines()) >= len({each["reason"] for each in refusal["all"]})
    shot(garden, screens, "garden-refused")

    say(garden, "by some btc")
    assert "'by' is no command" in told(garden, ".answer[data-verdict=unread]")
    shot(garden, screens, "garden-not-understood")
    garden.press(".command input", "Escape")
    assert garden.inner_text(".answer") == ""

    garden.click(".held tbody button")
    assert garden.inner_text(".held tbody button") == "close now?"
    assert stage.control.get("/positions")  # one press does nothing yet
    garden.click(".held tbody button")
    flat(garden)
    assert stage.control.get("/positions") == []


def test_close_all_asks_for_its_words(stage: Stage, garden: Any, screens: Path) -> None:
    buy(garden)
    garden.click(".brakes button:has-text('close all')")
    phrase = ".confirm label:has(code) input"
    garden.fill(phrase, "close all")
    garden.press(phrase, "Enter")
    assert garden.get_attribute(phrase, "data-wrong") == "1"
    assert stage.control.get("/positions")
    garden.wait_for_timeout(600)
    shot(garden, screens, "garden-close-all")
    garden.fill(phrase, "CLOSE ALL POSITIONS")
    garden.press(phrase, "Enter")
    assert "1 position closed" in told(garden, f"{APPROVED}:has-text('closed')")
    flat(garden)
    assert stage.control.get("/positions") == []


def test_close_all_can_be_held_with_a_key_and_let_go(stage: Stage, garden: Any) -> None:
    buy(garden)
    garden.focus(".brakes button:has-text('close all')")
    garden.keyboard.press("Enter")
    garden.focus(".confirm .hold")
    garden.keyboard.down("Enter")
    garden.wait_for_timeout(400)
    garden.keyboard.up("Enter")
    garden.wait_for_timeout(1_500)
    assert stage.control.get("/positions")  # it was let go in time
    garden.keyboard.down(" ")
    assert "closed" in told(garden, f"{APPROVED}:has-text('closed')")
    garden.keyboard.up(" ")
    flat(garden)


def test_the_engine_is_killed_and_comes_back(stage: Stage, garden: Any, screens: Path) -> None:
    buy(garden)
    equity = garden.inner_text(".equity")
    stage.engine.process.send_signal(signal.SIGKILL)
    garden.wait_for_selector(".garden[data-link=still]")
    told_link = garden.inner_text(".link")
    assert "still: the engine is gone; numbers may be old since 00:" in told_link
    assert garden.inner_text(".equity")[:3] == equity[:3]  # what was known stays in sight
    say(garden, "close btc")
    unknown = told(garden, ".answer[data-verdict=unknown]")
    assert "not known whether the engine got this" in unknown
    garden.wait_for_timeout(1_600)
    shot(garden, screens, "garden-still")
    garden.click(".brakes button:has-text('close all')")
    assert "genesis close-all --direct" in garden.inner_text(".confirm")
    garden.keyboard.press("Escape")

    stage.engine.kill()
    stage.engine = stage.start()
    garden.wait_for_selector(EQUITY)
    late = told(garden, ".answer:has-text('The engine is back')")
    assert "never got this" in late
    assert stage.control.get("/positions")  # and indeed it was not closed
    garden.wait_for_selector(".held tbody tr")
    shot(garden, screens, "garden-back")
    stage.control.say("close btc")
    flat(garden)


@pytest.mark.parametrize("is_reloaded", [False, True])
def test_a_command_whose_answer_died_with_the_engine_is_told_when_it_is_back(
    stage: Stage, look: Look, is_reloaded: bool
) -> None:
    """Also to a page that started over, with another kernel."""
    facts = json.loads(stage.home.joinpath("service.json").read_text())
    with Forwarder(urlsplit(facts["url"]).port or 0) as way:
        facts["url"] = f"http://127.0.0.1:{way.port}"
        stage.home.joinpath("service.json").write_text(json.dumps(facts))
        page = entered(look(), stage.served)
        way.is_deaf = True
        say(page, "buy 100 usdt btc")
        stage.control.until("nothing was bought", "/positions", bool)
        stage.engine.process.send_signal(signal.SIGKILL)
        way.drop()
        assert "not known whether" in told(page, ".answer[data-verdict=unknown]")
        if is_reloaded:
            page.reload()
            page.wait_for_selector(".garden[data-link=still]")
        stage.engine.kill()
        stage.engine = stage.start()
    first = "The engine tells of \u201cbuy 100 usdt btc\u201d: " if is_reloaded else ""
    late = told(page, f".answer:has-text('{first or 'The engine is back and tells: '}')")
    assert "Approved: 0.000" in late
    assert "BTC/USDT" in late
    assert stage.control.get("/positions")
    stage.control.say("close btc")
    flat(page)


def test_a_page_whose_kernel_died_starts_over_when_it_is_seen(stage: Stage, look: Look) -> None:
    page = look(kernel_dies=True)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    entered(page, stage.served)
    page.evaluate("window.isOld = true")
    [kernel] = processes_with(sockets[0].split("/api/kernels/")[1].split("/")[0])
    os.kill(kernel, signal.SIGKILL)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("!window.isOld")
    page.wait_for_selector(EQUITY)


def processes_with(word: str) -> list[int]:
    """Processes whose command line holds a word."""
    lines = {path.parent.name: path for path in Path("/proc").glob("[0-9]*/cmdline")}
    return [int(number) for number, path in lines.items() if word in read(path)]


def read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def test_no_width_scrolls_sideways_and_by_night_it_is_dark(
    stage: Stage, look: Look, screens: Path
) -> None:
    page = entered(look(420, 900), stage.served)
    if not stage.control.get("/positions"):
        buy(page)
    page.wait_for_selector(".held tbody tr")
    page.press(".command input", "Escape")
    for width, dark in ((420, False), (420, True), (800, False), (1280, True)):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        paper = page.evaluate("getComputedStyle(document.querySelector('.garden')).backgroundColor")
        assert paper == ("rgb(31, 33, 31)" if dark else "rgb(244, 239, 229)")
        assert not is_too_wide(page)
        page.wait_for_timeout(600)
        name = f"garden-{width}{'-dark' if dark else ''}"
        shot(page, screens, name)
        page.set_viewport_size({"width": width, "height": 2000})
        page.wait_for_timeout(300)
        shot(page, screens, f"{name}-whole")
        assert not is_too_wide(page)


def test_an_intervention_opens_its_page_in_the_garden(
    stage: Stage, tmp_path: Path, look: Look, screens: Path
) -> None:
    recorded = record_warning_home(tmp_path / "warned")
    with Process(tmp_path, *going_on(recorded)), dashboard(tmp_path, recorded.home) as served:
        page = look()
        page.goto(served.url)
        page.wait_for_selector(".garden[data-weather=page] dialog[open] textarea")
        assert page.inner_text(".calm .level").startswith("warning")
        page.wait_for_timeout(1_800)
        shot(page, screens, "garden-intervention")


def test_a_halt_is_asked_for_with_a_reason_and_stays_in_sight(
    stage: Stage, garden: Any, screens: Path
) -> None:
    garden.click(".brakes button:has-text('halt')")
    garden.fill(".confirm label:not(:has(code)) input", "too short")
    phrase = ".confirm label:has(code) input"
    garden.fill(phrase, "HALT TRADING NOW")
    garden.press(phrase, "Enter")
    assert not stage.control.get("/locks")
    garden.fill(".confirm label:not(:has(code)) input", "the test halts by hand")
    garden.wait_for_timeout(600)
    shot(garden, screens, "garden-halt-asked")
    garden.press(phrase, "Enter")
    garden.wait_for_selector(".garden[data-weather=halted]")
    assert "halted" in garden.inner_text(".weather")
    assert garden.locator(".locks li").count() >= 1
    garden.wait_for_timeout(1_600)
    garden.press(".command input", "Escape")
    shot(garden, screens, "garden-halted")
    assert any(lock["code"] for lock in stage.control.get("/locks"))
    say(garden, "buy 100 usdt btc")
    assert "halted" in told(garden, REFUSED).lower()
    garden.reload()
    garden.wait_for_selector(".garden[data-weather=halted]")
