"""The recorder killed at random moments while others read: what it acknowledged is stored, once."""

import asyncio
import json
import random
import signal
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest

from genesis.domain.events import TradeTick
from genesis.store.ticks import TickStore
from tests.support.killable import Killable, Killables
from tests.support.loopback import SYMBOL, an_exchange, until, zigzag
from tests.support.patience import PATIENCE_S
from tests.support.tick_reader import WAYS

SPEED = 10
FEED_S = 100_000
MOST_EARLY = 20 * SPEED * 5
"""Trades of five seconds: what one flush of a slow machine makes durable."""


@dataclass(frozen=True)
class Life:
    """One recorder's life: the trade ids it acknowledged."""

    ids: frozenset[int]

    @classmethod
    def of(cls, recorder: Killable) -> "Life":
        """By the last line that it wrote, whole."""
        last = json.loads(recorder.lines()[-1])
        symbols = () if last["what"] == "ready" else last["symbols"]
        spans = [span for each in symbols for span in each["trade_ids"]]
        return cls(frozenset(n for first, last in spans for n in range(first, last + 1)))


def start_readers(processes: Killables, home: Path, done: Path) -> list[Killable]:
    return [
        processes.start(way, way, str(home), str(done), module="tests.support.tick_reader")
        for way in WAYS
    ]


def is_whole(home: Path, up_to: int = 0) -> bool:
    """Readers see that trade, and nothing is missing: what was traded while no recorder lived
    was fetched by the next one.
    """
    store = TickStore(home)
    if SYMBOL not in store.symbols():
        return False
    found = store.check(SYMBOL)
    return found.missing == 0 and found.last_id >= up_to


async def kill_and_read(folder: Path, kills: int, seed: int) -> tuple[list[Life], list[int]]:
    """Kill the recorder so often; every life, and how often each reader read."""
    home, done = folder / "home", folder / "done"
    moments = random.Random(seed)
    lives = []
    feed = [lambda: zigzag(FEED_S)]
    async with an_exchange(feed, speed=SPEED) as exchange:
        with Killables(folder) as processes:
            readers = start_readers(processes, home, done)
            wanted = ("--home", str(home), "--venue-url", exchange.url, "--json")
            pace = ("--every", "0", "--seal", "0.3")
            for n in range(kills + 1):
                recorder = processes.start(f"record-{n}", "record", SYMBOL, *wanted, *pace)
                await until(lambda r=recorder: bool(r.lines()))
                if n < kills:
                    told = moments.choice((1, 2, 3, 4, 6, 9, 13))  # the first says "ready"
                    await until(lambda r=recorder, n=told: len(r.lines()) >= n)
                    await asyncio.sleep(moments.uniform(0.0, 0.3))
                    assert recorder.end(signal.SIGKILL) == -signal.SIGKILL, recorder.told()
                else:
                    await until(lambda r=recorder: len(Life.of(r).ids) > 20)
                    heard = max(Life.of(recorder).ids)
                    async with asyncio.timeout(PATIENCE_S):
                        while not await asyncio.to_thread(is_whole, home, heard):
                            await asyncio.sleep(0.2)
                    assert await asyncio.to_thread(recorder.end, signal.SIGINT) == 0
                lives.append(Life.of(recorder))
            done.touch()
            codes = [await asyncio.to_thread(reader.wait) for reader in readers]
            assert codes == [0, 0, 0], [reader.told() for reader in readers]
            reads = [int(reader.lines()[-1].split()[0]) for reader in readers]
    return lives, reads


def sent(ids: set[int]) -> list[TradeTick]:
    """What the exchange told under these ids, in order."""
    last = max(ids, default=0)
    trades = (event for event in zigzag(FEED_S) if isinstance(event, TradeTick))
    until_last = takewhile(lambda tick: tick.trade_id <= last, trades)
    return [tick for tick in until_last if tick.trade_id in ids]


def judge(home: Path, lives: list[Life]) -> None:
    """Acknowledged = stored = distinct, and every trade is the one that the venue told."""
    store = TickStore(home)
    rows = store.sql("SELECT count(*), count(DISTINCT trade_id) FROM trades").fetchall()[0]
    stored = set(store.arrays(SYMBOL).trade_id.tolist())
    assert rows == (len(stored), len(stored))
    assert sum(bool(life.ids) for life in lives) > len(lives) // 2
    acknowledged = set().union(*(life.ids for life in lives))
    assert acknowledged <= stored
    # made durable, and killed before the line that says so was out
    assert len(stored - acknowledged) <= MOST_EARLY * len(lives)
    assert is_whole(home)
    kept = sorted(store.events(SYMBOL, kinds=("trades",)), key=lambda tick: tick.trade_id)
    assert len(kept) == len(stored)
    assert all(tick == told for tick, told in zip(kept, sent(stored), strict=True))
    assert not list((store.root / ".spool").glob("*.spool"))


def test_killed_twice(tmp_path: Path) -> None:
    lives, reads = asyncio.run(kill_and_read(tmp_path, 2, seed=1))
    judge(tmp_path / "home", lives)
    assert all(reads)


@pytest.mark.long
def test_killed_twenty_times(tmp_path: Path) -> None:
    lives, reads = asyncio.run(kill_and_read(tmp_path, 20, seed=2))
    judge(tmp_path / "home", lives)
    assert all(reads)
