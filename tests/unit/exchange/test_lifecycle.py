"""The venue's records as our events, on the payloads of the venue's own documents."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.events import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Side
from genesis.errors import OutOfSync
from genesis.exchange.gateway import VenueOrder, VenueTrade
from genesis.exchange.lifecycle import (
    amount,
    order_events,
    read_order,
    read_placed_fills,
    read_trade,
    report_events,
    report_order,
    report_wire_id,
)
from genesis.exchange.signing import signed

D = Decimal
KEY = OrderKey(1, 1)


@pytest.fixture(scope="module")
def samples(shared: Path) -> list[dict[str, Any]]:
    path = shared / "data" / "binance_docs" / "samples.json"
    found: list[dict[str, Any]] = json.loads(path.read_text())["samples"]
    return [sample for sample in found if sample["parsed"]]


def _of(samples: list[dict[str, Any]], section: str, has: str) -> Any:
    """The first payload of a section that has a field."""
    for sample in samples:
        value = sample["value"][0] if isinstance(sample["value"], list) else sample["value"]
        if sample["section"].endswith(section) and has in value:
            return value
    raise AssertionError(f"no sample of {section} with {has}")


def test_a_full_answer(samples: list[dict[str, Any]]) -> None:
    body = _of(samples, "New order (TRADE)", "fills")
    order, fills = read_order(body, "BTC/USDT"), read_placed_fills(body, "BTC/USDT")
    assert (order.order_id, order.status, order.executed_qty) == ("28", "FILLED", D(10))
    assert order.updated_ns == 1507725176595 * 10**6
    assert [trade.fill.qty for trade in fills] == [D(1), D(5), D(2), D(1), D(1)]
    assert fills[0].fill == Fill(
        "BTC/USDT", Side.SELL, 56, D(4000), D(1), D(4), "USDT", Liquidity.TAKER
    )
    events = order_events(KEY, order, fills, recovered=False)
    assert [type(event) for event in events] == [OrderAccepted, *[OrderFilled] * 5]


def test_a_cancels_answer_carries_the_orders_own_id(samples: list[dict[str, Any]]) -> None:
    order = read_order(_of(samples, "Cancel order (TRADE)", "origClientOrderId"), "LTC/BTC")
    assert (order.wire_id, order.order_id, order.status) == ("myOrder1", "4", "CANCELED")


def test_a_row_of_our_trades(samples: list[dict[str, Any]]) -> None:
    trade = read_trade(_of(samples, "Account trade list (USER_DATA)", "isBuyer"), "BNB/BTC")
    assert trade == VenueTrade(
        1499865549590 * 10**6,
        "100234",
        Fill("BNB/BTC", Side.BUY, 28457, D("4.000001"), D(12), D("10.1"), "BNB", Liquidity.TAKER),
    )


def _report(samples: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    report: dict[str, Any] = _of(samples, "Order Update", "event")["event"]
    return report | changes


def test_reports(samples: list[dict[str, Any]]) -> None:
    symbol, at_ns = "ETH/BTC", 1499405658657 * 10**6
    new = _report(samples)
    assert report_events(KEY, new, symbol) == (OrderAccepted(at_ns, KEY, "4293153"),)
    trade = {"x": "TRADE", "X": "PARTIALLY_FILLED", "t": 9, "l": "0.5", "z": "0.7", "L": "0.1"}
    trade |= {"n": "0.001", "N": "BNB", "m": True}
    assert report_events(KEY, _report(samples, **trade), symbol) == (
        OrderFilled(
            at_ns,
            KEY,
            Fill(symbol, Side.BUY, 9, D("0.1"), D("0.5"), D("0.001"), "BNB", Liquidity.MAKER),
        ),
    )
    assert report_order(_report(samples, **trade), symbol).executed_qty == D("0.7")
    gone = _report(samples, x="EXPIRED", X="EXPIRED", eR="EXECUTION_RULE_PRICE_RANGE_EXCEEDED")
    assert report_events(KEY, gone, symbol) == (
        OrderExpired(at_ns, KEY, "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"),
    )
    matched = _report(samples, x="TRADE_PREVENTION", X="EXPIRED_IN_MATCH")
    assert report_events(KEY, matched, symbol) == (OrderExpired(at_ns, KEY),)
    refused = _report(samples, x="REJECTED", X="REJECTED", r="INSUFFICIENT_BALANCE")
    (rejected,) = report_events(KEY, refused, symbol)
    assert isinstance(rejected, OrderRejected)
    assert rejected.code == "INSUFFICIENT_BALANCE"
    assert report_events(KEY, _report(samples, x="REPLACED", X="NEW"), symbol) == ()


def test_a_cancels_report_names_the_order_in_its_own_field(samples: list[dict[str, Any]]) -> None:
    report = _report(samples, x="CANCELED", X="CANCELED", c="the-cancel", C="the-order")
    assert report_wire_id(report) == "the-order"
    assert isinstance(report_events(KEY, report, "ETH/BTC")[0], OrderCancelled)
    assert report_wire_id(_report(samples)) == "mUvoqJxFIILMdfAW5iGSOW"


def test_an_expired_order_keeps_what_it_executed() -> None:
    order = VenueOrder("BTC/USDT", "1", "w", "EXPIRED", D("0.5"), 20, "why")
    fill = Fill("BTC/USDT", Side.BUY, 3, D(1), D("0.5"), D(0), "BTC", Liquidity.TAKER)
    assert order_events(KEY, order, (VenueTrade(10, "1", fill),), recovered=True) == (
        OrderAccepted(10, KEY, "1"),
        OrderFilled(10, KEY, fill, recovered=True),
        OrderExpired(20, KEY, "why"),
    )


def test_what_cannot_be_understood_is_said() -> None:
    order = VenueOrder("BTC/USDT", "1", "w", "SLEEPING", D(0), 0)
    with pytest.raises(OutOfSync, match="SLEEPING"):
        order_events(KEY, order, (), recovered=False)
    for nonsense in ("", "x", "NaN", "Infinity", None):
        with pytest.raises(OutOfSync):
            amount(nonsense)


def test_signatures_are_those_of_the_venues_documents(samples: list[dict[str, Any]]) -> None:
    """The documents' own key pair: their HMAC examples, recomputed."""
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    checked = 0
    for method in ("order.place", "order.cancel", "account.status", "myTrades"):
        for sample in samples:
            value = sample["value"]
            is_hmac = "Trading requests" in sample["section"] or "Account" in sample["section"]
            if isinstance(value, dict) and value.get("method") == method and is_hmac:
                params = {k: v for k, v in value["params"].items() if k != "signature"}
                assert signed(params, secret) == value["params"]
                checked += 1
    assert checked >= 4
