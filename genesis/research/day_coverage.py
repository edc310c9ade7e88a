"""What a day's report rests on: the first line of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd

from genesis.domain.events import (
    FeedLost,
    FeedRestored,
    HealthReported,
    RunEnded,
    RunStarted,
    TicksMissed,
    VenueStatus,
)
from genesis.domain.time import DAY, MINUTE, SECOND
from genesis.research.day_frames import frame, utc
from genesis.research.day_log import DayLog
from genesis.research.day_market import DayMarket
from genesis.research.style import share

GAP_COLUMNS: Final = ("kind", "what", "from", "to", "seconds", "reason")
RUN_COLUMNS: Final = ("run", "started", "ended", "how", "rules", "strategies", "code")
DOWN: Final = "down"
_WORTH_A_WORD_NS: Final = MINUTE


@dataclass(frozen=True)
class DayCoverage:
    """How much of the day was seen.

    gaps: time down, feeds lost, prints missed, the venue not trading. runs: that ran on the day.
    """

    day: int
    first_ns: int
    last_ns: int
    market_events: int
    runs: pd.DataFrame
    gaps: pd.DataFrame
    down_s: float

    @property
    def fraction(self) -> float:
        """Part of the 24 hours in which something of ours ran."""
        up_s = (self.last_ns - self.first_ns) / SECOND - self._down_within_s
        return max(0.0, min(1.0, up_s / (DAY / SECOND)))

    @property
    def _down_within_s(self) -> float:
        down = self.gaps[self.gaps["kind"] == DOWN]
        inside = (down["from"] > utc(self.first_ns)) & (down["to"] <= utc(self.last_ns))
        return float(down.loc[inside, "seconds"].sum())

    @property
    def feed_lost_s(self) -> float:
        return float(self.gaps.loc[self.gaps["kind"] == "feed", "seconds"].sum())

    def __str__(self) -> str:
        first, last = (_clock(at) for at in (self.first_ns, self.last_ns))
        runs = f"{len(self.runs)} run{'' if len(self.runs) == 1 else 's'}"
        told = [f"{first} to {last} UTC ({share(self.fraction)} of the day)", runs]
        told.append(f"{self.market_events:,} market events")
        lost, down = self.feed_lost_s, self.down_s
        told.append(f"feed lost {lost:,.0f} s" if lost else "no feed lost")
        if down * SECOND >= _WORTH_A_WORD_NS:
            told.append(f"down {down / 60:,.0f} min")
        return ", ".join(told)


def _clock(ts_ns: int) -> str:
    return utc(ts_ns).strftime("%H:%M:%S")


def read_coverage(log: DayLog, market: DayMarket) -> DayCoverage:
    rows = sorted(
        [
            *((DOWN, "engine", gap.start_ns, gap.end_ns, gap.how) for gap in market.silences),
            *_interrupted(log, market.last_ns),
        ],
        key=lambda row: (row[2], row[0], row[1]),
    )
    gaps = frame(
        [
            (kind, what, utc(start), utc(end), (end - start) / SECOND, reason)
            for kind, what, start, end, reason in rows
            if end > start
        ],
        GAP_COLUMNS,
    )
    down_s = sum(gap.end_ns - gap.start_ns for gap in market.silences) / SECOND
    runs = frame(list(_runs(log)), RUN_COLUMNS)
    return DayCoverage(log.day, market.first_ns, market.last_ns, market.events, runs, gaps, down_s)


def _runs(log: DayLog) -> Iterator[tuple[object, ...]]:
    started = [event for _, event in log.events(RunStarted)]
    if log.before.started is not None and log.steps[0].run == log.before.started.run:
        started.insert(0, log.before.started)
    ended = {event.run: event for _, event in log.events(RunEnded)}
    for run in started:
        end = ended.get(run.run)
        yield (
            run.run,
            utc(run.ts_ns),
            pd.NaT if end is None else utc(end.ts_ns),
            "" if end is None else end.reason,
            run.rules_name,
            ", ".join(run.strategies) or "none",
            run.code_sha256[:8],
        )


_Gap = tuple[str, str, int, int, str]


def _interrupted(log: DayLog, last_ns: int) -> Iterator[_Gap]:
    """Feeds lost, the venue not trading, parts of ours that failed; open ends last to the end."""
    open_: dict[tuple[str, str], tuple[int, str]] = {}
    for missed in (step.event for step in log.steps if isinstance(step.event, TicksMissed)):
        yield "prints", missed.symbol, missed.first_ns, missed.last_ns, _missed_words(missed)
    for step in log.steps:
        for kind, what, reason in _told(step.event):
            key = (kind, what)
            if reason is None:
                start = open_.pop(key, None)
                if start is not None:
                    yield *key, start[0], step.ts_ns, start[1]
            else:
                open_.setdefault(key, (step.ts_ns, reason))
    for key, (start_ns, reason) in open_.items():
        yield *key, start_ns, last_ns, reason


def _missed_words(missed: TicksMissed) -> str:
    count = missed.last_id - missed.first_id + 1
    return f"{count:,} missed, from {missed.first_id} on: {missed.reason}"


def _told(event: object) -> Iterator[tuple[str, str, str | None]]:
    """(kind, what, why it began or None when it is over)."""
    match event:
        case FeedLost():
            yield "feed", event.stream, event.reason
        case FeedRestored():
            yield "feed", event.stream, None
        case VenueStatus():
            calm = event.status == "normal"
            yield "venue", "venue", None if calm else event.reason or event.status
        case HealthReported():
            failed = event.status == "failed"
            yield "part", event.component, (event.detail or "failed") if failed else None
