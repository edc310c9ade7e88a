"""From evidence to a score of 0..100 that explains itself."""

from collections.abc import Mapping
from math import floor
from typing import NamedTuple

from genesis.tilt.rules import ScoreRules

_GRID = 1e9  # a sum is taken to so many parts, so that no machine's last bit moves a score


class Reading(NamedTuple):
    """A score at a moment. `weighted`: what each indicator that has any evidence adds to `raw`, in
    table order, and the points of acts that are evidence by themselves after them."""

    score: int
    raw: float
    contributions: Mapping[str, int]
    weighted: Mapping[str, float]

    def sources(self, share: float) -> int:
        """How many indicators make up at least this share of the evidence."""
        total = sum(self.weighted.values())
        return sum(part > 0 and part >= share * total for part in self.weighted.values())


def read(weighted: Mapping[str, float], rules: ScoreRules, most: int) -> Reading:
    """Score what indicators add; never above `most`."""
    raw = raw_of(weighted, rules)
    score = min(most, whole(raw, rules))
    return Reading(score, raw, apportion(score, weighted), weighted)


def raw_of(weighted: Mapping[str, float], rules: ScoreRules) -> float:
    """The weighted sum, before scaling."""
    return floor((rules.base + sum(weighted.values())) * _GRID + 0.5) / _GRID


def whole(raw: float, rules: ScoreRules) -> int:
    """The score of a weighted sum."""
    return floor(on_scale(raw, rules) + 0.5)


def on_scale(raw: float, rules: ScoreRules) -> float:
    """Piecewise linear through (base, 0) and the anchors, clipped to 0..100."""
    if raw <= rules.base:
        return 0.0
    x0, y0 = rules.base, 0.0
    for x1, y1 in rules.anchors:
        if raw <= x1:
            return y0 + (y1 - y0) * (raw - x0) / (x1 - x0)
        x0, y0 = x1, y1
    return y0


def off_scale(score: float, rules: ScoreRules) -> float:
    """The weighted sum at which a score from 0 to 100 is reached."""
    x0, y0 = rules.base, 0.0
    for x1, y1 in rules.anchors:
        if score <= y1:
            return x0 + (x1 - x0) * (score - y0) / (y1 - y0)
        x0, y0 = x1, y1
    return x0


def apportion(score: int, weighted: Mapping[str, float]) -> dict[str, int]:
    """Whole parts of the score by largest remainder; ties go to the earlier indicator."""
    total = sum(weighted.values())
    if not total or not score:
        return dict.fromkeys(weighted, 0)
    parts: dict[str, int] = {}
    short: dict[str, float] = {}
    left = score
    for name, part in weighted.items():
        exact = score * part / total
        parts[name] = least = floor(exact)
        short[name] = least - exact
        left -= least
    for name in sorted(short, key=short.__getitem__)[:left]:
        parts[name] += 1
    return parts
