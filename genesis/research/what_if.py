"""The same hand under other rules: what it would have been refused, and what that was worth.

    what_if("2024-08-08", changes="[tilt.levels]\nwarning_enter = 40")
    what_if("2024-08-08", rules="hunter")

The day goes through the engine twice more, from its beginning and on the market that was heard:
once under its own rules, once under the others. Both trade at the same simulated venue, so what
differs between them is the rules' doing alone; how near that venue comes to the one there was is
said.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from genesis.domain.money import ZERO, text
from genesis.domain.time import MINUTE, format_utc
from genesis.engine.step import Step
from genesis.errors import EventLogError, UsageError
from genesis.research.day import TradingDay
from genesis.research.day_again import (
    Course,
    Progress,
    measured_fees,
    measured_travels,
    usual,
)
from genesis.research.day_frames import frame, utc
from genesis.research.day_log import DayLog
from genesis.research.day_trades import who
from genesis.research.deeds import Deeds, Wish
from genesis.research.rerun import Rerun, Terms
from genesis.research.style import Card, Shown, cards, note, signed, table
from genesis.rules import Rules, load
from genesis.rules.book import bind, read

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_COLUMNS: Final = ("at", "who", "what", "code", "reason", "made_usdt")
_SMALL: Final = 0.005


class Side:
    """One way through the day: what was decided, and equity by the minute."""

    def __init__(self, terms: Terms) -> None:
        self.deeds = Deeds()
        self.rerun = Rerun(terms, self._seen)
        self._equity: list[tuple[int, Decimal]] = []

    def _seen(self, step: Step) -> None:
        self.deeds.take(*step)
        at_ns = step.event.ts_ns
        if self.rerun.engine.state.ledger.opened_ns is None:
            return
        if not self._equity or at_ns // MINUTE > self._equity[-1][0] // MINUTE:
            self._equity.append((at_ns, self.rerun.engine.view.equity_usdt))

    def end(self, ts_ns: int) -> None:
        """Write down what there is in the end."""
        self._equity.append((ts_ns, self.rerun.engine.view.equity_usdt))

    @property
    def end_usdt(self) -> Decimal:
        return self._equity[-1][1]

    @cached_property
    def equity(self) -> pd.Series:
        """By the minute, USDT."""
        index = pd.DatetimeIndex([utc(at_ns) for at_ns, _ in self._equity])
        return pd.Series([float(value) for _, value in self._equity], index=index, name="equity")


@dataclass(frozen=True, eq=False)
class WhatIf:
    """recorded: the day as it was. own, other: the day again under its own and the other rules."""

    day: TradingDay
    rules: str
    recorded: Deeds
    own: Side = field(repr=False)
    other: Side = field(repr=False)

    @property
    def difference_usdt(self) -> Decimal:
        """What the other rules would have added to equity at the day's end; below 0: have cost."""
        return self.other.end_usdt - self.own.end_usdt

    @cached_property
    def refused(self) -> pd.DataFrame:
        """Wishes that the other rules alone refuse. made_usdt: what their trades made without."""
        return _compared(self.own.deeds, self.other.deeds)

    @cached_property
    def allowed(self) -> pd.DataFrame:
        """Wishes that the day's own rules alone refuse. made_usdt: what they make without."""
        return _compared(self.other.deeds, self.own.deeds)

    @property
    def avoided_usdt(self) -> float:
        """What the trades behind the new refusals made: below 0 is a loss that was avoided."""
        return float(self.refused["made_usdt"].sum())

    @cached_property
    def resized(self) -> pd.DataFrame:
        """Wishes approved under both, in another size: at, who, own_qty, other_qty."""
        rows = [
            (utc(mine.ts_ns), who(mine.source), float(mine.request.qty), float(theirs.request.qty))
            for name, mine in self.own.deeds.wishes.items()
            for theirs in (self.other.deeds.wishes.get(name),)
            if theirs is not None and mine.request is not None and theirs.request is not None
            and mine.request.qty != theirs.request.qty
        ]  # fmt: skip
        return frame(rows, ("at", "who", "own_qty", "other_qty"))

    @property
    def unknown(self) -> tuple[str, ...]:
        """What no rerun can tell, in sentences."""
        return tuple(self._unknown())

    def _unknown(self) -> Iterator[str]:
        yield (
            "The hand is the one on record: what you would have done instead, had you been refused,"
            " nobody knows."
        )
        fresh = sum(1 for name in self.other.deeds.wishes if self._is_other(name))
        if fresh:
            yield (
                f"Orders that were never sent, or not in that size ({fresh}), meet the book that "
                "was heard: what stood beyond it, and how the market would have answered them, was "
                "not recorded."
            )
        ours, theirs = self.recorded.endings, self.own.deeds.endings
        alike = sum(1 for name in ours if name in theirs and ours[name].words == theirs[name].words)
        off = signed(float(self.own.deeds.result_usdt - self.recorded.result_usdt))
        yield (
            f"Under its own rules the day comes out as recorded in {alike} of {len(ours)} orders,"
            f" {off} USDT apart on closed trades."
        )
        due = self.other.deeds.interventions[len(self.own.deeds.interventions) :]
        if due:
            yield (
                f"At {format_utc(due[0].ts_ns)[11:19]} the other rules ask for a pause or a page "
                "that the record does not have: what you would have written, nobody knows."
            )
        yield from (*self.own.rerun.troubles, *self.other.rerun.troubles)

    def _is_other(self, name: str) -> bool:
        """Do the other rules let an order pass that the day's own did not, or not in that size?"""
        mine, theirs = self.own.deeds.wishes.get(name), self.other.deeds.wishes[name]
        if theirs.request is None:
            return False
        return mine is None or mine.request is None or mine.request.qty != theirs.request.qty

    # -- how it shows itself -----------------------------------------------------------------
    def shown(self) -> Shown:
        """Coverage first, then both ways through the day, then what nobody knows."""
        names = {"at": "at", "who": "who", "what": "asked", "code": "refused by", "reason": "",
                 "made_usdt": "made, USDT"}  # fmt: skip
        formats = {"made_usdt": signed}
        parts = [
            note(f"{self.day.date} · Coverage: {self.day.coverage}."),
            self._cards(),
            table(self.refused, names=names, formats=formats,
                  caption="refused by the other rules alone; made: what the trade made",
                  empty="The other rules refuse nothing that was not refused anyway."),
        ]  # fmt: skip
        if len(self.allowed):
            caption = "refused by the day's own rules alone; made: what the trade makes"
            parts.append(table(self.allowed, names=names, formats=formats, caption=caption))
        parts.append(note("\n".join(self.unknown)))
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    def _cards(self) -> Shown:
        gained = float(self.difference_usdt)
        mood = "" if abs(gained) < _SMALL else "up" if gained > 0 else "down"
        closed = float(self.other.deeds.result_usdt)
        trades = f"{len(self.other.deeds.closed)}, and {len(self.own.deeds.closed)} under its own"
        kept_off = f"new refusals: {len(self.refused)}, other sizes: {len(self.resized)}"
        return cards(
            [
                Card(f"equity under {self.rules}", f"{float(self.other.end_usdt):,.2f} USDT",
                     f"{float(self.own.end_usdt):,.2f} under the day's own"),
                Card("difference", f"{signed(gained)} USDT", "at the end of the day", mood),
                Card("closed trades", f"{signed(closed)} USDT", trades),
                Card("the refused had made", f"{signed(self.avoided_usdt)} USDT", kept_off),
            ]
        )  # fmt: skip

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()

    def plot(self) -> "Figure":
        """Equity both ways, with a mark at each new refusal."""
        from genesis.research.what_if_figure import both_ways

        said = f"{signed(float(self.difference_usdt))} USDT under {self.rules}"
        return both_ways(self.own.equity, self.other.equity, self.refused, said)


def what_if(
    date: str | datetime.date,
    home: str | Path | None = None,
    *,
    rules: str | Path | Rules | None = None,
    changes: str = "",
    progress: Progress = lambda done, steps: None,
) -> WhatIf:
    """Play a recorded day under other rules, the same hand on the same market.

    rules: a rulebook's name, file or object; None: the day's own. changes: TOML laid over them,
    such as "[tilt.levels]\\nwarning_enter = 40". They hold from the day's first moment to its last.

    Raises:
        UsageError: no such day, no data of it, or nothing that is to be other.
        ConfigError: rules or changes that cannot be used.
        EventLogError: the log cannot be read, or does not lead to its own decisions here.
    """
    if rules is None and not changes.strip():
        raise UsageError("what is to be other? name rules, or changes to those of the day")
    day = TradingDay.of(date, home)
    log = day.log
    policy = _policy(log, rules, changes)
    travels = measured_travels(log)
    own, other = (
        Side(Terms(measured_fees(log), usual(travels), travels, each)) for each in (None, policy)
    )
    recorded = Deeds()
    found = Course(log, recorded, [own.rerun, other.rerun], {}).run(progress)
    if found.first_difference is not None:
        raise EventLogError(
            f"{log.home}: the record does not lead to its own decisions here, so nothing can be "
            f"said of other rules: {found.first_difference}"
        )
    last_ns = day.market.last_ns
    own.end(last_ns)
    other.end(last_ns)
    return WhatIf(day, policy.name + (" with changes" if changes else ""), recorded, own, other)


def _policy(log: DayLog, rules: str | Path | Rules | None, changes: str) -> Rules:
    base = log.rules if rules is None else rules if isinstance(rules, Rules) else load(rules)
    if not changes.strip():
        return base
    return bind([read("the rulebook", base.text), read("the changes", changes)], recorded=True)


def _compared(free: Deeds, strict: Deeds) -> pd.DataFrame:
    """Wishes approved in one run of the day and refused in the other."""
    made: dict[str, Decimal] = {}
    for name, trade in zip(free.opened_by, free.closed, strict=True):
        made[name] = made.get(name, ZERO) + trade.pnl_usdt
    rows = []
    for name, wish in strict.wishes.items():
        before = free.wishes.get(name)
        if wish.refused is None or before is None or not before.is_approved:
            continue
        failure = wish.refused.failures[0]
        worth = float(made[name]) if name in made else float("nan")
        rows.append(
            (utc(wish.ts_ns), who(wish.source), _asked(before), failure.code, failure.reason, worth)
        )
    return frame(rows, _COLUMNS)


def _asked(wish: Wish) -> str:
    assert wish.request is not None
    request = wish.request
    return f"{request.side} {text(request.qty)} {request.symbol}"
