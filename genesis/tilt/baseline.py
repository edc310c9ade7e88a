"""Personal baselines: what is normal for this trader, learned slowly and hard to poison.

A new sample waits in a queue before it counts; while the trader is not calm only some are
admitted, and clipped. Each baseline is shrunk towards a prior by the number of its samples.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

from genesis.tilt.rules import LearningRules, PriorRules, RateRules, TiltRules

IQR_OF_A_NORMAL: Final = 1.349
"""Interquartile range of a normal distribution, in standard deviations."""


class Ring:
    """Median and spread of the last samples of one measure (ln units), shrunk to the prior."""

    def __init__(self, prior: PriorRules, rules: LearningRules) -> None:
        self.prior = prior
        self.rules = rules
        self.recent: deque[float] = deque()
        self._sorted: list[float] = []
        self.seen = 0
        self.centre = prior.centre
        self.spread = prior.spread
        self.volatile_offset = prior.volatile_offset or 0.0
        self.volatile_acts = rules.prior_samples

    def add(self, x: float) -> None:
        self.recent.append(x)
        insort(self._sorted, x)
        if len(self.recent) > self.rules.ring:
            del self._sorted[bisect_left(self._sorted, self.recent.popleft())]
        self.seen += 1
        if self.seen <= self.rules.refresh_until or self.seen % self.rules.refresh_every == 0:
            self.refresh()

    def add_volatile(self, x: float) -> None:
        """A sample from a volatile market moves the offset, not the baseline."""
        rules = self.rules
        step = max(-rules.volatile_step_max, min(rules.volatile_step_max, x - self.centre))
        moved = self.volatile_offset + (step - self.volatile_offset) / (self.volatile_acts + 1)
        self.volatile_offset = max(rules.volatile_min, min(rules.volatile_max, moved))
        self.volatile_acts = min(rules.volatile_acts_max, self.volatile_acts + 1)

    def expected(self, volatile: bool) -> float:
        return (
            self.centre + self.volatile_offset if self.knows_volatile and volatile else self.centre
        )

    @property
    def knows_volatile(self) -> bool:
        return self.prior.volatile_offset is not None

    def winsorised(self, x: float) -> float:
        """The sample, clipped to what is still believable."""
        reach = self.rules.winsor * self.spread
        return max(self.centre - reach, min(self.centre + reach, x))

    def fill(self, samples: tuple[float, ...], seen: int) -> None:
        """Take samples over from elsewhere, oldest first."""
        self.recent = deque(samples)
        self._sorted = sorted(samples)
        self.seen = seen

    def refresh(self) -> None:
        """Centre and spread from what the ring holds now."""
        ordered, prior = self._sorted, self.prior
        n = len(ordered)
        if not n:
            self.centre, self.spread = prior.centre, prior.spread
            return
        trust = n / (n + self.rules.prior_samples)
        spread = prior.spread
        if n >= self.rules.spread_min_samples:
            spread = (ordered[3 * n // 4] - ordered[n // 4]) / IQR_OF_A_NORMAL
        self.centre = trust * ordered[n // 2] + (1 - trust) * prior.centre
        mixed = sqrt(trust * spread * spread + (1 - trust) * prior.spread * prior.spread)
        self.spread = max(self.rules.spread_floor * prior.spread, mixed)


class Rate:
    """A personal share of yes among acts, older acts fading."""

    def __init__(self, prior: RateRules, rules: LearningRules) -> None:
        self.rules = rules
        self.yes = prior.rate * prior.acts
        self.acts = prior.acts

    def add(self, y: float) -> None:
        self.yes = self.yes * self.rules.rate_memory + y
        self.acts = self.acts * self.rules.rate_memory + 1

    @property
    def share(self) -> float:
        return self.yes / self.acts


@dataclass(frozen=True, slots=True)
class Sample:
    """One observation on its way into a baseline: ln units of a ring, or 0 / 1 of a rate."""

    baseline: str
    x: float
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """What one detector has learned and another may start with.

    samples: of each ring, oldest first. rates: (yes, acts). offsets: (volatile offset, acts).
    """

    entries: int
    samples: Mapping[str, tuple[float, ...]]
    rates: Mapping[str, tuple[float, float]]
    offsets: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is normal for the trader now, for people.

    status: LEARNING until there were enough entries. centres: typical value of each measure (gaps
    in seconds, sizes as a fraction of the cap is their exponential). rates: shares. samples: how
    many observations stand behind each.
    """

    status: str
    entries: int
    centres: Mapping[str, float]
    spreads: Mapping[str, float]
    rates: Mapping[str, float]
    samples: Mapping[str, int]


class Baselines:
    """All baselines of one trader, and the queue of samples before them."""

    def __init__(self, rules: TiltRules, profile: Profile | None = None) -> None:
        learning = rules.learning
        self.rules = learning
        self.rings = {name: Ring(prior, learning) for name, prior in rules.priors.items()}
        self.rates = {name: Rate(prior, learning) for name, prior in rules.rates.items()}
        self.pending: deque[Sample] = deque()
        self.offered_uncalm = 0
        self.entries = 0
        if profile is not None:
            self._adopt(profile)

    def offer(self, samples: tuple[Sample, ...], *, calm: bool) -> None:
        """Queue samples; what the queue no longer holds is learned."""
        self.pending.extend(samples)
        while len(self.pending) > self.rules.pending:
            self._commit(self.pending.popleft(), calm)

    def set_rules(self, rules: TiltRules) -> None:
        """New priors and numbers; what was observed stays."""
        self.rules = rules.learning
        for name, ring in self.rings.items():
            ring.prior, ring.rules = rules.priors[name], rules.learning
            ring.refresh()
        for rate in self.rates.values():
            rate.rules = rules.learning

    def profile(self) -> Profile:
        return Profile(
            entries=self.entries,
            samples={name: tuple(ring.recent) for name, ring in self.rings.items()},
            rates={name: (rate.yes, rate.acts) for name, rate in self.rates.items()},
            offsets={
                name: (ring.volatile_offset, ring.volatile_acts)
                for name, ring in self.rings.items()
            },
        )

    def describe(self) -> Baseline:
        learning = self.entries < self.rules.entries
        return Baseline(
            status="LEARNING" if learning else "LEARNED",
            entries=self.entries,
            centres={name: ring.centre for name, ring in self.rings.items()},
            spreads={name: ring.spread for name, ring in self.rings.items()},
            rates={name: rate.share for name, rate in self.rates.items()},
            samples={name: len(ring.recent) for name, ring in self.rings.items()},
        )

    def _commit(self, sample: Sample, calm: bool) -> None:
        x = sample.x
        if not calm:
            self.offered_uncalm += 1
            if self.offered_uncalm % self.rules.admit_every:
                return
        if sample.baseline in self.rates:
            self.rates[sample.baseline].add(x)
            return
        ring = self.rings[sample.baseline]
        if sample.volatile and ring.knows_volatile:
            ring.add_volatile(x)
        else:
            ring.add(x if calm else ring.winsorised(x))

    def _adopt(self, profile: Profile) -> None:
        self.entries = profile.entries
        for name, samples in profile.samples.items():
            self.rings[name].fill(samples, len(samples))
            self.rings[name].refresh()
        for name, (yes, acts) in profile.rates.items():
            self.rates[name].yes, self.rates[name].acts = yes, acts
        for name, (offset, acts) in profile.offsets.items():
            ring = self.rings[name]
            ring.volatile_offset, ring.volatile_acts = offset, acts
