"""Bids that rest, an ask that is watched, and what is held between them."""

from decimal import Decimal as D

import numpy as np
import pytest

from genesis.domain.events import BookTop
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Order, OrderRequest, OrderType, Purpose, Side
from genesis.domain.time import SECOND
from genesis.positions.ledger import Position
from genesis.research import backtest
from genesis.strategy import Intent
from genesis.strategy.strategist.market_making import MarketMaking, MarketMakingParams
from tests.support.markets import wandering_ticks, with_tops
from tests.support.strategy_contract import SYMBOL, FakeView, check_contract, wishes

QUIET = {"moves": 3, "refresh_s": 10}
"""Three still seconds: no variance, so the half spread is the least one, 12.5 bps."""


def top(at_s: float, bid: str = "9999", ask: str = "10001") -> BookTop:
    return BookTop(int(at_s * SECOND), SYMBOL, 1, D(bid), D(1), D(ask), D(1))


def still(seconds: int = 4) -> list[BookTop]:
    return [top(at) for at in range(seconds)]


def order(side: Side, price: str | None = None) -> Order:
    purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    limit = None if price is None else D(price)
    return Order(OrderKey(1, 1), OrderRequest(SYMBOL, side, kind, D(1), purpose, limit), 0)


def holding(qty: str, *orders: Order) -> FakeView:
    view = FakeView()
    if D(qty):
        view.held = Position(SYMBOL, D(qty), D(10_000) * D(qty), 0, D(qty), D(10_000) * D(qty))
    view.working = orders
    return view


def wished(
    events: list[BookTop], view: FakeView | None = None, **given: object
) -> list[tuple[int, Intent]]:
    strategy = MarketMaking(MarketMakingParams(**(QUIET | given)))
    return [(at // SECOND, wish) for at, wish in wishes(strategy, events, view)]


def test_contract():
    rng = np.random.default_rng(2)
    mids = 10_000 + np.cumsum(rng.integers(-3, 4, 200))
    tops = [top(at, str(m - 1), str(m + 1)) for at, m in enumerate(mids)]
    check_contract(lambda: MarketMaking(MarketMakingParams(**QUIET)), tops, has_stops=True)


def test_it_bids_once_it_knows_how_the_price_moves():
    ((at, wish),) = wished(still(10))
    assert (at, wish.type, wish.post_only, wish.side) == (3, "limit", True, Side.BUY)
    assert wish.price == D(10_000) * (1 - D("12.5") / 10_000)
    assert wish.stop == wish.price * D("0.98")
    assert wish.qty == 100 / wish.price
    assert wish.expected_value_bps == 5, "25 bps between the quotes, 20 of fees"


def test_a_bid_that_is_refused_is_tried_again_with_the_next_quotes():
    assert [at for at, _ in wished(still(25))] == [3, 10, 20], "by the clock"


def lively(step: int) -> list[BookTop]:
    """The mid goes up and down by so many basis points, once a second; low at last."""
    return [top(at, str(9999 + step * (at % 2)), str(10001 + step * (at % 2))) for at in range(5)]


def test_the_more_is_held_the_lower_it_bids():
    """240 square bps over the horizon: each quote held costs 0.005 * 240 = 1.2 bps."""
    prices = [
        wished(lively(2), holding(qty), risk_aversion=0.005)[0][1].price
        for qty in ("0", "0.01", "0.02", "0.039")
    ]
    below = [float(10_002 - price) / 1.0002 for price in prices]
    leans = [one - below[0] for one in below]
    assert leans == pytest.approx([0, 1.2, 2.4, 4.7], abs=0.02)


def test_however_large_the_stock_the_ask_does_not_cross_the_market():
    """Leaning alone would put it 23 bps below the mid; it stands at the best ask of then."""
    for bid, sold in (("10004.9", 0), ("10005", 1)):
        found = wished([*lively(4), top(4.5, bid, "10006")], holding("0.039"))
        assert [wish.reduces for _, wish in found].count(True) == sold


def test_a_full_stock_bids_no_more_and_takes_its_bid_back():
    assert wished(still(), holding("0.04"))
    assert wished(still(), holding("0.041")) == []
    ((_, wish),) = wished(still(), holding("0.041", order(Side.BUY, "9987.5")))
    assert wish.cancel == OrderKey(1, 1)


def test_a_market_that_moves_too_much_is_not_quoted():
    wild = [top(at, str(9999 + 50 * (at % 2)), str(10001 + 50 * (at % 2))) for at in range(6)]
    assert wished(wild) == []
    assert wished(wild, max_sigma_bps=60.0)


@pytest.mark.parametrize(
    ("price", "stays"), [("9987.5", True), ("9986.6", True), ("9986.4", False)]
)
def test_a_bid_that_is_where_it_should_be_stays(price, stays):
    found = wished(still(), holding("0", order(Side.BUY, price)))
    assert [wish.cancel for _, wish in found] == ([] if stays else [OrderKey(1, 1)])


def test_a_protective_stop_is_no_bid():
    request = OrderRequest(SYMBOL, Side.SELL, OrderType.STOP_LOSS, D(1), Purpose.PROTECT)
    found = wished(still(), holding("0.01", Order(OrderKey(1, 2), request, 0)))
    assert [(wish.cancel, wish.why) for _, wish in found] == [(None, "bid")]


def test_a_withdrawal_is_asked_for_once():
    asked = order(Side.BUY, "9000")
    asked.cancel_asked = True
    assert wished(still(), holding("0", asked)) == []


def sales(bid: str, view: FakeView, at: float = 4) -> list[Intent]:
    """What it sells when the bid moves right after it quoted."""
    moved = top(at, bid, str(D(bid) + 1))
    return [wish for _, wish in wished([*still(), moved], view) if wish.reduces]


def test_it_sells_a_quote_of_what_it_holds_when_the_bid_reaches_its_ask():
    assert sales("10012.49", holding("0.05")) == []
    (wish,) = sales("10012.5", holding("0.05"))
    assert (wish.side, wish.type, wish.why) == (Side.SELL, "market", "target")
    assert wish.qty == 100 / D("10012.5")


def test_it_never_sells_more_than_it_holds():
    (wish,) = sales("10012.5", holding("0.005"))
    assert wish.qty == D("0.005")
    assert sales("10012.5", holding("0")) == []


def test_nothing_is_wished_while_a_sale_is_under_way():
    high = [top(4 + i / 10, "10020", "10021") for i in range(9)]
    lower = top(13.5, "9999", "10001")
    calm = {"max_sigma_bps": 100.0}
    found = wished([*still(), *high, lower], holding("0.01"), **calm)
    assert [(at, wish.side) for at, wish in found] == [(3, Side.BUY), (4, Side.SELL)]
    assert wished([*still(), *high], holding("0.01", order(Side.SELL)), **calm) == []
    again = wished([*still(), *high, lower, top(14)], holding("0.01"), **calm)
    assert [(at, wish.side) for at, wish in again][2:] == [(14, Side.BUY)], "it is over"


def test_quotes_are_renewed_when_what_is_held_changes():
    strategy, view = MarketMaking(MarketMakingParams(**QUIET)), holding("0")
    wishes(strategy, still(), view)
    view.held = holding("0.01").held
    assert [w.side for _, w in wishes(strategy, [top(4)], view)] == [Side.BUY]


@pytest.mark.parametrize(
    "wrong",
    [
        {"quote_usdt": D(0)},
        {"quote_usdt": D(501)},
        {"risk_aversion": 0.0},
        {"decay": float("nan")},
        {"max_sigma_bps": 0.0},
        {"maker_bps": D(-1)},
        {"moves": 1},
        {"refresh_s": 0},
        {"stop_bps": D(0)},
    ],
)
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must|needed"):
        MarketMakingParams(**wrong)


def test_it_runs_through_the_engine():
    """In parts: it buys more than once and sells a quote at a time, on the grid."""
    ticks = with_tops(wandering_ticks(12_000, agility=2, gaps=False))
    params = {"moves": 20, "maker_bps": 0, "taker_bps": 0, "min_edge_bps": 2, "decay": 0.5}
    found = backtest("market_making", ticks, params=params, rules="research", cash=10_000)
    assert len(found.trades) >= 3
    assert found.refusals.empty
    bought = found.fills[found.fills.side == "BUY"]
    assert (bought.liquidity == "MAKER").all()
    sold = found.orders[found.orders.side == "SELL"]
    assert all(D(str(qty)) % D("0.00001") == 0 for qty in sold.qty)
    assert set(found.trades.reason) <= {"target", "stop"}
