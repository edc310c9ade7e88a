"""A day's record gone through once more: decisions compared, and reruns of it fed on the way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from statistics import median_low
from typing import Final

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import (
    OrderEvent,
    OrderFilled,
    RunStarted,
    TradeTick,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.money import BPS, CONTEXT
from genesis.domain.orders import Side
from genesis.domain.recorded import Recorded
from genesis.engine.replay import Replay, replay
from genesis.errors import EventLogError
from genesis.research.day_log import DayLog, opened
from genesis.research.deeds import Deeds
from genesis.research.rerun import ANSWERS, Rerun
from genesis.research.stored_prints import StoredPrints
from genesis.service.strategies import engine_for
from genesis.sim.fees import FeeSchedule
from genesis.sim.latency import Latency
from genesis.store.steps import LoggedStep

Progress = Callable[[int, int], None]
"""Told steps done and steps in all, now and then."""
_EVERY: Final = 1_000
_USUAL_BPS: Final = Decimal(10)
_GRAIN: Final = Decimal("0.01")
_FEE_GRAIN: Final = Decimal("0.00000001")


@dataclass(frozen=True)
class Course:
    """What goes through a day once more. prints: by symbol, of what the store holds of the day."""

    log: DayLog
    recorded: Deeds
    reruns: Sequence[Rerun]
    prints: dict[str, StoredPrints]

    def run(self, progress: Progress) -> Replay:
        """Go through the log of the home up to the day's end.

        Raises:
            EventLogError: the log cannot be read.
        """
        with opened(self.log.home) as (_, reader), localcontext(CONTEXT):
            total = reader.extent().steps

            def seen(recorded: Recorded) -> None:
                if recorded.step % _EVERY == 0:
                    progress(recorded.step, total)

            found = replay(self._through(reader.read()), engine_for, seen)
            for each in self.reruns:
                if each.has_begun:  # not where the engine raised before the day
                    each.end(self.log.until_ns)
        return found

    def _through(self, steps: Iterator[LoggedStep]) -> Iterator[LoggedStep]:
        """The steps for the replay, each given to the reruns as well."""
        is_the_day = False
        for step in steps:
            if step.ts_ns >= self.log.until_ns:
                return
            if not is_the_day and step.ts_ns >= self.log.first_ns:
                is_the_day = True
                for each in self.reruns:
                    each.begin(first_run(self.log), step.ts_ns)
            yield step
            if is_the_day:
                self._take(step)
            else:
                for each in self.reruns:
                    each.fold(step)

    def _take(self, step: LoggedStep) -> None:
        event = step.event
        self.recorded.take(event, step.outcomes, step.commands)
        stored = self.prints.get(event.symbol) if isinstance(event, TradeTick) else None
        if isinstance(event, RunStarted):
            for prints in self.prints.values():
                prints.begin_run()
        if stored is None:
            for each in self.reruns:
                each.take(event)
            return
        assert isinstance(event, TradeTick)
        for tick, is_heard in stored.heard(event):
            for each in self.reruns:
                each.take(tick) if is_heard else each.show(tick)


def first_run(log: DayLog) -> RunStarted:
    """The run that the day began under.

    Raises:
        EventLogError: there is none.
    """
    here = (event for _, event in log.events(RunStarted))
    found = log.before.started or next(here, None)
    if found is None:
        raise EventLogError(f"{log.home}: no run was ever started in this log")
    return found


# -- what the day says about its venue -------------------------------------------------------
def measured_fees(log: DayLog) -> FeeSchedule:
    """Rates and fee asset of the day's own fills; 10 bps of what is received where it has none."""
    fills = [event.fill for _, event in log.events(OrderFilled) if event.key.run != EXTERNAL_RUN]
    rates = {kind: _rate([f for f in fills if f.liquidity is kind]) for kind in Liquidity}
    other = next((rate for rate in rates.values() if rate is not None), _USUAL_BPS)
    maker, taker = (rates[kind] for kind in (Liquidity.MAKER, Liquidity.TAKER))
    bought = [fill for fill in fills if fill.side is Side.BUY]
    in_quote = any(fill.fee_asset == fill.symbol.partition("/")[2] for fill in bought)
    return FeeSchedule(
        other if maker is None else maker,
        other if taker is None else taker,
        "quote" if in_quote else "received",
        truncated=all(fill.fee == fill.fee.quantize(_FEE_GRAIN) for fill in fills),
    )


def _rate(fills: Sequence[Fill]) -> Decimal | None:
    """The usual rate in basis points, of fees paid in base or quote."""
    found = []
    for fill in fills:
        base, _, quote = fill.symbol.partition("/")
        paid_of = {base: fill.qty, quote: fill.qty * fill.price}.get(fill.fee_asset)
        if paid_of:
            found.append((fill.fee / paid_of * BPS).quantize(_GRAIN))
    return median_low(found) if found else None


def measured_travels(log: DayLog) -> dict[tuple[type, OrderKey], int]:
    """How long each order, and each cancel, took to the venue: to the stamp on its first answer."""
    sent: dict[tuple[type, OrderKey], int] = {}
    took: dict[tuple[type, OrderKey], int] = {}
    for step in log.steps:
        event = step.event
        kind = ANSWERS.get(type(event))
        if kind is not None and isinstance(event, OrderEvent):
            at_ns = sent.pop((kind, event.key), None)
            if at_ns is not None:
                took[kind, event.key] = max(0, event.ts_ns - at_ns)
        for command in step.commands:
            if isinstance(command, SubmitOrder | CancelOrder):
                sent[type(command), command.key] = command.ts_ns
    return took


def usual(travels: Mapping[tuple[type, OrderKey], int]) -> Latency:
    """The median of them, for an order that the record does not have."""
    return Latency(entry_ns=median_low(travels.values()) if travels else 0)
