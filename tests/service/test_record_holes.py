"""What a recorder does about holes, and about a venue or a disk in trouble, while it goes on."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from genesis.domain.events import TradeTick
from genesis.errors import OutOfSync, Unreachable
from genesis.exchange.venue import venue_at
from genesis.service.recording import recorder as recorders
from genesis.service.recording.desk import Desk
from genesis.service.recording.public import PublicGateway
from genesis.service.recording.recorder import MOST_SYMBOLS, Recorder, Wanted
from genesis.store.ticks import TickStore
from genesis.store.ticks.records import TRADES, GapRecord
from genesis.wire.symbols import to_venue
from tests.support.build import BTC as INSTRUMENT
from tests.support.loopback import START, SYMBOL, an_exchange, until, zigzag
from tests.support.recorded import heard, record, trade

PRINTS = {e.trade_id: e for e in zigzag(60) if isinstance(e, TradeTick)}


@asynccontextmanager
async def recording(
    home: Path, url: str, referred: Collection[str] | None = None
) -> AsyncIterator[Desk]:
    """A recorder at work in this process, in a hurry."""
    paces = {"flush_every_s": 0.05, "seal_after_s": 0.2, "fill_every_s": 0.05}
    wanted = Wanted(TickStore(home).root, (SYMBOL,), url, tell_every_s=0.0, **paces)
    begun, stopped = asyncio.get_running_loop().create_future(), asyncio.Event()
    task = asyncio.create_task(
        Recorder(wanted, lambda told: None, lambda: referred).record(stopped, begun.set_result)
    )
    try:
        await asyncio.wait((task, begun), return_when=asyncio.FIRST_COMPLETED)
        yield begun.result()
    finally:
        stopped.set()
        await task


def heard_before(home: Path, *ids: int) -> None:
    """An earlier session that heard only these prints, and ended in order."""
    clocks = {name: (lambda: START) for name in ("wall_ns", "now_ns", "elapsed_ns")}
    root = TickStore(home).root
    with Desk(root, (SYMBOL,), "http://127.0.0.1:1", seal_after_s=10.0, **clocks) as desk:
        desk.begin([INSTRUMENT])
        for n in ids:
            desk.hearing.hear(PRINTS[n])
        desk.finish()


def told(home: Path) -> list[GapRecord]:
    return [gap for gap in TickStore(home).gaps(SYMBOL) if gap.kind == TRADES]


def is_whole(home: Path, last: int) -> bool:
    found = TickStore(home).check(SYMBOL)
    return found.missing == 0 and found.last_id > last


def test_what_an_orderly_end_told_as_missed_is_fetched_by_the_next(tmp_path: Path) -> None:
    """The holes of an earlier life, and the time without a recorder behind them."""
    heard_before(tmp_path, 1, 2, 6, 7, 12)
    assert [(gap.first_id, gap.last_id) for gap in told(tmp_path)] == [(3, 5), (8, 11)]

    async def story() -> None:
        async with an_exchange([zigzag], speed=20) as venue:
            await until(lambda: venue.player.position()["trades"] > 30)
            async with recording(tmp_path, venue.url) as desk:
                await until(lambda: is_whole(tmp_path, 30))
                progress = desk.progress().symbols[0]
                assert progress.missing == 0

    asyncio.run(story())
    assert told(tmp_path) == []
    kept = TickStore(tmp_path).events(SYMBOL, kinds=("trades",))
    assert all(PRINTS[tick.trade_id] == tick for tick in kept if tick.trade_id in PRINTS)


def test_a_hole_is_asked_for_again_when_the_venue_did_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard_before(tmp_path, 1, 5)
    asked, answer = [], PublicGateway.past_trades

    async def troubled(self: Any, symbol: str, from_id: int) -> tuple[TradeTick, ...]:
        asked.append(from_id)
        if asked.count(2) == 1:
            raise Unreachable("no answer came")
        return () if asked.count(2) == 2 else await answer(self, symbol, from_id)

    monkeypatch.setattr(recorders, "_ASK_AGAIN_NS", 0)
    monkeypatch.setattr(PublicGateway, "past_trades", troubled)

    async def story() -> None:
        async with an_exchange([zigzag], speed=20) as venue:
            await until(lambda: venue.player.position()["trades"] > 6)
            async with recording(tmp_path, venue.url) as desk:
                await until(lambda: is_whole(tmp_path, 6))
                assert desk.progress().last_complaint == "no answer came"

    asyncio.run(story())
    assert asked.count(2) == 3
    assert told(tmp_path) == []


def test_what_the_venue_does_not_have_is_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard_before(tmp_path, 1, 5)
    asked, answer = [], PublicGateway.past_trades

    async def without(self: Any, symbol: str, from_id: int) -> tuple[TradeTick, ...]:
        asked.append(from_id)
        found = await answer(self, symbol, from_id)
        return tuple(tick for tick in found if tick.trade_id not in (2, 3))

    monkeypatch.setattr(recorders, "_ASK_AGAIN_NS", 0)
    monkeypatch.setattr(PublicGateway, "past_trades", without)

    async def story() -> None:
        async with an_exchange([zigzag], speed=20) as venue:
            await until(lambda: venue.player.position()["trades"] > 6)
            for _ in range(2):
                async with recording(tmp_path, venue.url) as desk:
                    before = desk.progress().acknowledged
                    await until(lambda d=desk, n=before: d.progress().acknowledged > n + 20)
                    await until(lambda d=desk: not d.hearing.symbols[SYMBOL].gaps.holes())

    asyncio.run(story())
    assert asked.count(2) == 1
    (gone,) = told(tmp_path)
    assert (gone.first_id, gone.last_id, gone.reason) == (2, 3, "the venue does not have them")


# -- trouble that ends nothing -------------------------------------------------------------------
def test_a_damaged_old_day_and_a_garbled_clock_end_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TickStore(tmp_path)
    old = [replace(trade(n), symbol="ETH/USDT") for n in range(3)]
    record(store.root, heard(old))
    (part,) = store.manifest().partitions.values()
    (store.root / part.files[0].name).write_bytes(b"no parquet")

    async def story() -> None:
        exchange = an_exchange([zigzag], speed=20)
        async with exchange as venue, recording(tmp_path, venue.url, ()) as desk:
            await until(lambda: "cannot be read" in desk.hearing.last_complaint)
            monkeypatch.setattr(PublicGateway, "venue_time", garbled)
            await until(lambda: desk.hearing.last_complaint == "what time it is")
            before = desk.progress().acknowledged
            await until(lambda: desk.progress().acknowledged > before)

    async def garbled(self: Any) -> None:
        raise OutOfSync("what time it is")

    monkeypatch.setattr(recorders, "_CLOCK_EVERY_S", 0.05)
    asyncio.run(story())


# -- the venue's limits --------------------------------------------------------------------------
@asynccontextmanager
async def gateway_to(url: str) -> AsyncIterator[PublicGateway]:
    clocks = {"now_ns": time.time_ns, "elapsed_ns": time.monotonic_ns}
    gateway = PublicGateway(venue_at(url), "", "", (), **clocks)
    await gateway.open()
    try:
        yield gateway
    finally:
        await gateway.close()


@asynccontextmanager
async def a_venue(answer: Any) -> AsyncIterator[PublicGateway]:
    """A gateway to a venue that answers so where past trades are asked for."""
    app = web.Application()
    app.router.add_get("/api/v3/historicalTrades", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with gateway_to(f"http://127.0.0.1:{runner.addresses[0][1]}") as gateway:
            yield gateway
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "body"), [(418, '{"code":-1003,"msg":"banned"}'), (429, "<html>slower</html>")]
)
def test_a_recorder_is_silent_when_the_venue_asks_for_it(status: int, body: str) -> None:
    """Limits are counted by address: asking on would lengthen the ban of an engine beside it."""
    asked = []

    async def banned(request: web.Request) -> web.Response:
        asked.append(request.query["fromId"])
        return web.Response(text=body, status=status, headers={"Retry-After": "120"})

    async def story() -> None:
        async with a_venue(banned) as gateway:
            for _ in range(3):
                with pytest.raises(Unreachable):
                    await gateway.past_trades(SYMBOL, 1)
            assert gateway.traffic.silence is not None
            assert 100 < gateway.traffic.told().silent_s <= 120

    asyncio.run(story())
    assert asked == ["1"]


def test_pages_of_past_trades_count() -> None:
    row = {"id": 7, "price": "1.5", "qty": "2", "time": 1_700_000_000_000, "isBuyerMaker": True}

    async def page(request: web.Request) -> web.Response:
        used = "3000" if request.query["fromId"] == "7" else "25"
        return web.json_response([row], headers={"X-MBX-USED-WEIGHT-1M": used})

    async def story() -> None:
        async with a_venue(page) as gateway:
            (tick,) = await gateway.past_trades(SYMBOL, 1)
            assert (tick.trade_id, str(tick.price)) == (7, "1.5")
            assert gateway.traffic.told().weight_used == 25
            await gateway.past_trades(SYMBOL, 7)
            assert gateway.traffic.told().weight_used == 3000

    asyncio.run(story())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"text": "no JSON"}, OutOfSync),
        ({"text": "[{}]"}, OutOfSync),
        ({"status": 500, "text": "trouble"}, Unreachable),
        ({"status": 307, "headers": {"Location": "?fromId=2"}}, Unreachable),
    ],
)
def test_an_answer_that_is_none_raises_and_nobody_else_is_asked(
    answer: dict[str, Any], error: type[Exception]
) -> None:
    asked = []

    async def say(request: web.Request) -> web.Response:
        asked.append(request.query["fromId"])
        return web.Response(**answer)

    async def story() -> None:
        async with a_venue(say) as gateway:
            with pytest.raises(error, match=f"prints of {SYMBOL} from 1 on"):
                await gateway.past_trades(SYMBOL, 1)

    asyncio.run(story())
    assert asked == ["1"]


def test_the_streams_of_the_most_symbols_fit_into_an_address() -> None:
    """With names as long as the venue's longest."""
    symbols = tuple(f"LONGCOIN{n:04d}/USDT" for n in range(MOST_SYMBOLS))
    assert {len(to_venue(symbol)) for symbol in symbols} == {16}

    async def story() -> None:
        async with an_exchange([zigzag]) as venue, gateway_to(venue.url) as gateway:
            stream = gateway.market_stream(symbols, lambda event: None)
            async with gateway.session.ws_connect(stream._lines[0]._url) as line:
                assert not line.closed
                (listener,) = venue._hub.listeners
                assert len(listener.streams) == 3 * MOST_SYMBOLS

    asyncio.run(story())
