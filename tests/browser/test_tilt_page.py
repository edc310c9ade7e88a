"""The tilt page as a trader meets it: the real engine, the real dashboard, a real browser.

The tests on `stage` share one account and follow each other: calm, then paused, then resumed.
Venue time runs sixty times faster than the wall, so that eight minutes of writing are seconds.
"""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from genesis.service.home import Home
from tests.support.browser import Look, is_too_wide, shot, type_quickly
from tests.support.ceremony_home import record_warning_home
from tests.support.face_stage import FastStage, Stage

FLOWING = ".tilt[data-link=flowing][data-level]"
OPEN = "dialog.page[open]"
READY = f"{OPEN} textarea:not([readonly])"
KEPT = f"{OPEN} .kept[data-how=kept]"
PAGE = files("genesis.service.demo").joinpath("page.txt").read_text(encoding="utf-8").strip()
FIRST, REST = PAGE[:700], PAGE[700:]
SIZES = (("narrow", 420, False), ("dark", 1280, True))
STEP_MS = 21
"""Half of the eight minutes of a page, a sixtieth of which pass here, in as many steps."""
SLOW_MS = 54
"""As somebody writes who takes his time."""
ANOTHER = """
Tonight I stopped by myself, and that is the part I want to keep. Nothing dramatic had happened on
the market, only a slow afternoon that made me restless and a little angry with my own patience. I
noticed that my shoulders were up and that I answered short when somebody asked me about dinner.
When I catch that sign early, the evening is still mine. So the halt is no punishment but a door
which I may close from the inside. Tomorrow I will sit down with tea, read what I wrote here, and
look at the plan before I look at any price. If the plan says wait, then waiting is the work that is
to be done, and I can be proud of doing it well. I was afraid of missing something all day long, and
yet nothing that I missed would have changed my month. Calm is worth more to me than one more entry.
""".replace("\n", " ")


@pytest.fixture(scope="module")
def stage(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as ending:
        yield FastStage(tmp_path_factory.mktemp("tilt"), ending, "tilt")


@pytest.fixture(scope="module")
def paused(stage: Stage) -> Stage:
    """The stage after a chase: tilt has paused trading, and a position is open."""
    stage.control.say("buy 10 usdt btc")
    stage.control.until("a position", "/positions", lambda told: len(told) == 1)
    stage.chase()
    return stage


def entered(stage: Stage, page: Any, ready: str = READY) -> Any:
    return stage.open(page, "tilt", ready)


def text_of(page: Any) -> str:
    return str(page.input_value("dialog.page textarea"))


def write(page: Any, text: str, step_ms: float = STEP_MS) -> None:
    """At the end of what is there; and until the engine has it."""
    page.focus("dialog.page textarea")
    page.keyboard.press("Control+End")
    type_quickly(page, text, step_ms=step_ms)
    page.wait_for_selector(f"{KEPT}:has-text(' at ')")


def wipe(page: Any) -> None:
    page.focus("dialog.page textarea")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")


def offer(page: Any) -> str:
    """Offer the page; what is said then."""
    page.click("text=offer the page")
    told = page.wait_for_function(
        "() => { const told = document.querySelector('.sheet > .reply').textContent;"
        " return /^(Not yet|Your page)/.test(told) && told }"
    )
    return str(told.json_value())  # what is told goes with the page


def dress(page: Any, width: int, dark: bool, still: bool = True) -> None:
    """Another width, another hour of the day."""
    page.set_viewport_size({"width": width, "height": 1000})
    motion = "reduce" if still else "no-preference"
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion=motion)
    page.wait_for_timeout(300)


def put_out_of_sight(page: Any) -> None:
    """As if another tab were in front: nothing follows the engine here for long."""
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })"
    )


def see_again(page: Any) -> None:
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")


def check(page: Any, words: str) -> None:
    """Wait until one of the live checks says this."""
    page.wait_for_selector(f".checks li:has-text('{words}')")


# -- calm ------------------------------------------------------------------------------------
def test_a_calm_trader_sees_a_calm_page(stage: Stage, look: Look, screens: Path) -> None:
    page = entered(stage, look(height=1000), FLOWING)
    page.wait_for_selector(".usual tbody tr")
    assert page.inner_text(".score b") == "0"
    assert "normal" in page.inner_text(".score .word")
    assert "real-world accuracy unknown" in page.inner_text(".score")
    assert page.locator(".ladder tbody tr").count() == 4
    assert page.locator(".usual tbody tr").count() == 10
    assert "never paused" in page.inner_text(".paused")
    assert page.locator(OPEN).count() == 0
    shot(page, screens, "tilt-calm")
    for name, width, dark in SIZES:
        dress(page, width, dark)
        assert not is_too_wide(page)
        shot(page, screens, f"tilt-calm-{name}")


# -- the pause -------------------------------------------------------------------------------
def test_a_pause_opens_the_page_that_nothing_but_writing_closes(
    paused: Stage, look: Look, screens: Path
) -> None:
    page = entered(paused, look())
    assert "Trading paused - Performance optimization needed" in page.inner_text(".title")
    assert "Write 500 words" in page.inner_text(".ask")
    for _ in range(6):
        page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    assert page.locator(OPEN).count() == 1
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    for _ in range(12):  # the focus stays within the page
        page.keyboard.press("Tab")
        inside = "!!document.activeElement.closest('dialog.page')"
        assert page.evaluate(f"{inside} || document.activeElement === document.body")
    shot(page, screens, "tilt-page")
    write(page, "A few words to begin with, and then a few more. ")
    assert page.inner_text(".count") == "11 of 500 words"
    assert page.is_disabled("text=offer the page")
    check(page, "489 words still")
    wipe(page)


def test_what_is_pasted_does_not_come_in(paused: Stage, look: Look, screens: Path) -> None:
    page = entered(paused, look())
    wipe(page)
    write(page, "I wrote this line myself. ")
    page.keyboard.press("Control+A")
    page.keyboard.press("Control+X")
    page.keyboard.press("Control+V")  # a piece of the page itself may be moved about
    assert text_of(page) == "I wrote this line myself. "
    paste = """text => {
      const area = document.querySelector("dialog.page textarea"), data = new DataTransfer();
      data.setData("text/plain", text);
      return area.dispatchEvent(new InputEvent("beforeinput", {
        inputType: "insertFromPaste", data: text, dataTransfer: data, cancelable: true,
      }));
    }"""
    assert page.evaluate(paste, "somebody else's words about a day that was not mine") is False
    assert "own words" in page.inner_text(".sheet > .reply")
    assert page.evaluate(paste, "67453.12") is True  # a number may be looked up
    shot(page, screens, "tilt-page-pasted")
    wipe(page)


def test_the_page_fits_and_turns_dark(paused: Stage, look: Look, screens: Path) -> None:
    page = entered(paused, look(still=False))
    for name, width, dark in SIZES:
        dress(page, width, dark, still=dark)
        page.wait_for_timeout(1_000)  # it fades in
        assert not is_too_wide(page)
        shot(page, screens, f"tilt-page-{name}")


def test_positions_can_be_left_while_the_page_is_open(
    paused: Stage, look: Look, screens: Path
) -> None:
    page = entered(paused, look())
    page.click("text=close all")
    assert len(paused.control.get("/positions")) == 1  # the first press only asks
    page.wait_for_selector("text=press again to close everything")
    page.click("text=close BTC/USDT")
    page.wait_for_selector(".stones", state="hidden")
    assert paused.control.get("/positions") == []
    assert page.locator(OPEN).count() == 1
    assert paused.level() == "WARNING"


def test_words_that_come_round_again_are_refused_by_name(
    paused: Stage, look: Look, screens: Path
) -> None:
    page = entered(paused, look())
    wipe(page)
    write(page, "I am calm now and I will be careful. " * 56)
    check(page, "enough words")
    check(page, "the same words come back")
    said = offer(page)
    assert said.startswith("Not yet: the same words come back too often")
    assert text_of(page).startswith("I am calm now")
    assert paused.level() == "WARNING"
    shot(page, screens, "tilt-page-refused")
    wipe(page)
    page.wait_for_selector(KEPT)


def test_the_draft_outlives_a_reload_and_the_engine(
    paused: Stage, look: Look, screens: Path
) -> None:
    page = entered(paused, look())
    wipe(page)
    write(page, FIRST)
    page.reload()
    page.wait_for_selector(READY)
    assert text_of(page) == FIRST
    paused.engine.process.send_signal(signal.SIGKILL)
    paused.engine.process.wait()
    page.wait_for_selector(".tilt[data-link=still]", state="attached")
    page.focus("dialog.page textarea")
    page.keyboard.press("Control+End")
    page.keyboard.type(" And this while nobody listened.")
    page.wait_for_selector(f"{OPEN} .kept[data-how=gone]")
    assert "kept here" in page.inner_text(".kept")
    shot(page, screens, "tilt-page-engine-gone")
    paused.start()
    page.wait_for_selector(f"{KEPT}:has-text(' at ')")
    told = paused.control.get("/journal/draft")
    assert told["text"] == text_of(page) == FIRST + " And this while nobody listened."
    assert {delta["how"] for delta in told["deltas"]} <= {"typed", "draft"}
    assert paused.level() == "WARNING"


def test_two_tabs_lose_nothing_and_close_together(paused: Stage, look: Look, screens: Path) -> None:
    first = entered(paused, look())
    wipe(first)
    first.wait_for_selector(KEPT)
    second = entered(paused, look())
    assert text_of(second) == ""
    put_out_of_sight(second)  # a tab in sight would follow the first one
    write(first, FIRST)
    # the second tab has not seen that: what it has is kept beside the later version
    second.focus("dialog.page textarea")
    second.keyboard.type("Something else. ")
    second.wait_for_selector(".other:not([hidden])")
    assert text_of(second) == FIRST
    assert "Something else. " in second.text_content(".other .text")
    assert "Both versions are here" in second.inner_text(".sheet > .reply")
    shot(second, screens, "tilt-page-two-versions")
    second.click("text=let it go")
    write(second, REST)
    first.bring_to_front()
    first.evaluate("dispatchEvent(new Event('focus'))")  # seen again, it looks for a later version
    first.wait_for_function(
        "n => document.querySelector('.page textarea').value.length === n", arg=len(PAGE)
    )
    check(first, "enough words")
    check(first, "enough time")
    first.click("text=offer the page")
    see_again(second)
    for page in (first, second):
        page.wait_for_selector(f"{OPEN}[data-mood=over]")
        resumed = "Trading resumed - Position sizes limited for 1 hour"
        assert resumed in page.inner_text(".title")
    shot(first, screens, "tilt-resumed")
    for page in (first, second):
        page.bring_to_front()
        page.keyboard.press("Escape")
        page.wait_for_selector(OPEN, state="hidden")
        assert "limited for 1 hour" in page.inner_text(".waits")
    assert paused.level() == "CAUTION"
    assert paused.control.get("/journal/draft")["text"] == ""
    shot(first, screens, "tilt-limited-hour")


def test_the_course_shows_the_pause_and_what_made_it(
    paused: Stage, look: Look, screens: Path
) -> None:
    page = entered(paused, look(height=1000), FLOWING)
    page.wait_for_selector(".paused tbody tr")
    assert "ended by the page" in page.inner_text(".paused")
    assert "several things at once" in page.inner_text(".course")
    page.click("text=the path in numbers")
    page.wait_for_selector(".course tbody tr")
    assert page.locator(".course tbody tr").count() > 3
    page.click("text=the path in numbers")
    shot(page, screens, "tilt-after")


def test_the_text_of_the_page_is_nowhere_but_in_its_table(paused: Stage) -> None:
    home = Home(paused.home)
    logs = [*home.path.glob("logs/*"), *paused.folder.glob("stderr-*")]
    told = "".join(file.read_text(errors="replace") for file in logs)
    events = json.dumps(paused.control.get("/system/events?limit=1000"))
    for piece in ("bothered by that", "nobody listened", "nicer story"):
        assert piece not in told + events


# -- the other way out -----------------------------------------------------------------------
@pytest.fixture(scope="module")
def owing(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A home whose page is still due, with sixty venue seconds to the second."""
    folder = tmp_path_factory.mktemp("owing")
    recorded = record_warning_home(folder / "home")
    with ExitStack() as ending:
        yield FastStage(folder, ending, "tilt", recorded.home, recorded.usdt, recorded.rules)


def test_the_other_way_out_is_the_worse_deal(owing: Stage, look: Look, screens: Path) -> None:
    page = entered(owing, look(height=1000))
    page.click("text=another way out")
    assert "always the worse deal" in page.inner_text(".wayout")
    assert "3 of 3 attempts left" in page.inner_text(".wayout")
    assert not page.is_visible(".wayout form")  # it is read first
    page.wait_for_selector(".wayout form:not([hidden])")
    assert page.is_disabled(".wayout form button")
    write(page, PAGE[:1200], SLOW_MS)
    page.focus(".wayout input")
    page.keyboard.type("I accept the risks")
    assert page.is_disabled(".wayout form button")
    page.keyboard.press("Control+A")
    page.keyboard.type("I ACCEPT THE RISKS")
    page.wait_for_selector(".wayout form button:enabled")
    shot(page, screens, "tilt-override")
    # the time that the words would take has passed sixty times faster
    page.wait_for_timeout(4000)
    page.press(".wayout input", "Enter")
    page.wait_for_selector(f"{OPEN}[data-mood=over]")
    assert "sizes at a quarter" in page.inner_text(".title")
    assert "stays owed" in page.inner_text(".ask")
    page.keyboard.press("Escape")
    page.wait_for_selector(OPEN, state="hidden")
    assert "1 page is owed, for an override" in page.inner_text(".waits")
    shot(page, screens, "tilt-owed")


def test_an_owed_page_may_be_written_later_and_put_aside(
    owing: Stage, look: Look, screens: Path
) -> None:
    page = entered(owing, look(), FLOWING)
    page.click(".waits button:visible")
    page.wait_for_selector(READY)
    assert "still owed" in page.inner_text(".title")
    page.keyboard.press("Escape")
    page.wait_for_selector(OPEN, state="hidden")
    page.click(".waits button:visible")
    page.wait_for_selector(READY)
    assert not page.is_visible(".wayout")
    shot(page, screens, "tilt-owed-page")


def test_two_pages_are_owed_for_an_override_and_a_halt_and_one_text_pays_for_one(
    owing: Stage, look: Look, screens: Path
) -> None:
    page = entered(owing, look(height=1000), FLOWING)
    owing.control.say("halt enough of this for today")
    both = "one for an override, one for the reset of the halt"
    page.wait_for_selector(f".waits :text('{both}')")
    page.click(".waits button:visible")
    page.wait_for_selector(READY)
    assert both in page.inner_text(".ask")
    shot(page, screens, "tilt-two-owed")
    wipe(page)
    write(page, ANOTHER.strip(), SLOW_MS)
    page.wait_for_timeout(9000)
    write(page, " " + PAGE[800:], SLOW_MS)
    said = offer(page)
    assert said.startswith("Your page is accepted"), said
    page.wait_for_selector(f"{OPEN}[data-mood=over]")
    assert page.inner_text(".ask") == "Then: 1 page is owed, for the reset of the halt."
    page.keyboard.press("Escape")
    assert "1 page is owed, for the reset of the halt" in page.inner_text(".waits")
