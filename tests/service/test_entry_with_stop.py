"""An entry brings its stop along: nobody of ours need be there when it is bought."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import InstrumentReported, TimerFired
from genesis.domain.orders import Order, OrderStatus, Purpose
from genesis.sim.orders import Phase
from tests.service.test_reconcile_rows import crossed
from tests.support.build import BTC
from tests.support.simex import SYMBOL
from tests.support.small_home import SPEED, SmallHome, small_home

D = Decimal
Story = Callable[[SmallHome], Awaitable[None]]


def played(story: Story) -> None:
    """At a venue that takes an entry and its stop in one request."""

    async def main() -> None:
        async with small_home() as home:
            offered = replace(BTC, can_replace=True, can_attach=True)
            await home.tell(InstrumentReported(home.now_ns(), offered))
            await story(home)
            await home.agrees()

    asyncio.run(main())


def stops(home: SmallHome) -> list[Order]:
    return [one for one in home.orders if one.request.purpose is Purpose.PROTECT]


def resting(home: SmallHome) -> list[Decimal]:
    """What the stops that rest at the venue would sell."""
    orders = home.exchange.venue.open_orders
    return [one.remaining for one in orders if one.phase is Phase.STOP]


async def bought(home: SmallHome) -> None:
    await home.buy("25", "59000")


def test_both_leave_in_one_request_and_the_stop_is_judged_like_any() -> None:
    async def story(home: SmallHome) -> None:
        step = await home.buy("25", "59000")
        entry, stop = (c for c in step.commands if isinstance(c, SubmitOrder))
        assert (entry.joins, stop.joins) == (stop.key, entry.key)
        assert stop.request.qty == BTC.fit_qty(entry.request.qty * D("0.999"))
        waiting = [one.phase for one in home.exchange.venue.open_orders]
        assert waiting == [Phase.RESTING, Phase.PENDING]
        assert (await home.compare()).is_clean
        assert home.entry.status is OrderStatus.OPEN
        assert stops(home)[0].status is OrderStatus.PENDING

    played(story)


@pytest.mark.parametrize("is_deaf", [False, True])
def test_bought_while_we_are_dead_it_has_its_stop_from_the_first_moment(is_deaf: bool) -> None:
    async def story(home: SmallHome) -> None:
        home.is_deaf = is_deaf
        await bought(home)
        crossed(home, "58999")
        (covered,) = resting(home)
        await home.restart()
        assert home.entry.status is OrderStatus.FILLED
        assert covered >= BTC.fit_qty(home.held, market=True)
        (stop,) = (one for one in stops(home) if one.is_working)
        assert stop.status is OrderStatus.OPEN
        assert resting(home) == [BTC.fit_qty(home.held, market=True)]
        assert home.engine.view.position(SYMBOL).risk_usdt > 0  # type: ignore[union-attr]

    played(story)


def test_what_never_left_is_given_up_with_its_stop() -> None:
    async def story(home: SmallHome) -> None:
        home.is_mute = True
        await bought(home)
        await home.restart()
        assert [one.status for one in home.orders] == [OrderStatus.NEVER_PLACED] * 2
        assert not home.exchange.venue.open_orders and not home.blocks

    played(story)


def test_a_cancel_takes_the_stop_with_it() -> None:
    async def story(home: SmallHome) -> None:
        await bought(home)
        await home.act("cancel_all", symbol=None)
        await home.compare()
        assert not home.exchange.venue.open_orders
        assert [one.status for one in home.orders] == [OrderStatus.CANCELLED] * 2

    played(story)


def test_a_part_waits_for_a_moment_then_the_rest_is_cancelled_and_it_is_covered() -> None:
    async def story(home: SmallHome) -> None:
        await bought(home)
        crossed(home, "59000", "0.0002")
        await home.compare()
        assert home.entry.status is OrderStatus.PARTIAL and not resting(home)
        await asyncio.sleep(5.2 / SPEED)
        await home.tell(TimerFired(home.now_ns(), f"upkeep:{SYMBOL}"))
        assert home.entry.status is OrderStatus.CANCELLED
        assert resting(home) == [BTC.fit_qty(home.held, market=True)]
        await home.compare()
        assert len([one for one in stops(home) if one.is_working]) == 1

    played(story)


def test_a_part_that_is_left_waits_for_the_rest_to_be_cancelled() -> None:
    async def story(home: SmallHome) -> None:
        await bought(home)
        crossed(home, "59000", "0.0002")
        await home.compare()
        await home.act("close", reduces_risk=True)
        assert home.held * home.prices.now < BTC.min_notional_usdt
        await home.compare()
        assert not [one for one in home.orders if one.is_working]

    played(story)


def test_a_price_that_falls_through_both_is_left_at_once() -> None:
    async def story(home: SmallHome) -> None:
        await bought(home)
        home.prices.now = D(57_000)
        crossed(home, "57000")
        await home.tick()
        await home.compare()
        assert stops(home)[0].status is OrderStatus.REJECTED
        assert home.held * home.prices.now < BTC.min_notional_usdt

    played(story)


def test_the_venue_refuses_both() -> None:
    async def story(home: SmallHome) -> None:
        await home.admin("symbol", symbol="BTCUSDT", status="BREAK")
        await bought(home)
        assert [one.status for one in home.orders] == [OrderStatus.REJECTED] * 2
        assert not home.engine.state.execution.protector.stops

    played(story)


def test_what_is_added_later_makes_the_stop_larger() -> None:
    """Only what is bought anew brings a stop of its own."""

    async def story(home: SmallHome) -> None:
        await home.buy("12")
        step = await home.buy("10", "59000")
        (entry,) = (c for c in step.commands if isinstance(c, SubmitOrder))
        assert entry.joins is None
        crossed(home, "58999")
        await home.compare()
        assert resting(home) == [BTC.fit_qty(home.held, market=True)]

    played(story)
