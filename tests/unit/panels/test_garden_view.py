"""What the garden shows of a state: ready words and shares, nothing to be worked out."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import format_utc
from genesis.panels.garden import ZenGarden
from genesis.panels.garden_view import MOST_POINTS, Ridge, garden_view, point, ridge
from genesis.panels.views import amount, percent, price, quantity, remaining, sign, signed

T = "2026-01-01T12:00:00.000000000Z"


def state(**changed: Any) -> dict[str, Any]:
    return {
        "t": T,
        "seq": 1,
        "speed": 1.0,
        "equity": "501.2345",
        "free": "476.26",
        "tilt": 0,
        "level": "NORMAL",
        "tier": "SNIPER",
        "mode": "ACTIVE",
        "prices": {"BTC/USDT": "67453.00"},
        "day_start_equity": "500",
        "venue": {"status": "NORMAL", "reason": ""},
        "halted": False,
        "headroom": {"position_cap": "25", "multiplier": "1", "limits": []},
    } | changed


def position(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTC/USDT",
        "side": "LONG",
        "entry_price": "67453",
        "quantity": "0.00037",
        "mark": "67526.73",
        "stop": "66778.47",
        "pnl_dollars": "0.0273",
        "pnl_percent": 0.11,
        "opened_at": "2026-01-01T11:00:00.000000000Z",
    } | changed


def limit(name: str, used: str, most: str, unit: str, share: float) -> dict[str, Any]:
    return {"name": name, "used": used, "limit": most, "unit": unit, "fraction": share}


# -- words for numbers -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given_", "shown"),
    [("1234.5", "1,234.50"), ("-0.004", "0.00"), ("-1", "\u22121.00"), (None, "\u2014")],
)
def test_amounts_read_as_people_write_them(given_: Any, shown: str) -> None:
    assert amount(given_) == shown


def test_a_sign_is_that_of_the_number_shown() -> None:
    assert (signed("0.004"), sign("0.004")) == ("0.00", 0)
    assert (signed("0.0042", 4), sign("0.0042", 4)) == ("+0.0042", 1)
    assert (signed("-3"), sign("-3")) == ("\u22123.00", -1)
    assert (price("0.00001230"), price("67453")) == ("0.0000123", "67,453.00")
    assert (quantity("0.0003700"), percent(0.5)) == ("0.00037", "50.0 %")


def test_what_is_left_of_a_limit_is_said_with_its_unit() -> None:
    assert remaining(limit("x", "12.6", "25", "USDT", 0.5)) == "12.40 of 25.00 USDT left"
    assert remaining(limit("x", "3", "10", "count", 0.3)) == "7 of 10 left"
    assert remaining(limit("x", "0.02", "0.15", "fraction", 0.1)) == "13.0 of 15.0 % left"
    assert remaining(limit("x", "30", "25", "USDT", 1.0)) == "0.00 of 25.00 USDT left"
    assert remaining(limit("x", "0", "0", "USDT", 1.0)) == "none for now"


@given(st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False))
def test_no_amount_shows_a_negative_zero_and_signs_agree(value: Decimal) -> None:
    shown = signed(value)
    assert shown.lstrip("+\u2212").replace(",", "").replace(".", "").isdigit()
    assert {"+": 1, "\u2212": -1}.get(shown[0], 0) == sign(value)


# -- the head and the weather ----------------------------------------------------------------
def test_the_head_tells_tier_mode_money_and_pace() -> None:
    head = garden_view(state(speed=20))["head"]
    assert (head["tier"], head["mode"], head["equity"]) == ("SNIPER", "active", "501.23")
    assert (head["today"], head["sign"]) == ("+1.23 today", 1)
    assert head["prices"] == [["BTC/USDT", "67,453.00"]]
    assert head["pace"] == "time runs 20 times faster"
    assert garden_view(state(speed=1.0003))["head"]["pace"] == ""


ASKED = {"level": "WARNING", "message": "Trading paused", "until": None}
RESTS = {"status": "MAINTENANCE", "reason": ""}


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({}, "open"),
        ({"mode": "CEREMONY"}, "ceremony"),
        ({"mode": "CEREMONY", "limited_until": T}, "limited"),
        ({"limited_until": T}, "limited"),
        ({"mode": "EMERGENCY", "limited_until": T}, "emergency"),
        ({"mode": "EMERGENCY", "venue": RESTS}, "maintenance"),
        ({"limited_until": T, "venue": RESTS}, "maintenance"),
        ({"venue": RESTS, "intervention": ASKED}, "page"),
        ({"venue": RESTS, "intervention": ASKED, "halted": True}, "halted"),
    ],
)
def test_the_gravest_state_is_the_weather(changed: dict[str, Any], name: str) -> None:
    weather = garden_view(state(**changed))["weather"]
    assert weather["name"] == name
    assert bool(weather["words"]) == (name != "open")


def test_the_limited_hour_says_what_it_does_and_when_it_ends() -> None:
    half = {"position_cap": "25", "multiplier": "0.5", "limits": []}
    weather = garden_view(state(limited_until=T, headroom=half))["weather"]
    assert weather == {"name": "limited", "words": "The limited hour: 50 % sizes", "until": T}


# -- stones ----------------------------------------------------------------------------------
def test_a_stone_is_as_large_as_its_share_of_the_cap() -> None:
    [stone] = garden_view(state(positions=[position()]))["stones"]
    assert stone["size"] == 1.0  # 24.98 of 25
    assert (stone["pnl"], stone["sign"], stone["base"]) == ("+0.0273", 1, "BTC")
    [small] = garden_view(state(positions=[position(quantity="0.0001")]))["stones"]
    assert small["size"] == pytest.approx(0.27)


def test_rings_grow_with_the_time_a_position_is_held() -> None:
    def rings(opened_at: str) -> int:
        return int(
            garden_view(state(positions=[position(opened_at=opened_at)]))["stones"][0]["rings"]
        )

    fresh, hour, days = map(rings, (T, "2026-01-01T11:00:00Z", "2025-12-20T00:00:00Z"))
    assert fresh < hour <= days <= 9


def test_a_loss_is_told_in_clay() -> None:
    [stone] = garden_view(state(positions=[position(pnl_dollars="-12.5")]))["stones"]
    assert (stone["pnl"], stone["sign"]) == ("\u221212.50", -1)


# -- gates, limits, locks, orders ------------------------------------------------------------
def gate(name: str, has: str, needed: str, passed: bool = False) -> dict[str, Any]:
    return {"gate": name, "current_value": has, "required_value": needed, "passed": passed}


@pytest.mark.parametrize(
    ("row", "share"),
    [
        (gate("capital", "500 USDT at 1 closes", "2000 USDT at 3 closes"), 0.25),
        (gate("days_at_tier", "12", "30"), 0.4),
        (gate("profitable_days", "3 of 10 days", "60 % of days"), 0.5),
        (gate("profitable_days", "0 of 0 days", "60 % of days"), 0.0),
        (gate("violations", "2", "at most 0 in 30 days"), 0.0),
        (
            gate("execution_speed", "15 of 15 orders", "90 % of at least 30 orders within 100 ms"),
            0.5,
        ),
        (gate("capital", "2100 USDT at 1 closes", "2000 USDT at 3 closes"), 0.97),
        (gate("violations", "0", "at most 0 in 30 days", passed=True), 1.0),
        (gate("something new", "?", "!"), 0.0),
    ],
)
def test_a_disc_is_full_only_where_the_gate_is_passed(row: dict[str, Any], share: float) -> None:
    part = garden_view(state(gates=[row]))["gates"]
    assert part["title"] == "gates to hunter"
    assert part["rows"][0]["share"] == pytest.approx(share)


def test_where_no_way_up_is_built_the_garden_says_so() -> None:
    assert garden_view(state(tier="HUNTER", gates=[]))["gates"]["none"]


def test_limits_near_their_end_are_marked() -> None:
    limits = [
        limit("position_size", "5", "25", "USDT", 0.2),
        limit("daily_loss", "60", "75", "USDT", 0.8),
        limit("trades_today", "10", "10", "count", 1.0),
    ]
    room = garden_view(state(headroom={"position_cap": "25", "limits": limits}))["headroom"]
    assert [each["mood"] for each in room] == ["", "near", "spent"]
    assert [each["left"] for each in room] == pytest.approx([0.8, 0.2, 0.0])
    assert room[2]["words"] == "0 of 10 left"


def test_tilt_names_what_it_is_made_of_greatest_first() -> None:
    part = garden_view(
        state(tilt=52, level="CAUTION", contributions={"gap": 12, "cancel": 40, "x": 0})
    )
    assert part["tilt"]["from"] == [["orders cancelled", 40], ["little time between acts", 12]]
    assert part["tilt"]["words"]


@pytest.mark.parametrize("told", ["1 page is owed, for an override", "2 pages are owed: both"])
def test_a_page_that_is_owed_is_in_sight(told: str) -> None:
    locks = garden_view(state(pages={"owed": 2, "later": 1, "told": told}))["locks"]
    assert locks == [
        {"code": "PAGE_OWED", "reason": f"{told}: written on the tilt page.", "until": None}
    ]
    asked = {"owed": 1, "later": 0, "told": "1 page is owed, for the pause of tilt (WARNING)"}
    assert garden_view(state(pages=asked))["locks"] == []  # the lock of tilt says it


def test_locks_of_one_reason_are_told_once_with_all_their_codes() -> None:
    broken = {"stage": "risk", "scope": "system", "reason": "the log is broken", "until": None}
    one, other = ({"code": code, **broken} for code in ("STORE_FAILED", "SYSTEM_FAILED"))
    [lock] = garden_view(state(locks=[one, other, one]))["locks"]
    assert lock["code"] == "STORE_FAILED, SYSTEM_FAILED"
    assert len(garden_view(state(locks=[one, other | {"until": T}]))["locks"]) == 2


def test_locks_and_orders_are_ready_to_read() -> None:
    lock = {"stage": "tilt", "code": "COOLDOWN", "reason": "a page is due", "until": T}
    order = {"symbol": "BTC/USDT", "side": "SELL", "type": "STOP_LOSS", "purpose": "PROTECT"}
    order |= {"status": "OPEN", "quantity": "0.00037", "filled": "0", "stop_price": "66778.47"}
    view = garden_view(state(locks=[lock], orders=[order]))
    assert view["locks"] == [{"code": "COOLDOWN", "reason": "A page is due", "until": T}]
    assert view["orders"][0] == {
        "symbol": "BTC/USDT",
        "what": "sell stop loss",
        "quantity": "0.00037",
        "at": "66,778.47",
        "filled": "",
        "status": "open",
    }


def test_examples_can_be_typed_as_they_stand() -> None:
    assert garden_view(state())["examples"] == ["buy 100 usdt btc", "cancel all", "status", "help"]
    held = garden_view(state(positions=[position()]))["examples"]
    assert held == [
        "buy 100 usdt btc",
        "close btc",
        "stop btc 66778",
        "cancel all",
        "status",
        "help",
    ]


def test_examples_name_what_is_held_and_a_stop_on_its_grid() -> None:
    """An order for another symbol, or a stop at 0, would be typed as it stands."""
    prices = {"BTC/USDT": "67453", "PEPE/USDT": "0.00001234", "SOL/USDT": "142.5"}
    for symbol, mark, stop in (
        ("PEPE/USDT", "0.00001234", "0.00001221"),
        ("SOL/USDT", "142.5", "141.0"),
        ("XRP/USDT", "0.5", "0.49"),
    ):
        one = position(symbol=symbol, mark=mark, stop="0.48" if symbol == "XRP/USDT" else None)
        base = symbol.partition("/")[0].lower()
        told = garden_view(state(prices=prices, positions=[one]))["examples"]
        close, line = f"close {base}", f"stop {base} {stop}"
        assert told == [f"buy 100 usdt {base}", close, line, "cancel all", "status", "help"]


@pytest.mark.parametrize("mark", [None, "0", "5", "x"])
def test_a_stop_that_cannot_be_said_is_no_example(mark: str | None) -> None:
    one = position(symbol="ODD/USDT", mark=mark, stop=None)
    told = garden_view(state(positions=[one]))["examples"]
    assert told == ["buy 100 usdt odd", "close odd", "cancel all", "status", "help"]


# -- the mountain ----------------------------------------------------------------------------
@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.floats(1, 1e6, allow_nan=False)),
        max_size=600,
    )
)
def test_the_ridge_keeps_its_ends_and_unpacks_to_what_went_in(
    walk: list[tuple[int, float]],
) -> None:
    at, history = 1_767_225_600_000, []
    for gap_s, equity in walk:
        at += gap_s * 1000
        history.append([at, equity])
    part = ridge(state(history=history))
    if not history:
        assert "t" not in part
        return
    times, values = [part["t"]], [part["v"]]
    for gap, rise in zip(part["times"], part["values"], strict=True):
        times.append(times[-1] + gap)
        values.append(values[-1] + rise)
    assert len(times) <= 241
    whole = {(t // 1000, round(e * 10_000)) for t, e in history}
    assert set(zip(times, values, strict=True)) <= whole
    assert (times[0], times[-1]) == (history[0][0] // 1000, history[-1][0] // 1000)


def unpacked(part: dict[str, Any]) -> list[tuple[int, float]]:
    """Points of a ridge: seconds and equity."""
    points = [(part["t"], part["v"])]
    for gap, rise in zip(part["times"], part["values"], strict=True):
        points.append((points[-1][0] + gap, points[-1][1] + rise))
    return [(at, value / 10_000) for at, value in points]


def test_a_view_that_is_opened_later_gets_what_came_since() -> None:
    began_s, told = 1_767_268_800, state(history=[[1_767_268_800_000, 500.0]])
    mountain = Ridge(told)
    assert mountain.part == ridge(told)
    for n in range(1, 4):
        told |= {"t": f"2026-01-01T12:0{n}:00Z", "equity": str(500 + n)}
        mountain.take(told)
        mountain.take(told | {"equity": None})
    assert mountain.part == ridge(told)  # a point travels alone; the rest is not sent again
    mountain.whole(told)
    assert unpacked(mountain.part) == [(began_s + n * 60, 500.0 + n) for n in range(4)]


def test_a_long_watch_keeps_its_ends_in_bounded_room() -> None:
    start_ms = 1_767_225_600_000
    mountain = Ridge(state(history=[[start_ms, 500.0]]))
    for second in range(1, 30_000):
        at = format_utc((start_ms + second * 1_000) * 1_000_000)
        mountain.take({"t": at, "equity": 500 + second / 1_000})
    mountain.whole(state())
    points = unpacked(mountain.part)
    assert len(mountain) <= MOST_POINTS
    assert points[0] == (start_ms // 1_000, 500.0)
    assert points[-1] == (start_ms // 1_000 + 29_999, 529.999)
    assert len(points) > 100


def test_the_garden_shows_the_whole_day_to_whoever_looks_again(tmp_path: Path) -> None:
    garden = ZenGarden(tmp_path)
    told = state(history=[[1_767_268_800_000, 500.0]])
    first = garden.view(told)
    told |= {"t": "2026-01-01T12:05:00Z", "equity": "512"}
    second = garden.view(told)
    assert second["ridge"] == first["ridge"]
    garden.state = told
    garden.greeted()
    assert unpacked(garden.view(told)["ridge"])[-1] == (1_767_269_100, 512.0)
    garden.close()


def test_a_full_day_of_equity_stays_small() -> None:
    history = [[1_767_225_600_000 + i * 180_000, 500 + i % 17 * 0.0123] for i in range(480)]
    assert len(json.dumps(ridge(state(history=history)))) < 4_000


def test_the_point_is_where_equity_stands() -> None:
    assert point(state()) == {"at": 1_767_268_800_000, "v": 501.2345}


# -- whatever comes --------------------------------------------------------------------------
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["equity", "free", "day_start_equity", "t"]), ANY))
def test_amounts_that_are_none_leave_the_garden_standing(odd: dict[str, Any]) -> None:
    assert json.dumps(garden_view(state(**odd)))


def test_an_engine_that_tells_little_is_shown_as_far_as_it_goes() -> None:
    assert garden_view({"t": T, "seq": 0})["head"]["equity"] == "\u2014"
