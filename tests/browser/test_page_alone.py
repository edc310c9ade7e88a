"""The page by itself, its kernel played by the test: how text comes in, answers that get lost."""

from importlib.resources import files
from typing import Any

import pytest

from genesis.domain.time import MILLISECOND, format_utc
from genesis.panels.tilt_page import TiltPage
from genesis.panels.tilt_view import tilt_view
from genesis.rules import load
from genesis.service.api.bodies import MOST_DELTAS
from genesis.tilt.journal import Delta, assess
from tests.support.browser import STEP, BareFace, Look, is_too_wide, shot, type_quickly

SINCE_MS = 1_704_110_400_000
OPEN = "dialog.page[open]"
READY = f"{OPEN} textarea:not([readonly])"
EMPTY = {"text": "", "deltas": [], "opened_at": None, "saved_at": None, "version": 0}


def iso(seconds: float = 0) -> str:
    return format_utc(int(SINCE_MS + seconds * 1000) * MILLISECOND)


def paused(**more: Any) -> dict[str, Any]:
    """The state of an engine whose page is due."""
    asked = {
        "level": "WARNING",
        "message": "🟧 Trading paused - Performance optimization needed\nWrite 500 words",
        "words": 500,
        "since": iso(),
        "until": None,
        "words_done": False,
    }
    positions = more.pop("positions", [])
    told = {"t": iso(1), "level": "WARNING", "tilt": 60, "intervention": asked | more}
    return {**told, "positions": positions}


# The engine's side of a draft: whoever looks is told the one that is kept, at once.
_KEEPER = """() => {
  const send = window.face.send;
  window.looks = 0;
  window.face.send = message => {
    send(message);
    if (message.method !== "GET" || message.path !== "/journal/draft") return;
    const told = { kind: "answer", ref: message.ref, path: message.path, status: 200 };
    const body = window.kept;
    Promise.resolve().then(() => {
      window.face.tell({ ...told, certain: true, body });
      window.looks += 1;
    });
  };
}"""


class Page(BareFace):
    """The tilt page with a draft that the test keeps."""

    def __init__(self, page: Any) -> None:
        super().__init__(page, TiltPage)

        self.page.evaluate(_KEEPER)

    def begin(self, draft: dict[str, Any] | None = None, **more: Any) -> "Page":
        self.keeps(draft or EMPTY)
        self.show(1, iso(1), 1, **tilt_view(paused(**more)))
        self.page.wait_for_selector(READY)
        return self

    def keeps(self, draft: dict[str, Any]) -> None:
        """From now on this is the draft that the page is told when it looks."""
        self.page.evaluate("draft => { window.kept = draft; }", draft)

    def told(self, draft: dict[str, Any]) -> None:
        """Somebody else saved this; returns once the page has looked."""
        self.keeps(draft)
        before = self.page.evaluate("window.looks")
        self.page.wait_for_function("n => window.looks > n", arg=before)

    def saved(self) -> dict[str, Any]:
        """The newest save, waited for; it is not answered."""
        self.page.wait_for_function("window.sent.some(m => m.method === 'PUT')")
        return [m for m in self.sent("ask") if m["method"] == "PUT"][-1]

    def kept(self, text: str) -> dict[str, Any]:
        """Answer saves until one holds this text; its body."""
        for version in range(1, 20):
            body = dict(self.saved()["body"])
            self.answer(self.saved(), 200, {"saved_at": iso(2), "version": version})
            if body["text"] == text:
                return body
            self.page.wait_for_function(
                "n => window.sent.filter(m => m.method === 'PUT').length > n", arg=version
            )
        raise AssertionError(f"{text!r} was never saved")

    def rules(self, **told: Any) -> None:
        """Answer whoever asked for the history, the face and its page."""
        self.asked("/tilt/history")
        for asked in self.sent("ask"):
            if asked["path"] == "/tilt/history":
                self.answer(asked, 200, told)

    def fresh(self) -> Any:
        return self.page.locator("button:has-text('begin a fresh page')")

    def reply(self) -> str:
        return str(self.page.inner_text(".sheet > .reply"))


def counts(body: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["inserted"], one["how"]) for one in body["deltas"]]


@pytest.fixture
def face(look: Look) -> Page:
    return Page(look())


# -- how text comes in -----------------------------------------------------------------------
def test_what_is_typed_is_told_in_small_counts_and_never_as_keys(face: Page) -> None:
    face.begin()
    face.page.keyboard.type("Twenty-five letters, gone")
    face.page.keyboard.press("Backspace")
    first = face.saved()["body"]
    assert (first["opened_at"], first["version"]) == (iso(), 0)
    body = face.kept("Twenty-five letters, gon")
    assert sum(count for count, _ in counts(body)) == 25
    assert all(count <= 8 and how == "typed" for count, how in counts(body))
    assert {"ts_ms", "inserted", "how"} == set(body["deltas"][0])


def test_an_input_method_is_no_paste(face: Page) -> None:
    face.begin()
    keys = face.page.context.new_cdp_session(face.page)
    for text in ("か", "かん", "かんじ"):
        composing = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        keys.send("Input.imeSetComposition", composing)
    keys.send("Input.insertText", {"text": "漢字"})
    assert counts(face.kept("漢字")) == [(2, "composition")]
    assert face.page.inner_text(".count") == "1 of 500 words"


def test_what_another_program_puts_in_is_told_as_one_piece(face: Page) -> None:
    face.begin()
    text = "A whole sentence that nobody has typed with a keyboard."
    face.page.fill("dialog.page textarea", text)
    assert counts(face.kept(text)) == [(55, "typed")]  # more than a hand puts in at once
    face.page.wait_for_selector(".checks li:has-text('a part came in at once')")


def test_a_draft_comes_back_with_its_own_history(face: Page) -> None:
    kept = {
        "text": "one two three",
        "deltas": [
            {"ts_ms": SINCE_MS - 5, "inserted": 4, "how": "typed"},  # before this intervention
            {"ts_ms": SINCE_MS + 5, "inserted": 6, "how": "typed"},
        ],
    }
    face.begin(EMPTY | kept | {"version": 3})
    assert face.page.inner_text(".count") == "3 of 500 words"
    face.page.keyboard.press("Control+End")
    face.page.keyboard.type("!")
    assert face.saved()["body"]["version"] == 3
    assert counts(face.saved()["body"]) == [(6, "typed"), (7, "draft"), (1, "typed")]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("typed", [(8, "typed")] * 1_199 + [(7, "typed"), (2, "typed")]),
        ("composition", [(1, "composition")] * 8_999 + [(1, "typed")]),
    ],
)
def test_a_page_of_many_changes_stays_within_what_the_engine_takes(
    face: Page, how: str, told: list[tuple[int, str]]
) -> None:
    many = [{"ts_ms": SINCE_MS + n, "inserted": 1, "how": how} for n in range(9_600)]
    draft = EMPTY | {"text": "word " * 1_920, "deltas": many, "version": 1}
    face.begin(draft)
    face.page.keyboard.press("Control+End")
    face.page.keyboard.type("!")
    body = face.saved()["body"]
    assert len(body["deltas"]) < MOST_DELTAS
    assert counts(body) == told
    assert body["deltas"][-2]["ts_ms"] >= many[-2]["ts_ms"]  # the newest are told


# -- saves and answers that get lost ---------------------------------------------------------
def test_saves_come_one_at_a_time_and_the_last_text_wins(face: Page) -> None:
    face.begin()
    for n in range(6):
        face.page.keyboard.type(f"word{n} ")
        face.page.wait_for_timeout(120)
    first = face.saved()
    assert len([m for m in face.sent("ask") if m["method"] == "PUT"]) == 1  # not answered yet
    face.answer(first, 200, {"saved_at": iso(2), "characters": 1, "version": 1})
    face.page.wait_for_function("window.sent.filter(m => m.method === 'PUT').length === 2")
    assert face.saved()["body"]["text"].endswith("word5 ")
    assert face.saved()["body"]["version"] == 1
    face.answer(face.saved(), 200, {"saved_at": iso(3), "characters": 1, "version": 2})
    face.page.wait_for_selector(".kept:has-text('kept by the engine at 12:00:03')")


def test_a_later_version_waits_until_the_hands_rest(face: Page) -> None:
    face.begin()
    face.page.keyboard.type("This is")
    newer = {"reason": "newer_draft", "text": "Their page.", "deltas": [], "version": 4}
    face.answer(face.saved(), 409, newer)
    face.page.keyboard.type(" a whole sentence of mine.")
    assert face.page.input_value("dialog.page textarea") == "This is a whole sentence of mine."
    face.page.wait_for_selector(".other:not([hidden])")
    assert face.page.input_value("dialog.page textarea") == "Their page."
    assert face.page.text_content(".other .text") == "This is a whole sentence of mine."
    face.page.click("text=use this one instead")
    assert face.page.input_value("dialog.page textarea") == "This is a whole sentence of mine."
    face.page.wait_for_function("window.sent.filter(m => m.method === 'PUT').length === 2")
    assert face.saved()["body"]["version"] == 4


def test_words_typed_here_outlive_versions_that_somebody_else_saves(face: Page) -> None:
    """Another writer saves without looking, as a script does: again and again."""
    face.begin()
    area, version = "dialog.page textarea", 0
    theirs = ""
    for mine in ("My own words. ", "And mine again. "):
        face.page.keyboard.type(mine)
        assert face.kept(theirs + mine)["text"] == theirs + mine
        face.page.wait_for_selector(".kept[data-how=kept]")
        version, theirs = version + 10, theirs + "Their words, and more. "
        face.told(EMPTY | {"text": theirs, "version": version})
        face.page.wait_for_function(
            "text => document.querySelector('.page textarea').value === text", arg=theirs
        )
        assert "Both versions are here" in face.reply()
    beside = face.page.locator(".other .text").all_text_contents()
    assert beside == ["Their words, and more. And mine again. ", "My own words. "]
    face.page.locator(".other >> text=use this one instead").nth(1).click()
    assert face.page.input_value(area) == "My own words. "
    beside = face.page.locator(".other .text").all_text_contents()
    assert beside == [theirs, "Their words, and more. And mine again. "]
    face.page.locator(".other >> text=let it go").nth(1).click()
    assert face.page.locator(".other .text").all_text_contents() == [theirs]


def test_a_tab_that_wrote_follows_the_one_in_which_it_is_written_on(face: Page) -> None:
    face.begin()
    face.page.keyboard.type("One ")
    face.kept("One ")
    face.page.wait_for_selector(".kept[data-how=kept]")
    face.told(EMPTY | {"text": "One two ", "version": 30})
    face.page.wait_for_function("document.querySelector('.page textarea').value === 'One two '")
    assert face.page.is_hidden(".other")
    face.told(EMPTY | {"text": "Two ", "version": 31})
    face.page.wait_for_function("document.querySelector('.page textarea').value === 'Two '")
    assert face.page.is_hidden(".other")  # nothing was typed here since


def test_a_draft_that_was_emptied_elsewhere_takes_no_words_away(face: Page) -> None:
    face.begin(EMPTY | {"text": "one two", "version": 1})
    face.page.evaluate("setTimeout(() => dispatchEvent(new Event('focus')), 50)")
    face.told(EMPTY | {"version": 2})
    face.page.keyboard.press("Control+End")
    face.page.keyboard.type("!")
    body = face.saved()["body"]
    assert (body["text"], body["version"]) == ("one two!", 2)


def test_what_could_not_be_handed_over_outlives_a_reload_of_its_tab(look: Look) -> None:
    page = look()
    first = Page(page).begin()
    page.keyboard.type("never saved")
    first.answer(first.saved(), 0, None, text="lost")
    page.wait_for_selector(".kept[data-how=gone]")
    again = Page(page).begin()
    page.wait_for_function("document.querySelector('.page textarea').value === 'never saved'")
    assert counts(again.saved()["body"]) == [(8, "typed"), (3, "typed")]  # and how it was written
    again.answer(again.saved(), 200, {"saved_at": iso(2), "characters": 11, "version": 1})
    page.wait_for_selector(".kept:has-text(' at ')")
    assert page.evaluate("sessionStorage.length") == 0


def test_an_answer_that_got_lost_is_waited_for_and_counts(face: Page) -> None:
    text = " ".join(f"word{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}{n}" for n in range(9))
    face.begin(EMPTY | {"text": "a b c d e " * 100 + text, "version": 1})
    face.page.click("text=offer the page")
    offered = face.asked("/journal")
    assert offered["body"]["client_ref"] == offered["ref"]
    face.answer(offered, 0, None, text="No answer came back: it is not known.")
    face.page.wait_for_selector(".reply:has-text('not known')")
    assert face.page.is_disabled("text=offer the page")
    face.answer(offered, 409, {"accepted": False, "reason": "repetitive", "word_count": 500})
    face.page.wait_for_selector(".reply:has-text('come back too often')")
    assert face.page.is_enabled("text=offer the page")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("too_short", "412 of 500 words"),
        ("top_word", "one word makes up too much"),
        ("repeated_phrases", "whole phrases repeat"),
        ("paste", "came in at once"),
        ("too_fast", "the page wants more time"),
        ("idle", "without writing"),
        ("reused", "offered before"),
        ("not_required", "No page is due"),
        ("something_new", "something_new"),
    ],
)
def test_every_reason_is_answered_in_calm_words(face: Page, reason: str, words: str) -> None:
    face.begin(EMPTY | {"text": "a b c d e " * 100, "version": 1})
    face.page.click("text=offer the page")
    told = {"accepted": False, "reason": reason, "word_count": 412}
    face.answer(face.asked("/journal"), 409, told)
    face.page.wait_for_selector(f".reply:has-text('{words}')")
    assert "!" not in face.reply()
    assert face.fresh().is_visible() is (reason in ("paste", "reused"))


def test_a_fresh_page_keeps_the_old_one_in_sight(face: Page) -> None:
    old = "a b c d e " * 100
    face.begin(EMPTY | {"text": old, "version": 1})
    face.page.click("text=offer the page")
    face.answer(face.asked("/journal"), 409, {"accepted": False, "reason": "paste"})
    face.fresh().click()
    assert face.page.input_value("dialog.page textarea") == ""
    assert face.page.text_content(".other .text") == old
    face.page.click("text=use this one instead")
    assert face.page.input_value("dialog.page textarea") == old


# -- nothing is known ------------------------------------------------------------------------
SEEN = "[...document.querySelectorAll('table, canvas')].filter(node => node.offsetParent).length"


@pytest.mark.parametrize("link", ["resting", "still"])
def test_without_an_engine_nothing_is_said_of_the_score(
    look: Look, screens: Any, link: str
) -> None:
    page = look(width=420 if link == "resting" else 1280)
    face = BareFace(page, TiltPage, link)
    face.link(link, "no engine runs here yet")
    said = page.inner_text(".tilt")
    assert "Nothing is known" in said
    for words in ("at rest", "never paused", "0 to 39", "what the score is made of"):
        assert words not in said
    assert page.evaluate(SEEN) == 0
    assert not is_too_wide(page)
    shot(page, screens, f"tilt-nothing-known-{link}")
    face.link("flowing")
    face.show(1, iso(1), 1, **TiltPage().view({"t": iso(1), "level": "NORMAL", "tilt": 0}))
    page.wait_for_selector(".tilt .score:visible")
    said = page.inner_text(".tilt")
    assert "Nothing is known" not in said
    assert "at rest" in said
    assert "never paused" not in said  # that is asked for
    body = {"interventions": [], "status": "LEARNING"}
    asked = face.asked("/tilt/history")
    face.answer(asked, 200, body, **words_of(asked["path"], 200, body))
    page.wait_for_selector("text=never paused")


# -- an engine that is away -------------------------------------------------------------------
SPEED = 20
WORDS = files("genesis.service.demo").joinpath("page.txt").read_text(encoding="utf-8").split()
KEYS = 40
"""Typed key by key."""


def judged(body: dict[str, Any], seconds: float) -> str:
    """What the engine would say of the page, so many seconds of venue time after it began."""
    changes = [Delta(d["ts_ms"] * MILLISECOND, d["inserted"], d["how"]) for d in body["deltas"]]
    opened_ns, now_ns = SINCE_MS * MILLISECOND, int(SINCE_MS + seconds * 1000) * MILLISECOND
    rules = load("sniper").tilt.journal
    assert all(change.ts_ns <= now_ns for change in changes)
    return assess(body["text"], changes, opened_ns, now_ns, rules).reason


def written_without_an_engine(look: Look) -> Page:
    """A page that took ten minutes of venue time, nearly all of them while the engine was away."""
    text = " ".join(WORDS) + " "
    page = look()
    page.clock.install(time=SINCE_MS / 1000)
    page.clock.pause_at(SINCE_MS / 1000 + 1)
    face = Page(page)
    face.keeps(EMPTY)
    face.show(1, iso(1), SPEED, **tilt_view(paused()))
    page.wait_for_selector(READY)
    type_quickly(page, text[:KEYS], keys=KEYS)
    steps = [text[at : at + STEP] for at in range(KEYS, len(text), STEP)]
    for n, step in enumerate(steps):
        if n == 4:
            face.link("still", "the engine is gone")
        page.keyboard.insert_text(step)
        if n % 4 == 3:
            page.clock.run_for(4 * 600_000 / len(steps) / SPEED)
    return face


@pytest.mark.parametrize(
    ("seconds", "reason"), [(603.0, "accepted"), (900.0, "accepted"), (120.0, "too_fast")]
)
def test_words_written_while_the_engine_was_away_are_writing(
    look: Look, seconds: float, reason: str
) -> None:
    """Venue time may have gone on as the wall did, or further, or not so far: never later than
    now is anything said to be written.
    """
    face = written_without_an_engine(look)
    assert "a part came in at once" not in face.page.inner_text(".checks")
    face.link("flowing")
    face.show(2, iso(seconds), SPEED)
    face.page.wait_for_timeout(50)
    face.page.clock.run_for(100)
    face.page.click("text=offer the page")
    offered = face.asked("/journal")
    assert len(offered["body"]["text"].split()) == len(WORDS)
    assert judged(offered["body"], seconds + 0.1 * SPEED) == reason


# -- answers to what is asked beside the page ------------------------------------------------
UNKNOWN = "No answer came back: it is not known."
HELD = [{"symbol": "BTC/USDT", "quantity": "0.001"}]
LONG = "Five words and five more. " * 25


def words_of(path: str, status: int, body: Any) -> dict[str, Any]:
    return TiltPage().answered(path, status, body)


def overriding(face: Page) -> dict[str, Any]:
    """The way out read and its phrase typed and sent: the request."""
    face.begin(EMPTY | {"text": LONG, "version": 1})
    face.page.click("text=another way out")
    face.show(2, iso(120), 1)
    face.page.wait_for_selector(".wayout form:not([hidden])")
    face.page.focus(".wayout input")
    face.page.keyboard.type("I ACCEPT THE RISKS")
    face.page.wait_for_selector(".wayout form button:enabled")
    face.page.keyboard.press("Enter")
    return face.asked("/tilt/override")


def test_an_override_without_an_answer_is_one_attempt_and_its_late_answer_is_told(
    face: Page,
) -> None:
    asked = overriding(face)
    face.answer(asked, 0, None, text=UNKNOWN)
    face.page.wait_for_selector(".wayout .reply:has-text('not known')")
    face.page.wait_for_timeout(400)
    assert face.page.is_disabled(".wayout form button")
    face.page.press(".wayout input", "Enter")
    assert len([m for m in face.sent("ask") if m["path"] == "/tilt/override"]) == 1
    assert face.page.get_attribute("dialog.page textarea", "readonly") is None  # one may write on
    body = {"accepted": False, "reason": "the page does not count", "page": "idle"}
    face.answer(asked, 400, body | {"attempts_left": 2, "locked_until": None})
    face.page.wait_for_selector(".wayout .reply:has-text('without writing')")
    face.page.wait_for_selector(".wayout form button:enabled")


def test_an_override_whose_kernel_is_gone_is_asked_again_under_its_reference(
    face: Page,
) -> None:
    asked = overriding(face)
    face.link("still")
    face.link("flowing")
    face.page.wait_for_function("window.sent.filter(m => m.path === '/tilt/override').length > 1")
    again = face.asked("/tilt/override")
    assert (again["ref"], again["body"]) == (asked["ref"], asked["body"])


def test_a_close_without_an_answer_waits_for_it_and_tells_it(face: Page) -> None:
    face.begin(positions=HELD)
    face.page.click("text=close BTC/USDT")
    asked = face.asked("/commands")
    face.answer(asked, 0, None, text=UNKNOWN)
    face.page.wait_for_selector(".told:has-text('not known')")
    assert face.page.is_disabled("text=close BTC/USDT")
    never = "The engine never got this. Nothing was done."
    face.answer(asked, 404, None, text=never)
    face.page.wait_for_selector(f".told:has-text('{never}')")
    assert face.page.is_enabled("text=close BTC/USDT")
    face.page.click("text=close all")
    face.page.click("text=press again")
    closed = face.asked("/emergency/close-all")
    body = {"positions_closed": 1, "total_pnl": "0.12", "errors": ["ETH/USDT is still open"]}
    face.answer(closed, 200, body, **words_of(closed["path"], 200, body))
    face.page.wait_for_selector(".told:has-text('1 position closed, +0.12 USDT. ETH/USDT is')")


# -- what stays open while a page is due -----------------------------------------------------
LINE = ".acts .line input"


def test_what_reduces_risk_goes_through_and_what_adds_some_is_not_sent(face: Page) -> None:
    face.begin(positions=HELD)
    face.page.focus(LINE)
    for risky in ("buy 100 usdt btc", "BUY 1 btc btc"):
        face.page.fill(LINE, risky)
        face.page.keyboard.press("Enter")
        face.page.wait_for_selector(".told:has-text('New risk waits')")
    face.page.fill(LINE, "sing a song")
    face.page.keyboard.press("Enter")
    face.page.wait_for_selector(".told:has-text('cancel all')")
    assert not [m for m in face.sent("ask") if m["path"] == "/commands"]
    for line in ("stop btc 60000", "cancel all", "close btc"):
        face.page.eval_on_selector(LINE, "input => { input.value = ''; }")  # no key is pressed
        face.page.type(LINE, line)
        face.page.keyboard.press("Enter")
        face.page.wait_for_function(
            "text => window.sent.some(m => m.body?.text === text)", arg=line
        )
        asked = face.asked("/commands")
        assert asked["body"]["keys"] == len(line) + 1
        assert asked["body"]["client_ref"] == asked["ref"]
        assert face.page.input_value(LINE) == ""
    body = {"verdict": "refused", "reason": "a stop is only tightened now"}
    face.answer(asked, 409, body, **words_of("/commands", 409, body))
    face.page.wait_for_selector(".told:has-text('Refused: a stop is only tightened now')")
    assert face.page.input_value("dialog.page textarea") == ""
    face.page.keyboard.press("ArrowUp")
    assert face.page.input_value(LINE) == "close btc"


def test_a_halt_from_the_page_asks_first(face: Page) -> None:
    face.begin()
    face.page.focus(LINE)
    face.page.keyboard.type("halt the news is out")
    face.page.keyboard.press("Enter")
    face.page.wait_for_selector(".acts .sure:not([hidden])")
    assert "the way back" in face.page.inner_text(".acts .sure")
    assert face.page.input_value(".acts .sure input >> nth=0") == "the news is out"
    face.page.keyboard.type("HALT TRADING")
    face.page.keyboard.press("Enter")
    assert not [m for m in face.sent("ask") if m["path"] == "/emergency/halt"]
    face.page.keyboard.press("Escape")
    assert face.page.is_hidden(".acts .sure")
    assert face.page.locator(OPEN).count() == 1
    face.page.press(".acts button:has-text('halt')", "Enter")
    face.page.fill(".acts .sure input >> nth=0", "too short")
    face.page.fill(".acts .sure input >> nth=1", "HALT TRADING NOW")
    face.page.keyboard.press("Enter")
    assert not [m for m in face.sent("ask") if m["path"] == "/emergency/halt"]
    face.page.fill(".acts .sure input >> nth=0", "long enough to be a reason")
    face.page.keyboard.press("Enter")
    asked = face.asked("/emergency/halt")
    assert (asked["method"], asked["path"]) in TiltPage.asks
    assert asked["body"]["reason"] == "long enough to be a reason"
    assert asked["body"]["confirmation"] == "HALT TRADING NOW"
    assert face.page.is_hidden(".acts .sure")
    body = {"verdict": "approved", "notes": ["halted: long enough to be a reason"]}
    face.answer(asked, 200, body, **words_of(asked["path"], 200, body))
    face.page.wait_for_selector(".told:has-text('Halted')")


@pytest.mark.parametrize(("name", "width", "dark"), [("narrow", 420, False), ("wide", 1280, True)])
def test_what_stays_open_fits_the_page(
    look: Look, screens: Any, name: str, width: int, dark: bool
) -> None:
    page = look(width=width, height=1100, dark=dark, still=True)
    Page(page).begin(positions=HELD)
    page.press(".acts button:has-text('halt')", "Enter")
    assert not is_too_wide(page)
    assert page.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('.page'))")
    nameless = """() => [...document.querySelectorAll('dialog.page :is(button, input, textarea)')]
      .filter(node => !(node.ariaLabel || node.textContent.trim() || node.closest('label')))
      .length"""
    assert page.evaluate(nameless) == 0
    page.locator(".acts").scroll_into_view_if_needed()
    shot(page, screens, f"tilt-page-acts-{name}")


# -- the rules of an override ----------------------------------------------------------------
RULES = {
    "phrase": "I MEAN IT",
    "characters_min": 30,
    "attempts_max": 2,
    "window_ms": 12 * 3_600_000,
    "limited_multiplier": "0.1",
    "limited_ms": 2 * 3_600_000,
}


def test_the_way_out_is_told_by_the_rules_and_counts_as_the_engine_does(face: Page) -> None:
    """Spaces at the ends do not count: a page one short costs no attempt."""
    text = " " * 9 + "x" * 29 + "\n"
    face.begin(EMPTY | {"text": text, "version": 1})
    recovery = {"limited_multiplier": "0.75", "limited_ms": 1_800_000}
    face.rules(override=RULES, recovery=recovery)
    face.page.click("text=another way out")
    face.show(2, iso(120), 1)
    face.page.wait_for_selector(".wayout form:not([hidden])")
    way = face.page.inner_text(".wayout")
    for part in ("10 % for 2 hours", "three quarters for 30 minutes", "Type I MEAN IT"):
        assert part in way
    assert "3 of 2 attempts" not in way
    assert "2 of 2 attempts left in 12 hours" in way
    assert "29 of 30 characters" in way
    face.page.focus(".wayout input")
    face.page.keyboard.type("I MEAN IT")
    face.page.wait_for_timeout(400)
    assert face.page.is_disabled(".wayout form button")
    face.page.focus("dialog.page textarea")
    face.page.keyboard.press("Control+Home")
    face.page.keyboard.type("y")
    face.page.wait_for_selector(".wayout form button:enabled")


def test_rules_without_overrides_offer_no_other_way(face: Page) -> None:
    face.begin()
    face.rules(override=None)
    face.page.wait_for_selector(".wayout", state="hidden")


# -- locked ----------------------------------------------------------------------------------
def test_a_lock_tells_its_time_and_waits_after_the_page(face: Page, screens: Any) -> None:
    face.begin(level="LOCKED", until=iso(4 * 3600))
    face.page.wait_for_selector(".timer:has-text('locked for 3:59:5')")
    shot(face.page, screens, "tilt-page-locked")
    done = {"level": "LOCKED", "until": iso(4 * 3600), "words_done": True, "words": 0}
    message = "Page accepted - Trading resumes when the lock time is over"
    face.show(2, iso(2), 1, **tilt_view(paused(**done, message=message)))
    face.page.wait_for_selector(f"{OPEN}[data-mood=waiting]")
    assert not face.page.is_visible("dialog.page textarea")
    face.page.wait_for_timeout(400)
    shot(face.page, screens, "tilt-page-waiting")
    face.page.click("text=step aside")
    face.page.wait_for_selector(OPEN, state="hidden")
    assert "lock time is over" in face.page.inner_text(".waits")
