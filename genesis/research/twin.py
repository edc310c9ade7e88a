"""A day lived once more: the record replayed, and the same day run against a simulated venue.

    day = twin("2024-08-08")
    day.is_same, day.divergence       the answer, and where the two part first
    day.deeds                         every decision of both, side by side

First the record goes through the engine again: does it still lead to its decisions? Then the day is
backtested from its beginning: the account as it was at midnight, the day's rules and strategies,
the operator's own acts, the prints of the tick store (of the tape, where the store has none of the
day) and a venue with the fees and the latency of the day. What parts the two first is named, with
its class: data gap, fill model, latency, code version or nondeterminism.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

import pandas as pd

from genesis.domain.events import RunStarted
from genesis.domain.time import MILLISECOND
from genesis.engine.replay import Replay
from genesis.errors import UsageError
from genesis.research.day import TradingDay
from genesis.research.day_again import (
    Course,
    Progress,
    first_run,
    measured_fees,
    measured_travels,
    usual,
)
from genesis.research.day_coverage import DOWN, DayCoverage
from genesis.research.day_frames import utc
from genesis.research.day_log import DayLog
from genesis.research.deeds import Deed, Deeds, agreeing
from genesis.research.divergence import NOTHING, Class, Divergence, Gap, Judge, of_replay
from genesis.research.rerun import Rerun, Terms
from genesis.research.stored_prints import StoredPrints, stored_prints
from genesis.research.style import Card, Shown, cards, note, signed, table
from genesis.service.code_manifest import code_sha256
from genesis.service.strategies import strategies_of
from genesis.sim.latency import Latency

__all__ = ["Class", "Divergence", "Twin", "twin"]

WITHIN_MS: Final = 1_000
_BEFORE, _AFTER = 3, 4
_HEARD: Final = frozenset({"prints", "feed"})


@dataclass(frozen=True, eq=False)
class Twin:
    """What came of it. recorded, again: decisions and orders of the day, and of its twin.

    replayed: the record through the engine. troubles: what the simulated account could not bear.
    """

    day: TradingDay
    prints: tuple[StoredPrints, ...]
    terms: Terms
    within_ms: int
    replayed: Replay
    recorded: Deeds
    again: Deeds
    divergence: Divergence | None
    troubles: tuple[str, ...] = ()

    @property
    def date(self) -> datetime.date:
        return self.day.date

    @property
    def coverage(self) -> DayCoverage:
        """How much of the day was seen."""
        return self.day.coverage

    @property
    def is_same(self) -> bool:
        return self.divergence is None

    @property
    def decisions(self) -> int:
        """How many were made on the day."""
        return len(self.recorded.decisions)

    @cached_property
    def agreeing(self) -> int:
        """How many of them the twin made too, in the same order."""
        return agreeing(self.recorded.decisions, self.again.decisions)

    @property
    def orders_alike(self) -> int:
        """Orders that went alike at both venues: quantity and mean price, or the same refusal."""
        ours, theirs = self.recorded.endings, self.again.endings
        return sum(1 for name in ours if name in theirs and ours[name].words == theirs[name].words)

    @property
    def result_usdt(self) -> tuple[Decimal, Decimal]:
        """What the trades closed on the day earned: recorded, and in the twin."""
        return self.recorded.result_usdt, self.again.result_usdt

    @property
    def line(self) -> str:
        """The whole in one line, for a report."""
        if self.divergence is None:
            return f"twin run OK: {self.decisions} decisions, {len(self.recorded.endings)} orders"
        return f"twin run diverges: {self.divergence}"

    @cached_property
    def deeds(self) -> pd.DataFrame:
        """Decisions of both in their order: number, at, recorded, twin, same."""
        rows = [
            (number, utc((ours or theirs or _NONE).ts_ns), _words(ours), _words(theirs),
             _words(ours) == _words(theirs))
            for number, (ours, theirs) in enumerate(
                zip_longest(self.recorded.decisions, self.again.decisions), 1
            )
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["number", "at", "recorded", "twin", "same"])

    # -- how it shows itself -----------------------------------------------------------------
    def shown(self) -> Shown:
        """Coverage first, then how much agrees, then where it parts and why."""
        parts = [note(self._first_line), self._cards()]
        if self.divergence is not None:
            parts += [
                self._sides(self.divergence),
                self._around(),
                note(self._why(self.divergence)),
            ]
        if self.troubles:
            parts.append(note("; ".join(self.troubles)))
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    @property
    def _first_line(self) -> str:
        kept = "; ".join(map(str, self.prints)) or "no print of the day is in the tick store"
        source = "" if self.prints else ", so the market is that of the tape"
        entry_ms = self.terms.latency.entry_ns / MILLISECOND
        fees = f"{self.terms.fees.maker_bps}/{self.terms.fees.taker_bps}"
        how = f"{entry_ms:,.0f} ms to the venue"
        if self.terms.travels:
            how = f"each order as long under way as it was ({entry_ms:,.0f} ms)"
        return (
            f"{self.date} · Coverage: {self.coverage}.\nPrints: {kept}{source}.\n"
            f"Venue of the twin: fees {fees} bps, {how}; orders may end {self.within_ms:,} ms "
            "apart."
        )

    def _cards(self) -> Shown:
        ours, theirs = (signed(float(result)) for result in self.result_usdt)
        orders = f"{self.orders_alike} of {len(self.recorded.endings)} orders went alike"
        replayed = "diverges" if self.replayed.first_difference else "same"
        return cards(
            [
                Card("twin run", "OK" if self.is_same else "diverges",
                     "" if self.divergence is None else self.divergence.kind,
                     "up" if self.is_same else "down"),
                Card("record replayed", replayed, f"{self.replayed.events:,} events"),
                Card("decisions agree", f"{self.agreeing} of {self.decisions}", orders),
                Card("closed trades, recorded", f"{ours} USDT", f"twin {theirs} USDT"),
            ]
        )  # fmt: skip

    def _sides(self, found: Divergence) -> Shown:
        told = pd.DataFrame(
            [("recorded", found.recorded), ("twin", found.twin)], columns=["side", "what"]
        )
        at = f"{utc(found.ts_ns):%H:%M:%S.%f}"[:-3]
        return table(told, caption=f"first divergence at {at} UTC, {found.what}")

    def _around(self) -> Shown:
        """The decisions around the first that is not the same on both sides."""
        unlike = self.deeds.index[~self.deeds["same"]]
        if not len(unlike):
            return note("Every decision is the same.")
        place = int(unlike[0])
        near = self.deeds.iloc[max(0, place - _BEFORE) : place + _AFTER]
        return table(near, caption="decisions around it, UTC")

    def _why(self, found: Divergence) -> str:
        return f"Class: {found.kind}. {found.why[:1].upper()}{found.why[1:]}."

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


_NONE: Final = Deed(0, NOTHING)


def _words(deed: Deed | None) -> str:
    return (deed or _NONE).words


def twin(
    date: str | datetime.date,
    home: str | Path | None = None,
    *,
    latency: Latency | None = None,
    within_ms: int = WITHIN_MS,
    progress: Progress = lambda done, steps: None,
) -> Twin:
    """Live a day of a home again, and name the first divergence and its class.

    latency: of the simulated venue; None: every order takes as long as
        it did on the day, and one that the day does not have as long as the median.
    within_ms: by how much an order may end at another time and still have gone alike.

    Raises:
        UsageError: no such day, the home has no data of it, or `within_ms` is negative.
        EventLogError: the log cannot be read.
    """
    if within_ms < 0:
        raise UsageError(f"within_ms {within_ms}: two orders cannot end less than 0 ms apart")
    day = TradingDay.of(date, home)
    log = day.log
    travels = measured_travels(log) if latency is None else {}
    terms = Terms(measured_fees(log), latency or usual(travels), travels)
    prints = stored_prints(log.home, _symbols(log), log.first_ns, log.until_ns)
    recorded, again = Deeds(), Deeds()
    rerun = Rerun(terms, lambda step: again.take(*step))
    found = Course(log, recorded, [rerun], prints).run(progress)
    first = found.first_difference
    if first is not None:
        divergence: Divergence | None = of_replay(first, _is_same_code(log), str(day.date))
    else:
        within_ns = within_ms * MILLISECOND
        is_stored = set(_symbols(log)) <= set(prints)
        gaps = partial(_gaps, day) if not is_stored else list[Gap]
        divergence = Judge(log, recorded, again, prints, gaps, within_ns).first()
    return Twin(
        day,
        tuple(prints.values()),
        terms,
        within_ms,
        found,
        recorded,
        again,
        divergence,
        tuple(rerun.troubles),
    )


def _symbols(log: DayLog) -> tuple[str, ...]:
    """Every symbol that a run of the day watched."""
    runs = [first_run(log), *(event for _, event in log.events(RunStarted))]
    return tuple(dict.fromkeys(chain.from_iterable(run.symbols for run in runs)))


def _is_same_code(log: DayLog) -> bool:
    """Did the day's runs have the code that runs here?"""
    runs = [first_run(log), *(event for _, event in log.events(RunStarted))]
    return all(run.code_sha256 == code_sha256(strategies_of(run.strategies)) for run in runs)


def _gaps(day: TradingDay) -> list[Gap]:
    """Stretches of the day in which something was not heard, once the first run had begun."""
    first_ns = day.log.steps[0].ts_ns
    found = [
        Gap(int(row["from"].value), int(row["to"].value), _gap_words(row))
        for row in day.coverage.gaps.to_dict("records")
        if row["kind"] in _HEARD or row["kind"] == DOWN
    ]
    return [gap for gap in found if gap.start_ns > first_ns]


def _gap_words(row: dict[Any, Any]) -> str:
    what = "the engine was down" if row["kind"] == DOWN else f"{row['what']} not heard whole"
    return f"{what} from {row['from']:%H:%M:%S} to {row['to']:%H:%M:%S} ({row['reason']})"
