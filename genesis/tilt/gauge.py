"""Evidence and points of one trader, and the score they make at a moment."""

from collections.abc import Mapping
from math import log, log1p
from typing import Final, NamedTuple

from genesis.domain.time import MICROSECOND, SECOND
from genesis.tilt.evidence import Evidence, Points
from genesis.tilt.rules import TiltRules
from genesis.tilt.score import Reading, off_scale, raw_of, read, whole

_LN2: Final = log(2)
_US: Final = SECOND // MICROSECOND


class Left(NamedTuple):
    """What is left of evidence and points at a moment, by name."""

    evidence: Mapping[str, float]
    points: Mapping[str, float]


class Gauge:
    """What acts have added up to. Readings of one moment are made once."""

    def __init__(self, rules: TiltRules) -> None:
        self.rules = rules
        self.evidence = Evidence(rules)
        self.points = Points()
        self._weights = _weights(rules)
        self._calm_at_ns: int | None = None
        self._read: tuple[int, bool, Reading] | None = None
        self._left: tuple[int, Left] | None = None
        self._raw: tuple[Left, float] | None = None

    def set_rules(self, rules: TiltRules) -> None:
        self.rules = rules
        self._weights = _weights(rules)
        self.evidence = Evidence(rules, self.evidence.amounts, self.evidence.at_us)
        self.moved()

    def moved(self) -> None:
        """Evidence or points have changed: nothing that was read still holds."""
        self._calm_at_ns = self._read = self._left = None

    # -- changing ----------------------------------------------------------------------------
    def add(self, steps: Mapping[str, float], ts_us: int) -> None:
        """Steps by indicator."""
        if steps:
            self.evidence.add(steps, ts_us)
            self.moved()

    def tell(self, name: str, ts_us: int) -> None:
        """A rare act brings its points; rules from before it was one know none."""
        if name in self.rules.fixed:
            self.points.add(name, ts_us, self.rules)
            self.moved()

    def keep(self, share: float, points_share: float | None, ts_us: int) -> None:
        """Forget all but a share of the evidence, and of the points (None: of them nothing)."""
        self.evidence.keep(share, ts_us)
        if points_share is not None:
            left = self.points.at(ts_us, self.rules)
            kept = {name: amount * points_share for name, amount in left.items()}
            self.points = Points(kept, dict.fromkeys(kept, ts_us))
        self.moved()

    # -- reading -----------------------------------------------------------------------------
    def reading(self, ts_ns: int, *, learning: bool) -> Reading:
        """The score at a moment; a stranger's is capped unless an act speaks for itself."""
        if self._read is not None:
            at_ns, was_learning, reading = self._read
            if at_ns == ts_ns and was_learning is learning:
                return reading
        reading = self._score(ts_ns, learning=learning)
        self._read = (ts_ns, learning, reading)
        return reading

    def _score(self, ts_ns: int, *, learning: bool) -> Reading:
        rules, weighted = self.rules, self._weighted(self.left(ts_ns))
        reading = read(weighted, rules.score, 100)
        most = rules.learning.score_max
        if not learning or reading.score <= most or self.has_points(reading):
            return reading
        return read(weighted, rules.score, most)

    def _weighted(self, left: Left) -> dict[str, float]:
        """What each adds to the sum: indicators in table order, then points. The order of a sum
        moves its last bit."""
        evidence, points = left
        weighted = {
            name: weight * log1p(evidence[name])
            for name, weight in self._weights
            if name in evidence
        }
        weighted.update(points)
        return weighted

    def raw_of(self, left: Left) -> float:
        """The weighted sum of what is left; the last one is kept."""
        if self._raw is None or self._raw[0] is not left:
            self._raw = (left, raw_of(self._weighted(left), self.rules.score))
        return self._raw[1]

    def has_points(self, reading: Reading) -> bool:
        """Does an act that is evidence by itself carry a fair share? It needs no second source."""
        total, share = sum(reading.weighted.values()), self.rules.levels.warning_share
        points = (reading.weighted.get(name, 0.0) for name in self.points.amounts)
        return any(part > 0 and part >= share * total for part in points)

    def raw(self, ts_ns: int) -> float:
        """The weighted sum at a moment."""
        return self.raw_of(self.left(ts_ns))

    def left(self, ts_ns: int) -> Left:
        """What is left of everything at a moment."""
        if self._left is None or self._left[0] != ts_ns:
            ts_us = ts_ns // MICROSECOND
            left = Left(self.evidence.at(ts_us), self.points.at(ts_us, self.rules))
            self._left = (ts_ns, left)
        return self._left[1]

    def is_calm(self, ts_ns: int) -> bool:
        """Is the score below the line at which CAUTION is left?"""
        return self.is_calm_at(self.raw(ts_ns))

    def is_calm_at(self, raw: float) -> bool:
        return whole(raw, self.rules.score) < self.rules.levels.caution_leave

    def calms_ns(self) -> int:
        """The first whole second after the last evidence at which the score is calm again."""
        if self._calm_at_ns is None:
            stamps = (self.evidence.at_us, *self.points.at_us.values())
            since_us = max(stamps)
            since_ns, seconds = since_us * MICROSECOND, self._about_calm_s(since_us)
            if self._will_be_calm(since_us + seconds * _US):
                while seconds and self._will_be_calm(since_us + (seconds - 1) * _US):
                    seconds -= 1
            else:
                while not self._will_be_calm(since_us + seconds * _US):
                    seconds += 1
            self._calm_at_ns = since_ns + seconds * SECOND
        return self._calm_at_ns

    def _will_be_calm(self, ts_us: int) -> bool:
        """Like `is_calm`, of a moment that nobody asks about again."""
        left = Left(self.evidence.later(ts_us), self.points.at(ts_us, self.rules))
        return self.is_calm_at(self.raw_of(left))

    def _about_calm_s(self, since_us: int) -> int:
        """Seconds until then, but for one or two.

        All terms of the sum decay and are convex, so Newton's steps come near from one side.
        """
        line = off_scale(self.rules.levels.caution_leave - 0.5, self.rules.score)
        after_s = step_s = 1.0
        while step_s >= 1:
            above, slope = self._falling(since_us + int(after_s * _US))
            step_s = (above - line) / slope if slope else 0.0
            after_s += max(0.0, step_s)
        return int(after_s)

    def _falling(self, ts_us: int) -> tuple[float, float]:
        """The weighted sum at a moment, and how much of it is lost in a second."""
        rules, total, slope = self.rules, self.rules.score.base, 0.0
        for name, left in self.evidence.later(ts_us).items():
            one = rules.indicators[name]
            total += one.weight * log1p(left)
            slope += one.weight * left / (1 + left) * _LN2 / one.half_life_s
        for name, left in self.points.at(ts_us, rules).items():
            total += left
            slope += left * _LN2 / rules.fixed[name].half_life_s
        return total, slope


def _weights(rules: TiltRules) -> tuple[tuple[str, float], ...]:
    """By indicator, in table order."""
    return tuple((name, one.weight) for name, one in rules.indicators.items())
