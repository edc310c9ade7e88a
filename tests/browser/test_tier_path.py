"""The path of the tiers as a trader walks it: a recorded home, the real engine, a real browser."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import BareFace, Look, is_too_wide, shot
from tests.support.ceremony_home import PHRASE, record_ceremony_home
from tests.support.face_stage import FastStage, Stage

READY = ".path[data-link=flowing] .way [data-state=here]"
RITE = "dialog.rite[open]"
SIZES = (("narrow", 420, False), ("wide", 1280, False), ("dark", 1280, True))


@pytest.fixture(scope="module")
def stage(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A home in which the ceremony waits to be held."""
    folder = tmp_path_factory.mktemp("tiers")
    recorded = record_ceremony_home(folder / "home")
    with ExitStack() as ending:
        yield FastStage(folder, ending, "tiers", recorded.home, recorded.usdt, recorded.rules)


def entered(stage: Stage, page: Any) -> Any:
    return stage.open(page, "tiers", READY)


def said(page: Any) -> str:
    return str(page.inner_text(".rite .reply"))


# -- the way up ------------------------------------------------------------------------------
def test_the_path_shows_where_one_stands(stage: Stage, look: Look, screens: Path) -> None:
    page = entered(stage, look(width=420, height=1200))
    assert page.inner_text(".way [data-state=here] b") == "sniper"
    assert page.locator(".way [data-state=ahead]").count() == 3
    told = stage.control.get("/tier/path")
    for table in ("gates", "night"):
        rows = page.locator(f".{table} tbody tr")
        assert rows.count() == len(told["gates"])
        assert page.locator(f".{table} tr[data-passed='1']").count() == len(told["gates"])
    assert "every gate passed" in page.inner_text(".night")
    assert "paper time" in page.inner_text(".past")
    assert "stands open" in page.inner_text(".invite")
    assert page.is_hidden(".notice")
    for name, width, dark in SIZES:
        page.set_viewport_size({"width": width, "height": 1200})
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.wait_for_timeout(300)
        assert not is_too_wide(page)
        shot(page, screens, f"tiers-{name}")


def test_a_wrong_phrase_changes_nothing(stage: Stage, look: Look, screens: Path) -> None:
    page = entered(stage, look())
    page.click("text=begin the ceremony")
    page.wait_for_selector(RITE)
    page.wait_for_timeout(1_700)  # it fades in
    shot(page, screens, "tiers-ceremony")
    assert "What opens" in page.inner_text(RITE)
    page.keyboard.type(PHRASE.lower())  # a few of these are a sign of tilt: one is enough here
    page.keyboard.press("Enter")
    page.wait_for_selector(".rite .reply:has-text('letter by letter')")
    assert "Nothing has changed" in said(page)
    shot(page, screens, "tiers-ceremony-wrong")
    told = stage.control.get("/tier/path")
    assert (told["tier"], told["mode"]) == ("SNIPER", "CEREMONY")
    page.keyboard.press("Escape")
    page.wait_for_selector(RITE, state="detached")
    assert page.evaluate("document.activeElement.textContent") == "begin the ceremony"


def test_the_phrase_is_typed_and_not_pasted(stage: Stage, look: Look) -> None:
    page = entered(stage, look())
    page.click("text=begin the ceremony")
    page.keyboard.type("I understand")
    page.keyboard.press("Control+A")
    page.keyboard.press("Control+X")
    page.keyboard.press("Control+V")
    page.wait_for_selector(".rite .reply:has-text('typed, not pasted')")
    assert page.input_value(".rite input") == ""
    page.click("text=not today")
    page.wait_for_selector(RITE, state="detached")


def test_the_ceremony_fits_a_narrow_screen(stage: Stage, look: Look, screens: Path) -> None:
    page = entered(stage, look(width=420, height=900))
    page.click("text=begin the ceremony")
    page.wait_for_timeout(1_700)
    assert not is_too_wide(page)
    assert page.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('.rite'))")
    shot(page, screens, "tiers-ceremony-narrow")


def test_the_engine_gone_in_the_middle_is_said_and_found_out(stage: Stage, look: Look) -> None:
    page = entered(stage, look())
    page.click("text=begin the ceremony")
    page.keyboard.type("I understand nothing")
    stage.engine.process.send_signal(signal.SIGKILL)
    stage.engine.process.wait()
    page.keyboard.press("Enter")
    page.wait_for_selector(".rite .reply:has-text('not known')")
    stage.start()
    page.wait_for_selector(".rite .reply:has-text('letter by letter')")
    assert stage.control.get("/tier/path")["mode"] == "CEREMONY"


def test_the_exact_phrase_leads_through_the_gate(stage: Stage, look: Look, screens: Path) -> None:
    page = entered(stage, look(still=False))
    page.click("text=begin the ceremony")
    page.keyboard.type(PHRASE)
    page.keyboard.press("Enter")
    page.wait_for_selector(".rite canvas:not([hidden])")
    page.keyboard.press("Escape")  # the circle is drawn to its end
    page.wait_for_selector(".rite[data-held] .after")
    page.wait_for_selector(".rite h2:has-text('Hunter')")
    page.wait_for_selector(".rite .after:has-text('ADJUST48')")
    page.wait_for_timeout(1_700)  # it fades in
    shot(page, screens, "tiers-enso")
    page.keyboard.press("Enter")
    page.wait_for_selector(RITE, state="detached")
    page.wait_for_selector(".way li:nth-child(2)[data-state=here]")
    assert page.is_hidden(".invite")
    assert "Half sizes: 0 of 2 trades" in page.inner_text(".waits")
    told = stage.control.get("/tier/path")
    assert (told["tier"], told["mode"]) == ("HUNTER", "ADJUST48")
    assert "sniper to hunter" in page.inner_text(".past")
    page.set_viewport_size({"width": 1280, "height": 1100})
    shot(page, screens, "tiers-hunter")


def test_a_halt_is_told_with_its_plan(stage: Stage, look: Look, screens: Path) -> None:
    page = entered(stage, look(height=1200))
    halt = {"reason": "a test of the notice", "confirmation": "HALT TRADING NOW"}
    assert stage.control.post("/emergency/halt", **halt).status_code == 200
    page.wait_for_selector(".notice:not([hidden])")
    notice = page.inner_text(".notice")
    for words in ("Trading is halted", "protective stop", "What the way back asks"):
        assert words in notice
    assert "a test of the notice" in notice.lower()
    shot(page, screens, "tiers-halted")


# -- nothing is known ------------------------------------------------------------------------
@pytest.mark.parametrize("link", ["resting", "still"])
def test_without_an_engine_nothing_is_said_of_the_way(look: Look, screens: Path, link: str) -> None:
    from genesis.panels.tier_path import TierPath

    page = look(width=420 if link == "resting" else 1280)
    face = BareFace(page, TierPath, link)
    face.link(link, "no engine runs here yet")
    said = page.inner_text(".path")
    assert "Nothing is known" in said
    for words in ("the next gate", "the last evaluation", "the way so far"):
        assert words not in said
    seen = "[...document.querySelectorAll('table, canvas')].filter(it => it.offsetParent).length"
    assert page.evaluate(seen) == 0
    assert not is_too_wide(page)
    shot(page, screens, f"tiers-nothing-known-{link}")
    face.link("flowing")
    face.show(1, "2024-02-01T10:00:00Z", 1, **TierPath().view({"tier": "SNIPER"}))
    assert "Nothing is known" in page.inner_text(".path")  # the path itself is asked for
    face.answer(face.asked("/tier/path"), 200, {}, **TierPath().answered("/tier/path", 200, {}))
    page.wait_for_selector(".path .gates:visible")
    assert "Nothing is known" not in page.inner_text(".path")


# -- the way down, played by the test --------------------------------------------------------
def emergency() -> dict[str, Any]:
    """GET /tier/path after a day of too great a loss, with a position too many."""
    gate = {"gate": "capital", "required_value": "2000 USDT at 3 closes", "passed": False}
    history = {"from": "HUNTER", "to": "SNIPER", "from_mode": "ACTIVE", "mode": "EMERGENCY"}
    return {
        "tier": "SNIPER",
        "mode": "EMERGENCY",
        "since": "2024-02-01T09:12:00Z",
        "next_tier": "HUNTER",
        "gates": [gate | {"current_value": "1690 USDT at 3 closes"}],
        "evaluation": None,
        "no_promotion_before": "2024-03-02T09:12:00Z",
        "plan": ["Open positions keep their stops.", "Nothing has to be won back today."],
        "reduce_only": [{"symbol": "ETH/USDT", "quantity": "0.0120"}],
        "history": [
            history | {"at": "2024-02-01T09:12:00Z", "reason": "the loss of the day is too great"}
        ],
    }


@pytest.mark.parametrize(("name", "width", "dark"), SIZES)
def test_the_notice_of_a_step_down_is_calm_and_whole(
    look: Look, screens: Path, name: str, width: int, dark: bool
) -> None:
    from genesis.panels.tier_path import TierPath

    page, told = look(width=width, height=1200, dark=dark, still=True), emergency()
    face, kernel = BareFace(page, TierPath), TierPath()
    face.show(1, "2024-02-01T10:00:00Z", 1, **kernel.view({"tier": "SNIPER", "mode": "EMERGENCY"}))
    asked = face.asked("/tier/path")
    face.answer(asked, 200, told, **kernel.answered("/tier/path", 200, told))
    page.wait_for_selector(".notice:not([hidden])")
    notice = page.inner_text(".notice")
    for words in (
        "The way led from hunter to sniper",
        "0.012 ETH/USDT",
        "Nothing has to be won back today.",
        "2024-03-02 09:12 UTC",
        "30 days still",
    ):
        assert words in notice
    assert not is_too_wide(page)
    shot(page, screens, f"tiers-step-down-{name}")
