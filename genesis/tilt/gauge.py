"""Evidence and points of one trader, and the score they make at a moment."""

from collections.abc import Iterable, Mapping
from math import log, log1p
from typing import Final

from genesis.domain.time import MICROSECOND, SECOND
from genesis.tilt.evidence import Evidence, Points, decayed
from genesis.tilt.rules import TiltRules
from genesis.tilt.score import Reading, off_scale, read, sum_of, whole

_LN2: Final = log(2)
_US: Final = SECOND // MICROSECOND


class Gauge:
    """What acts have added up to. Readings of one moment are made once."""

    def __init__(self, rules: TiltRules) -> None:
        self.rules = rules
        self.evidence = Evidence.none(rules)
        self.points = Points()
        self._terms = _terms(rules)
        self._calm_at_ns: int | None = None
        self._read: tuple[int, bool, Reading] | None = None
        self._raw: tuple[int, float] | None = None

    def set_rules(self, rules: TiltRules) -> None:
        self.rules = rules
        self._terms = _terms(rules)
        self.evidence.add_missing(rules)
        self.moved()

    def moved(self) -> None:
        """Evidence or points have changed: nothing that was read still holds."""
        self._calm_at_ns = self._read = self._raw = None

    # -- changing ----------------------------------------------------------------------------
    def add(self, steps: Iterable[tuple[str, float]], ts_us: int) -> None:
        self.evidence.add(steps, ts_us, self.rules)
        self.moved()

    def tell(self, name: str, ts_us: int) -> None:
        """A rare act brings its points; rules from before it was one know none."""
        if name in self.rules.fixed:
            self.points.add(name, ts_us, self.rules)
            self.moved()

    def keep(self, share: float, points_share: float | None, ts_us: int) -> None:
        """Forget all but a share of the evidence, and of the points (None: of them nothing)."""
        self.evidence.keep(share, ts_us, self.rules)
        if points_share is not None:
            left = self.points.at(ts_us, self.rules)
            kept = {name: amount * points_share for name, amount in left.items()}
            self.points = Points(kept, dict.fromkeys(kept, ts_us))
        self.moved()

    # -- reading -----------------------------------------------------------------------------
    def reading(self, ts_ns: int, *, learning: bool) -> Reading:
        """The score at a moment; a stranger's is capped unless an act speaks for itself."""
        if self._read is None or self._read[:2] != (ts_ns, learning):
            self._read = (ts_ns, learning, self._score(ts_ns, learning=learning))
        return self._read[2]

    def _score(self, ts_ns: int, *, learning: bool) -> Reading:
        rules, weighted = self.rules, self._weighted(ts_ns // MICROSECOND)
        reading = read(weighted, rules.score, 100)
        most = rules.learning.score_max
        if not learning or reading.score <= most or self.has_points(reading):
            return reading
        return read(weighted, rules.score, most)

    def _weighted(self, ts_us: int) -> dict[str, float]:
        """What indicators add to the sum at a moment, in table order, and points after them."""
        left = self.evidence.at(ts_us, self.rules)
        weighted = {
            name: weight * log1p(left[name]) if left[name] else 0.0
            for name, weight, _ in self._terms
        }
        weighted.update(self.points.at(ts_us, self.rules))
        return weighted

    def _raw_of(self, left: Mapping[str, float], ts_us: int) -> float:
        """The sum of what `_weighted` tells, of evidence of which so much is left."""
        total = 0.0
        for name, weight, _ in self._terms:
            if left[name]:
                total += weight * log1p(left[name])
        for points in self.points.at(ts_us, self.rules).values():
            total += points
        return sum_of(total, self.rules.score)

    def has_points(self, reading: Reading) -> bool:
        """Does an act that is evidence by itself carry a fair share? It needs no second source."""
        total, share = sum(reading.weighted.values()), self.rules.levels.warning_share
        points = (reading.weighted.get(name, 0.0) for name in self.points.amounts)
        return any(part > 0 and part >= share * total for part in points)

    def raw(self, ts_ns: int) -> float:
        """The weighted sum at a moment."""
        if self._raw is None or self._raw[0] != ts_ns:
            ts_us = ts_ns // MICROSECOND
            self._raw = (ts_ns, self._raw_of(self.evidence.at(ts_us, self.rules), ts_us))
        return self._raw[1]

    def is_calm(self, ts_ns: int) -> bool:
        """Is the score below the line at which CAUTION is left?"""
        return self.is_calm_at(self.raw(ts_ns))

    def is_calm_at(self, raw: float) -> bool:
        return whole(raw, self.rules.score) < self.rules.levels.caution_leave

    def calms_ns(self) -> int:
        """The first whole second after the last evidence at which the score is calm again."""
        if self._calm_at_ns is None:
            stamps = (*self.evidence.at_us.values(), *self.points.at_us.values())
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
        return self.is_calm_at(self._raw_of(self.evidence.later(ts_us, self.rules), ts_us))

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
        amounts, at_us, fixed = self.evidence.amounts, self.evidence.at_us, self.rules.fixed
        total, slope = self.rules.score.base, 0.0
        for name, weight, half_life_s in self._terms:
            if amounts[name]:
                left = decayed(amounts[name], ts_us - at_us[name], half_life_s)
                total += weight * log1p(left)
                slope += weight * left / (1 + left) * _LN2 / half_life_s
        for name, left in self.points.at(ts_us, self.rules).items():
            total += left
            slope += left * _LN2 / fixed[name].half_life_s
        return total, slope


def _terms(rules: TiltRules) -> tuple[tuple[str, float, float], ...]:
    """Name, weight and half-life of each indicator."""
    return tuple((name, one.weight, one.half_life_s) for name, one in rules.indicators.items())
