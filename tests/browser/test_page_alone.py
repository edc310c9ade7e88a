"""The page by itself, its kernel played by the test: how text comes in, answers that get lost."""

from typing import Any

import pytest

from genesis.domain.time import MILLISECOND, format_utc
from genesis.panels.tilt_page import TiltPage
from genesis.panels.tilt_view import tilt_view
from tests.support.browser import BareFace, Look, shot

pytestmark = pytest.mark.timeout(120)

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
    return {"t": iso(1), "level": "WARNING", "tilt": 60, "intervention": asked | more}


class Page(BareFace):
    """The tilt page with a draft that the test keeps."""

    def __init__(self, page: Any) -> None:
        super().__init__(page, TiltPage)

    def begin(self, draft: dict[str, Any] | None = None, **more: Any) -> "Page":
        self.show(1, iso(1), 1, **tilt_view(paused(**more)))
        self.answer(self.asked("/journal/draft"), 200, draft or EMPTY)
        self.page.wait_for_selector(READY)
        return self

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


def test_a_draft_that_was_emptied_elsewhere_takes_no_words_away(face: Page) -> None:
    face.begin(EMPTY | {"text": "one two", "version": 1})
    looks = "window.sent.filter(m => m.method === 'GET' && m.path === '/journal/draft').length"
    before = face.page.evaluate(looks)
    face.page.evaluate("dispatchEvent(new Event('focus'))")
    face.page.wait_for_function(f"n => {looks} > n", arg=before)
    face.answer(face.asked("/journal/draft"), 200, EMPTY | {"version": 2})
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
