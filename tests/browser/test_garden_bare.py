"""The garden's script alone in a browser: states that are hard to bring about, and quiet ones."""

import re
from pathlib import Path
from typing import Any

import pytest

from genesis.panels.garden import ZenGarden
from genesis.panels.garden_view import garden_view, point, ridge
from genesis.panels.garden_words import answer
from tests.support.browser import BareFace, Look, is_too_wide, shot

T = "2026-01-01T07:00:03Z"
START_MS = 1_767_225_600_000
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def position(base: str, qty: str, mark: str, pnl: str) -> dict[str, Any]:
    return {
        "symbol": f"{base}/USDT",
        "side": "LONG",
        "entry_price": mark,
        "quantity": qty,
        "mark": mark,
        "stop": mark,
        "pnl_dollars": pnl,
        "pnl_percent": 0.1,
        "opened_at": "2026-01-01T06:30:00Z",
    }


def state(**changed: Any) -> dict[str, Any]:
    """A morning with a hill, a valley and two positions."""
    heights = [abs((i + 40) % 260 - 130) * 0.03 + (i * 7919 % 13) * 0.02 for i in range(400)]
    history = [[START_MS + i * 60_000, 498 + h] for i, h in enumerate(heights)]
    limits = [
        {"name": "position_size", "used": "22", "limit": "25", "unit": "USDT", "fraction": 0.88},
        {"name": "trades_today", "used": "3", "limit": "10", "unit": "count", "fraction": 0.3},
    ]
    return {
        "t": T,
        "seq": 7,
        "speed": 1,
        "equity": f"{history[-1][1]:.4f}",
        "free": "455.00",
        "day_start_equity": "500",
        "tilt": 8,
        "level": "NORMAL",
        "tier": "HUNTER",
        "mode": "ACTIVE",
        "prices": {"BTC/USDT": "67453.00", "ETH/USDT": "3510.50"},
        "venue": {"status": "NORMAL", "reason": ""},
        "halted": False,
        "history": history,
        "gates": [],
        "headroom": {"position_cap": "25", "multiplier": "0.5", "limits": limits},
        "positions": [
            position("BTC", "0.00037", "67526.73", "0.0273"),
            position("ETH", "0.0051", "3495.87", "-0.0646"),
        ],
    } | changed


def shown(face: BareFace, told: dict[str, Any], seq: int = 1, speed: float = 1) -> None:
    parts = garden_view(told) | {"ridge": ridge(told), "point": point(told), "diary": []}
    face.show(seq=seq, t=told["t"], speed=speed, **parts)
    face.page.wait_for_timeout(300)


@pytest.fixture
def face(look: Look) -> BareFace:
    return BareFace(look(still=False), ZenGarden)


def test_maintenance_lies_over_the_garden_like_fog(face: BareFace, screens: Path) -> None:
    shown(face, state(venue={"status": "MAINTENANCE", "reason": "an upgrade"}))
    assert face.page.get_attribute(".garden", "data-weather") == "maintenance"
    assert "rests (maintenance)" in face.page.inner_text(".weather")
    face.page.wait_for_timeout(2_200)
    shot(face.page, screens, "garden-maintenance")


def test_the_limited_hour_is_counted_down_in_venue_time(face: BareFace, screens: Path) -> None:
    shown(face, state(limited_until="2026-01-01T07:20:03Z"), speed=20)
    weather = face.page.inner_text(".weather")
    assert "The limited hour: 50 % sizes" in weather
    told = re.search(r"over in (\d+) minutes \(07:20:03 UTC, venue time\)", weather)
    assert told is not None and int(told[1]) in (19, 20)
    face.page.wait_for_function(
        "old => document.querySelector('.weather').textContent !== old", arg=weather
    )
    shot(face.page, screens, "garden-limited")


def test_a_refusal_with_an_end_says_when_it_is_possible_again(face: BareFace) -> None:
    shown(face, state())
    face.page.fill(".command input", "buy 100 usdt btc")
    face.page.press(".command input", "Enter")
    asked = face.asked("/commands")
    assert asked["body"]["text"] == "buy 100 usdt btc"
    assert asked["body"]["client_ref"] == asked["ref"]
    first = {"reason": "a page is due", "code": "A"}
    body = {"verdict": "refused", **first, "until": "2026-01-01T08:10:03Z"}
    body["all"] = [first, {"reason": "the day's entries are used up", "code": "B"}]
    face.answer(asked, 409, body, words=answer("/commands", 409, body))
    text = face.page.inner_text(".answer")
    assert "Refused: a page is due" in text
    assert "The day's entries are used up" in text
    assert "possible again in 70 minutes (08:10:03 UTC, venue time)" in text


def test_what_a_typed_line_cost_is_counted_without_what_was_typed(face: BareFace) -> None:
    shown(face, state())
    face.page.click(".command input")
    face.page.keyboard.type("statuss")
    face.page.keyboard.press("Backspace")
    face.page.keyboard.press("Enter")
    body = face.asked("/commands")["body"]
    assert (body["text"], body["keys"], body["backspaces"]) == ("status", 9, 1)


def test_calm_sand_does_not_move_and_tilt_does(face: BareFace, screens: Path) -> None:
    def moved() -> bool:
        picture = "() => document.querySelector('.sand').toDataURL()"
        before = face.page.evaluate(picture)
        face.page.wait_for_timeout(500)
        return bool(before != face.page.evaluate(picture))

    def comes_to(motion: bool) -> bool:
        """In its own time, and then it stays so."""
        return any(moved() is motion for _ in range(40)) and moved() is motion

    shown(face, state(tilt=8))
    assert comes_to(False)
    shown(face, state(tilt=72, level="WARNING"), seq=2)
    assert comes_to(True)
    face.page.wait_for_timeout(1_500)
    shot(face.page, screens, "garden-tilt")
    face.link("still", "the engine is gone")
    assert comes_to(False)


def test_with_less_motion_wished_the_lines_waver_but_stand(look: Look, screens: Path) -> None:
    face = BareFace(look(still=True), ZenGarden)
    shown(face, state(tilt=72, level="WARNING"))
    picture = "() => document.querySelector('.sand').toDataURL()"
    before = face.page.evaluate(picture)
    face.page.wait_for_timeout(400)
    assert before == face.page.evaluate(picture)
    running = "() => document.getAnimations().filter(a => a.playState === 'running').length"
    assert face.page.evaluate(running) == 0
    shot(face.page, screens, "garden-less-motion")


def test_a_hidden_page_neither_pulses_nor_paints(look: Look) -> None:
    page = look()
    page.clock.install()
    face = BareFace(page, ZenGarden)
    page.clock.fast_forward(11_000)
    page.wait_for_function("window.sent.filter(m => m.kind === 'pulse').length >= 1")
    page.evaluate(HIDE, True)
    before = len(face.sent("pulse"))
    page.clock.fast_forward(60_000)
    assert len(face.sent("pulse")) == before
    page.evaluate(HIDE, False)
    assert len(face.sent("hello")) == 2  # at the start, and when it is seen again


@pytest.mark.parametrize("in_voila", [True, False])
def test_seen_again_without_a_kernel_only_a_dashboard_starts_over(
    look: Look, in_voila: bool
) -> None:
    page = look()
    page.route("**/is-there", lambda route: route.fulfill(status=404))
    face = BareFace(page, ZenGarden)
    if in_voila:
        page.evaluate("document.body.dataset.voila = 'voila'")
    page.evaluate("window.isOld = true")
    page.evaluate(HIDE, False)
    if in_voila:
        page.wait_for_function("!window.isOld")
    else:
        page.wait_for_selector(".link:has-text('lost its kernel')")
        assert page.evaluate("window.isOld") is True
        face.tell(kind="pong", n=1)  # it was only slow
        assert page.get_attribute(".garden", "data-link") == "flowing"


def test_an_answered_hello_starts_nothing_over(look: Look) -> None:
    page = look()
    face = BareFace(page, ZenGarden)
    page.evaluate("document.body.dataset.voila = 'voila'")
    page.evaluate("window.isOld = true")
    page.evaluate(HIDE, False)
    face.tell(kind="pong", n=2)
    page.wait_for_timeout(4_000)
    assert page.evaluate("window.isOld") is True


def test_nothing_moves_on_the_page_when_numbers_come(face: BareFace) -> None:
    shown(face, state())
    where = """() => [...document.querySelectorAll('.garden h2, .dock, .scene, .equity')]
      .map(node => { const box = node.getBoundingClientRect(); return [box.top, box.left]; })"""
    before = face.page.evaluate(where)
    shown(face, state(equity="1499.1234", tilt=44, contributions={"gap": 30, "cancel": 14}), seq=2)
    face.page.fill(".command input", "status")
    face.page.press(".command input", "Enter")
    asked = face.asked("/commands")
    body = {"verdict": "approved", "qty": None, "notes": ["equity 500.00, flat"]}
    face.answer(asked, 200, body, words=answer("/commands", 200, body))
    after = face.page.evaluate(where)
    for (old_top, old_left), (top, left) in zip(before, after, strict=True):
        assert (top, left) == (pytest.approx(old_top, abs=1), pytest.approx(old_left, abs=90))


def test_every_picture_has_its_words_and_every_control_its_name(face: BareFace) -> None:
    shown(face, state())
    page = face.page
    assert "equity" in page.get_attribute(".hill", "aria-label")
    assert "BTC/USDT +0.0273" in page.get_attribute(".sand", "aria-label")
    assert page.locator("table caption").count() == 3
    nameless = """() => [...document.querySelectorAll('.garden :is(button, input)')]
      .filter(node => !(node.ariaLabel || node.textContent.trim() || node.closest('label')))
      .length"""
    assert page.evaluate(nameless) == 0
    assert page.get_attribute(".link", "role") == "status"
    assert page.get_attribute(".answer", "aria-live") == "polite"


def test_the_mountain_can_be_read_as_numbers(face: BareFace) -> None:
    heights = ".scene table tbody tr"
    shown(face, state())
    page = face.page
    assert page.inner_text(".scene caption") == "the path of equity"
    rows = [row.split("\t") for row in page.locator(heights).all_inner_texts()]
    assert len(rows) == 12
    assert rows[0] == ["2026-01-01 00:00:00", "500.70"]
    now = state(equity="512.3456")
    shown(face, now, seq=2)
    assert page.locator(heights).count() == 12
    assert page.locator(heights).last.inner_text() == "2026-01-01 07:00:03\t512.35"
    assert not is_too_wide(page)


# -- answers that do not come ----------------------------------------------------------------
def known(face: BareFace, now_ms: int = 1_000_000) -> None:
    """The garden, and what its kernel says of itself."""
    parts = garden_view(state())
    face.tell(kind="view", seq=1, t=T, speed=1, parts=parts, kernel_ms=now_ms, name="a-home")


def say(face: BareFace, text: str) -> dict[str, Any]:
    face.page.fill(".command input", text)
    face.page.press(".command input", "Enter")
    return face.asked("/commands")


APPROVED: dict[str, Any] = {"verdict": "approved", "qty": None, "notes": ["closing BTC/USDT"]}


def test_a_lost_message_is_not_waited_for_for_ever(look: Look) -> None:
    page = look()
    page.clock.install()
    face = BareFace(page, ZenGarden)
    known(face)
    asked = say(face, "close btc")
    page.clock.fast_forward(24_000)
    assert "The engine is asked" in page.inner_text(".answer")
    page.clock.fast_forward(2_000)
    assert "not known whether the engine got this" in page.inner_text(".answer")
    assert page.get_attribute(".answer", "data-verdict") == "unknown"
    face.tell(kind="pong", n=1)  # the kernel is heard again: it finds out
    assert face.sent("find")[-1]["asked"] == [[asked["ref"], "/commands"]]
    face.answer(asked, 200, APPROVED, words=answer("/commands", 200, APPROVED))
    told = page.inner_text(".answer b")
    assert told == "The engine is back and tells: Closing BTC/USDT"


def test_without_a_kernel_a_command_is_not_sent_and_a_brake_is(look: Look) -> None:
    page = look()
    page.clock.install()
    face = BareFace(page, ZenGarden)
    known(face)
    page.clock.run_for(20_000)
    assert "lost its kernel" in page.inner_text(".link")
    page.fill(".command input", "buy 100 usdt btc")
    page.press(".command input", "Enter")
    page.wait_for_selector(".answer:has-text('cannot be sent now')")
    assert face.sent("ask") == []
    page.click(".brakes button:has-text('close all')")
    page.fill(".confirm label:has(code) input", "CLOSE ALL POSITIONS")
    page.press(".confirm label:has(code) input", "Enter")
    assert [asked["path"] for asked in face.sent("ask")] == ["/emergency/close-all"]
    face.tell(kind="pong", n=1)
    assert say(face, "status")["body"]["text"] == "status"


def test_a_command_says_when_it_was_asked_in_the_time_of_the_kernel(look: Look) -> None:
    page = look()
    page.clock.install()
    face = BareFace(page, ZenGarden)
    known(face, now_ms=5_000_000)
    page.clock.fast_forward(4_000)
    assert say(face, "status")["kernel_ms"] == pytest.approx(5_004_000, abs=2_000)


def test_what_an_earlier_life_of_the_page_asked_is_told_to_the_next(look: Look) -> None:
    page = look()
    face = BareFace(page, ZenGarden)
    known(face)
    refs = [say(face, text)["ref"] for text in ("buy 100 usdt btc", "close btc")]
    face = BareFace(page, ZenGarden)  # the page starts over, with another kernel
    assert face.sent("find") == []
    known(face)
    [found] = face.sent("find")
    assert found["asked"] == [[ref, "/commands"] for ref in refs]
    for ref in refs:
        words = answer("/commands", 200, APPROVED)
        face.answer({"ref": ref, "path": "/commands"}, 200, APPROVED, words=words)
    told = page.inner_text(".answer")
    for line in ("buy 100 usdt btc", "close btc"):
        assert f"The engine tells of \u201c{line}\u201d: Closing BTC/USDT" in told
    face = BareFace(page, ZenGarden)
    known(face)
    assert face.sent("find") == []  # it is known


def test_a_script_that_was_lost_is_asked_for_again(look: Look) -> None:
    page = look()
    page.clock.install()
    face = BareFace(page, ZenGarden)
    asked = {"level": "WARNING", "message": "Pause\nWrite", "since": T, "until": None, "words": 500}
    face.show(t=T, **(garden_view(state()) | {"intervention": asked}))
    page.wait_for_function("window.sent.some(m => m.kind === 'need')")
    page.clock.run_for(26_000)
    page.wait_for_selector(".answer:has-text('cannot be shown here (no answer came back)')")
    face.tell(kind="pong", n=1)
    page.wait_for_function("window.sent.filter(m => m.kind === 'need').length === 2")
    face.give_module("openPage")
    page.wait_for_selector("dialog[open] textarea")


def test_a_brake_held_by_its_key_does_not_open_again(face: BareFace) -> None:
    shown(face, state())
    page = face.page
    page.focus(".brakes button:has-text('close all')")
    page.keyboard.press("Enter")
    page.focus(".confirm .hold")
    page.keyboard.down("Enter")
    asked = face.asked("/emergency/close-all")
    body = {"positions_closed": 1, "total_pnl": "0.1", "errors": []}
    face.answer(asked, 200, body, words=answer("/emergency/close-all", 200, body))
    for _ in range(5):
        page.keyboard.down("Enter")  # the key repeats
    assert not page.is_visible(".confirm")
    page.keyboard.up("Enter")
    assert "1 position closed" in page.inner_text(".answer")
    page.keyboard.press("Enter")
    assert page.is_visible(".confirm")
    page.keyboard.press("Escape")
    assert "1 position closed" in page.inner_text(".answer")  # opening took no answer away


def test_a_held_key_arms_a_close_and_does_not_close(face: BareFace) -> None:
    shown(face, state())
    page = face.page
    page.focus(".held tbody tr:first-child button")
    for _ in range(4):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    assert page.inner_text(".held tbody tr:first-child button") == "close now?"
    assert face.sent("ask") == []


def test_the_brakes_are_reached_by_keys_and_left_by_escape(face: BareFace) -> None:
    shown(face, state())
    page = face.page
    page.focus(".brakes button:has-text('halt')")
    page.keyboard.press("Enter")
    assert page.is_visible(".confirm")
    page.keyboard.press("Escape")
    assert not page.is_visible(".confirm")
    focused = page.evaluate("document.activeElement.textContent")
    assert focused == "halt"
    assert face.sent("ask") == []


def test_two_views_of_one_widget_show_the_same(face: BareFace) -> None:
    face.page.evaluate("""async () => {
      const again = document.body.appendChild(document.createElement("div"));
      const { default: module } = await import(URL.createObjectURL(
        new Blob([window.esm], { type: "text/javascript" })));
      window.unmountSecond = await module.render({ model: window.face, el: again });
    }""")
    assert len(face.sent("hello")) == 2
    shown(face, state())
    equities = "() => [...document.querySelectorAll('.equity')].map(node => node.textContent)"
    first, second = face.page.evaluate(equities)
    assert first == second != ""
    face.page.evaluate("window.unmountSecond()")
    shown(face, state(equity="777.00"), seq=2)
    assert face.page.evaluate(equities)[0] == "777.00"


@pytest.mark.parametrize("width", [420, 800])
def test_two_stones_fit_a_narrow_page(look: Look, screens: Path, width: int) -> None:
    face = BareFace(look(width, 900), ZenGarden)
    shown(face, state())
    assert not is_too_wide(face.page)
    shot(face.page, screens, f"garden-two-stones-{width}")


def test_a_day_with_hills(look: Look, screens: Path) -> None:
    for dark in (False, True):
        face = BareFace(look(dark=dark), ZenGarden)
        shown(face, state())
        shot(face.page, screens, f"garden-hills{'-dark' if dark else ''}")
