"""Evidence and points of one trader, and the score they make at a moment."""

from collections.abc import Callable

from genesis.domain.time import MICROSECOND, SECOND
from genesis.tilt.evidence import Evidence, Points
from genesis.tilt.rules import TiltRules
from genesis.tilt.score import Reading, raw_of, read, whole


class Gauge:
    """What acts have added up to. Readings of one moment are made once."""

    def __init__(self, rules: TiltRules) -> None:
        self.rules = rules
        self.evidence = Evidence.none(rules)
        self.points = Points()
        self._weights = _weights(rules)
        self._calm_at_ns: int | None = None
        self._read: tuple[int, bool, Reading] | None = None
        self._raw: tuple[int, float] | None = None

    def set_rules(self, rules: TiltRules) -> None:
        self.rules = rules
        self._weights = _weights(rules)
        self.evidence.add_missing(rules)
        self.moved()

    def moved(self) -> None:
        """Evidence or points have changed: nothing that was read still holds."""
        self._calm_at_ns = self._read = self._raw = None

    # -- changing ----------------------------------------------------------------------------
    def add(self, name: str, ts_us: int, step: float) -> None:
        self.evidence.add(name, ts_us, step, self.rules)
        self.moved()

    def tell(self, name: str, ts_us: int) -> None:
        """A rare act brings its points; rules from before it was one know none."""
        if name in self.rules.fixed:
            self.points.add(name, ts_us, self.rules)
            self.moved()

    def keep(self, share: float, ts_us: int) -> None:
        self.evidence.keep(share, ts_us, self.rules)
        self.moved()

    # -- reading -----------------------------------------------------------------------------
    def reading(self, ts_ns: int, *, learning: bool) -> Reading:
        """The score at a moment; a stranger's is capped unless an act speaks for itself."""
        if self._read is None or self._read[:2] != (ts_ns, learning):
            self._read = (ts_ns, learning, self._score(ts_ns, learning=learning))
        return self._read[2]

    def _score(self, ts_ns: int, *, learning: bool) -> Reading:
        rules, ts_us = self.rules, ts_ns // MICROSECOND
        evidence, points = self.evidence.at(ts_us, rules), self.points.at(ts_us, rules)
        reading = read(evidence, self._weights, rules.score, 100, points)
        most = rules.learning.score_max
        if not learning or reading.score <= most or self.has_points(reading):
            return reading
        return read(evidence, self._weights, rules.score, most, points)

    def has_points(self, reading: Reading) -> bool:
        """Does an act that is evidence by itself carry a fair share? It needs no second source."""
        total, share = sum(reading.weighted.values()), self.rules.levels.warning_share
        points = (reading.weighted.get(name, 0.0) for name in self.points.amounts)
        return any(part > 0 and part >= share * total for part in points)

    def raw(self, ts_ns: int) -> float:
        """The weighted sum at a moment."""
        if self._raw is None or self._raw[0] != ts_ns:
            self._raw = (ts_ns, self._sum(ts_ns))
        return self._raw[1]

    def _sum(self, ts_ns: int) -> float:
        ts_us = ts_ns // MICROSECOND
        points = self.points.at(ts_us, self.rules)
        evidence = self.evidence.at(ts_us, self.rules)
        return raw_of(evidence, self._weights, self.rules.score, points)

    def is_calm(self, ts_ns: int) -> bool:
        """Is the score below the line at which CAUTION is left?"""
        return self.is_calm_at(self.raw(ts_ns))

    def is_calm_at(self, raw: float) -> bool:
        return whole(raw, self.rules.score) < self.rules.levels.caution_leave

    def calms_ns(self) -> int:
        """The first whole second after the last evidence at which the score is calm again."""
        if self._calm_at_ns is None:
            stamps = (*self.evidence.at_us.values(), *self.points.at_us.values())
            since_ns = max(stamps) * MICROSECOND
            seconds = _first(lambda n: self.is_calm(since_ns + n * SECOND))
            self._calm_at_ns = since_ns + seconds * SECOND
        return self._calm_at_ns


def _weights(rules: TiltRules) -> dict[str, float]:
    return {name: indicator.weight for name, indicator in rules.indicators.items()}


def _first(holds: Callable[[int], bool]) -> int:
    """The smallest whole number from 0 up that `holds`, for a condition that stays true."""
    if holds(0):
        return 0
    high = 1
    while not holds(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
