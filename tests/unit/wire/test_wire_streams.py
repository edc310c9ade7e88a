import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BarClosed, BookDelta, BookTop, Level, MarketEvent, TradeTick
from genesis.domain.time import MILLISECOND, MINUTE
from genesis.wire import streams
from genesis.wire.amounts import parse_amount, parse_stamp, write_amount

AT = 1_723_161_255_342 * MILLISECOND
TRADE = {
    "e": "trade",
    "E": 1723161255343,
    "s": "BTCUSDT",
    "t": 3735683259,
    "p": "61837.63000000",
    "q": "0.02000000",
    "T": 1723161255342,
    "m": True,
    "M": True,
}
TOP = {
    "u": 50093239212,
    "s": "BTCUSDT",
    "b": "61837.63000000",
    "B": "3.78826000",
    "a": "61837.64000000",
    "A": "1.54698000",
}
DEPTH = {
    "e": "depthUpdate",
    "E": 1723161255308,
    "s": "BTCUSDT",
    "U": 50093239203,
    "u": 50093239207,
    "b": [["55653.87000000", "0.00000000"]],
    "a": [["61838.04000000", "0.32332000"]],
}


def test_trade_takes_the_time_of_the_trade() -> None:
    assert streams.parse(TRADE, 0) == TradeTick(
        AT, "BTC/USDT", 3735683259, Decimal("61837.63"), Decimal("0.02"), True
    )


def test_top_takes_the_time_it_is_given() -> None:
    top = streams.parse(TOP, AT)
    assert isinstance(top, BookTop)
    assert (top.ts_ns, top.update_id, top.bid, top.ask_qty) == (
        AT,
        50093239212,
        Decimal("61837.63"),
        Decimal("1.54698"),
    )


def test_depth_difference_and_snapshots() -> None:
    delta = streams.parse(DEPTH, 0)
    assert isinstance(delta, BookDelta)
    assert delta.ts_ns == 1_723_161_255_308 * MILLISECOND
    assert delta.bids == (Level(Decimal("55653.87"), Decimal(0)),)
    book = {"lastUpdateId": 7, "bids": [["1.0", "2.0"]], "asks": []}
    partial = streams.parse(book, AT, "btcusdt@depth20")
    assert partial == BookDelta(
        AT, "BTC/USDT", 7, 7, (Level(Decimal(1), Decimal(2)),), (), is_snapshot=True
    )


def test_open_kline_is_no_event_and_closed_one_is_stamped_at_its_end() -> None:
    bar = BarClosed(AT // MINUTE * MINUTE, "BTC/USDT", MINUTE, *map(Decimal, (1, 3, 1, 2, 5)))
    assert streams.parse(streams.write_kline(bar, is_closed=False), 0) is None
    assert streams.parse(streams.write_kline(bar), 0) == bar


def test_other_kinds_are_no_events() -> None:
    assert streams.parse({"e": "24hrTicker", "E": 1, "s": "BTCUSDT"}, AT) is None


@pytest.mark.parametrize(
    ("message", "field", "value", "reason"),
    [
        (TRADE, "p", "abc", "not a number"),
        (TRADE, "p", "NaN", "not a usable number"),
        (TRADE, "p", "Infinity", "not a usable number"),
        (TRADE, "p", "0.00000000", "price is 0"),
        (TRADE, "p", 61837.63, "not text"),
        (TRADE, "p", "1_000", "not a number"),
        (TRADE, "q", "-1", "negative"),
        (TRADE, "t", "7", "trade id"),
        (TRADE, "t", True, "trade id"),
        (TRADE, "m", 1, "buyer is maker"),
        (TRADE, "T", 17231612553, "outside the years"),
        (TRADE, "T", None, "not a whole number"),
        (TRADE, "s", "FOO", "unknown"),
        (TOP, "A", None, "not text"),
        (DEPTH, "b", {}, "not a list"),
        (DEPTH, "b", [["1.0"]], "price and a quantity"),
        (DEPTH, "U", 50093239208, "above the last"),
    ],
)
def test_malformed_message_is_refused_with_the_reason(
    message: dict[str, object], field: str, value: object, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        streams.parse({**message, field: value}, AT)


@pytest.mark.parametrize("field", ["T", "p", "s", "t", "m"])
def test_missing_field_is_named(field: str) -> None:
    with pytest.raises(ValueError, match=f"'{field}' is missing"):
        streams.parse({k: v for k, v in TRADE.items() if k != field}, AT)


def test_stamps_are_told_apart_by_their_size() -> None:
    assert parse_stamp(1723161255342) == AT
    assert parse_stamp(1723161255342001) == AT + 1000
    assert parse_stamp(1723161255342000001) == AT + 1


def test_amount_finer_than_the_venue_writes_is_refused() -> None:
    assert write_amount(Decimal("0.00000001")) == "0.00000001"
    with pytest.raises(ValueError, match="8 decimals"):
        write_amount(Decimal("0.000000001"))


amounts = st.integers(1, 10**15).map(lambda i: Decimal(i).scaleb(-8))
ids = st.integers(0, 10**12)
stamps = st.integers(1_500_000_000_000, 1_900_000_000_000).map(lambda ms: ms * MILLISECOND)
symbols = st.sampled_from(["BTC/USDT", "ETH/BTC", "1000SATS/USDT"])
levels = st.lists(st.builds(Level, amounts, amounts), max_size=4).map(tuple)
events = st.one_of(
    st.builds(TradeTick, stamps, symbols, ids, amounts, amounts, st.booleans()),
    st.builds(BookTop, stamps, symbols, ids, amounts, amounts, amounts, amounts),
    st.builds(BookDelta, stamps, symbols, st.just(3), ids.map(lambda i: i + 3), levels, levels),
    st.builds(
        BarClosed,
        stamps.map(lambda t: t // MINUTE * MINUTE),
        symbols,
        st.just(MINUTE),
        *[amounts] * 5,
    ),
)


@given(events)
def test_what_is_written_is_read_again(event: MarketEvent) -> None:
    text = streams.combined(streams.stream_name(event), streams.write(event))
    envelope = json.loads(text)
    assert streams.parse(envelope["data"], event.ts_ns, envelope["stream"]) == event


@given(amounts)
def test_amounts_have_eight_decimals_and_stay_exact(amount: Decimal) -> None:
    text = write_amount(amount)
    assert len(text.partition(".")[2]) == 8
    assert parse_amount(text) == amount


def test_the_venues_own_examples_are_read(shared) -> None:  # type: ignore[no-untyped-def]
    """Every documented market stream payload of a kind we know gives an event."""
    samples = json.loads((shared / "data/binance_docs/samples.json").read_text())
    found = [m for m in _messages(samples) if m.get("e") in ("trade", "depthUpdate")]
    found = [{**m, "s": "BNBBTC"} for m in found if "p" in m or "b" in m]
    assert {m["e"] for m in found} == {"trade", "depthUpdate"}
    for message in found:
        recent = {**message, "E": TRADE["E"], "T": TRADE["T"]}
        assert streams.parse(recent, AT) is not None


def _messages(node: object) -> list[dict[str, object]]:
    if isinstance(node, dict):
        inner = [m for value in node.values() for m in _messages(value)]
        return [node, *inner]
    if isinstance(node, list):
        return [m for value in node for m in _messages(value)]
    return []
