"""A trade read in one go is the trade read the long way; everything else is left to that."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import TradeTick
from genesis.domain.time import MILLISECOND
from genesis.wire.streams import (
    combined,
    parse,
    parse_past_trade,
    printed_trade,
    venue_ns,
    write_trade,
)

PRINTED = combined(
    "btcusdt@trade",
    write_trade(
        TradeTick(
            1_723_161_600_000 * MILLISECOND,
            "BTC/USDT",
            12345,
            Decimal("60000.10"),
            Decimal("0.5"),
            True,
        )
    ),
)
amounts = st.decimals(Decimal("0.00000001"), Decimal("9999999999"), places=8)
ticks = st.builds(
    TradeTick,
    st.integers(1_000_000_000_000, 3_999_999_999_999).map(lambda ms: ms * MILLISECOND),
    st.sampled_from(["BTC/USDT", "XRP/ETH", "1000SATS/USDT"]),
    st.integers(0, 10**18 - 1),
    amounts,
    amounts,
    st.booleans(),
)


def the_long_way(text: str) -> tuple[object, int | None]:
    envelope = json.loads(text)
    return parse(envelope["data"], 0, envelope["stream"]), venue_ns(envelope["data"])


@given(ticks, st.integers(0, 10_000))
def test_both_ways_read_the_same(tick: TradeTick, delay_ms: int) -> None:
    sent_ns = min(tick.ts_ns + delay_ms * MILLISECOND, 3_999_999_999_999 * MILLISECOND)
    text = combined("btcusdt@trade", write_trade(tick, sent_ns))
    assert printed_trade(text) == the_long_way(text) == (tick, sent_ns)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('"t":12345', '"t":012345'),
        ('"t":12345', '"t":-1'),
        ('"t":12345', '"t":١٢'),
        ('"p":"60000.10000000"', '"p":"0.00000000"'),
        ('"q":"0.50000000"', '"q":"0.00000000"'),
        ('"q":"0.50000000"', '"q":"-1.00000000"'),
        ('"q":"0.50000000"', '"q":"NaN"'),
        ('"T":1723161600000', '"T":1723161600000000'),
        ('"T":1723161600000', '"T":9723161600000'),
        ('"s":"BTCUSDT"', '"s":"BTCNOTHING"'),
        ('"m":true', '"m":1'),
        ('"e":"trade"', '"e":"aggTrade"'),
        ("}}", "}} "),
        ('"M":true', '"M":true,"new":1'),
    ],
)
def test_what_is_not_quite_a_trade_is_left_to_the_long_way(written: str, instead: str) -> None:
    assert printed_trade(PRINTED) is not None
    assert written in PRINTED
    assert printed_trade(PRINTED.replace(written, instead)) is None


@given(st.text() | st.text().map(lambda noise: PRINTED[:40] + noise + PRINTED[60:]))
def test_what_both_ways_read_they_read_alike(text: str) -> None:
    found = printed_trade(text)
    assert found is None or found == the_long_way(text)


def test_a_past_trade_is_the_one_of_the_stream() -> None:
    tick, _ = printed_trade(PRINTED) or (None, 0)
    row = {
        **{"id": 12345, "price": "60000.10000000", "qty": "0.50000000"},
        **{"quoteQty": "30000.05", "time": 1_723_161_600_000},
        **{"isBuyerMaker": True, "isBestMatch": True},
    }
    assert parse_past_trade(row, "BTC/USDT") == tick
    with pytest.raises(ValueError, match="price is 0"):
        parse_past_trade(row | {"price": "0"}, "BTC/USDT")


def test_the_documents_own_row_is_read(shared_samples: list[dict[str, object]]) -> None:
    (rows,) = [
        sample["value"]
        for sample in shared_samples
        if str(sample["section"]).endswith("Old trade lookup")
    ]
    assert parse_past_trade(rows[0], "BNB/BTC").trade_id == 28457  # type: ignore[index]


@pytest.fixture
def shared_samples(shared: object) -> list[dict[str, object]]:
    path = shared / "data" / "binance_docs" / "samples.json"  # type: ignore[operator]
    samples: list[dict[str, object]] = json.loads(path.read_text())["samples"]
    return samples
