"""Live events: complete in bursts, through cuts, and never silent about silence."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.events import (
    BookDelta,
    Event,
    FeedLost,
    FeedRestored,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    TradeTick,
)
from genesis.domain.ids import OrderKey
from genesis.exchange.wire_id import compose
from tests.support.simex import HEAD, SYMBOL, Simex, command, trading, wire
from tests.support.stream_server import Heard, running, until

D = Decimal


# -- the market ------------------------------------------------------------------------------
def test_a_burst_of_trades_arrives_completely(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            heard = Heard()
            async with running(gateway.market_stream((SYMBOL,), heard.append)):
                first = simex.sim.tid["BTCUSDT"]
                for n in range(6_000):
                    simex.sim.tick("BTCUSDT")
                    if n % 100 == 0:
                        await asyncio.sleep(0)
                await until(lambda: len(heard) >= 6_000)
                ticks = heard.of(TradeTick)
                assert [tick.trade_id for tick in ticks] == list(range(first, first + 6_000))
                last = simex.sim.trades["BTCUSDT"][-1]
                assert ticks[-1].price == D(last["price"])
                assert ticks[-1].ts_ns == last["time"] * 10**6

    asyncio.run(story())


def test_the_book_follows_the_venue_through_gaps_and_cuts(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            heard = Heard()
            async with running(gateway.market_stream((SYMBOL,), heard.append)):
                for _ in range(3):
                    await _differ(simex, heard)
                _assert_book(simex, heard)
                simex.sim.uid["BTCUSDT"] += 5  # a difference got lost
                await _differ(simex, heard)
                await _differ(simex, heard)
                _assert_book(simex, heard)
                for conn in list(simex.sim.subs["btcusdt@depth@100ms"]):
                    conn.ws._req.transport.abort()
                await until(lambda: bool(heard.of(FeedRestored)))
                assert [lost.stream for lost in heard.of(FeedLost)] == ["market"]
                await _differ(simex, heard)
                _assert_book(simex, heard)
                assert sum(delta.is_snapshot for delta in heard.of(BookDelta)) == 3

    asyncio.run(story())


async def _differ(simex: Simex, heard: Heard) -> None:
    """The venue's book changes; wait until our side follows."""
    simex.sim.tick("BTCUSDT")
    simex.sim.publish("btcusdt@depth@100ms", simex.sim.rebuild_book("BTCUSDT"))
    await until(lambda: heard.of(BookDelta)[-1:] != [] and _last_id(heard) == _uid(simex))


def _last_id(heard: Heard) -> int:
    return heard.of(BookDelta)[-1].last_id


def _uid(simex: Simex) -> int:
    uid: int = simex.sim.uid["BTCUSDT"]
    return uid


def _assert_book(simex: Simex, heard: Heard) -> None:
    """Our events, applied in order, give the venue's own book."""
    sides: dict[str, dict[Decimal, Decimal]] = {"b": {}, "a": {}}
    for delta in heard.of(BookDelta):
        if delta.is_snapshot:
            sides = {"b": {}, "a": {}}
        for side, levels in (("b", delta.bids), ("a", delta.asks)):
            sides[side] |= {level.price: level.qty for level in levels}
    found = {side: {p: q for p, q in rows.items() if q} for side, rows in sides.items()}
    assert found == simex.sim.book["BTCUSDT"]


# -- our orders ------------------------------------------------------------------------------
def test_reports_and_answers_tell_each_fact_once(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            heard = Heard()
            async with running(gateway.user_stream(heard.append, heard.doubts.append)):
                answered = [*await gateway.submit(command(1), wire(1))]
                order = command(2, kind="LIMIT", limit_price=D("59000"))
                answered += await gateway.submit(order, wire(2))
                simex.price("58999")
                await until(lambda: len(heard.of(OrderFilled)) + _fills(answered) == 2)
                answered += await gateway.submit(
                    command(3, kind="LIMIT", limit_price=D("50000")), wire(3)
                )
                answered += await gateway.cancel(command(3).key, wire(3), SYMBOL)
                await asyncio.sleep(0.05)
                told = [*heard, *answered]
                kinds = [type(event) for event in told]
                assert kinds.count(OrderAccepted) == 3
                assert kinds.count(OrderFilled) == 2
                assert kinds.count(OrderCancelled) == 1
                (maker,) = [e for e in told if isinstance(e, OrderFilled) and e.key.n == 2]
                assert (maker.fill.price, maker.fill.fee_asset) == (D(59000), "BTC")

    asyncio.run(story())


def _fills(events: Sequence[Event]) -> int:
    return sum(isinstance(event, OrderFilled) for event in events)


def test_an_order_of_another_home_is_not_taken_for_ours(shared: Path) -> None:
    """It counts its orders alike: only the whole wire id tells them apart."""

    async def story() -> None:
        async with trading(shared) as (_, gateway):
            heard = Heard()
            mine = {command(1).key: wire(1)}
            async with running(gateway.user_stream(heard.append, heard.doubts.append, mine)):
                await gateway.submit(command(1), compose(command(1).key, "f" * 64))
                await until(lambda: bool(heard.doubts))
                assert not heard.of(OrderAccepted) and not heard.of(OrderFilled)

    asyncio.run(story())


@pytest.mark.parametrize("cut", ["socket", "terminated"])
def test_the_user_stream_comes_back_after_a_cut(shared: Path, cut: str) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            heard = Heard()
            async with running(gateway.user_stream(heard.append, heard.doubts.append)):
                if cut == "socket":
                    simex.cut_user_streams()
                else:
                    simex.sim.user_event({"e": "eventStreamTerminated", "E": 0})
                await until(lambda: bool(heard.of(FeedRestored)))
                assert [type(event) for event in heard] == [FeedLost, FeedRestored]
                assert heard.of(FeedRestored)[0].stream == "user"
                await gateway.submit(command(1, kind="LIMIT", limit_price=D("59000")), wire(1))
                simex.price("58999")
                await until(lambda: bool(heard.of(OrderFilled)))

    asyncio.run(story())


def test_a_fill_whose_report_was_lost_is_asked_for_before_the_end_is_told(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            heard = Heard()
            async with running(gateway.user_stream(heard.append, heard.doubts.append)):
                await gateway.submit(command(1, kind="LIMIT", limit_price=D("59000")), wire(1))
                (order,) = simex.placed(wire(1))
                subscribers, simex.sim.user = simex.sim.user, set()
                simex.sim.fill(order, D("0.0004"), D("59000"), maker=True)
                simex.sim.user = subscribers
                simex.sim.finish(order, "CANCELED", "by-hand")
                await until(lambda: bool(heard.of(OrderCancelled)))
                told = [event for event in heard if not isinstance(event, OrderAccepted)]
                assert [type(event) for event in told] == [OrderFilled, OrderCancelled]
                assert told[0].recovered  # type: ignore[union-attr]

    asyncio.run(story())


def test_an_end_is_kept_back_while_fills_before_it_are_missing(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            heard = Heard()
            async with running(gateway.user_stream(heard.append, heard.doubts.append)):
                await gateway.submit(command(1, kind="LIMIT", limit_price=D("59000")), wire(1))
                (order,) = simex.placed(wire(1))
                subscribers, simex.sim.user = simex.sim.user, set()
                simex.sim.fill(order, D("0.0004"), D("59000"), maker=True)
                simex.sim.user = subscribers
                simex.error(400, -2015, "no permission", path="myTrades", method="GET")
                simex.sim.finish(order, "CANCELED", "by-hand")
                await until(lambda: bool(heard.doubts))
                assert heard.doubts == [f"fills of {wire(1)} are missing"]
                assert heard.of(OrderCancelled) == []

    asyncio.run(story())


def test_a_trade_past_us_makes_us_ask_the_venue(shared: Path) -> None:
    """By hand, or by a sale of ours that had no log: its client ids are of run 0."""

    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            heard = Heard()
            async with running(gateway.user_stream(heard.append, heard.doubts.append)):
                sale = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1"}
                for wire_id in ("web_by_hand", compose(OrderKey(0, 1), HEAD)):
                    simex.sim.new_order(sale | {"newClientOrderId": wire_id})
                await until(lambda: len(heard.doubts) == 2)
                assert "not ours" in heard.doubts[0]
                assert heard.of(OrderFilled) == []

    asyncio.run(story())


def test_a_refused_subscription_says_why_and_goes_on_trying(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared, keys=("simkey", "wrong")) as (_, gateway):
            heard = Heard()
            task = asyncio.create_task(gateway.user_stream(heard.append, heard.doubts.append).run())
            await until(lambda: bool(heard))
            await asyncio.sleep(0.1)
            task.cancel()
            (lost,) = heard
            assert isinstance(lost, FeedLost)
            assert "-1022" in lost.reason

    asyncio.run(story())
