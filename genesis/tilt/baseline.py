"""Personal baselines: what is normal for this trader, learned slowly and hard to poison.

A new sample waits in a queue before it counts; while the trader is not calm only some are
admitted, and clipped. Each baseline is shrunk towards a prior by the number of its samples.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from genesis.tilt.rings import Hours, Learner, Mean, Rate, Ring
from genesis.tilt.rules import PriorRules, TiltRules

SLIPS: Final = "slips"
"""The ring of backspaces among keys; no measure for people to read."""
HOLD: Final = "hold"
CLICKS: Final = "clicks"
HOUR: Final = "hour"


Sample = tuple[str, float, bool]
"""One observation on its way into a baseline: the baseline's name; ln units of a ring, 0 or 1 of a
rate, an hour, or the value of a mean; whether the market was volatile."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one detector has learned and another may start with.

    samples: of each ring, oldest first. rates: (yes, acts). offsets: (volatile offset, acts).
    hours: entries by UTC hour; none where it is not known. means: of seconds held, of clicks.
    """

    entries: int
    samples: Mapping[str, tuple[float, ...]]
    rates: Mapping[str, tuple[float, float]]
    offsets: Mapping[str, tuple[float, float]]
    hours: tuple[float, ...] = ()
    means: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is normal for the trader now, for people.

    status: LEARNING until there were enough entries. centres: typical value of each measure (gaps
    in seconds, sizes as a fraction of the cap is their exponential). rates: shares. samples: how
    many observations stand behind each. versions: archived ones, the oldest first.
    """

    status: str
    entries: int
    centres: Mapping[str, float]
    spreads: Mapping[str, float]
    rates: Mapping[str, float]
    samples: Mapping[str, int]
    versions: tuple["Version", ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """What was normal until `until_ns`, and why it is no longer."""

    until_ns: int
    reason: str
    entries: int
    centres: Mapping[str, float]
    spreads: Mapping[str, float]
    rates: Mapping[str, float]


class Baselines:
    """All baselines of one trader, and the queue of samples before them."""

    def __init__(self, rules: TiltRules, profile: Profile | None = None) -> None:
        self.rules = rules.learning
        self.rings: dict[str, Ring] = {}
        self.rates: dict[str, Rate] = {}
        self.hours: Hours | None = None
        self.means: dict[str, Mean] = {}
        self.learners: dict[str, Learner] = {}
        self.pending: deque[Sample] = deque()
        self.offered_uncalm = 0
        self.entries = 0
        self.widening = 1.0
        self.widened_sessions = 0
        self.versions: list[Version] = []
        self._add_missing(rules)
        if profile is not None:
            self._adopt(profile)

    def offer(self, samples: Iterable[Sample], *, calm: bool) -> None:
        """Queue samples; what the queue no longer holds is learned."""
        pending, learners = self.pending, self.learners
        pending.extend(samples)
        for _ in range(len(pending) - self.rules.pending):
            name, x, is_volatile = pending.popleft()
            if calm or self._is_admitted():
                learners[name].learn(x, is_volatile, calm)

    def set_rules(self, rules: TiltRules) -> None:
        """New priors and numbers; what was observed stays."""
        self.rules = rules.learning
        priors = _priors(rules)
        for name, ring in self.rings.items():
            ring.rules = rules.learning
            ring.prior = priors.get(name, ring.prior)
            ring.trust = _trust(rules, name)
            ring.refresh()
        for rate in self.rates.values():
            rate.rules = rules.learning
        if rules.behaviour is not None and self.hours is not None:
            pace = rules.behaviour.pace
            self.hours.rules = rules.behaviour.hours
            self.means[HOLD].set_pace(pace.hold_share, pace.hold_max_s)
            self.means[CLICKS].set_pace(pace.clicks_share, float(pace.kept))
        self._add_missing(rules)

    # -- versions ----------------------------------------------------------------------------
    def archive(self, ts_ns: int, reason: str) -> None:
        """Keep what was normal for people to look back on; learning goes on unchanged."""
        was = self.describe()
        self.versions.append(
            Version(ts_ns, reason, was.entries, was.centres, was.spreads, was.rates)
        )

    def restart(self) -> None:
        """Confidence is gone, knowledge stays: what was usual becomes what it starts from."""
        for ring in self.rings.values():
            ring.restart()
        for rate in self.rates.values():
            rate.restart()
        if self.hours is not None:
            self.hours.restart()
        self.pending.clear()
        self.entries = 0

    def widen(self, factor: float, sessions: int) -> None:
        """Believe more for so many sessions."""
        self.widening, self.widened_sessions = factor, sessions

    def session_over(self) -> None:
        """One session fewer of an announced change."""
        self.widened_sessions = max(0, self.widened_sessions - 1)
        if not self.widened_sessions:
            self.widening = 1.0

    # -- answers -----------------------------------------------------------------------------
    def away(self, shown: Iterable[tuple[str, float]], is_volatile: bool) -> dict[str, float]:
        """Robust z of measures; an announced change of style widens what is usual."""
        away = {}
        for name, x in shown:
            ring = self.rings[name]
            usual = ring.expected(True) if is_volatile else ring.centre
            away[name] = (x - usual) / (ring.spread * self.widening)
        return away

    def profile(self) -> Profile:
        return Profile(
            entries=self.entries,
            samples={name: tuple(ring.recent) for name, ring in self.rings.items()},
            rates={name: (rate.yes, rate.acts) for name, rate in self.rates.items()},
            offsets={
                name: (ring.volatile_offset, ring.volatile_acts)
                for name, ring in self.rings.items()
            },
            hours=() if self.hours is None else self.hours.acts(),
            means={name: mean.value for name, mean in self.means.items()},
        )

    def describe(self) -> Baseline:
        learning = self.entries < self.rules.entries
        shown = {name: ring for name, ring in self.rings.items() if name != SLIPS}
        return Baseline(
            status="LEARNING" if learning else "LEARNED",
            entries=self.entries,
            centres={name: ring.centre for name, ring in shown.items()},
            spreads={name: ring.spread for name, ring in shown.items()},
            rates={name: rate.share for name, rate in self.rates.items()},
            samples={name: len(ring.recent) for name, ring in shown.items()},
            versions=tuple(self.versions),
        )

    # -- inside ------------------------------------------------------------------------------
    def _is_admitted(self) -> bool:
        """Of what he does while he is not calm, only some is learned."""
        self.offered_uncalm += 1
        return not self.offered_uncalm % self.rules.admit_every

    def _add_missing(self, rules: TiltRules) -> None:
        self._begin_missing(rules)
        self.learners = {**self.rings, **self.rates, **self.means}
        if self.hours is not None:
            self.learners[HOUR] = self.hours

    def _begin_missing(self, rules: TiltRules) -> None:
        for name, prior in _priors(rules).items():
            if name not in self.rings:
                self.rings[name] = Ring(prior, rules.learning, _trust(rules, name))
        for name, rate in rules.rates.items():
            if name not in self.rates:
                self.rates[name] = Rate(rate, rules.learning)
        if rules.behaviour is None or self.hours is not None:
            return
        pace = rules.behaviour.pace
        self.hours = Hours(rules.behaviour.hours)
        self.means[HOLD] = Mean(pace.hold_s, pace.hold_share, pace.hold_max_s)
        self.means[CLICKS] = Mean(pace.clicks_usual, pace.clicks_share, float(pace.kept))

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
        for name, value in profile.means.items():
            self.means[name].value = value
        if self.hours is not None and profile.hours:
            self.hours.counts = list(profile.hours)
            self.hours.total = sum(profile.hours)


def _priors(rules: TiltRules) -> dict[str, PriorRules]:
    """Those of the file, and that of slips, which is in shares of keys."""
    priors = dict(rules.priors)
    if rules.behaviour is not None:
        acts = rules.behaviour.acts
        priors[SLIPS] = PriorRules(acts.slips_usual, acts.slips_spread, None)
    return priors


def _trust(rules: TiltRules, name: str) -> float:
    usual = rules.learning.prior_samples
    return usual if rules.behaviour is None else rules.behaviour.trust.get(name, usual)
