"""A new order: our way from the decision to its answer, beside bare ccxt's `create_order`.

    python -m tests.benchmarks.bench_order [--rounds 5] [--orders 300] [--folder FOLDER]

The loopback exchange runs in a process of its own. Market orders go there in turn over two
connections that stay open, one by ccxt alone and one by us, and who goes first changes. Ours is
the whole way: step, event log, outbox, calls, gateway, event. What ccxt sends follows a wait for a
bare write+fdatasync in another thread, as ours follows its commit. Measured of each pair:

log       from the step in hand to its durable commit: stored form, hash chain, disk.
order     from that commit to the answer in hand; ccxt's from the call of `create_order`. Bound: the
          p50 at most 0.3 ms above ccxt's.
submit    the gateway's part of it, from its call. The same bound.
socket    the order until the request is handed to the socket. The same bound.
call      from the step in hand to the gateway's call, its commit included. Floor: those bare
          writes of 4 KiB on the same disk. Bounds: p50 10 ms, p99 at most 3 ms above the bare p99.
"""

import argparse
import asyncio
import gc
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import aiohttp

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import Event, OrderAccepted, OrderEvent
from genesis.domain.time import MILLISECOND
from genesis.engine.step import Step
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.venue import venue_at
from genesis.service.calls import Calls
from genesis.service.clock import VenueClock
from genesis.service.connecting import open_gateway
from genesis.service.outbox import Outbox
from genesis.service.recorder import Recorder
from genesis.service.second_log import SecondLog
from genesis.store.event_log import EventLog
from tests.benchmarks.bare_sync import synced
from tests.benchmarks.figures import DISK, Figure, medians, quantile, rounds_table, table
from tests.support.log_steps import order_step
from tests.support.loopback import SYMBOL, ccxt_at
from tests.support.process import Process

ORDERS = 300
SMALL_ORDERS = 5
WARM_UP = 5
"""Pairs that are sent before any is measured: connections, caches, the log's first pages."""
ABOVE_CCXT_MS = 0.3
CALL_MS = 10.0
ABOVE_BARE_MS = 3.0
PATIENCE_S = 30.0
NAMES = ("ccxt", "ours", "submit", "ccxt socket", "ours socket", "log", "call", "sync")
Figures = dict[str, float]


def watch(session: aiohttp.ClientSession, sent: Callable[[], None]) -> None:
    """Have it told when the body of a request is handed to the socket."""

    async def chunk_sent(*_: object) -> None:
        sent()

    config = aiohttp.TraceConfig()
    config.on_request_chunk_sent.append(chunk_sent)
    config.freeze()
    session.trace_configs.append(config)


class Gateway(BinanceGateway):
    """The gateway, and when it was called last."""

    called_ns = 0

    async def submit(self, command: SubmitOrder, wire_id: str) -> tuple[OrderEvent, ...]:
        self.called_ns = perf_counter_ns()
        return await super().submit(command, wire_id)


@dataclass(slots=True)
class Ours:
    """An order the way of the service, and when each part of it happened, in ns."""

    recorder: Recorder
    gateway: Gateway
    outbox: Outbox = field(init=False)
    durable_ns: int = 0
    sent_ns: int = 0
    told_ns: int = 0
    _told: "asyncio.Future[Event]" = field(init=False)

    def __post_init__(self) -> None:
        clock = VenueClock()
        calls = Calls(self.gateway, clock, self._hear, _broke)
        self.outbox = Outbox(calls, clock, {}, self._hear, _failed, lambda reason: None)
        watch(self.gateway.session, self._sent)

    async def order(self, step: Step) -> dict[str, int]:
        """ns of each part."""
        self._told = asyncio.get_running_loop().create_future()
        began_ns = perf_counter_ns()
        durable, wire_ids = self.recorder.record(step)
        durable.add_done_callback(self._committed)
        self.outbox.put(step, wire_ids, durable, None)
        async with asyncio.timeout(PATIENCE_S):
            first = await self._told
        assert isinstance(first, OrderAccepted), first
        return {
            "log": self.durable_ns - began_ns,
            "ours": self.told_ns - self.durable_ns,
            "submit": self.told_ns - self.gateway.called_ns,
            "ours socket": self.sent_ns - self.durable_ns,
            "call": self.gateway.called_ns - began_ns,
        }

    def _committed(self, _: "Future[int]") -> None:
        self.durable_ns = perf_counter_ns()

    def _sent(self) -> None:
        self.sent_ns = perf_counter_ns()

    def _hear(self, event: Event) -> None:
        if not self._told.done():
            self.told_ns = perf_counter_ns()
            self._told.set_result(event)


class Bare:
    """An order by ccxt alone."""

    def __init__(self, client: Any, descriptor: int) -> None:
        self._client, self._descriptor = client, descriptor
        self._sent_ns = 0
        watch(client.session, self._sent)

    async def order(self, qty: float, wire_id: str) -> dict[str, int]:
        """ns of each part."""
        sync_ms = await asyncio.to_thread(synced, self._descriptor)
        began_ns = perf_counter_ns()
        told = await self._client.create_order(
            SYMBOL, "market", "buy", qty, None, {"newClientOrderId": wire_id}
        )
        ended_ns = perf_counter_ns()
        assert told["status"] == "closed", told
        return {
            "sync": round(sync_ms * MILLISECOND),
            "ccxt": ended_ns - began_ns,
            "ccxt socket": self._sent_ns - began_ns,
        }

    def _sent(self) -> None:
        self._sent_ns = perf_counter_ns()


def _broke(name: str, problem: BaseException) -> None:
    raise AssertionError(name) from problem


def _failed(problem: BaseException) -> None:
    raise AssertionError("the log failed") from problem


@asynccontextmanager
async def both(
    url: str, log: EventLog, folder: Path, descriptor: int
) -> AsyncIterator[tuple[Bare, Ours]]:
    """Connected, the one beside the other."""
    clock = VenueClock()
    gateway = Gateway(
        venue_at(url), DEFAULT_API_KEY, DEFAULT_API_SECRET, (SYMBOL,),
        now_ns=clock.now_ns, elapsed_ns=clock.elapsed_ns,
    )  # fmt: skip
    await open_gateway(gateway, clock)
    async with ccxt_at(url) as client:
        try:
            await client.load_markets()
            recorder = Recorder(log, SecondLog(folder / "second.jsonl"), 1, log.last_step)
            ours = Ours(recorder, gateway)
            sending = asyncio.create_task(ours.outbox.run())
            gc.collect(1)
            gc.freeze()  # as the service does at its start
            yield Bare(client, descriptor), ours
            sending.cancel()
        finally:
            gc.unfreeze()
            await gateway.close()


async def paired(bare: Bare, ours: Ours, count: int) -> dict[str, list[float]]:
    """Milliseconds of every part of every pair."""
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for n in range(1, WARM_UP + count + 1):
        entry = order_step(n)
        step = Step(entry.event, entry.outcomes, entry.commands)
        order = entry.commands[0]
        assert isinstance(order, SubmitOrder)
        if n % 2:
            taken = await bare.order(float(order.request.qty), f"b-{n}")
            taken |= await ours.order(step)
        else:
            taken = await ours.order(step)
            taken |= await bare.order(float(order.request.qty), f"b-{n}")
        if n > WARM_UP:
            for name, ns in taken.items():
                found[name].append(ns / MILLISECOND)
    return found


async def _round(url: str, folder: Path, count: int) -> Figures:
    descriptor = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        with EventLog.open(folder / "genesis.db") as log:
            async with both(url, log, folder, descriptor) as (bare, ours):
                return figures_of(await paired(bare, ours, count))
    finally:
        os.close(descriptor)


def figures_of(found: dict[str, list[float]]) -> Figures:
    told = {
        f"{name} p{part}": quantile(found[name], part / 100) for name in NAMES for part in (50, 99)
    }
    above = {
        "above": told["ours p50"] - told["ccxt p50"],
        "submit above": told["submit p50"] - told["ccxt p50"],
        "socket above": told["ours socket p50"] - told["ccxt socket p50"],
        "p99 above": told["call p99"] - told["sync p99"],
    }
    return told | above


def measure(rounds: int, orders: int, folder: Path | None) -> list[Figures]:
    """Every round with an exchange and a log of its own."""
    found = []
    for _ in range(rounds):
        with (
            tempfile.TemporaryDirectory(dir=folder) as place,
            Process(Path(place), "exchange", "--sample", "--balance", "USDT=10000000") as exchange,
        ):
            found.append(asyncio.run(_round(exchange.ready["url"], Path(place), orders)))
    return found


def told(rounds: Sequence[Figures]) -> list[Figure]:
    middle = medians(rounds)
    peer, disk = "bare ccxt create_order", "bare write+fdatasync"

    def ms(name: str, key: str, most: float | None = None, other: str = "", to: str = "") -> Figure:
        ratio = middle[key] / middle[other] if other else None
        return Figure(name, middle[key], "ms", most=most, ratio=ratio, to=to)

    return [
        ms("order, its commit apart, p50", "ours p50", None, "ccxt p50", peer),
        ms("order, its commit apart, p99", "ours p99", None, "ccxt p99", peer),
        ms(f"... {peer}, p50", "ccxt p50"),
        ms(f"... {peer}, p99", "ccxt p99"),
        ms("... that p50 above the bare one", "above", ABOVE_CCXT_MS),
        ms("... of the gateway alone, p50 above the bare one", "submit above", ABOVE_CCXT_MS),
        ms("... until the socket, p50", "ours socket p50", None, "ccxt socket p50", peer),
        ms("... until the socket, p50 above the bare one", "socket above", ABOVE_CCXT_MS),
        ms("order, its log commit, p50", "log p50", None, "sync p50", disk),
        ms("order, its log commit, p99", "log p99", None, "sync p99", disk),
        ms("decision to call, durable, p50", "call p50", CALL_MS, "sync p50", disk),
        ms("decision to call, durable, p99", "call p99", None, "sync p99", disk),
        ms("... that p99 above the bare one", "p99 above", ABOVE_BARE_MS),
    ]


def figures(*, rounds: int, small: bool) -> list[Figure]:
    return told(measure(rounds, SMALL_ORDERS if small else ORDERS, DISK))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--orders", type=int, default=ORDERS)
    options.add_argument("--folder", type=Path, default=DISK)
    asked = options.parse_args()
    rounds = measure(asked.rounds, asked.orders, asked.folder)
    print(rounds_table(rounds))
    found = told(rounds)
    print(table(found))
    print(f"load average {os.getloadavg()[0]:.2f}")
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
