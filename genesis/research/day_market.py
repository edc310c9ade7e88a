"""The market of a day, as far as the report looks at it: by the minute, and at decisions."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.domain.events import OrderFilled, RunEnded, RunStarted
from genesis.domain.outcomes import DayStarted, OrderApproved, OrderRefused
from genesis.domain.time import MINUTE
from genesis.research.day_log import DayLog, DayStep, moves
from genesis.research.day_marks import Marks, Quotes
from genesis.store.tape_pages import TapePages

_MOST_LOOKS: Final = 500
WORDLESS: Final = "ended without a word"
"""Decisions whose price is looked up on the tape; a day with more shows none for the rest."""


@dataclass(frozen=True)
class Silence:
    """Nothing of ours ran: from the last thing one run saw to the start of the next."""

    start_ns: int
    end_ns: int
    how: str


@dataclass(frozen=True)
class DayMarket:
    """Quotes of the symbols that mattered, at `moments_ns`, and at the decisions of the day.

    moments_ns: the start of the day's book, every full minute behind it, and the end of what was
    seen. quotes: beside them. at: by the number of the step's first row. stale_ns: of a book top.
    """

    moments_ns: tuple[int, ...]
    quotes: tuple[Quotes, ...]
    at: dict[int, Quotes]
    stale_ns: int
    first_ns: int
    last_ns: int
    events: int
    silences: tuple[Silence, ...]

    def mark(self, index: int, symbol: str) -> Decimal | None:
        """The engine's price for valuing a position, at one of the moments."""
        quote = self.quotes[index].get(symbol)
        return None if quote is None else quote.mark(self.moments_ns[index], self.stale_ns)

    def marks(self, symbol: str) -> npt.NDArray[np.float64]:
        """The same at all moments, for statistics: nan where there is no price."""
        told = (self.mark(index, symbol) for index in range(len(self.moments_ns)))
        return np.array([np.nan if mark is None else float(mark) for mark in told])

    def mark_at(self, step: DayStep, symbol: str) -> Decimal | None:
        """The same at a step of the log; None where it was not looked up."""
        quote = self.at.get(step.seq, {}).get(symbol)
        return None if quote is None else quote.mark(step.ts_ns, self.stale_ns)

    def is_silent(self, ts_ns: int) -> bool:
        """Did nothing of ours run just before the moment?"""
        return any(gap.start_ns + 1 < ts_ns <= gap.end_ns for gap in self.silences)


def read_market(log: DayLog) -> DayMarket:
    """Look the market of a day up on the tape."""
    stale_ns = log.rules.risk.mark_stale_ns
    with log.tape() as pages:
        marks = Marks(pages, _symbols(log), stale_ns)
        first_pos, last_pos = marks.position(log.first_ns), marks.position(log.until_ns)
        first_ns, last_ns = _extent(log, pages, first_pos, last_pos)
        silences = tuple(_silences(log, pages, last_ns))
        ends_ns = log.until_ns if _runs_on(log) else last_ns + 1
        moments = _moments(log, ends_ns)
        low = max(1, pages.holding(first_pos)) if first_pos else 1
        quotes = tuple(marks.at_moments(moments, low))
        at = _looked_up(log, marks)
    return DayMarket(
        moments, quotes, at, stale_ns, first_ns, last_ns, last_pos - first_pos, silences
    )


def _symbols(log: DayLog) -> tuple[str, ...]:
    """Symbols that were held, asked for or refused."""
    found = {closed.symbol for closed in log.before.dust}
    found |= {told.symbol for step in log.before.moved for told in moves(step)}
    found |= {event.fill.symbol for _, event in log.events(OrderFilled)}
    found |= {approved.request.symbol for _, approved in log.outcomes(OrderApproved)}
    found |= {refused.symbol for _, refused in log.outcomes(OrderRefused)}
    return tuple(sorted(found))


def _extent(log: DayLog, pages: TapePages, first_pos: int, last_pos: int) -> tuple[int, int]:
    """Stamps of the first and the last thing seen in the day."""
    firsts, lasts = [log.steps[0].ts_ns], [log.steps[-1].ts_ns]
    if last_pos > first_pos:
        firsts.append(pages.ts_ns_at(first_pos + 1))
        lasts.append(pages.ts_ns_at(last_pos))
    return min(firsts), max(lasts)


def _runs_on(log: DayLog) -> bool:
    """Did the day's last run go on into the next day?"""
    after = log.around.next_row
    return after is not None and after.kind != "RunStarted" and not _ended(log)


def _ended(log: DayLog) -> bool:
    runs = [event for step in log.steps if isinstance(event := step.event, RunStarted | RunEnded)]
    return bool(runs) and isinstance(runs[-1], RunEnded)


def _moments(log: DayLog, ends_ns: int) -> tuple[int, ...]:
    begins = [told.ts_ns for _, told in log.outcomes(DayStarted)]
    start = begins[0] if begins else log.steps[0].ts_ns
    first = (start // MINUTE + 1) * MINUTE
    minutes = range(first, ends_ns - 1, MINUTE)  # the end itself comes last, and once
    return (start, *minutes, *((ends_ns,) if ends_ns > start else ()))


def _silences(log: DayLog, pages: TapePages, last_ns: int) -> Iterable[Silence]:
    """Between runs, before the first and after the last one."""
    ended_ns: int | None = None
    how = "ended"
    started, ended = log.before.started, log.before.newest["RunEnded"]
    if started is None or (ended is not None and ended.run >= started.run):
        ended_ns = log.first_ns
    seen_ns = log.before.last_row.ts_ns if log.before.last_row else log.first_ns
    for step in log.steps:
        if isinstance(step.event, RunEnded):
            ended_ns, how = step.ts_ns, step.event.reason or "ended"
        elif isinstance(step.event, RunStarted):
            if ended_ns is None:  # it never said that it ended
                taped = pages.ts_ns_at(step.tape_pos) if step.tape_pos else seen_ns
                ended_ns, how = max(seen_ns, taped, log.first_ns), WORDLESS
            if started is not None or step is not log.steps[0]:
                yield Silence(ended_ns, step.ts_ns, how)
            ended_ns = None
        seen_ns = step.ts_ns
    if last_ns < log.until_ns and not _runs_on(log) and not log.is_in_progress:
        yield Silence(last_ns, log.until_ns, how if _ended(log) else WORDLESS)


def _looked_up(log: DayLog, marks: Marks) -> dict[int, Quotes]:
    """Quotes at approvals, refusals and starts of days."""
    found: dict[int, Quotes] = {}
    kinds = (OrderApproved, OrderRefused, DayStarted)
    wanted = [step for step in log.steps if any(isinstance(o, kinds) for o in step.outcomes)]
    for step in wanted[:_MOST_LOOKS]:
        found[step.seq] = marks.at_position(step.tape_pos, step.ts_ns)
    return found
