"""The paper service at 1,000 trades a second: tick to decision, and decision to the gateway's call.

    python -m tests.benchmarks.bench_service [--rounds 5] [--seconds 25] [--folder FOLDER]

The real service on a fresh home in this process, the loopback exchange in another one, playing a
generated trade archive at speed 1 (with a book top for every trade, so 2,000 messages a second),
a strategy that looks at every trade and places some five orders and cancels a second. Measured
from two seconds after the start:

tick      from a trade's message taken off the socket (before it is parsed) to the engine's step.
          Floor: parsing it and handling it, without any wait, of the same trades. Bound: p99 5 ms.
venue     from the moment the trade was due at the exchange, relative to the one that got through
          fastest: with every wait in sockets, loops and the exchange itself. No bound.
call      from the engine's step to the gateway's call of each order and cancel, its durable commit
          included. Floor: a bare 4 KiB write+fdatasync by another process on the same disk in the
          same seconds. Bounds: p50 10 ms, p99 at most 3 ms above the bare p99.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any
from unittest.mock import patch

import numpy as np

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import Event, OrderEvent, TradeTick
from genesis.domain.ids import OrderKey
from genesis.engine.step import Step
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.streams import MarketStream
from genesis.service.bootstrap import build
from genesis.service.service import Service
from genesis.service.settings import Settings
from tests.benchmarks.bare_sync import beside
from tests.benchmarks.figures import DISK, Figure, medians, quantile, rounds_table, table
from tests.benchmarks.pulse import installed
from tests.support.process import Process

RULES = Path(__file__).resolve().parents[1] / "chaos" / "rules.toml"
TICKS_A_SECOND = 1_000
SECONDS = 25.0
WARM_UP_S = 2.0
SMALL = (3.0, 0.2)
BARE_PAUSE_MS = 60
TICK_MS = 5.0
CALL_MS = 10.0
ABOVE_BARE_MS = 3.0
_START_US = 1_735_689_600_000_000
Figures = dict[str, float]


def write_archive(path: Path, seconds: float, seed: int = 7) -> None:
    """A Vision `trades` csv: trades at random moments, a price that wanders by the cent."""
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = int(seconds * TICKS_A_SECOND)
    at_us = _START_US + np.cumsum(rng.exponential(1e6 / TICKS_A_SECOND, rows)).astype(np.int64)
    cents = 6_000_000 + np.cumsum(rng.integers(-2, 3, rows))
    lots = rng.integers(1, 50_000, rows)
    is_maker = rng.integers(0, 2, rows)
    path.write_text(
        "".join(
            f"{n},{c // 100}.{c % 100:02d},{q / 1e5:.5f},0,{t},{bool(m)},True\n"
            for n, (t, c, q, m) in enumerate(zip(at_us, cents, lots, is_maker, strict=True), 1)
        )
    )


@dataclass(slots=True)
class Probe:
    """What was seen since `begin`, in ns."""

    taken_ns: int = 0
    arrived: dict[int, tuple[int, int]] = field(default_factory=dict)
    decided: dict[tuple[type, OrderKey], int] = field(default_factory=dict)
    ticks: list[int] = field(default_factory=list)
    works: list[int] = field(default_factory=list)
    since_due: list[int] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    begun_ns: int | None = None

    def begin(self) -> None:
        self.begun_ns = perf_counter_ns()

    def parsed(self, event: Event) -> None:
        if type(event) is TradeTick:
            self.arrived[event.trade_id] = (self.taken_ns, perf_counter_ns())

    def handled(self, step: Step, begun_ns: int) -> None:
        now_ns = perf_counter_ns()
        event = step.event
        if type(event) is TradeTick:
            taken_ns, parsed_ns = self.arrived.pop(event.trade_id)
            if self.begun_ns is not None and taken_ns >= self.begun_ns:
                self.ticks.append(now_ns - taken_ns)
                self.works.append(now_ns - begun_ns + parsed_ns - taken_ns)
                self.since_due.append(now_ns - event.ts_ns)
        for command in step.commands:
            if isinstance(command, SubmitOrder | CancelOrder):
                self.decided[type(command), command.key] = now_ns

    def called(self, kind: type, key: OrderKey) -> None:
        decided_ns = self.decided.pop((kind, key), None)  # None: decided before the watch was on
        if decided_ns is not None and self.begun_ns is not None and decided_ns >= self.begun_ns:
            self.calls.append(perf_counter_ns() - decided_ns)


class ProbedEngine:
    """The engine with a watch on it."""

    def __init__(self, handle: Callable[[Event], Step], probe: Probe) -> None:
        self._handle = handle
        self._probe = probe
        self.widths: tuple[int, ...] = ()

    def handle(self, event: Event) -> Step:
        begun_ns = perf_counter_ns()
        step = self._handle(event)
        self._probe.handled(step, begun_ns)
        return step


def probed_gateway(probe: Probe) -> type[BinanceGateway]:
    """The gateway with a watch on what it hears and what it is asked to do."""

    class Gateway(BinanceGateway):
        def market_stream(
            self, symbols: tuple[str, ...], emit: Callable[[Event], None]
        ) -> MarketStream:
            def parsed(event: Event) -> None:
                probe.parsed(event)
                emit(event)

            def taken(text: str) -> None:
                probe.taken_ns = perf_counter_ns()
                hear(text)

            stream = super().market_stream(symbols, parsed)
            hear, stream.hear = stream.hear, taken  # type: ignore[method-assign]
            return stream

        async def submit(self, command: SubmitOrder, wire_id: str) -> tuple[OrderEvent, ...]:
            probe.called(SubmitOrder, command.key)
            return await super().submit(command, wire_id)

        async def cancel(self, key: OrderKey, wire_id: str, symbol: str) -> tuple[OrderEvent, ...]:
            probe.called(CancelOrder, key)
            return await super().cancel(key, wire_id, symbol)

    return Gateway


def measured(folder: Path, seconds: float, warm_up_s: float = WARM_UP_S) -> Figures:
    """One round: a fresh exchange, a fresh home, and `seconds` of trading."""
    feed = folder / "BTCUSDT-trades-2025-01-01.csv"
    write_archive(feed, seconds + warm_up_s + 5)
    probe = Probe()
    with Process(folder, "exchange", "--feed", str(feed), "--hold") as exchange:
        settings = Settings(
            home=folder / "home",
            venue_url=exchange.ready["url"],
            port=0,
            symbols=("BTC/USDT",),
            strategies=("pulse",),
            rules=str(RULES),
        )
        with (
            installed(folder),
            patch("genesis.service.bootstrap.BinanceGateway", probed_gateway(probe)),
            beside(folder / "bare", BARE_PAUSE_MS) as bare,
        ):
            service = build(settings, "paper", say=lambda line: None)
            asyncio.run(trade(service, probe, seconds, warm_up_s))
    return figures_of(probe, bare, seconds)


async def trade(service: Service, probe: Probe, seconds: float, warm_up_s: float) -> None:
    """Run the service for a while. Raises what ended it early."""

    def ready(facts: dict[str, Any]) -> None:
        assert service.trading is not None
        runner = service.trading.runner
        runner.engine = ProbedEngine(runner.engine.handle, probe)
        loop = asyncio.get_running_loop()
        loop.call_later(warm_up_s, probe.begin)
        loop.call_later(warm_up_s + seconds, service.stop, "measured")

    service.on_ready = ready
    await service.run(heed_signals=False)


def figures_of(probe: Probe, bare: Sequence[float], seconds: float) -> Figures:
    """Quantiles in ms, and how much was measured."""
    first = min(probe.since_due)
    waits = [each - first for each in probe.since_due]
    found = {"ticks/s": len(probe.ticks) / seconds, "calls": float(len(probe.calls))}
    for name, taken in (("tick", probe.ticks), ("venue", waits), ("call", probe.calls)):
        for part in (50, 99):
            found[f"{name} p{part}"] = quantile(taken, part / 100) / 1e6
    found["tick max"] = max(probe.ticks) / 1e6
    found["work p50"] = quantile(probe.works, 0.5) / 1e6
    found["bare p50"], found["bare p99"] = quantile(bare, 0.5), quantile(bare, 0.99)
    found["p99 above"] = found["call p99"] - found["bare p99"]
    return found


def measure(rounds: int, seconds: float, folder: Path | None, warm_up_s: float) -> list[Figures]:
    """Every round on a home of its own."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            found.append(measured(Path(place), seconds, warm_up_s))
    return found


def told(rounds: Sequence[Figures]) -> list[Figure]:
    middle = medians(rounds)
    work, bare = "parse and handle alone", "bare write+fdatasync"

    def ms(name: str, key: str, most: float | None = None, floor: str = "", to: str = "") -> Figure:
        ratio = middle[key] / middle[floor] if floor else None
        return Figure(f"service: {name}", middle[key], "ms", most=most, ratio=ratio, to=to)

    return [
        Figure("service: trades handled (1,000 are fed)", middle["ticks/s"], "/s"),
        ms("tick to decision, p50", "tick p50", None, "work p50", work),
        ms("tick to decision, p99", "tick p99", TICK_MS, "work p50", f"{work}, p50"),
        ms("due at the venue to decision, p99", "venue p99"),
        ms("decision to gateway's call, p50", "call p50", CALL_MS, "bare p50", bare),
        ms("decision to gateway's call, p99", "call p99", None, "bare p99", bare),
        ms("... that p99 above the bare one", "p99 above", ABOVE_BARE_MS),
    ]


def figures(*, rounds: int, small: bool) -> list[Figure]:
    seconds, warm_up_s = SMALL if small else (SECONDS, WARM_UP_S)
    return told(measure(rounds, seconds, DISK, warm_up_s))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=SECONDS)
    options.add_argument("--warm-up", type=float, default=WARM_UP_S)
    options.add_argument("--folder", type=Path, default=DISK)
    asked = options.parse_args()
    rounds = measure(asked.rounds, asked.seconds, asked.folder, asked.warm_up)
    print(rounds_table(rounds))
    found = told(rounds)
    print(table(found))
    print(f"load average {os.getloadavg()[0]:.2f}")
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
