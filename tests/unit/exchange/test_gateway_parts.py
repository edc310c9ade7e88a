"""The small pure parts: parameters, filters, what was told, totals."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import Balance
from genesis.domain.events import OrderAccepted, OrderEvent, OrderFilled, OrderUnresolved
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.domain.time import SECOND
from genesis.errors import InvariantBroken, OutOfSync
from genesis.exchange.compare import differences, moved
from genesis.exchange.instruments import read_instrument
from genesis.exchange.once import Once
from genesis.exchange.requests import order_params
from genesis.exchange.resolve import Bound

D = Decimal


def request(kind: str = "MARKET", **more: Any) -> OrderRequest:
    return OrderRequest("BTC/USDT", Side.BUY, OrderType(kind), D("0.00100"), Purpose.ENTRY, **more)


def fill(trade_id: int, side: str = "BUY", fee_asset: str = "BTC") -> Fill:
    return Fill("BTC/USDT", Side(side), trade_id, D(50), D(2), D("0.1"), fee_asset, Liquidity.TAKER)


# -- parameters ------------------------------------------------------------------------------
COMMON = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "quantity": "0.001",
    "newClientOrderId": "w",
    "newOrderRespType": "FULL",
}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (request(), {"type": "MARKET"}),
        (
            request("LIMIT", limit_price=D("1E+3")),
            {"type": "LIMIT", "price": "1000", "timeInForce": "GTC"},
        ),
        (
            request("LIMIT", limit_price=D("5.10"), post_only=True),
            {"type": "LIMIT_MAKER", "price": "5.1"},
        ),
        (
            request("STOP_LOSS", stop_price=D("0.00000001")),
            {"type": "STOP_LOSS", "stopPrice": "0.00000001"},
        ),
    ],
)
def test_parameters_are_exact_text(asked: OrderRequest, sent: Mapping[str, str]) -> None:
    assert order_params(asked, "w") == {**COMMON, **sent}


def test_a_price_that_is_missing_is_a_broken_invariant() -> None:
    for kind in ("LIMIT", "STOP_LOSS"):
        with pytest.raises(InvariantBroken, match="price"):
            order_params(request(kind), "w")


# -- filters ---------------------------------------------------------------------------------
def _row(*filters: Mapping[str, str]) -> dict[str, Any]:
    return {"symbol": "BTCUSDT", "baseAsset": "BTC", "quoteAsset": "USDT", "filters": filters}


PRICE = {"filterType": "PRICE_FILTER", "tickSize": "0.01000000"}
LOT = {"filterType": "LOT_SIZE", "stepSize": "10.00000000", "minQty": "20", "maxQty": "9000"}


def test_filters_become_an_instrument() -> None:
    found = read_instrument(
        _row(
            PRICE,
            LOT,
            {"filterType": "MARKET_LOT_SIZE", "stepSize": "0.00000000", "maxQty": "100.5"},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000"},
        )
    )
    assert (found.symbol, str(found.price_tick), str(found.qty_lot)) == ("BTC/USDT", "0.01", "10")
    assert (found.min_qty, found.max_qty, found.min_notional_usdt) == (D(20), D(9000), D(5))
    assert (found.market_lot, found.max_market_qty) == (D(0), D("100.5"))


def test_a_symbol_without_stops_is_not_bought() -> None:
    types = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT"]
    assert "protected" in read_instrument(_row(PRICE, LOT) | {"orderTypes": types}).suspended
    whole = _row(PRICE, LOT) | {"orderTypes": [*types, "STOP_LOSS"]}
    assert not read_instrument(whole).suspended
    assert read_instrument(whole | {"status": "BREAK"}).suspended == "BREAK"


def test_older_and_absent_filters() -> None:
    older = read_instrument(_row(PRICE, LOT, {"filterType": "MIN_NOTIONAL", "minNotional": "7"}))
    assert older.min_notional_usdt == D(7)
    assert older.max_market_qty == D(9000)
    with pytest.raises(OutOfSync, match="BTC/USDT"):
        read_instrument(_row(PRICE))


# -- once ------------------------------------------------------------------------------------
FACTS = st.builds(
    OrderAccepted,
    st.integers(0, 9),
    st.builds(OrderKey, st.just(1), st.integers(1, 3)),
    st.just("7"),
) | st.builds(
    lambda n, trade_id: OrderFilled(0, OrderKey(1, n), fill(trade_id)),
    st.integers(1, 3),
    st.integers(1, 5),
)


@given(st.lists(st.lists(FACTS, max_size=6), max_size=6))
def test_each_fact_is_told_once_whatever_the_order(batches: list[list[OrderEvent]]) -> None:
    once = Once()
    told = [event for batch in batches for event in once.fresh(batch)]
    names = [
        (event.key, type(event), event.fill.trade_id if isinstance(event, OrderFilled) else 0)
        for event in told
    ]
    assert len(names) == len(set(names))
    offered = {
        (event.key, event.fill.trade_id)
        for batch in batches
        for event in batch
        if isinstance(event, OrderFilled)
    }
    for n in (1, 2, 3):
        key = OrderKey(1, n)
        assert once.filled_qty(key) == 2 * sum(found == key for found, _ in offered)


def test_not_knowing_may_be_told_again() -> None:
    once, event = Once(), OrderUnresolved(0, OrderKey(1, 1), "")
    assert once.fresh([event]) == once.fresh([event]) == (event,)


# -- totals ----------------------------------------------------------------------------------
def test_totals_move_with_fees_in_their_own_asset() -> None:
    ledger = {"USDT": D(1000), "BNB": D(1)}
    fills = [fill(1), fill(2, "SELL", "USDT"), fill(3, "BUY", "BNB")]
    assert moved(ledger, fills) == {"USDT": D("899.9"), "BTC": D("1.9"), "BNB": D("0.9")}
    assert ledger == {"USDT": D(1000), "BNB": D(1)}


def test_differences_are_exact_and_name_the_asset() -> None:
    balances = [Balance("BTC", D("0.10"), D("0.2")), Balance("USDT", D(5), D(0))]
    ours = {"BTC": D("0.3"), "USDT": D("5.00000001"), "ETH": D(1), "XRP": D(0)}
    assert tuple(map(str, differences(ours, {}, balances))) == (
        "ETH: the venue has 0, our books say 1, difference -1",
        "USDT: the venue has 5, our books say 5.00000001, difference -0.00000001",
    )
    assert differences({"USDT": D(5)}, {"BTC": D("0.3")}, balances) == ()


# -- the bound -------------------------------------------------------------------------------
def test_the_bound_is_the_sum_of_its_parts() -> None:
    assert Bound().proven_ns(5) == 5 + 17 * SECOND
    assert Bound(1, 2, 3, 4).proven_ns(0) == 10 * 10**6
