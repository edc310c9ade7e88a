"""Tilt through a day: the score, what it was made of, the levels, the interventions.

Of a page only its length and whether it was accepted are known here; its text is private.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import (
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    TiltLevelChanged,
    TiltScored,
)
from genesis.domain.time import SECOND
from genesis.research.day_frames import frame, utc
from genesis.research.day_log import DayLog

INTERVENTION_COLUMNS: Final = (
    "opened",
    "level",
    "words",
    "until",
    "ended",
    "how",
    "pages",
    "paused_s",
)
LEVEL_COLUMNS: Final = ("from", "to", "level", "reason", "seconds")


@dataclass(frozen=True)
class DayTilt:
    """scores: one row per score told (at, score, level). contributions: beside them, points by
    indicator. levels: stretches. interventions: with how they ended (page, time, override).
    limited: hours of limited sizes.
    """

    scores: pd.DataFrame
    contributions: pd.DataFrame
    levels: pd.DataFrame
    interventions: pd.DataFrame
    limited: pd.DataFrame

    @property
    def highest(self) -> tuple[int, str, pd.Timestamp | None]:
        """Highest score of the day, its level, and when."""
        if self.scores.empty:
            return 0, "NORMAL", None
        row = self.scores.iloc[int(self.scores["score"].argmax())]
        return int(row["score"]), str(row["level"]), row["at"]


def read_tilt(log: DayLog, first_ns: int, last_ns: int) -> DayTilt:
    """Tilt of the day, from the first to the last thing seen."""
    told = [(step.ts_ns, scored) for step, scored in log.outcomes(TiltScored)]
    before = log.before.newest["TiltScored"]
    if before is not None:
        told.insert(0, (first_ns, before))
    scores = [(utc(at), each.score, str(each.level)) for at, each in told]
    parts = [dict(each.contributions) for _, each in told]
    index = pd.DatetimeIndex([at for at, _, _ in scores], tz="UTC", name="at")
    return DayTilt(
        frame(scores, ("at", "score", "level")),
        pd.DataFrame(parts, index=index).fillna(0).astype(int),
        frame(_levels(log, first_ns, last_ns), LEVEL_COLUMNS),
        frame(_interventions(log, last_ns), INTERVENTION_COLUMNS),
        frame(_limited(log, first_ns, last_ns), ("from", "to")),
    )


def _levels(log: DayLog, first_ns: int, last_ns: int) -> Iterator[tuple[Any, ...]]:
    before = log.before.newest["TiltLevelChanged"]
    level = TiltLevel.NORMAL if before is None else before.new
    since, reason = first_ns, "as the day began"
    for step, change in log.outcomes(TiltLevelChanged):
        if step.ts_ns > since:
            seconds = (step.ts_ns - since) / SECOND
            yield utc(since), utc(step.ts_ns), str(level), reason, seconds
        level, since, reason = change.new, step.ts_ns, change.reason
    yield utc(since), utc(last_ns), str(level), reason, (last_ns - since) / SECOND


@dataclass
class _Open:
    opened_ns: int
    told: InterventionOpened
    pages: list[str]


def _interventions(log: DayLog, last_ns: int) -> Iterator[tuple[Any, ...]]:
    open_: _Open | None = _from_before(log)
    for step in log.steps:
        if isinstance(step.event, JournalAssessed) and open_ is not None:
            verdict = "accepted" if step.event.accepted else step.event.reason
            open_.pages.append(f"{step.event.word_count} words: {verdict}")
        for told in step.outcomes:
            if isinstance(told, InterventionOpened) and told.journal_words:
                if open_ is not None and told.level is not open_.told.level:
                    yield _row(open_, step.ts_ns, f"rose to {told.level}")
                    open_ = None
                open_ = open_ or _Open(step.ts_ns, told, [])
            elif isinstance(told, TiltLevelChanged) and open_ is not None and not _pauses(told.new):
                yield _row(open_, step.ts_ns, _how(told.reason))
                open_ = None
    if open_ is not None:
        yield _row(open_, None, "", last_ns)


def _from_before(log: DayLog) -> _Open | None:
    """An intervention that was on when the day began."""
    level, opened = log.before.newest["TiltLevelChanged"], log.before.newest["InterventionOpened"]
    if level is None or opened is None or not _pauses(level.new):
        return None
    return _Open(opened.ts_ns, opened, [])


def _pauses(level: TiltLevel) -> bool:
    return level.rank >= TiltLevel.WARNING.rank


def _how(reason: str) -> str:
    if "page" in reason:
        return "page"
    return "override" if "override" in reason else "time"


def _row(open_: _Open, ended_ns: int | None, how: str, last_ns: int = 0) -> tuple[Any, ...]:
    told = open_.told
    return (
        utc(open_.opened_ns),
        str(told.level),
        told.journal_words,
        pd.NaT if told.until_ns is None else utc(told.until_ns),
        pd.NaT if ended_ns is None else utc(ended_ns),
        how or "still on",
        "; ".join(open_.pages) or "no page",
        ((ended_ns or last_ns) - open_.opened_ns) / SECOND,
    )


def _limited(log: DayLog, first_ns: int, last_ns: int) -> Iterator[tuple[Any, ...]]:
    start: int | None = None
    before, ended = log.before.newest["LimitedHourStarted"], log.before.newest["LimitedHourEnded"]
    if before is not None and (ended is None or ended.ts_ns < before.ts_ns):
        start = first_ns if before.until_ns > first_ns else None
    for step in log.steps:
        for told in step.outcomes:
            if isinstance(told, LimitedHourStarted):
                start = step.ts_ns if start is None else start
            elif isinstance(told, LimitedHourEnded) and start is not None:
                yield utc(start), utc(step.ts_ns)
                start = None
    if start is not None:
        yield utc(start), utc(last_ns)
