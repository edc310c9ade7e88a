"""A cancel while reads wait: the time from asking for it to knowing it.

    python -m tests.benchmarks.bench_cancel [--rounds 5]

The loopback exchange runs in a process of its own. First cancels alone; then with the minute's
share of weight used up, forty reads waiting for the next one, and a question about an order every
20 ms: the cancel passes them all. Bound: the p50 at most 1 ms above that of a cancel alone. Beside
it one cancel by ccxt with its own limiter of requests, behind as many reads.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from genesis.domain.ids import OrderKey
from genesis.domain.orders import Purpose
from genesis.domain.time import MILLISECOND
from genesis.errors import Unreachable
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.conduct import Conduct
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.retries import RetryTerms
from genesis.exchange.venue import venue_at
from genesis.service.clock import VenueClock
from genesis.service.connecting import open_gateway
from tests.benchmarks.figures import Figure, medians, quantile, rounds_table, table
from tests.support.loopback import ccxt_at
from tests.support.process import Process
from tests.support.simex import SYMBOL, command, wire

CANCELS = 35
READS = 40
ABOVE_MS = 1.0
PATIENT = Conduct(retries=RetryTerms((), longest_s=90.0))


async def _round(url: str, cancels: int) -> dict[str, float]:
    by_ccxt = await _ccxt_behind_reads(url)
    gateway = await _connected(url)
    try:
        return await _measured(gateway, cancels) | {"ccxt": by_ccxt}
    finally:
        await gateway.close()


async def _ccxt_behind_reads(url: str) -> float:
    """Milliseconds of one cancel in ccxt's own queue."""
    async with ccxt_at(url, enableRateLimit=True) as client:
        resting = await client.create_order(SYMBOL, "limit", "sell", 0.001, 99_000)
        waiting = [asyncio.create_task(client.fetch_ohlcv(SYMBOL)) for _ in range(READS)]
        await asyncio.sleep(0)
        began = time.perf_counter_ns()
        await client.cancel_order(resting["id"], SYMBOL)
        taken_ms = (time.perf_counter_ns() - began) / MILLISECOND
        await asyncio.gather(*waiting)
        return taken_ms


async def _connected(url: str) -> BinanceGateway:
    clock = VenueClock()
    gateway = BinanceGateway(
        venue_at(url), DEFAULT_API_KEY, DEFAULT_API_SECRET, (SYMBOL,),
        now_ns=clock.now_ns, elapsed_ns=clock.elapsed_ns, conduct=PATIENT,
    )  # fmt: skip
    await open_gateway(gateway, clock)
    return gateway


async def _measured(gateway: BinanceGateway, cancels: int) -> dict[str, float]:
    alone = await _cancels(gateway, 1, cancels)
    while gateway.traffic.told().weight_used + 50 <= gateway.traffic.told().weight_limit * 0.8:
        await gateway.depth(SYMBOL)
    waiting: list[asyncio.Task[Any]] = [
        asyncio.create_task(gateway.depth(SYMBOL)) for _ in range(READS)
    ]
    waiting.append(asyncio.create_task(_asking(gateway)))
    await asyncio.sleep(0)
    behind = await _cancels(gateway, 1 + cancels, cancels)
    assert not any(task.done() for task in waiting), "the reads did not wait"
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    found = {
        "alone p50": quantile(alone, 0.5),
        "alone p99": quantile(alone, 0.99),
        "reads p50": quantile(behind, 0.5),
        "reads p99": quantile(behind, 0.99),
    }
    return found | {"above": found["reads p50"] - found["alone p50"]}


async def _asking(gateway: BinanceGateway) -> None:
    """Questions about an order, one after the other, within what is kept for them."""
    while True:
        with suppress(Unreachable):
            await gateway.order(wire(1), SYMBOL)
        await asyncio.sleep(0.02)


async def _cancels(gateway: BinanceGateway, first: int, count: int) -> list[float]:
    """Milliseconds of each."""
    found = []
    for n in range(first, first + count):
        order = command(n, "SELL", "LIMIT", limit_price=Decimal(99_000), purpose=Purpose.EXIT)
        await gateway.submit(order, wire(n))
        began = time.perf_counter_ns()
        events = await gateway.cancel(OrderKey(1, n), wire(n), SYMBOL)
        found.append((time.perf_counter_ns() - began) / MILLISECOND)
        assert len(events) == 1, events
    return found


def told(rounds: Sequence[dict[str, float]]) -> list[Figure]:
    found = medians(rounds)

    def ms(name: str, key: str, to: str = "", other: str = "") -> Figure:
        ratio = found[key] / found[other] if other else None
        return Figure(name, found[key], "ms", ratio=ratio, to=to)

    return [
        ms("a cancel alone, p50", "alone p50"),
        ms("a cancel alone, p99", "alone p99"),
        ms("a cancel behind reads, p50", "reads p50", "alone", "alone p50"),
        ms("a cancel behind reads, p99", "reads p99", "alone", "alone p99"),
        Figure("... that p50 above the one alone", found["above"], "ms", most=ABOVE_MS),
        ms("ccxt's cancel behind reads in its own queue", "ccxt", "ours", "reads p50"),
    ]


def measured(rounds: int, *, small: bool = False) -> list[dict[str, float]]:
    found = []
    for _ in range(rounds):
        with (
            tempfile.TemporaryDirectory() as place,
            Process(Path(place), "exchange", "--sample", "--balance", "BTC=1") as exchange,
        ):
            found.append(asyncio.run(_round(exchange.ready["url"], 5 if small else CANCELS)))
    return found


def figures(*, rounds: int, small: bool) -> list[Figure]:
    return told(measured(rounds, small=small))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    rounds = measured(options.parse_args().rounds)
    print(rounds_table(rounds))
    found = told(rounds)
    print(table(found))
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
