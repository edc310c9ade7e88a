"""`genesis record` against the loopback exchange: everything that was told, and what was missed."""

import asyncio
import json
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.domain.events import BookDelta, BookTop, FeedLost, MarketEvent, TradeTick
from genesis.domain.time import SECOND
from genesis.errors import ConfigError, DataError, UsageError
from genesis.research import TickStore as ResearchStore
from genesis.research import backtest
from genesis.service.recording.desk import Desk
from genesis.service.recording.progress import Progress
from genesis.service.recording.recorder import MOST_SYMBOLS, Recorder, Wanted
from genesis.store.feeds import open_feed
from genesis.store.ticks import TickStore
from genesis.store.ticks.records import AWAY, FEED, TRADES, GapRecord
from tests.support.build import BTC as INSTRUMENT
from tests.support.loopback import START, SYMBOL, an_exchange, until, zigzag
from tests.support.recorded import heard, record, spool, trade

FEED_S = 8
SPEED = 20


@dataclass
class Running:
    """A recorder at work in this process, and what it told."""

    store: TickStore
    told: list[Progress]
    stopped: asyncio.Event
    task: "asyncio.Task[Progress]"

    def trades(self) -> int:
        return self.told[-1].symbols[0].trades if self.told else 0

    async def end(self) -> Progress:
        self.stopped.set()
        return await self.task


@asynccontextmanager
async def recording(home: Path, url: str, **options: Any) -> AsyncIterator[Running]:
    store, told = TickStore(home), []  # type: ignore[var-annotated]
    paces = {"flush_every_s": 0.05, "seal_after_s": 0.2, "tell_every_s": 0.0}
    wanted = Wanted(store.root, (SYMBOL,), url, **{**paces, **options})
    begun, stopped = asyncio.Event(), asyncio.Event()
    recorder = Recorder(wanted, told.append)
    task = asyncio.create_task(recorder.record(stopped, lambda desk: begun.set()))
    running = Running(store, told, stopped, task)
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    try:
        yield running
    finally:
        waiting.cancel()
        stopped.set()
        await asyncio.gather(task, waiting, return_exceptions=True)


async def record_whole(home: Path, feed: Callable[[], Iterator[Any]], **options: Any) -> Progress:
    """Record a feed from its first event to its last."""
    exchange = an_exchange([feed], speed=SPEED, hold=True)
    async with exchange as venue, recording(home, venue.url, **options) as running:
        await venue.played()
        last = venue.player.position()["trades"]
        await until(lambda: running.trades() >= last)
        return await running.end()


def feed() -> Iterator[MarketEvent]:
    return zigzag(FEED_S)


def of(kind: type, events: Any) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_everything_that_was_told_is_stored_exactly_and_in_order(tmp_path: Path) -> None:
    ended = asyncio.run(record_whole(tmp_path, feed))
    store = TickStore(tmp_path)
    events = list(store.events(SYMBOL))
    assert of(TradeTick, events) == of(TradeTick, feed())
    tops = [replace(top, ts_ns=0) for top in of(BookTop, events)]
    assert tops == [replace(top, ts_ns=0) for top in of(BookTop, feed())]
    assert of(BookDelta, events)[0].is_snapshot
    rows = sum(holding.rows for holding in store.list())
    assert (ended.acknowledged, ended.sealed) == (rows, rows)
    assert {holding.origin for holding in store.list()} == {"recorded"}
    assert store.instrument(SYMBOL) is not None
    assert store.gaps(SYMBOL) == ()
    received = store.sql("SELECT min(received_ns), count(received_ns) FROM trades").fetchall()[0]
    assert received[0] > START
    assert received[1] == FEED_S * 20
    assert not list((store.root / ".spool").iterdir())


def test_readers_see_it_while_it_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        exchange = an_exchange([zigzag], speed=SPEED)
        async with exchange as venue, recording(tmp_path, venue.url) as running:
            await until(lambda: running.trades() > 0)
            await until(lambda: SYMBOL in running.store.symbols())
            first = len(running.store.arrays(SYMBOL))
            await until(lambda: len(running.store.arrays(SYMBOL)) > first > 0)
            assert not running.task.done()
            home = ("--home", str(tmp_path))
            for verb in (("check", SYMBOL), ("bars", SYMBOL), ("list",)):
                assert await asyncio.to_thread(main, ["ticks", *verb, *home]) == 0

    asyncio.run(story())


# -- gaps ----------------------------------------------------------------------------------------
MISSED = {40, 41, 42, 90}


def holed() -> Iterator[MarketEvent]:
    """The feed without some trades, which the venue cannot give later either."""
    return (e for e in feed() if not (isinstance(e, TradeTick) and e.trade_id in MISSED))


def test_induced_gaps_are_written_down_and_told_by_what_rests_on_them(tmp_path: Path) -> None:
    asyncio.run(record_whole(tmp_path, holed))
    store = TickStore(tmp_path)
    told = [gap for gap in store.gaps(SYMBOL) if gap.kind == TRADES]
    ids = {n for gap in told for n in range(gap.first_id or 0, (gap.last_id or 0) + 1)}
    assert ids == MISSED
    (first, second) = told
    assert first.after_ns < first.before_ns <= second.after_ns < second.before_ns
    quality = store.check(SYMBOL)
    assert (quality.missing, quality.gaps) == (len(MISSED), 2)
    data = ResearchStore(tmp_path).ticks(SYMBOL)
    covered = backtest("sma_cross", data, rules="research", qty=1).coverage
    assert (covered.missing, covered.holes, covered.outages) == (4, 2, ())
    assert "4 trades missing in 2 gaps" in str(covered)


def test_time_without_a_recorder_is_told_by_the_next_and_by_a_backtest(tmp_path: Path) -> None:
    events = list(feed())
    cut, away_s = len(events) // 2, 2
    later = [e for e in events[cut:] if e.ts_ns >= events[cut].ts_ns + away_s * SECOND]
    asyncio.run(record_whole(tmp_path, lambda: iter(events[:cut])))
    asyncio.run(record_whole(tmp_path, lambda: iter(later)))
    store = TickStore(tmp_path)
    assert [session.number for session in store.sessions(SYMBOL)] == [1, 2]
    (away,) = [gap for gap in store.gaps(SYMBOL) if gap.kind == AWAY]
    assert (away.after_ns, away.before_ns) == (events[cut - 1].ts_ns, later[0].ts_ns)
    missed = sum(gap.missing for gap in store.gaps(SYMBOL) if gap.kind == TRADES)
    assert missed == store.check(SYMBOL).missing == away_s * 20
    covered = backtest(
        "sma_cross", ResearchStore(tmp_path).ticks(SYMBOL), rules="research"
    ).coverage
    assert covered.outages == (away,)
    assert covered.deaf_s == pytest.approx((away.before_ns - away.after_ns) / SECOND)
    assert f"recorder deaf for {covered.deaf_s:,.1f} s in 1 outage" in str(covered)


def lost_lines(store: TickStore) -> list[GapRecord]:
    return [gap for gap in store.gaps(SYMBOL) if gap.kind == FEED]


def test_a_lost_line_is_written_down_with_its_reason(tmp_path: Path) -> None:
    async def story() -> None:
        exchange = an_exchange([zigzag], speed=SPEED)
        async with exchange as venue, recording(tmp_path, venue.url) as running:
            await until(lambda: running.trades() > 20)
            for listener in tuple(venue._hub.listeners):
                listener.abort()
            await until(lambda: bool(lost_lines(running.store)))
            (lost,) = lost_lines(running.store)
            assert lost.reason
            assert lost.after_ns < lost.before_ns
            before = running.trades()
            await until(lambda: running.trades() > before)

    asyncio.run(story())


def test_a_real_capture_is_recorded_with_its_book(tmp_path: Path, shared: Path) -> None:
    path = shared / "data" / "capture" / "btcusdt_20240809.gz"
    played = list(islice(open_feed(path), 4_000))
    ended = asyncio.run(record_whole(tmp_path, lambda: iter(played)))
    store = TickStore(tmp_path)
    assert of(TradeTick, store.events(SYMBOL)) == of(TradeTick, played)
    assert store.check(SYMBOL).missing == 0
    assert ended.symbols[0].depth > 0
    deltas = of(BookDelta, store.events(SYMBOL))
    assert deltas[0].is_snapshot
    follow = [d for d in deltas[1:] if not d.is_snapshot]
    assert all(b.first_id == a.last_id + 1 for a, b in pairwise(follow))


# -- the desk ------------------------------------------------------------------------------------
def a_desk(home: Path, venue: str = "http://127.0.0.1:1") -> Desk:
    clocks = {name: (lambda: START) for name in ("wall_ns", "now_ns", "elapsed_ns")}
    return Desk(TickStore(home).root, (SYMBOL,), venue, seal_after_s=10.0, **clocks)


def hear(desk: Desk, first: int, count: int) -> None:
    for n in range(first, first + count):
        desk.hearing.hear(trade(n))


def test_a_second_recorder_of_a_symbol_is_refused(tmp_path: Path) -> None:
    words = (
        r"another recorder \(process \d+\) runs on BTC/USDT in .*: stop it first, or record into"
    )
    with a_desk(tmp_path), pytest.raises(UsageError, match=words):
        a_desk(tmp_path).__enter__()
    with a_desk(tmp_path):
        pass


def test_a_full_disk_ends_it_and_what_was_acknowledged_is_safe(tmp_path: Path) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    acknowledged = 0
    with pytest.raises(DataError) as full, a_desk(tmp_path) as desk:
        desk.begin([INSTRUMENT])
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, old[1]))
            for n in range(1_000):
                hear(desk, acknowledged, 50)
                acknowledged += desk.flush(desk.hearing.taken())
                assert n < 900
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
    words = full.value.message
    assert "disk is full" in words
    assert f"All {acknowledged:,} rows acknowledged are safe" in words
    assert "50 rows were lost" in words
    with a_desk(tmp_path) as desk:
        assert desk.recovered.added == acknowledged
    assert TickStore(tmp_path).arrays(SYMBOL).trade_id.tolist() == list(range(acknowledged))


def test_a_disk_that_is_full_for_the_store_keeps_the_spool(tmp_path: Path) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(DataError, match="All 50 rows acknowledged are safe"), a_desk(tmp_path) as d:
        d.begin([INSTRUMENT])
        hear(d, 0, 50)
        d.flush(d.hearing.taken())
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (600, old[1]))
            d.finish()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert TickStore(tmp_path).bring_in().added == 50


def test_an_amount_that_cannot_be_stored_is_told_and_the_others_are(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.begin([INSTRUMENT])
        hear(desk, 0, 2)
        desk.hearing.hear(replace(trade(2), price=INSTRUMENT.price_tick.scaleb(-30)))
        hear(desk, 3, 1)
        desk.hearing.hear(FeedLost(START, "market", "a reason"))
        desk.finish()
        told = desk.whole()
    assert (told.complaints, told.lost) == (1, "a reason")
    assert "more than 18 decimals" in told.last_complaint
    assert "a reason" in told.line()
    assert TickStore(tmp_path).arrays(SYMBOL).trade_id.tolist() == [0, 1, 3]


def test_filters_are_written_when_they_change(tmp_path: Path) -> None:
    finer = replace(INSTRUMENT, qty_lot=INSTRUMENT.qty_lot / 10)
    for told in ([INSTRUMENT], [INSTRUMENT], [finer]):
        with a_desk(tmp_path) as desk:
            desk.begin(told)
    text = (tmp_path / "ticks" / "recordings" / "BTC%2FUSDT.jsonl").read_text()
    kinds = [json.loads(line)["record"] for line in text.splitlines()]
    assert kinds == ["session", "InstrumentReported", "session", "session", "InstrumentReported"]


def test_other_markets_never_mix_in(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.begin([INSTRUMENT])
    with a_desk(tmp_path, "http://localhost:9") as desk:
        desk.begin([INSTRUMENT])
    with pytest.raises(UsageError, match="was recorded from an exchange on loopback"):
        a_desk(tmp_path, "https://api.binance.com").__enter__()
    made_up = tmp_path / "made up"
    assert main(["ticks", "sample", "--minutes", "1", "--home", str(made_up)]) == 0
    with pytest.raises(UsageError, match="holds synthetic ticks"), a_desk(made_up):
        pass


def test_rows_of_a_store_that_holds_imports_follow_them(tmp_path: Path) -> None:
    store = TickStore(tmp_path)
    record(store.root, heard([trade(n) for n in range(5)]))
    with a_desk(tmp_path) as desk:
        desk.begin([INSTRUMENT])
        hear(desk, 7, 3)
        desk.finish()
    (gap,) = [gap for gap in store.gaps(SYMBOL) if gap.kind == TRADES]
    assert (gap.first_id, gap.last_id) == (5, 6)


def test_a_look_brings_in_what_a_killed_recorder_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = TickStore(tmp_path)
    spool(store.root, "a", heard([trade(1)]))
    assert main(["ticks", "list", "--home", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "1 rows of a killed recorder were brought in" in told.err
    assert "RECORDED" in told.out
    assert len(store.arrays(SYMBOL)) == 1


# -- the command line ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("NOSUCH",), 2, "'NOSUCH' is unknown"),
        (
            ("BTCUSDT", "--venue-url", "http://127.0.0.1:1"),
            3,
            "no Binance-compatible venue answers",
        ),
        (("BTCUSDT", "--venue-url", "nonsense"), 2, "is not a base URL"),
        (("BTCUSDT", "--minutes", "0"), 2, "--minutes 0 is not above 0"),
        (("BTCUSDT", "--seal", "0"), 2, "--seal"),
        ([f"A{n}/USDT" for n in range(MOST_SYMBOLS + 1)], 2, "101 symbols are more than the 100"),
    ],
)
def test_bad_input_is_one_clear_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    assert main(["record", *arguments, "--home", str(tmp_path)]) == code
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert words in told


def test_a_symbol_that_the_venue_has_not_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        async with an_exchange([zigzag]) as exchange:
            wanted = Wanted(tmp_path / "ticks", ("ETH/USDT",), exchange.url)
            recorder = Recorder(wanted, lambda told: None)
            with pytest.raises(ConfigError, match=r"no symbol .*ETH/USDT"):
                await recorder.record(asyncio.Event(), lambda desk: None)

    asyncio.run(story())
    assert not TickStore(tmp_path).sessions("ETH/USDT")
