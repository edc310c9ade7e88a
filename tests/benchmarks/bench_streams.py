"""Prints through the trade tap, against a bare websocket reader and ccxt.pro in the same run.

    python -m tests.benchmarks.bench_streams [--rounds 5] [--prints 100000]

A server in a process of its own says everything at once. What counts is the time of our processor,
so that a busy machine blurs little; ccxt.pro's figure is what its cache of 1,000 lost of the burst.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from genesis.domain.events import Event, TradeTick
from genesis.exchange.line import Patience
from genesis.exchange.streams import MarketStream
from tests.benchmarks.figures import Figure, medians, rounds_table, table
from tests.support.loopback import ccxt_at
from tests.support.stream_server import no_snapshot, nothing_past

ROOT = Path(__file__).resolve().parents[2]
PRINTS = 100_000
BURST = 20_000
PER_SECOND = 100_000
SYMBOL = "BTC/USDT"
_PATIENCE_S = 60.0


@contextmanager
def a_server(count: int) -> Iterator[str]:
    """Its base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.burst_server", str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()


async def bare(url: str, count: int) -> None:
    """What any reader must do: take the messages off the socket and read them as JSON."""
    async with aiohttp.ClientSession() as session:
        address = f"{url}/stream?streams=btcusdt@trade"
        async with session.ws_connect(address, max_msg_size=0) as ws:
            heard = 0
            while heard < count:
                message = await ws.receive()
                json.loads(message.data)
                heard += 1


async def tapped(url: str, count: int) -> None:
    """The same through our stream: exact prints, each told once and in order."""
    done = asyncio.Event()
    last_id = 0

    def take(event: Event) -> None:
        nonlocal last_id
        if isinstance(event, TradeTick):
            assert event.trade_id == last_id + 1
            last_id = event.trade_id
            if last_id == count:
                done.set()

    async with aiohttp.ClientSession() as session:
        stream = MarketStream(
            f"{url}/stream",
            (SYMBOL,),
            take,
            snapshot=no_snapshot,
            past=nothing_past,
            session=session,
            now_ns=time.time_ns,
            patience=Patience(),
            lines=1,
        )
        running = asyncio.create_task(stream.run())
        async with asyncio.timeout(_PATIENCE_S):
            await done.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def lost_by_ccxt(url: str, count: int) -> int:
    """Prints of the burst that `watch_trades` never returned to one who asks at once again."""
    heard: set[str] = set()
    async with ccxt_at(url) as client:
        client.options["adjustForTimeDifference"] = False
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while str(count) not in heard:
                    trades: list[dict[str, Any]] = await client.watch_trades(SYMBOL)
                    heard |= {trade["id"] for trade in trades}
        except TimeoutError:
            pass
    return count - len(heard)


def processor_s(work: Callable[[str, int], Awaitable[None]], url: str, count: int) -> float:
    begun = time.process_time()
    asyncio.run(work(url, count))  # type: ignore[arg-type]
    return time.process_time() - begun


def measure(rounds: int, prints: int) -> list[dict[str, float]]:
    found = []
    with a_server(prints) as url, a_server(BURST) as burst_url:
        for _ in range(rounds):
            bare_s, tap_s = processor_s(bare, url, prints), processor_s(tapped, url, prints)
            found.append(
                {
                    "bare /s": prints / bare_s,
                    "tap /s": prints / tap_s,
                    "ratio": tap_s / bare_s,
                    "lost": float(asyncio.run(lost_by_ccxt(burst_url, BURST))),
                }
            )
    return found


def told(rounds: Sequence[dict[str, float]]) -> list[Figure]:
    middle = medians(rounds)
    reader = "a bare websocket and json"
    return [
        Figure(
            "trade tap, per core",
            middle["tap /s"],
            "messages/s",
            least=PER_SECOND,
            ratio=middle["ratio"],
            to=reader,
        ),
        Figure(f"trade tap, {reader}", middle["bare /s"], "messages/s"),
        Figure(f"ccxt.pro, lost of a burst of {BURST:,}", middle["lost"], "prints"),
    ]


def figures(*, rounds: int, small: bool) -> list[Figure]:
    return told(measure(rounds, 5_000 if small else PRINTS))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--prints", type=int, default=PRINTS)
    asked = options.parse_args()
    rounds = measure(asked.rounds, asked.prints)
    print(rounds_table(rounds))
    found = told(rounds)
    print(table(found))
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
