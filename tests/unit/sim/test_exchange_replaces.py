"""The simulated exchange puts one order in the place of another, as the venue does."""

from decimal import Decimal

import pytest

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.orders import TakerFill
from genesis.sim.venue import Venue
from tests.support.build import BTC, tick

D = Decimal
SYMBOL = "BTC/USDT"
OLD, NEW = OrderKey(1, 1), OrderKey(1, 2)


def sell(key: OrderKey, stop: str | None, replaces: OrderKey | None = None) -> SubmitOrder:
    kind = OrderType.MARKET if stop is None else OrderType.STOP_LOSS
    price = None if stop is None else D(stop)
    request = OrderRequest(SYMBOL, Side.SELL, kind, D("0.01"), Purpose.PROTECT, stop_price=price)
    return SubmitOrder(0, key, request, replaces)


@pytest.fixture
def exchange() -> SimExchange:
    """All that is held is locked by a stop."""
    venue = Venue({SYMBOL: BTC}, {"BTC": D("0.01")}, FeeSchedule(D(10), D(10)), TakerFill.LAST)
    made = SimExchange(venue)
    made.on_market(tick(1, D(60_000)))
    assert [type(e) for e in made.obey(sell(OLD, "58000"), 2)] == [OrderAccepted]
    return made


def told(exchange: SimExchange, command: SubmitOrder) -> list[tuple[type, OrderKey]]:
    return [(type(event), event.key) for event in exchange.obey(command, 3)]


def test_the_coins_of_the_old_one_are_free_for_the_new_one(exchange: SimExchange) -> None:
    assert told(exchange, sell(NEW, None, OLD)) == [
        (OrderCancelled, OLD),
        (OrderAccepted, NEW),
        (OrderFilled, NEW),
    ]
    assert exchange.venue.balance("BTC").total == 0


def test_what_is_against_a_filter_takes_nothing_away(exchange: SimExchange) -> None:
    found = told(exchange, sell(NEW, "59000.001", OLD))
    assert found == [(CancelRejected, OLD), (OrderRejected, NEW)]
    assert len(exchange.venue.open_orders) == 1


def test_where_the_old_one_is_gone_nothing_is_placed(exchange: SimExchange) -> None:
    exchange.on_market(tick(2, D(57_999)))
    found = told(exchange, sell(NEW, None, OLD))
    assert found == [(CancelRejected, OLD), (OrderRejected, NEW)]
    assert len(exchange.venue.trades) == 1


def test_the_new_one_may_be_refused_when_the_old_one_is_gone(exchange: SimExchange) -> None:
    found = told(exchange, sell(NEW, "60001", OLD))
    assert found == [(OrderCancelled, OLD), (OrderRejected, NEW)]
    assert not exchange.venue.open_orders
