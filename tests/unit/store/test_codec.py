"""The stored form: exact both ways, strict, and readable for ever."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.canonical import canonical
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import BookDelta, FeedLost, InstrumentReported, Level, TradeTick
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.errors import EventLogError
from genesis.store.codec import CODEC, Codec, decode, encode
from tests.support.any_record import KINDS, any_of

GOLDEN = Path(__file__).parent / "golden" / "records_v1.jsonl"
TICK = TradeTick(1, "BTC/USDT", 7, Decimal("55123.40"), Decimal("0.00100"), True)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=12, deadline=None, database=None)
@given(data=st.data())
def test_decoding_is_the_exact_inverse_for_every_kind(kind: type, data: st.DataObject) -> None:
    record = data.draw(any_of(kind))
    encoded = encode(record)
    again = decode(*encoded)
    assert again == record
    assert type(again) is kind
    assert encoded.kind == kind.__name__
    assert encode(again) == encoded
    assert encoded.body == canonical(record)


def test_values_come_back_in_their_own_types() -> None:
    request = OrderRequest("BTC/USDT", Side.SELL, OrderType.LIMIT, Decimal("1.50"), Purpose.EXIT)
    back = decode(*encode(SubmitOrder(5, OrderKey(1, 2, 3), request)))
    assert type(back) is SubmitOrder
    assert type(back.key) is OrderKey
    assert back.request.side is Side.SELL
    assert type(back.request.qty) is Decimal
    delta = decode(*encode(BookDelta(1, "BTC/USDT", 1, 2, (Level(Decimal(1), Decimal(2)),), ())))
    assert type(delta.bids[0]) is Level
    limits = decode(*encode(InstrumentReported(1, Instrument("A/B", "A", "B", *[Decimal(1)] * 2))))
    assert limits.instrument.max_qty == Decimal("Infinity")


def test_text_that_utf8_cannot_hold_still_comes_back() -> None:
    record = FeedLost(1, "trades", "broken \ud800 Ω")
    encoded = encode(record)
    encoded.body.encode()
    assert decode(*encoded) == record


def holds(now: Any, then: Any) -> bool:
    """Is everything that was written then there now?"""
    if isinstance(then, dict):
        return all(name in now and holds(now[name], value) for name, value in then.items())
    if isinstance(then, list):
        return len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)


def test_golden_records_of_version_1_stay_readable() -> None:
    lines = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    assert {kind for kind, _, _ in lines} == {kind.__name__ for kind in KINDS}
    for kind, v, body in lines:
        now = json.loads(encode(decode(kind, v, body)).body)
        assert holds(now, json.loads(body))  # later versions may only add fields


def test_a_field_that_was_added_later_takes_its_default() -> None:
    kind, v, body = encode(FeedLost(1, "trades", "gone"))
    raw = json.loads(body)
    del raw["reason"]
    assert decode(kind, v, json.dumps(raw)) == FeedLost(1, "trades")


@dataclass(frozen=True, slots=True)
class Priced:
    """Stands for a record whose shape changed twice."""

    price: Decimal
    symbol: str


def test_old_versions_are_upgraded_step_by_step() -> None:
    codec = Codec(
        (Priced,),
        {
            ("Priced", 1): lambda raw: {"cents": raw["cents"], "symbol": raw["pair"]},
            ("Priced", 2): lambda raw: {
                "price": str(Decimal(raw["cents"]) / 100),
                "symbol": raw["symbol"],
            },
        },
    )
    now = Priced(Decimal("1.25"), "BTC/USDT")
    assert codec.encode(now).v == 3  # type: ignore[arg-type]
    assert codec.decode("Priced", 1, '{"cents":125,"pair":"BTC/USDT"}') == now
    assert codec.decode("Priced", 2, '{"cents":125,"symbol":"BTC/USDT"}') == now
    assert codec.decode("Priced", 3, '{"price":"1.25","symbol":"BTC/USDT"}') == now


@pytest.mark.parametrize(
    ("kind", "v", "change", "complaint"),
    [
        ("NoSuchThing", 1, {}, "unknown record kind 'NoSuchThing'"),
        ("TradeTick", 2, {}, "unknown version 2 of TradeTick"),
        ("TradeTick", 0, {}, "unknown version 0 of TradeTick"),
        ("TradeTick", 1, {"price": 55123.4}, "not the text of an amount"),
        ("TradeTick", 1, {"price": "much"}, "not the text of an amount"),
        ("TradeTick", 1, {"trade_id": True}, "True is not int"),
        ("TradeTick", 1, {"trade_id": 1.0}, "1.0 is not int"),
        ("TradeTick", 1, {"extra": 1}, "unknown fields: extra"),
        ("TradeTick", 1, {"symbol": None}, "None is not str"),
    ],
)
def test_what_was_never_written_is_refused(
    kind: str, v: int, change: dict[str, object], complaint: str
) -> None:
    body = json.dumps(json.loads(encode(TICK).body) | change)
    with pytest.raises(EventLogError, match=complaint) as told:
        decode(kind, v, body)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"ts_ns":1}'])
def test_a_torn_body_is_an_event_log_error(body: str) -> None:
    with pytest.raises(EventLogError, match="stored TradeTick cannot be read"):
        decode("TradeTick", 1, body)


def test_what_has_no_exact_text_cannot_be_logged() -> None:
    with pytest.raises(EventLogError, match="not a number"):
        encode(TradeTick(1, "BTC/USDT", 7, Decimal("NaN"), Decimal(1), True))
    with pytest.raises(EventLogError, match="float"):
        encode(TradeTick(1, "BTC/USDT", 7, 1.5, Decimal(1), True))  # type: ignore[arg-type]
    with pytest.raises(EventLogError, match="no event, outcome or command"):
        encode(object())  # type: ignore[arg-type]


def test_every_kind_has_a_version() -> None:
    assert set(CODEC.versions) == {kind.__name__ for kind in KINDS}
    assert len(CODEC.versions) == len(KINDS)
