"""What the loopback exchange plays: order, rounds, the clock, the published book, recordings."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.events import BarClosed, BookDelta, BookTop, Level, TradeTick
from genesis.domain.orders import Side
from genesis.domain.time import DAY, MINUTE, SECOND
from genesis.errors import ConfigError, DataError
from genesis.exchange.loopback.candles import Candles
from genesis.exchange.loopback.clock import LATE_NS, FeedClock
from genesis.exchange.loopback.depth import DepthStream
from genesis.exchange.loopback.feed import LOOP_GAP_NS, StandInTops, played
from genesis.exchange.loopback.listing import listed_in
from genesis.market.book import Book
from genesis.store.feeds import open_feed
from tests.support.build import BTC
from tests.support.loopback import START, SYMBOL, D, an_exchange, raw_at, until, zigzag
from tests.support.patience import PATIENCE_S


def a_trade(ts: int, number: int, symbol: str = SYMBOL) -> TradeTick:
    return TradeTick(ts, symbol, number, D(100), D(1), False)


# -- the feed --------------------------------------------------------------------------------
def test_feeds_are_merged_in_time_and_overlaps_are_told_once() -> None:
    first = [a_trade(1, 1), a_trade(5, 2), a_trade(9, 3)]
    second = [a_trade(5, 2), a_trade(9, 3), a_trade(12, 4)]
    other = [a_trade(6, 1, "ETH/USDT")]
    bar = BarClosed(7, SYMBOL, MINUTE, D(1), D(1), D(1), D(1), D(1))
    found = played([lambda: [*first, bar], lambda: second, lambda: other])
    assert [(event.ts_ns, event.trade_id) for event in found] == [  # type: ignore[union-attr]
        (1, 1),
        (5, 2),
        (6, 1),
        (9, 3),
        (12, 4),
    ]


def test_rounds_go_on_with_later_stamps_and_higher_ids() -> None:
    def one() -> Iterator[Any]:
        yield a_trade(100, 7)
        yield BookDelta(110, SYMBOL, 41, 45, (), ())
        yield BookTop(120, SYMBOL, 46, D(1), D(1), D(2), D(1))
        yield a_trade(130, 8)

    rounds = list(islice(played([one], loop=True), 12))
    stamps = [event.ts_ns for event in rounds]
    assert stamps == sorted(stamps)
    assert stamps[4] == 130 + LOOP_GAP_NS
    assert [event.trade_id for event in rounds if isinstance(event, TradeTick)] == [
        7,
        8,
        9,
        10,
        11,
        12,
    ]
    deltas = [event for event in rounds if isinstance(event, BookDelta)]
    assert [(d.first_id, d.last_id) for d in deltas] == [(41, 45), (47, 51), (53, 57)]
    assert list(played([lambda: []], loop=True)) == []


def test_stand_in_tops_end_where_a_book_begins() -> None:
    make = StandInTops(D(3))
    first = make.after(a_trade(1, 1), BTC)
    assert first is not None
    assert (first.bid, first.ask, first.bid_qty) == (D("99.99"), D("100.01"), D(3))
    second = make.after(a_trade(2, 2), BTC)
    assert second is not None
    assert second.update_id > first.update_id
    assert make.after(replace(first, ts_ns=3), BTC) is None
    assert make.after(a_trade(4, 3), BTC) is None


def test_instruments_are_told_by_the_head_of_a_feed() -> None:
    ticks = [
        TradeTick(1, "XRP/ETH", 1, D("0.00123000"), D("10.00000000"), False),
        TradeTick(1, "XRP/ETH", 2, D("0.00120000"), D("2.50000000"), False),
    ]
    found = listed_in(ticks)["XRP/ETH"]
    assert (found.price_tick, found.qty_lot) == (D("0.00001"), D("0.1"))
    assert (found.base, found.quote) == ("XRP", "ETH")


# -- the clock -------------------------------------------------------------------------------
class Wall:
    now = 0

    def __call__(self) -> int:
        return self.now


def test_the_clock_runs_at_its_speed_and_waits_for_the_feed() -> None:
    wall = Wall()
    clock = FeedClock(wall, START, 20)
    clock.expect(START + 10 * SECOND)
    wall.now = SECOND // 4
    assert clock.now_ns() == START + 5 * SECOND
    assert clock.wall_until(START + 10 * SECOND) == pytest.approx(0.25)
    wall.now = 2 * SECOND
    assert clock.now_ns() == START + 10 * SECOND
    clock.reach(START + 10 * SECOND)
    clock.expect(START + 30 * SECOND)
    wall.now += SECOND // 2
    assert clock.now_ns() == START + 20 * SECOND
    clock.expect(None)
    wall.now += 60 * SECOND
    assert clock.now_ns() == START + 1220 * SECOND


def test_a_held_clock_stands_until_it_is_released() -> None:
    wall = Wall()
    clock = FeedClock(wall, START, 1, hold=True)
    wall.now = 50 * SECOND
    assert clock.now_ns() == START
    clock.release()
    clock.expect(None)
    wall.now += SECOND
    assert clock.now_ns() == START + SECOND


@given(st.lists(st.tuples(st.integers(0, 3 * LATE_NS), st.integers(0, 5 * SECOND)), max_size=30))
@settings(max_examples=80, deadline=None)
def test_the_clock_never_runs_backwards_nor_past_the_next_event(
    steps: list[tuple[int, int]],
) -> None:
    wall = Wall()
    clock = FeedClock(wall, START, 7)
    seen, due = START, START
    for waited, gap in steps:
        clock.expect(due)
        wall.now += waited
        now = clock.now_ns()
        assert seen <= now <= max(due, seen)
        clock.reach(due)
        seen, due = clock.now_ns(), due + gap
        assert seen >= now


# -- the published book ----------------------------------------------------------------------
prices = st.integers(90, 110)
qtys = st.integers(0, 4)
sides = st.lists(st.tuples(prices, qtys), max_size=4)
book_events = st.lists(
    st.one_of(
        st.tuples(st.just("delta"), sides, sides, st.integers(0, 3)),
        st.tuples(st.just("snapshot"), sides, sides, st.integers(0, 3)),
        st.tuples(st.just("top"), st.integers(90, 99), st.integers(100, 110), st.integers(0, 3)),
    ),
    max_size=40,
)


@given(book_events)
@settings(max_examples=150, deadline=None)
def test_whoever_follows_the_stream_sees_the_published_rows(steps: list[Any]) -> None:
    """Gaps, new snapshots and phases of tops alone included: every update continues the last."""
    book = Book()
    stream = DepthStream(SYMBOL, book)
    follower = Book()
    follower.apply(BookDelta(0, SYMBOL, 0, 0, (), (), is_snapshot=True))
    uid, now = 1000, 0
    for kind, bids, asks, gap in steps:
        now += SECOND
        first, uid = uid + 1 + gap, uid + 2 + gap
        if kind == "top":
            event: Any = BookTop(now, SYMBOL, uid, D(bids), D(2), D(asks), D(3))
        else:
            taken = kind == "snapshot"
            begin = uid if taken else first
            event = BookDelta(now, SYMBOL, begin, uid, _rows(bids), _rows(asks), taken)
        book.apply(event)
        update = stream.after(event)
        if update is not None:
            assert update.first_id == follower.last_id + 1
            follower.apply(update)
        assert follower.synced
        for side in Side:
            assert list(follower.depth(side)) == stream.rows(side, 1000)
            if book.synced:
                wanted = {row.price: row.qty for row in follower.depth(side)}
                assert wanted == _known(book, side)


def _rows(pairs: list[tuple[int, int]]) -> tuple[Level, ...]:
    return tuple(Level(D(price), D(qty)) for price, qty in dict(pairs).items())


def _known(book: Book, side: Side) -> dict[Decimal, Decimal]:
    """All rows of the depth, those a newer top hides included."""
    rows = book._bids if side is Side.BUY else book._asks
    return {price: qty for price, qty in rows.items() if qty}


# -- candles ---------------------------------------------------------------------------------
def test_candles_add_up() -> None:
    candles = Candles()
    base = 10 * DAY
    for n, (at, price, seller) in enumerate(
        [(0, 10, False), (30 * SECOND, 14, True), (70 * SECOND, 8, False), (6 * MINUTE, 9, True)]
    ):
        candles.add(TradeTick(base + at, SYMBOL, n, D(price), D(2), seller))
    minutes = candles.of_width(MINUTE)
    assert [(c.open, c.high, c.low, c.close, c.trades) for c in minutes[:2]] == [
        (10, 14, 10, 14, 2),
        (8, 8, 8, 8, 1),
    ]
    five = candles.of_width(5 * MINUTE)
    assert [(c.open, c.high, c.low, c.close) for c in five] == [(10, 14, 8, 8), (9, 9, 9, 9)]
    assert (five[0].volume, five[0].quote, five[0].bought) == (6, 64, 4)
    day = candles.last_day(base + DAY // 2)
    assert day is not None
    assert (day.open, day.close, day.volume, day.first_id, day.last_id) == (10, 9, 8, 0, 3)
    assert candles.last_day(base + 2 * DAY) is None


# -- played for real -------------------------------------------------------------------------
def test_a_recorded_market_is_played_to_its_end_and_the_clock_goes_on(shared: Path) -> None:
    capture = shared / "data/capture/btcusdt_20240808.gz"

    def head() -> Iterator[Any]:
        return islice(open_feed(capture), 6000)

    async def main() -> None:
        expected = list(head())
        async with an_exchange([head], speed=200) as exchange, raw_at(exchange) as raw:
            follower = Book()
            socket = await raw.session.ws_connect(f"{exchange.url}/ws/btcusdt@depth@100ms")
            taken = await raw.send("GET", "/api/v3/depth", "symbol=BTCUSDT&limit=5000")
            follower.apply(_snapshot(taken))
            updates = asyncio.create_task(_follow(socket, follower))
            await asyncio.wait_for(exchange.played(), PATIENCE_S)
            trades = [event for event in expected if isinstance(event, TradeTick)]
            rows = await raw.send("GET", "/api/v3/trades", "symbol=BTCUSDT&limit=1000")
            assert [row["id"] for row in rows] == [tick.trade_id for tick in trades[-1000:]]
            wanted = await raw.send("GET", "/api/v3/depth", "symbol=BTCUSDT&limit=5000")
            await until(lambda: follower.last_id == wanted["lastUpdateId"])
            updates.cancel()
            assert follower.depth(Side.BUY) == _levels(wanted["bids"])
            assert follower.depth(Side.SELL) == _levels(wanted["asks"])
            assert len(wanted["bids"]) > 500
            kline = (await raw.send("GET", "/api/v3/klines", "symbol=BTCUSDT&interval=1m"))[0]
            first = [t for t in trades if t.ts_ns // MINUTE == trades[0].ts_ns // MINUTE]
            assert D(kline[2]) == max(tick.price for tick in first)
            assert D(kline[5]) == sum(tick.qty for tick in first)
            assert kline[8] == len(first)
            position = await raw.send("GET", "/__genesis__/feed")
            assert (position["done"], position["trades"]) == (True, len(trades))
            early = (await raw.send("GET", "/api/v3/time"))["serverTime"]
            await asyncio.sleep(0.02)
            assert (await raw.send("GET", "/api/v3/time"))["serverTime"] - early > 1000
            await socket.close()

    asyncio.run(main())


async def _follow(socket: Any, book: Book) -> None:
    async for message in socket:
        update = message.json()
        bids, asks = _levels(update["b"]), _levels(update["a"])
        book.apply(BookDelta(update["E"], SYMBOL, update["U"], update["u"], bids, asks))
        assert book.synced


def _snapshot(taken: Any) -> BookDelta:
    last, bids, asks = taken["lastUpdateId"], _levels(taken["bids"]), _levels(taken["asks"])
    return BookDelta(0, SYMBOL, last, last, bids, asks, is_snapshot=True)


def _levels(rows: Any) -> tuple[Level, ...]:
    return tuple(Level(D(price), D(qty)) for price, qty in rows)


def test_a_looped_feed_goes_on_and_its_trades_are_not_repeated() -> None:
    async def main() -> None:
        short = [lambda: zigzag(seconds=2)]
        async with an_exchange(short, speed=100, loop=True) as exchange, raw_at(exchange) as raw:
            await until(lambda: exchange.player.position()["trades"] > 130)
            rows = await raw.send("GET", "/api/v3/trades", "symbol=BTCUSDT&limit=1000")
            ids = [row["id"] for row in rows]
            assert ids == sorted(set(ids))
            times = [row["time"] for row in rows]
            assert times == sorted(times)

    asyncio.run(main())


def test_symbols_that_are_not_listed_are_left_out() -> None:
    def two() -> Iterator[Any]:
        for n in range(20):
            yield a_trade(START + n, n, "ETH/USDT")
            yield a_trade(START + n, n)

    async def main() -> None:
        async with an_exchange([two], speed=100) as exchange:
            await asyncio.wait_for(exchange.played(), PATIENCE_S)
            assert exchange.player.position()["unlisted"] == 19
            assert exchange.player.position()["trades"] == 20

    asyncio.run(main())


def test_feeds_that_cannot_be_played_are_refused_and_broken_ones_are_told() -> None:
    def broken() -> Iterator[Any]:
        yield a_trade(START, 1)
        raise DataError("line 2 is damaged")

    async def main() -> None:
        with pytest.raises(DataError, match="BTC/USDT"):
            async with an_exchange([lambda: []]):
                pass
        with pytest.raises(ConfigError, match="speed"):
            async with an_exchange(speed=0):
                pass
        async with an_exchange() as exchange:
            port = int(exchange.url.rpartition(":")[2])
            with pytest.raises(ConfigError, match=f"port {port}"):
                async with an_exchange(port=port):
                    pass
        async with an_exchange([broken], speed=10) as exchange, raw_at(exchange) as raw:
            with pytest.raises(DataError, match="line 2"):
                await exchange.played()
            assert "serverTime" in await raw.send("GET", "/api/v3/time")

    asyncio.run(main())
