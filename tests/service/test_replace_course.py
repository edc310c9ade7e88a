"""A whole home leaves its positions and moves its stops, and there is always one that rests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import InstrumentReported, OperatorActed
from genesis.domain.orders import Order, OrderStatus, Purpose, Side
from tests.service.test_reconcile_rows import crossed
from tests.support.build import BTC
from tests.support.simex import SYMBOL
from tests.support.small_home import SmallHome, small_home

D = Decimal
Story = Callable[[SmallHome], Awaitable[None]]


def played(story: Story) -> None:
    """At a home that holds something, at a venue that replaces orders."""

    async def main() -> None:
        async with small_home() as home:
            await home.tell(InstrumentReported(home.now_ns(), replace(BTC, can_replace=True)))
            await home.buy()
            assert home.held > 0
            await story(home)
            await home.agrees()

    asyncio.run(main())


def stops(home: SmallHome) -> list[Order]:
    return [one for one in home.orders if one.request.purpose is Purpose.PROTECT]


async def leave(home: SmallHome) -> None:
    await home.act("close", reduces_risk=True)


async def tighten(home: SmallHome, price: str = "59500") -> None:
    await home.act("stop", "STOP_MODIFY", stop_new=D(price), reduces_risk=True)


def test_leaving_is_one_request() -> None:
    async def story(home: SmallHome) -> None:
        step = await home.act("close", reduces_risk=True)
        (command,) = [c for c in step.commands if isinstance(c, SubmitOrder | CancelOrder)]
        assert isinstance(command, SubmitOrder) and command.replaces == stops(home)[0].key
        assert home.held == 0
        assert [one.status for one in stops(home)] == [OrderStatus.CANCELLED]

    played(story)


@pytest.mark.parametrize("act", [leave, tighten])
@pytest.mark.parametrize("is_sent", [True, False])
def test_a_process_that_dies_on_the_way(act: Story, is_sent: bool) -> None:
    """Sent or not, the venue never has less than the old stop, or what came in its place."""

    async def story(home: SmallHome) -> None:
        home.is_mute, home.is_deaf = not is_sent, True
        await act(home)
        open_orders = [o for o in home.exchange.venue.open_orders if o.new.stop_price is not None]
        assert len(open_orders) == (0 if is_sent and act is leave else 1)
        await home.restart()
        await home.tick()
        if act is leave:
            assert home.held == 0
        else:
            assert stops(home)[-1].request.stop_price == D(59_500)

    played(story)


def test_a_stop_that_the_market_overtook_on_the_way_is_an_exit() -> None:
    """The old one is gone and the new one refused: what is held is sold at once."""

    async def story(home: SmallHome) -> None:
        home.prices.now = D(59_400)
        crossed(home, "59400")
        moved: dict[str, Any] = {"verb": "stop", "symbol": SYMBOL, "stop_new": D(59_500)}
        await home.tell(OperatorActed(home.now_ns(), "STOP_MODIFY", client_ref="m", **moved))
        assert [one.status for one in stops(home)] == [OrderStatus.CANCELLED, OrderStatus.REJECTED]
        assert home.held == 0

    played(story)


def test_a_part_is_sold_while_the_rest_keeps_a_stop() -> None:
    async def story(home: SmallHome) -> None:
        (whole,) = stops(home)
        await home.act("trade", "ORDER_SUBMIT", side=Side.SELL, amount_usdt=D(10))
        _, smaller = stops(home)
        sold = next(one for one in home.orders if one.request.purpose is Purpose.EXIT)
        assert (smaller.replaces, sold.replaces) == (whole.key, None)
        assert smaller.request.qty + sold.request.qty == whole.request.qty
        assert (smaller.status, sold.status) == (OrderStatus.OPEN, OrderStatus.FILLED)

    played(story)
