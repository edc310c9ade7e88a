"""Two hours of orders to learn from: recorded in seconds, at a made-up venue with known manners.

What the venue does is planted, so a fit can be held against the truth: how long messages travel,
what size costs, and how much of the queue before a resting order leaves by itself. Engine, gate,
log and tape are the real ones. The strategy is a script that is known here only, so the home can be
read and learned from, and its decisions cannot be verified by a replay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from genesis.analytics.blocks import Generator, seeded
from genesis.domain.account import Balance, Tier
from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BarClosed,
    Event,
    InstrumentReported,
    OrderEvent,
    OrderFilled,
    RunEnded,
    RunStarted,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import jitter
from genesis.domain.money import ZERO
from genesis.domain.orders import Side
from genesis.domain.time import HOUR, MILLISECOND, MINUTE, SECOND
from genesis.engine.engine import Engine
from genesis.exchange.wire_id import compose
from genesis.research.instruments import instrument
from genesis.research.own_market import minute_volume
from genesis.research.ticks import Ticks
from genesis.rules import load
from genesis.service.home import Home, require_unused
from genesis.sim import sample
from genesis.sim.columns import TickSource, TopColumns
from genesis.sim.driver import TickDrive
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.latency import SampledLatency
from genesis.sim.orders import TakerFill
from genesis.sim.venue import Venue
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from genesis.strategy import Intent, View

SYMBOL: Final = "BTC/USDT"
START_NS: Final = sample.START_NS + 8 * HOUR
CLOCK_LATE_NS: Final = 12 * MILLISECOND
"""Our clock is behind the venue's."""
_CASH: Final = Decimal(1_000_000)
_FEES: Final = FeeSchedule(Decimal(10), Decimal(10))
_BAR: Final = "10s"
_BARS: Final = 6
"""A round of the script: in, out, and a bid that rests for half a minute."""
_STEP_NS: Final = SECOND
_CENTS: Final = 500

_temporary: list[TemporaryDirectory[str]] = []
"""Folders of demo homes; they go when the process ends."""


@dataclass(frozen=True, slots=True)
class Planted:
    """The manners of the venue.

    slope_bps: what an order adds by the square root of its share of a minute's volume.
    noise_bps: single orders lie up to so far about that. queue_share: of what stands before a
    resting order, what does not leave by itself; of single orders up to queue_spread about it.
    feed_ms, entry_ms, response_ms: medians.
    """

    slope_bps: float = 25.0
    noise_bps: float = 3.0
    queue_share: float = 0.6
    queue_spread: float = 0.3
    feed_ms: float = 35.0
    entry_ms: float = 60.0
    response_ms: float = 25.0


PLANTED: Final = Planted()


def demo_orders(
    home: str | Path | None = None, *, planted: Planted = PLANTED, rounds: int = 100, seed: int = 1
) -> Path:
    """Record the orders into an empty home (None: a temporary one): its folder.

    rounds: of one minute each, with two or three market orders and a resting one.

    Raises:
        ConfigError: the home was used before.
    """
    if home is None:
        _temporary.append(TemporaryDirectory(prefix="genesis-demo-orders-"))
        home = _temporary[-1].name
    place = Path(home)
    require_unused(place)
    market = made_up_market(rounds * MINUTE // SECOND, seed)
    with EventLog.open(Home.open(place).path / DATABASE_NAME) as log:
        _record(log, market, planted, seed)
    return place


def made_up_market(seconds: int, seed: int = 1) -> Ticks:
    """Trades and book tops, one of each a second: a price that rests, queues that are traded away.

    About 7 BTC a minute at 60,000 USDT, a spread of 5 USDT; no forecast and no history.
    """
    rng, rows = seeded(seed), seconds * SECOND // _STEP_NS
    ts = START_NS + np.arange(rows) * _STEP_NS + _STEP_NS // 5
    moves = rng.choice((-1, 0, 1), rows, p=(0.024, 0.952, 0.024))
    moves[0] = 1
    bid = 6_000_000 + np.cumsum(moves) * _CENTS
    fresh = np.maximum.accumulate(np.where(moves != 0, np.arange(rows), 0))
    bid_qty, ask_qty = (_queues(rng, rows)[fresh] for _ in range(2))
    is_sale = rng.random(rows) < 0.5
    price = np.where(is_sale, bid, bid + _CENTS)
    qty = np.maximum(100, np.rint(rng.lognormal(np.log(8_000), 0.8, rows))).astype(np.int64)
    ticks = Ticks.from_arrays(SYMBOL, ts + MILLISECOND, price / 100, qty / 1e5, is_sale)
    known = ticks.columns
    price_unit, qty_unit = int(Decimal("0.01") / known.price_step), Decimal("0.00001")
    lots = int(qty_unit / known.qty_step)
    tops = TopColumns(
        known.instrument, known.price_step, known.qty_step, ts, bid * price_unit, bid_qty * lots,
        (bid + _CENTS) * price_unit, ask_qty * lots, np.arange(1, rows + 1), np.arange(rows),
    )  # fmt: skip
    return Ticks(known, tops)


def _queues(rng: Generator, rows: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.rint(rng.lognormal(np.log(90_000), 0.5, rows)).astype(np.int64)


# -- the venue -------------------------------------------------------------------------------
class _Dear(SimExchange):
    """A venue where size costs: what takes pays the best row and the planted law."""

    def __init__(
        self, venue: Venue, latency: SampledLatency, market: Ticks, planted: Planted
    ) -> None:
        super().__init__(venue, latency)
        columns = market.columns
        self._ts_ns = columns.ts_ns
        self._qty = np.asarray(columns.qtys * float(columns.qty_step), dtype=np.float64)
        self._planted, self._tick = planted, columns.instrument.price_tick

    def obey(self, command: SubmitOrder | CancelOrder, now_ns: int) -> Sequence[OrderEvent]:
        away = jitter("queue", str(now_ns), -1.0, 1.0) * self._planted.queue_spread
        share = min(1.0, max(0.0, self._planted.queue_share + away))
        self.venue.queue_from_now(Decimal(f"{share:.4f}"))
        return [
            replace(event, fill=self._dear(event.fill, now_ns))
            if isinstance(event, OrderFilled) and event.fill.liquidity is Liquidity.TAKER
            else event
            for event in super().obey(command, now_ns)
        ]

    def _dear(self, fill: Fill, now_ns: int) -> Fill:
        top, sign = self.venue.book(SYMBOL).top(), 1 if fill.side is Side.BUY else -1
        assert top is not None
        best = float(top.ask if sign > 0 else top.bid)
        part = float(fill.qty) / minute_volume(self._ts_ns, self._qty, now_ns, START_NS)
        noise = jitter("noise", str(now_ns), -1.0, 1.0) * self._planted.noise_bps
        worse = (self._planted.slope_bps * part**0.5 + noise) / 1e4
        ticks = round(best * (1.0 + sign * worse) / float(self._tick))
        return replace(fill, price=ticks * self._tick)


def _latency(planted: Planted, seed: int) -> SampledLatency:
    rng = seeded(seed + 1)
    return SampledLatency(
        *(
            tuple((rng.lognormal(np.log(ms), 0.35, 400) * MILLISECOND).astype(np.int64).tolist())
            for ms in (planted.feed_ms, planted.entry_ms, planted.response_ms)
        )
    )


# -- the trader ------------------------------------------------------------------------------
class _Script:
    """In and out at the market in sizes that differ, then a bid that rests for a while."""

    name = "demo_orders"
    tier = Tier.SNIPER
    bar: str | None = _BAR
    wants: frozenset[type] = frozenset({BarClosed})

    def __init__(self) -> None:
        self._bars = count()

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        assert isinstance(event, BarClosed)
        turn, place = divmod(next(self._bars), _BARS)
        top, held = view.top(SYMBOL), view.position(SYMBOL) is not None
        if turn < 2 or top is None:  # a minute's volume has to be known before sizes mean anything
            return ()
        if place in (1, 5):
            waiting = [Intent(SYMBOL, Side.BUY, cancel=order.key) for order in view.orders(SYMBOL)]
            leaving = [Intent(SYMBOL, Side.SELL, reduces=True, why="out again")] if held else []
            return waiting + leaving
        if place == 0 and not held:
            size = 10 ** jitter("size", str(turn), -2.0, 0.2)
            return (Intent(SYMBOL, Side.BUY, qty=Decimal(f"{size:.5f}"), why="in"),)
        if place == 2:
            qty = Decimal("0.02")
            return (Intent(SYMBOL, Side.BUY, "limit", price=top.bid, qty=qty, post_only=True),)
        return ()


# -- the recording ---------------------------------------------------------------------------
def _record(log: EventLog, market: Ticks, planted: Planted, seed: int) -> None:
    rules, known = load("research"), instrument(SYMBOL)
    venue = Venue({SYMBOL: known}, {known.quote: _CASH}, _FEES, TakerFill.LAST)
    exchange = _Dear(venue, _latency(planted, seed), market, planted)
    engine = Engine(rules, (_Script(),), seed=str(seed))
    source = TickSource(market.columns, (10 * SECOND,), market.tops)
    drive = TickDrive(engine, (source,), exchange, every_tick=True)
    held = (Balance(known.quote, _CASH, ZERO),)
    opening = (
        RunStarted(
            START_NS, 1, rules.name, rules.text, rules.sha256, "0" * 64, str(seed), (SYMBOL,)
        ),
        AccountOpened(START_NS, "demo", "made-up venue", True, known.quote, held),
        InstrumentReported(START_NS, known),
        exchange.balances(START_NS),
    )
    steps, last_ns = count(1), START_NS
    for step in drive.steps(opening):
        wire_ids = tuple(
            compose(command.key, log.head) if isinstance(command, SubmitOrder) else None
            for command in step.commands
        )
        heard_ns = drive.acted_ns - CLOCK_LATE_NS
        told = (step.event, heard_ns, step.outcomes, step.commands, wire_ids)
        log.append(LogEntry(1, next(steps), *told))
        last_ns = max(last_ns, step.event.ts_ns)
    ended = engine.handle(RunEnded(last_ns, 1, "the demo is over"))
    log.append(LogEntry(1, next(steps), ended.event, last_ns, ended.outcomes, ended.commands))
