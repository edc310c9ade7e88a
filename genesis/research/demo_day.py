"""A short paper day to read: recorded in seconds, by the real engine over a synthetic market.

The trader of the day is scripted and uses the operator's own words: calm in the morning, then he
chases his losses, is stopped, writes his page, and goes on with half sizes. Venue time is virtual;
everything else is as it would be: gate, log, tape, stops and the page's checks.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from genesis.domain.account import Balance
from genesis.domain.commands import CancelOrder, DropTimer, SetTimer, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BookTop,
    Event,
    InstrumentReported,
    JournalAssessed,
    RunEnded,
    RunStarted,
    TimerFired,
    TradeTick,
)
from genesis.domain.money import ZERO
from genesis.domain.time import HOUR, SECOND, format_utc
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.exchange.wire_id import compose
from genesis.research.day import TradingDay
from genesis.research.instruments import instrument
from genesis.rules import load
from genesis.service.home import Home, require_unused
from genesis.service.operator import Door, with_stop
from genesis.sim import sample
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from genesis.tilt.journal import Delta, assess

SYMBOL: Final = "BTC/USDT"
CAPITAL: Final = Decimal(500)
START_NS: Final = sample.START_NS + 8 * HOUR
LENGTH_S: Final = 4 * 3600
TOO_SOON: Final = "too-soon"
"""Reference of the order that was asked for while the page was due."""
_FEES: Final = FeeSchedule(Decimal(10), Decimal(10))
_CENT: Final = Decimal("0.01")
_PAGE_NS: Final = 500 * SECOND

_temporary: list[TemporaryDirectory[str]] = []
"""Folders of demo days; they go when the process ends."""


def demo_day(home: str | Path | None = None) -> TradingDay:
    """Record the day into an empty home (None: a temporary one), and open it.

    Raises:
        ConfigError: the home was used before.
    """
    if home is None:
        _temporary.append(TemporaryDirectory(prefix="genesis-demo-day-"))
        home = _temporary[-1].name
    place = Path(home)
    require_unused(place)
    with EventLog.open(Home.open(place).path / DATABASE_NAME) as log:
        stage = _Stage(log)
        _play(stage)
        stage.end()
    return TradingDay.of(format_utc(START_NS)[:10], place)


# -- the trader ------------------------------------------------------------------------------
def _play(stage: "_Stage") -> None:
    """The arc of the day."""
    _calm_trade(stage, 6, 9)
    _chase(stage)
    stage.say(f"buy 100 usdt {SYMBOL}", ref=TOO_SOON)  # refused: the page is due
    _write(stage)
    for pause, hold in ((45, 68), (8, 30)):
        _calm_trade(stage, pause, hold)


def _calm_trade(stage: "_Stage", pause_min: int, hold_min: int) -> None:
    stage.wait(pause_min * 60)
    stage.say(f"buy 25 usdt {SYMBOL}", latency_ms=4_000)
    if not stage.is_held:  # asked to wait a minute after the pause: he does
        stage.wait(90)
        stage.say(f"buy 25 usdt {SYMBOL}", latency_ms=4_000)
    stage.wait(hold_min * 60)
    _leave(stage)


def _chase(stage: "_Stage") -> None:
    """In again after every loss, larger and in more haste, the stop right under the price."""
    for turn in range(12):
        if stage.is_paused:
            return
        hurry_ms, asked = max(400, 3_000 - 1_000 * turn), min(100, 30 + 20 * turn)
        stage.say(f"buy {asked} usdt {SYMBOL}", latency_ms=hurry_ms)
        if not stage.is_held:  # asked to wait a minute: he does, and not a second longer
            stage.wait(61)
            stage.say(f"buy {asked} usdt {SYMBOL}", latency_ms=hurry_ms)
        stage.wait(2)
        stage.say(f"buy 40 usdt {SYMBOL}", latency_ms=hurry_ms)  # more of it: no room
        stage.say(f"stop {SYMBOL} {stage.price - _CENT}")
        stage.wait(20)
        _leave(stage)
        stage.wait(3)


def _leave(stage: "_Stage") -> None:
    if stage.is_held:
        stage.say(f"close {SYMBOL}")
    stage.wait(5)


def _write(stage: "_Stage") -> None:
    """The page, typed at a person's pace; it is judged by the rules, and its text is not kept."""
    text = (files("genesis.service") / "demo" / "page.txt").read_text("utf-8")
    opened_ns = stage.now_ns
    stamps = (opened_ns + _PAGE_NS * i // len(text) for i in range(1, len(text) + 1))
    deltas = [Delta(at_ns, 1) for at_ns in stamps]
    stage.wait(_PAGE_NS / SECOND)
    told = assess(text, deltas, opened_ns, stage.now_ns, stage.rules.tilt.journal)
    stage.tell(
        JournalAssessed(stage.now_ns, told.sha256, told.word_count, told.accepted, told.reason)
    )


# -- the stage -------------------------------------------------------------------------------
class _Stage:
    """Engine, simulated exchange and log over one market, moved on by hand."""

    def __init__(self, log: EventLog) -> None:
        self.rules = load("sniper")
        self.now_ns = START_NS
        self.price = ZERO
        self._log = log
        self._engine = Engine(self.rules, seed="demo")
        known = instrument(SYMBOL)
        self._exchange = SimExchange(Venue({SYMBOL: known}, {known.quote: CAPITAL}, _FEES))
        self._market = _thinned(START_NS, LENGTH_S)
        self._next = next(self._market, None)
        self._door = Door((SYMBOL,))
        self._timers: dict[str, int] = {}
        self._refs, self._steps = count(1), count(1)
        self._begin()

    @property
    def is_held(self) -> bool:
        return SYMBOL in self._engine.state.ledger.positions

    @property
    def is_paused(self) -> bool:
        return self._engine.state.tilt.intervention() is not None

    def wait(self, seconds: float) -> None:
        """Let the market go on for so long."""
        until = self.now_ns + int(seconds * SECOND)
        while self._next is not None and self._next.ts_ns <= until:
            event, self._next = self._next, next(self._market, None)
            self._fire(event.ts_ns)
            answers = self._exchange.on_market(event)
            if isinstance(event, TradeTick):
                self.price = event.price
            self.tell(event, *answers)
        self._fire(until)
        self.now_ns = max(self.now_ns, until)

    def say(self, words: str, latency_ms: int | None = None, ref: str = "") -> None:
        """One typed line of the operator, `latency_ms` after what he saw last."""
        act = self._door.read(words, self.now_ns)
        position = self._engine.state.ledger.positions.get(SYMBOL)
        entry = None if position is None else position.entry_price
        act = with_stop(act, None, entry) if act.verb == "stop" else act
        ref = ref or f"demo-{next(self._refs)}"
        self.tell(replace(act, client_ref=ref, session_id="demo", latency_ms=latency_ms))

    def tell(self, *events: Event) -> None:
        """Events through the engine to the log, and the venue's answers after them."""
        waiting = deque(events)
        while waiting:
            event = waiting.popleft()
            self.now_ns = max(self.now_ns, event.ts_ns)
            step = self._engine.handle(event)
            self._write(step)
            for command in step.commands:
                if isinstance(command, SetTimer):
                    self._timers[command.key] = command.at_ns
                elif isinstance(command, DropTimer):
                    self._timers.pop(command.key, None)
                elif isinstance(command, SubmitOrder | CancelOrder):
                    waiting.extend(self._exchange.obey(command, self.now_ns))

    def end(self) -> None:
        self.tell(RunEnded(self.now_ns, 1, "the demo day is over"))

    def _begin(self) -> None:
        rules, at = self.rules, self.now_ns
        held = (Balance("USDT", CAPITAL, ZERO),)
        self.tell(
            RunStarted(at, 1, rules.name, rules.text, rules.sha256, "0" * 64, "demo", (SYMBOL,)),
            AccountOpened(at, "demo", "synthetic market", True, "USDT", held),
            InstrumentReported(at, instrument(SYMBOL)),
            self._exchange.balances(at),
        )

    def _fire(self, ts_ns: int) -> None:
        """Timers that are due by then."""
        while self._timers:
            at_ns, key = min((at, key) for key, at in self._timers.items())
            if at_ns > ts_ns:
                return
            del self._timers[key]
            self.tell(TimerFired(max(at_ns, self.now_ns), key))

    def _write(self, step: Step) -> None:
        wire_ids = tuple(
            compose(command.key, self._log.head) if isinstance(command, SubmitOrder) else None
            for command in step.commands
        )
        number, at_ns = next(self._steps), step.event.ts_ns
        self._log.append(
            LogEntry(1, number, step.event, at_ns, step.outcomes, step.commands, wire_ids)
        )


def _thinned(start_ns: int, seconds: int) -> Iterator[TradeTick | BookTop]:
    """The synthetic market, one trade of every second of it, with the book top it traded at."""
    whole = sample.sample_arrays(0, start_ns, seconds, SYMBOL)
    trades, tops = whole.trades, whole.tops
    _, first = np.unique(trades.ts_ns // SECOND, return_index=True)
    stood = np.searchsorted(tops.ts_ns, trades.ts_ns[first], side="right") - 1
    price, qty = -sample.PRICE_SCALE, -sample.QTY_SCALE
    for i, j in zip(first.tolist(), stood.tolist(), strict=True):
        ts_ns = int(trades.ts_ns[i])
        yield BookTop(
            ts_ns,
            SYMBOL,
            int(tops.update_id[j]),
            Decimal(int(tops.bid[j])).scaleb(price),
            Decimal(int(tops.bid_qty[j])).scaleb(qty),
            Decimal(int(tops.ask[j])).scaleb(price),
            Decimal(int(tops.ask_qty[j])).scaleb(qty),
        )
        yield TradeTick(
            ts_ns,
            SYMBOL,
            int(trades.trade_id[i]),
            Decimal(int(trades.price[i])).scaleb(price),
            Decimal(int(trades.qty[i])).scaleb(qty),
            bool(trades.is_buyer_maker[i]),
        )
