"""What alarms are worth: how well scores tell tilt from calm, and how often they are wrong.

An alarm is a rise to a line after the score was below the line of calm. It is false outside tilt
and the hour after it. An episode is a run of tilted acts within a day.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

HOUR_S: Final = 3600.0
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Scored(Protocol):
    """One trader's acts: (n,) each. entry: it asked for a position. tilted: the truth."""

    @property
    def at_s(self) -> Floats: ...
    @property
    def entry(self) -> Flags: ...
    @property
    def tilted(self) -> Flags: ...
    @property
    def day(self) -> Floats: ...
    @property
    def score(self) -> Floats: ...


def auc(score: Any, truth: Any) -> float:
    """Chance that a tilted act scores above a calm one; ties count half. NaN without both.

    Source: the rank sum of Mann and Whitney, with midranks for ties.
    """
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    yes, no = int(truth.sum()), int((~truth).sum())
    if not yes or not no:
        return float("nan")
    return float((ranks[truth].sum() - yes * (yes + 1) / 2) / (yes * no))


def false_alarms(one: Scored, line: float, calm: float) -> int:
    """Rises to the line, after a score below `calm`, outside tilt and the hour after it."""
    count, is_on, last_tilt = 0, False, -np.inf
    for at_s, tilted, score in zip(one.at_s, one.tilted, one.score, strict=True):
        if tilted:
            last_tilt = at_s
        is_on = is_on and score >= calm
        if score >= line and not is_on:
            is_on = True
            count += not tilted and at_s - last_tilt > HOUR_S
    return count


def episodes(one: Scored) -> list[slice]:
    """Runs of tilted acts within a day."""
    found, start = [], None
    for i in range(len(one.at_s) + 1):
        inside = i < len(one.at_s) and one.tilted[i]
        if start is not None and (not inside or one.day[i] != one.day[start]):
            found.append(slice(start, i))
            start = None
        if inside and start is None:
            start = i
    return found


def delays(watched: Sequence[Scored], line: float, least: int) -> list[int | None]:
    """Per episode of at least so many entries: acts until the line was reached, None if never."""
    found: list[int | None] = []
    for one in watched:
        for run in episodes(one):
            if one.entry[run].sum() >= least:
                reached = np.flatnonzero(one.score[run] >= line)
                found.append(int(reached[0]) + 1 if len(reached) else None)
    return found


def recall(found: Sequence[int | None]) -> float:
    """Share of the episodes that were caught. NaN without any."""
    return sum(delay is not None for delay in found) / len(found) if found else float("nan")


def roc(score: Any, truth: Any) -> tuple[Floats, Floats, Floats]:
    """(k,) lines from the highest score down; shares of calm and tilted acts at or above each."""
    lines = np.unique(score)[::-1].astype(np.float64)
    calm, tilted = np.sort(score[~truth]), np.sort(score[truth])
    wrong = 1 - np.searchsorted(calm, lines, side="left") / max(1, len(calm))
    caught = 1 - np.searchsorted(tilted, lines, side="left") / max(1, len(tilted))
    return lines, wrong, caught
