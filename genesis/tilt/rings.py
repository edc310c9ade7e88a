"""What one baseline remembers: a ring of measures, a rate, the hours of the day, a mean."""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable
from functools import cache
from math import sqrt
from statistics import NormalDist
from typing import Final, Protocol

from genesis.tilt.rules import HourRules, LearningRules, PriorRules, RateRules

IQR_OF_A_NORMAL: Final = 1.349
"""Interquartile range of a normal distribution, in standard deviations."""
HOURS: Final = 24
_UNIT_MAX: Final = 1e100


@cache
def _normal_quantile(share: float) -> float:
    return NormalDist().inv_cdf(share)


class Learner(Protocol):
    """What a sample goes into."""

    def learn(self, x: float, is_volatile: bool, is_calm: bool) -> None:
        """Take in a sample that is admitted; what it was like then may count."""


class Ring:
    """Median and spread of the last samples of one measure (ln units), shrunk to a start.

    The start is the prior of the rules, or what was usual before an archived version. trust: what
    it is worth in samples.
    """

    def __init__(self, prior: PriorRules, rules: LearningRules, trust: float | None = None) -> None:
        self.prior = prior
        self.rules = rules
        self.trust = rules.prior_samples if trust is None else trust
        self.start: tuple[float, float] | None = None
        self.recent = array("d")
        self._sorted = array("d")
        self.seen = 0
        self.centre = prior.centre
        self.spread = prior.spread
        self.volatile_offset = prior.volatile_offset or 0.0
        self.volatile_acts = rules.prior_samples

    def learn(self, x: float, is_volatile: bool, is_calm: bool) -> None:
        """As it is, or from an uneasy moment clipped."""
        if is_volatile and self.knows_volatile:
            self.add_volatile(x)
        else:
            self.add(x if is_calm else self.winsorised(x))

    def add(self, x: float) -> None:
        recent, ordered, rules = self.recent, self._sorted, self.rules
        recent.append(x)
        insort(ordered, x)
        if len(recent) > rules.ring:
            del ordered[bisect_left(ordered, recent.pop(0))]
        self.seen += 1
        if self.seen <= rules.refresh_until or self.seen % rules.refresh_every == 0:
            self.refresh()

    def add_volatile(self, x: float) -> None:
        """A sample from a volatile market moves the offset, not the baseline."""
        rules = self.rules
        step = max(-rules.volatile_step_max, min(rules.volatile_step_max, x - self.centre))
        moved = self.volatile_offset + (step - self.volatile_offset) / (self.volatile_acts + 1)
        self.volatile_offset = max(rules.volatile_min, min(rules.volatile_max, moved))
        self.volatile_acts = min(rules.volatile_acts_max, self.volatile_acts + 1)

    def expected(self, volatile: bool) -> float:
        if volatile and self.knows_volatile:
            return self.centre + self.volatile_offset
        return self.centre

    @property
    def knows_volatile(self) -> bool:
        return self.prior.volatile_offset is not None

    def winsorised(self, x: float) -> float:
        """The sample, clipped to what is still believable."""
        reach = self.rules.winsor * self.spread
        return max(self.centre - reach, min(self.centre + reach, x))

    def quantile(self, share: float) -> float:
        """The own quantile; that of the start while there are few samples."""
        centre, spread = self.start or (self.prior.centre, self.prior.spread)
        guess = centre + spread * _normal_quantile(share)
        n = len(self._sorted)
        if not n:
            return guess
        weight = n / (n + self.trust)
        own = self._sorted[min(n - 1, int(share * n))]
        return weight * own + (1 - weight) * guess

    def fill(self, samples: Iterable[float], seen: int) -> None:
        """Take samples over from elsewhere, oldest first."""
        self.recent = array("d", samples)
        self._sorted = array("d", sorted(self.recent))
        self.seen = seen

    def restart(self) -> None:
        """Nothing is certain any more; what was usual is where it starts again."""
        self.start = (self.centre, self.spread)
        self.fill((), 0)
        self.refresh()

    def refresh(self) -> None:
        """Centre and spread from what the ring holds now."""
        ordered = self._sorted
        centre, usual = self.start or (self.prior.centre, self.prior.spread)
        n = len(ordered)
        if not n:
            self.centre, self.spread = centre, usual
            return
        trust = n / (n + self.trust)
        spread = usual
        if n >= self.rules.spread_min_samples:
            spread = (ordered[3 * n // 4] - ordered[n // 4]) / IQR_OF_A_NORMAL
        self.centre = trust * ordered[n // 2] + (1 - trust) * centre
        mixed = sqrt(trust * spread * spread + (1 - trust) * usual * usual)
        self.spread = max(self.rules.spread_floor * self.prior.spread, mixed)


class Rate:
    """A personal share of yes among acts, older acts fading."""

    def __init__(self, prior: RateRules, rules: LearningRules) -> None:
        self.rules = rules
        self.prior = prior
        self.yes = prior.rate * prior.acts
        self.acts = prior.acts

    def learn(self, x: float, is_volatile: bool, is_calm: bool) -> None:
        memory = self.rules.rate_memory
        self.yes = self.yes * memory + x
        self.acts = self.acts * memory + 1

    def restart(self) -> None:
        """The share stays what it was, worth no more than a prior."""
        share = self.share
        self.acts = self.prior.acts
        self.yes = share * self.acts

    @property
    def share(self) -> float:
        return self.yes / self.acts


class Hours:
    """Entries by UTC hour, older ones fading: a newer one weighs `unit`, which grows."""

    def __init__(self, rules: HourRules) -> None:
        self.rules = rules
        self.counts = [rules.prior_acts] * HOURS
        self.total = rules.prior_acts * HOURS
        self.unit = 1.0

    def learn(self, x: float, is_volatile: bool, is_calm: bool) -> None:
        self.unit /= self.rules.memory
        self.counts[int(x)] += self.unit
        self.total += self.unit
        if self.unit > _UNIT_MAX:
            self._shrink(self.unit)

    def acts(self) -> tuple[float, ...]:
        """By hour, the newest one as 1."""
        return tuple(count / self.unit for count in self.counts)

    def share(self, hour: int) -> float:
        """Of entries in this hour, smoothed over its neighbours."""
        around = self.counts[hour - 1] + self.counts[(hour + 1) % HOURS]
        return (self.counts[hour] + around / 2) / 2 / self.total

    def restart(self) -> None:
        """The shape of the day stays, worth no more than the prior."""
        self._shrink(self.total / (self.rules.prior_acts * HOURS))
        self.unit = 1.0

    def _shrink(self, by: float) -> None:
        """The same in larger units."""
        self.counts = [count / by for count in self.counts]
        self.total /= by
        self.unit /= by


class Mean:
    """A running mean that follows slowly."""

    def __init__(self, start: float, share: float, most: float) -> None:
        self.value = start
        self.set_pace(share, most)

    def set_pace(self, share: float, most: float) -> None:
        """How much a sample moves it, and what it counts at most."""
        self.share, self.most = share, most

    def learn(self, x: float, is_volatile: bool, is_calm: bool) -> None:
        self.value += self.share * (min(self.most, x) - self.value)
