"""Homes with whole days in them: the real engine and the simulated exchange, in virtual time.

    python -m tests.support.day_home HOME [TICKS_PER_SECOND]

writes one full day as a running service would have left it: blocks of the tape hold what came
within 0.2 s of venue time, everything else is committed at once.
"""

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from genesis.domain.account import Balance
from genesis.domain.commands import CancelOrder, DropTimer, SetTimer, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BookTop,
    Event,
    FeedLost,
    FeedRestored,
    InstrumentReported,
    JournalAssessed,
    OperatorActed,
    RunEnded,
    RunStarted,
    TimerFired,
    TradeTick,
    bar_timer_key,
)
from genesis.domain.instrument import Instrument
from genesis.domain.orders import OrderType, Side
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND, parse_utc
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.rules import Rules
from genesis.service.strategies import strategies_of
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue
from genesis.store.commits import Tail, rows_after
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.schema import events, tape
from genesis.store.steps import MAIN, LogEntry, StepText, step_text
from tests.support import unhurried
from tests.support.build import BTC

DAY_1 = parse_utc("2024-08-05")
SYMBOL = "BTC/USDT"
REST_NS = SECOND // 5
_FEES = FeeSchedule(Decimal(10), Decimal(10), truncated=True)
_COMMIT_STEPS = 20_000

Market = TradeTick | BookTop


class LiveLog:
    """Writes the rows that a live writer would have written, many commits in one transaction."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._database = Database.open(home / DATABASE_NAME)
        self._tail = Tail()
        self._waiting: list[StepText] = []
        self._blocks: list[Any] = []
        self._rows: list[Any] = []

    @property
    def head(self) -> str:
        return self._tail.hash

    def append(self, entry: LogEntry) -> None:
        text = step_text(entry)
        self._waiting.append(text)
        if text.is_urgent or text.ts_ns - self._waiting[0].ts_ns >= REST_NS:
            self._commit()

    def _commit(self) -> None:
        added = rows_after(self._tail, MAIN, self._waiting)
        self._tail = added.tail
        self._blocks += map(tuple, added.blocks)
        self._rows += map(tuple, added.events)
        self._waiting = []
        if len(self._blocks) + len(self._rows) > _COMMIT_STEPS:
            self._write()

    def _write(self) -> None:
        with self._database.writing() as connection:
            for table, rows in ((tape, self._blocks), (events, self._rows)):
                if rows:
                    text = str(sa.insert(table).compile(dialect=connection.dialect))
                    connection.exec_driver_sql(text, rows)
        self._blocks, self._rows = [], []

    def close(self) -> None:
        if self._waiting:
            self._commit()
        self._write()
        self._database.close()


@dataclass
class HomeMaker:
    """One account over days: runs are started and ended, markets played, acts done."""

    home: Path
    rules: Rules = field(default_factory=unhurried.rules)
    strategies: Sequence[str] = ()
    capital: Decimal = Decimal(500)
    instrument: Instrument = BTC

    def __post_init__(self) -> None:
        self.log = LiveLog(self.home)
        self.engine = Engine(self.rules, strategies_of(self.strategies), seed="7")
        quote = {self.instrument.quote: self.capital}
        venue = Venue({self.instrument.symbol: self.instrument}, quote, _FEES)
        self.exchange = SimExchange(venue)
        self.run = self.step = 0
        self.now_ns = 0
        self.seen: list[Step] = []
        self.watch: list[Any] = []
        self._timers: dict[str, int] = {}
        self._bars: list[tuple[int, str, int]] = []

    # -- runs --------------------------------------------------------------------------------
    def start(self, at_ns: int) -> None:
        self.run += 1
        rules = self.rules
        self._timers.clear()
        self.tell(
            RunStarted(
                at_ns, self.run, rules.name, rules.text, rules.sha256, "c" * 64, "7", (SYMBOL,),
                tuple(self.strategies),
            )
        )  # fmt: skip
        if self.run == 1:
            held = (Balance("USDT", self.capital, Decimal(0)),)
            self.tell(AccountOpened(at_ns, "paper", "loopback", True, "USDT", held))
            self.tell(InstrumentReported(at_ns, self.instrument))
        self.tell(self.exchange.balances(at_ns))
        self._bars = []
        for width in self.engine.widths:
            heappush(self._bars, ((at_ns // width + 1) * width, SYMBOL, width))

    def stop(self, reason: str = "closed") -> None:
        self.tell(RunEnded(self.now_ns, self.run, reason))

    def close(self) -> None:
        self.log.close()

    # -- what happens ------------------------------------------------------------------------
    def play(self, market: Iterable[Market], acts: Sequence[Event] = ()) -> None:
        """A market with acts of the outside between its events, in order of time."""
        waiting = deque(sorted(acts, key=lambda act: act.ts_ns))
        for event in market:
            while waiting and waiting[0].ts_ns <= event.ts_ns:
                self._until(waiting[0].ts_ns)
                self.tell(waiting.popleft())
            self._until(event.ts_ns)
            answers = self.exchange.on_market(event)
            self.tell(event)
            for answer in answers:
                self.tell(answer)
        for act in waiting:
            self._until(act.ts_ns)
            self.tell(act)

    def _until(self, ts_ns: int) -> None:
        """Bars and timers due by then."""
        while self._bars and self._bars[0][0] <= ts_ns:
            at_ns, symbol, width = heappop(self._bars)
            heappush(self._bars, (at_ns + width, symbol, width))
            self._fire(at_ns - 1)
            self.tell(TimerFired(at_ns, bar_timer_key(symbol, width)))
        self._fire(ts_ns)

    def _fire(self, ts_ns: int) -> None:
        while self._timers:
            at_ns, key = min((at, key) for key, at in self._timers.items())
            if at_ns > ts_ns:
                return
            del self._timers[key]
            self.tell(TimerFired(max(at_ns, self.now_ns), key))

    def tell(self, event: Event) -> None:
        """One event through the engine to the log, and the venue's answers after it."""
        told: deque[Event] = deque([event])
        while told:
            event = told.popleft()
            for watcher in self.watch:
                watcher(event)
            self.now_ns = max(self.now_ns, event.ts_ns)
            step = self.engine.handle(event)
            self.step += 1
            told.extend(self._write(step))

    def _write(self, step: Step) -> Iterator[Event]:
        if not step.outcomes and not step.commands:
            self.log.append(LogEntry(self.run, self.step, step.event, step.event.ts_ns))
            return
        head = self.log.head[:16]
        wire_ids = tuple(
            f"g-{c.key.run}-{c.key.n}-{c.key.slice}-{head}" if type(c) is SubmitOrder else None
            for c in step.commands
        )
        self.log.append(
            LogEntry(
                self.run, self.step, step.event, step.event.ts_ns, step.outcomes, step.commands,
                wire_ids,
            )
        )  # fmt: skip
        self.seen.append(step)
        for command in step.commands:
            if isinstance(command, SetTimer):
                self._timers[command.key] = command.at_ns
            elif isinstance(command, DropTimer):
                self._timers.pop(command.key, None)
            elif isinstance(command, SubmitOrder | CancelOrder):
                yield from self.exchange.obey(command, self.now_ns)


# -- markets and acts ------------------------------------------------------------------------
def waves(
    start_ns: int,
    end_ns: int,
    every_ns: int,
    *,
    tops: bool = False,
    falls: Sequence[int] = (),
    seed: int = 5,
) -> Iterator[Market]:
    """A price in slow and quick waves around 60000, with a little noise and sudden falls."""
    rng = np.random.Generator(np.random.PCG64(seed + start_ns // DAY))
    stamps = np.arange(start_ns, end_ns, every_ns)
    hours = (stamps - DAY_1) / HOUR
    path = 0.021 * np.sin(hours * 0.83) + 0.004 * np.sin(hours * 9.1) + 0.001 * np.sin(hours * 71)
    for at_ns in falls:
        since_s = (stamps - at_ns) / SECOND
        gone = np.where(since_s < 0, 0.0, np.clip(since_s / 8, 0, 1) * np.exp(-since_s / 900))
        path -= 0.022 * gone
    cents = np.rint(6_000_000 * (1 + path + 2e-5 * rng.standard_normal(len(stamps)))).astype(int)
    for number, (at, price) in enumerate(zip(stamps.tolist(), cents.tolist(), strict=True)):
        told = Decimal(price).scaleb(-2)
        trade_id = at // 1_000_000
        if tops:
            spread = Decimal("0.01") * (1 + number % 3)
            yield BookTop(at, SYMBOL, trade_id, told - spread, _SIZE, told + spread, _SIZE)
        yield TradeTick(at, SYMBOL, trade_id, told, _QTY, number % 3 == 0)


_SIZE, _QTY = Decimal("2.5"), Decimal("0.01200")


def buy(at_ns: int, usdt: str = "25", ref: str | None = None, **given: Any) -> OperatorActed:
    return OperatorActed(
        at_ns, "ORDER_SUBMIT", ref or f"buy-{at_ns}", "trade", SYMBOL, Side.BUY,
        given.pop("type", OrderType.MARKET), amount_usdt=Decimal(usdt), session_id="s", **given,
    )  # fmt: skip


def close(at_ns: int) -> OperatorActed:
    return OperatorActed(
        at_ns, "ORDER_SUBMIT", f"close-{at_ns}", "close", SYMBOL, reduces_risk=True, session_id="s"
    )


def calm_acts(day_ns: int) -> list[Event]:
    """Six trades, two of them held long enough to be stopped, and a buy at night."""
    acts: list[Event] = []
    for hour, held_m in ((1.2, 40), (4.5, 25), (8.1, 55), (11.4, 90), (15.2, 30), (18.3, 45)):
        at = day_ns + int(hour * HOUR)
        acts += [buy(at), close(at + held_m * MINUTE)]
    return [*acts, buy(day_ns + 22 * HOUR + 30 * MINUTE, "20")]


def chase(at_ns: int, times: int = 5) -> list[Event]:
    """Stopped out by every jolt, back in three seconds later, larger each time; then two pages."""
    acts: list[Event] = [buy(at_ns)]
    for turn, jolt_ns in enumerate(jolts(at_ns, times)):
        haste = {"latency_ms": max(900, 4000 - 1500 * turn)}
        acts.append(buy(jolt_ns + 13 * SECOND, str(50 * (turn + 1)), **haste))
        acts.append(_cancel(jolt_ns + 15 * SECOND))
    end = jolts(at_ns, times)[-1]
    acts.append(close(end + 5 * MINUTE))
    acts.append(JournalAssessed(end + 21 * MINUTE, "a" * 64, 212, False, "too_short"))
    acts.append(JournalAssessed(end + 34 * MINUTE, "b" * 64, 547, True, "accepted"))
    return acts


def jolts(at_ns: int, times: int = 5) -> list[int]:
    """When the market falls by two percent within seconds, in the course of a chase."""
    return [at_ns + (40 + 50 * turn) * SECOND for turn in range(times)]


def _cancel(at_ns: int) -> OperatorActed:
    return OperatorActed(at_ns, "ORDER_CANCEL", f"cancel-{at_ns}", "cancel_all", session_id="s")


def record_days(home: Path, days: int = 3, *, every_ns: int = 10 * SECOND) -> list[int]:
    """Some days of one account, a position held over each midnight; where the days begin.

    The second day has a chase in it, its feed is lost for a while, and its run ends and is
    followed by another.
    """
    maker = HomeMaker(home)
    maker.start(DAY_1)
    begins = [DAY_1 + number * DAY for number in range(days)]
    for number, day_ns in enumerate(begins):
        acts = calm_acts(day_ns)
        if number == 1:
            small = day_ns + 9 * HOUR + 50 * MINUTE  # soon after the page
            acts = [*chase(day_ns + 9 * HOUR), buy(small, "10"), close(small + 8 * MINUTE)]
            acts += [buy(day_ns + 22 * HOUR, "20"), *lost_feed(day_ns)]
        until = day_ns + 14 * HOUR
        falls = jolts(day_ns + 9 * HOUR) if number == 1 else []
        market = waves(day_ns, until, every_ns, tops=True, falls=falls)
        maker.play(market, [act for act in acts if act.ts_ns < until])
        if number == 1:
            maker.stop("told to stop")
            maker.start(until + 20 * MINUTE)
            until += 20 * MINUTE
        rest = [act for act in acts if act.ts_ns >= until]
        maker.play(waves(until, day_ns + DAY, every_ns, tops=True), rest)
    maker.play(waves(DAY_1 + days * DAY, DAY_1 + days * DAY + 6 * MINUTE, every_ns, tops=True))
    maker.stop()
    maker.close()
    return begins


def lost_feed(day_ns: int) -> list[Event]:
    """Trades are not heard for ten minutes, and a buy is refused meanwhile."""
    at = day_ns + 6 * HOUR
    return [
        FeedLost(at, "trades", "no message for 10 s"),
        buy(at + 4 * MINUTE),
        FeedRestored(at + 10 * MINUTE, "trades"),
    ]


def record_full_day(home: Path, ticks_per_s: int = 10, *, hours: int = 24) -> int:
    """One day of a trader's account at full pace; how many steps it took."""
    end = DAY_1 + hours * HOUR
    maker = HomeMaker(home)
    maker.start(DAY_1)
    at_ns = DAY_1 + 20 * HOUR
    acts = [act for act in (*calm_acts(DAY_1)[:-1], *chase(at_ns)) if act.ts_ns < end]
    pace = SECOND // ticks_per_s
    maker.play(waves(DAY_1 + 1, end, pace, tops=True, falls=jolts(at_ns)), acts)
    if hours == 24:
        maker.play(waves(end, end + MINUTE, SECOND, tops=True))
    maker.stop()
    maker.close()
    return maker.step


if __name__ == "__main__":
    print(record_full_day(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10))
