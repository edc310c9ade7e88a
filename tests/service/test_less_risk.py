"""What asks for less risk, at the real door: never told to wait, understood, and never a slip."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.events import OperatorActed
from genesis.domain.orders import Purpose
from genesis.service.api.bodies import CLOSE_PHRASE, HALT_PHRASE
from genesis.store.codec import decode
from tests.support.api import KEYS, Room

RATE = 3
LESS: list[tuple[str, dict[str, Any]]] = [
    ("/commands", {"text": "stop btc 59500"}),
    ("/commands", {"text": "cancel all"}),
    ("/commands", {"text": "sell 6 usdt btc"}),
    ("/commands", {"text": "close btc"}),
    ("/commands", {"text": " CLOSE all"}),
    ("/commands", {"intent": {"symbol": "btc", "side": "buy", "cancel": "1-9-0"}}),
    ("/commands", {"intent": {"symbol": "btc", "side": "sell"}}),
    ("/commands", {"intent": {"symbol": "btc", "reduces": True}}),
    ("/commands", {"text": "halt"}),
    ("/emergency/close-all", {"confirmation": CLOSE_PHRASE}),
    ("/emergency/halt", {"confirmation": HALT_PHRASE, "reason": "enough for today"}),
]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path, rate=RATE)
    yield room
    room.close()


def say(room: Room, text: str, **more: Any) -> Any:
    return room.ask(("POST", "/commands", {"text": text, **more}))


def last_act(room: Room) -> OperatorActed:
    [row] = room.log.reader.recent(1, kind="OperatorActed")
    act = decode(row.kind, row.v, row.body)
    assert isinstance(act, OperatorActed)
    return act


# -- never told to wait ----------------------------------------------------------------------
def test_a_key_that_has_asked_too_often_may_still_leave_risk_by_every_route(room: Room) -> None:
    assert say(room, "buy 25 usdt btc").status_code == 200
    flood = room.ask(*[("POST", "/commands", {"text": "status"})] * (RATE + 1))
    assert flood[-1].status_code == 429
    for path, body in LESS * 2:
        assert room.ask(("POST", path, body)).status_code != 429, body
        assert say(room, "buy 25 usdt btc").status_code == 429
    assert room.engine.view.positions == ()
    assert room.engine.state.risk.drawdown.halted is not None


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"text": ""}', b'{"text": 7}', b"\xff"])
def test_what_asks_for_nothing_less_waits_like_all_else(room: Room, body: bytes) -> None:
    async def work(client: Any) -> list[int]:
        return [(await client.post("/commands", content=body)).status_code for _ in range(5)]

    assert room.run(work)[-2:] == [429, 429]


def test_only_the_control_key_is_let_through(room: Room) -> None:
    for key in (KEYS.read, "guess"):
        asked = [("POST", "/commands", {"text": "close btc"})] * (RATE + 1)
        assert room.ask(*asked, key=key)[-1].status_code == 429


# -- understood ------------------------------------------------------------------------------
@pytest.fixture
def held(tmp_path: Path) -> Iterator[Room]:
    """0.0004 BTC at 60000, at a door without a pace."""
    room = Room(tmp_path)
    assert say(room, "buy 24.1 usdt btc").json()["qty"] == "0.0004"
    yield room
    room.close()


def qty(room: Room) -> Decimal:
    position = room.engine.view.position("BTC/USDT")
    return Decimal(0) if position is None else position.qty


def protected(room: Room) -> Decimal:
    working = room.engine.state.execution.orders.all_working()
    return sum(
        (o.remaining_qty for o in working if o.request.purpose is Purpose.PROTECT), Decimal()
    )


def test_half_of_a_position_is_closed_and_the_rest_stays_protected(held: Room) -> None:
    answer = say(held, "close btc 50%").json()
    assert answer["notes"][0] == "selling 0.0002 BTC/USDT"
    assert (qty(held), protected(held)) == (Decimal("0.0002"), Decimal("0.0002"))


def test_a_share_is_rounded_down_to_the_lot(held: Room) -> None:
    assert say(held, "close btc 33%").json()["notes"][0] == "selling 0.00013 BTC/USDT"
    assert qty(held) == Decimal("0.00027")


def test_what_would_be_too_little_to_sell_later_goes_at_once(held: Room) -> None:
    [told] = say(held, "close btc 90%").json()["notes"][:1]
    assert told == "selling all BTC/USDT: the 0.00004 left would be too little to be sold later"
    assert qty(held) == 0


def test_more_than_is_held_is_all_of_it(held: Room) -> None:
    assert say(held, "sell 5 btc btc").json()["notes"][0] == "selling all BTC/USDT"
    assert qty(held) == 0


def test_a_share_below_the_venues_minimum_is_told_and_the_stop_stays(held: Room) -> None:
    answer = say(held, "close btc 5%")
    assert answer.status_code == 409 and "no order below 5 USDT" in answer.json()["reason"]
    assert (qty(held), protected(held)) == (Decimal("0.0004"), Decimal("0.0004"))


@pytest.mark.parametrize("text", ["help", "?"])
def test_help_tells_what_can_be_typed(held: Room, text: str) -> None:
    answer = say(held, text)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "approved")
    assert any(note.startswith("close btc, close btc 50%") for note in answer.json()["notes"])


def test_a_bare_halt_halts(held: Room) -> None:
    assert say(held, "halt").status_code == 200
    assert say(held, "buy 10 usdt btc").json()["code"] == "TRADING_HALTED"
    assert say(held, "close btc").status_code == 200


# -- never a slip ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "parse_ok"),
    [
        *((line, False) for line in ("byu 10 usdt btc", "exit", "buy btc")),
        *((line, None) for line in ("clsoe btc", "close bct", "stop btc")),
    ],
)
def test_only_lines_that_ask_for_no_less_risk_are_slips(
    held: Room, text: str, parse_ok: bool | None
) -> None:
    before = held.engine.state.tilt.score(held.clock.now_ns()).raw
    answer = say(held, text, keys=9, backspaces=0)
    assert (answer.status_code, answer.json()["verdict"]) == (422, "not_understood")
    assert last_act(held).parse_ok is parse_ok
    rises = held.engine.state.tilt.score(held.clock.now_ns()).raw > before
    assert rises is (parse_ok is False)


def test_the_same_reference_tells_again_that_it_was_not_understood(held: Room) -> None:
    say(held, "buy btc", client_ref="r")
    told = held.ask(("GET", "/commands/r")).json()
    assert told["verdict"] == "not_understood"


# -- stops -----------------------------------------------------------------------------------
@pytest.mark.parametrize("price", ["99999", "60000"])
def test_a_stop_at_or_above_the_price_is_refused_and_nothing_is_sold(
    held: Room, price: str
) -> None:
    answer = say(held, f"stop btc {price}")
    assert answer.status_code == 409
    reason = answer.json()["reason"]
    assert reason == (
        f"a stop lies below the price, which is 60000 now: at {price} it would sell at once; "
        "to sell now: close BTC/USDT"
    )
    assert protected(held) == Decimal("0.0004")
    assert say(held, "stop btc 59999.99").status_code == 200
    assert say(held, "close btc").status_code == 200 and qty(held) == 0


def test_an_entry_with_a_stop_above_the_price_is_refused(held: Room) -> None:
    for line in ("buy 20 usdt btc stop 60010", "buy 20 usdt btc limit 61000 stop 60500"):
        assert say(held, line).json()["code"] == "STOP_ABOVE_ENTRY"
