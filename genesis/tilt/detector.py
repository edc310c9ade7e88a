"""The tilt detector: the trader's acts in, a score that explains itself out.

Streaming and without a clock: time is the stamp of the acts, and a stamp older than the last one
is taken as the last one. Only the operator's own acts belong here, never a strategy's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import Outcome, TiltLevelChanged
from genesis.domain.time import MICROSECOND, SECOND
from genesis.tilt.actions import ActionKind, UserAction, validate
from genesis.tilt.baseline import Baseline, Baselines, Profile
from genesis.tilt.context import Context, is_entry
from genesis.tilt.evidence import Evidence, Points
from genesis.tilt.indicators import FIXED, INDICATORS, Scene, samples
from genesis.tilt.machine import (
    LossTaken,
    Overridden,
    Scored,
    TiltEvent,
    TiltState,
    TimePassed,
    decide,
    evolve,
    leaves_caution_ns,
)
from genesis.tilt.rules import TiltRules
from genesis.tilt.score import Reading, raw_of, read, whole
from genesis.tilt.snapshot import dump, load
from genesis.tilt.today import Today


@dataclass(frozen=True, slots=True)
class TiltScore:
    """score: 0..100. contributions: by indicator, they sum to the score. raw: before scaling."""

    score: int
    level: TiltLevel
    contributions: dict[str, int]
    raw: float


@dataclass(frozen=True, slots=True)
class Intervention:
    """What must happen before new risk: words still to be written, and a time to wait for."""

    level: TiltLevel
    words: int
    until_ns: int | None


class TiltDetector:
    """One trader's detector. `profile`: what an earlier one has learned about him."""

    def __init__(self, rules: TiltRules, profile: Profile | None = None) -> None:
        self.rules = rules
        self.state = TiltState()
        self.evidence = Evidence.none(rules)
        self.points = Points()
        self.baselines = Baselines(rules, profile)
        self.context = Context()
        self.today = Today()
        self.now_ns = 0
        self.calm_since_ns: int | None = 0
        self._calm_at_ns: int | None = None
        self._weights = _weights(rules)

    # -- the stream --------------------------------------------------------------------------
    def update_metrics(self, action: UserAction) -> TiltScore:
        """Take one act in.

        Raises:
            BadAction: a field cannot be used; nothing of the act is remembered.
        """
        self.observe(action)
        return self.score()

    def observe(self, action: UserAction) -> tuple[Outcome, ...]:
        """Like `update_metrics`, but tells what it led to."""
        validate(action)
        return (*self._advance(int(action.ts_us) * MICROSECOND), *self._act(action))

    def assessed(self, event: JournalAssessed) -> tuple[Outcome, ...]:
        """A page was judged."""
        return (*self._advance(event.ts_ns), *self._run(event), *self._settle(rose=False))

    def overridden(self, ts_ns: int, multiplier: Decimal, until_ns: int) -> tuple[Outcome, ...]:
        """An override was accepted: the pause ends, one level at a time; the evidence stays."""
        outcomes = [*self._advance(ts_ns)]
        while self.state.paused:
            outcomes += self._run(Overridden(self.now_ns, multiplier, until_ns))
        return (*outcomes, *self._settle(rose=False))

    def pass_time(self, now_ns: int) -> tuple[Outcome, ...]:
        """Time went by without an act."""
        return (*self._advance(now_ns), *self._settle(rose=False))

    # -- answers -----------------------------------------------------------------------------
    def score(self, at_ns: int = 0) -> TiltScore:
        """The score at the last stamp seen, or later if nothing happens until `at_ns`."""
        reading = self._reading(max(self.now_ns, at_ns))
        return TiltScore(reading.score, self.state.level, dict(reading.contributions), reading.raw)

    def check_intervention_required(self) -> Intervention | None:
        state = self.state
        if not state.paused:
            return None
        return Intervention(state.level, state.words_required, state.lock_until_ns)

    def calculate_baseline(self) -> Baseline:
        """What is normal for this trader, for people to read."""
        return self.baselines.describe()

    def profile(self) -> Profile:
        """What was learned, to start another detector with."""
        return self.baselines.profile()

    def next_wake_ns(self) -> int | None:
        """When `pass_time` will next have something to do if nothing else happens."""
        state = self.state
        calm_since = self.calm_since_ns
        if state.level is TiltLevel.CAUTION and calm_since is None:
            calm_since = self._calms_ns()
        due = (
            state.lock_until_ns,
            state.limited_until_ns,
            leaves_caution_ns(state, calm_since, self.rules),
        )
        return min((at for at in due if at is not None), default=None)

    # -- keeping -----------------------------------------------------------------------------
    def set_rules(self, rules: TiltRules) -> None:
        """Judge by other rules from now on; what was observed stays."""
        if rules != self.rules:
            self.rules = rules
            self._weights = _weights(rules)
            self.baselines.set_rules(rules)
            self._calm_at_ns = None

    def snapshot(self) -> bytes:
        """Everything that is known, such that `restore` goes on bit for bit."""
        return dump(self)

    @classmethod
    def restore(cls, rules: TiltRules, snapshot: bytes) -> "TiltDetector":
        """The detector again.

        Raises:
            DataError: the snapshot is corrupt or of another version; names the field.
        """
        detector = cls(rules)
        load(detector, snapshot)
        return detector

    # -- inside ------------------------------------------------------------------------------
    def _advance(self, ts_ns: int) -> tuple[Outcome, ...]:
        """Move to `ts_ns` (never back) and let everything fall due on the way."""
        self.now_ns = max(self.now_ns, ts_ns)
        if self.calm_since_ns is None and self._is_calm(self.now_ns):
            self.calm_since_ns = self._calms_ns()
        outcomes: list[Outcome] = []
        while due := self._run(TimePassed(self.now_ns, self.calm_since_ns)):
            outcomes += due
        return tuple(outcomes)

    def _act(self, action: UserAction) -> tuple[Outcome, ...]:
        ts_us = self.now_ns // MICROSECOND
        self.context.begin(action)
        before = self._raw(self.now_ns)
        scene = Scene(action, ts_us, self.context, self.baselines, self.rules)
        for name, step in INDICATORS:
            found = step(scene)
            if found is not None and not (action.reduces_risk and found > 0):
                self.evidence.add(name, ts_us, found, self.rules)
        self._fix(action, ts_us)
        self._calm_at_ns = None
        lost = self._loss(action)
        self._learn(scene)
        self.context.remember(action, ts_us)
        rose = self._raw(self.now_ns) > before and not _is_override(action)
        return (*lost, *self._settle(rose=rose))

    def _fix(self, action: UserAction, ts_us: int) -> None:
        name = FIXED.get((action.kind, action.reason))
        if name is not None and name in self.rules.fixed:
            self.points.add(name, ts_us, self.rules)

    def _loss(self, action: UserAction) -> tuple[Outcome, ...]:
        if action.kind != ActionKind.POSITION_CLOSED or action.pnl_r is None or action.pnl_r >= 0:
            return ()
        return self._run(LossTaken(self.now_ns, -float(action.pnl_r)))

    def _learn(self, scene: Scene) -> None:
        found = samples(scene)
        self.baselines.entries += is_entry(scene.action)
        self.baselines.offer(found, calm=self.state.level is TiltLevel.NORMAL)
        if found:
            self.today.add(self.now_ns, found)

    def _settle(self, *, rose: bool) -> tuple[Outcome, ...]:
        """Tell the score of this moment, and what level follows from it."""
        reading = self._reading(self.now_ns)
        if reading.score >= self.rules.levels.caution_leave:
            self.calm_since_ns = None
        elif self.calm_since_ns is None:
            self.calm_since_ns = self.now_ns
        contributions = tuple((name, part) for name, part in reading.contributions.items() if part)
        sources = reading.sources(self.rules.levels.warning_share)
        if self._has_points(reading):
            sources = max(sources, self.rules.levels.warning_sources)
        return self._run(Scored(self.now_ns, reading.score, contributions, sources, rose))

    def _run(self, event: TiltEvent) -> tuple[Outcome, ...]:
        outcomes = decide(self.state, event, self.rules)
        for outcome in outcomes:
            if isinstance(outcome, TiltLevelChanged) and _is_recovery(outcome, event):
                kept = self.rules.recovery.evidence_kept
                self.evidence.keep(kept, self.now_ns // MICROSECOND, self.rules)
                self._calm_at_ns = None
            self.state = evolve(self.state, outcome)
        return outcomes

    def _reading(self, ts_ns: int) -> Reading:
        rules = self.rules
        evidence = self.evidence.at(ts_ns // MICROSECOND, rules)
        points = self.points.at(ts_ns // MICROSECOND, rules)
        reading = read(evidence, self._weights, rules.score, 100, points)
        learning = self.baselines.entries < rules.learning.entries
        most = rules.learning.score_max
        if not learning or reading.score <= most or self._has_points(reading):
            return reading
        return read(evidence, self._weights, rules.score, most, points)

    def _has_points(self, reading: Reading) -> bool:
        """Does an act that is evidence by itself carry a fair share? It needs no second source."""
        total, share = sum(reading.weighted.values()), self.rules.levels.warning_share
        points = (reading.weighted.get(name, 0.0) for name in self.points.amounts)
        return any(part > 0 and part >= share * total for part in points)

    def _raw(self, ts_ns: int) -> float:
        evidence = self.evidence.at(ts_ns // MICROSECOND, self.rules)
        points = self.points.at(ts_ns // MICROSECOND, self.rules)
        return raw_of(evidence, self._weights, self.rules.score, points)

    def _is_calm(self, ts_ns: int) -> bool:
        score = whole(self._raw(ts_ns), self.rules.score)
        return score < self.rules.levels.caution_leave

    def _calms_ns(self) -> int:
        """The first whole second after the last evidence at which the score is calm again."""
        if self._calm_at_ns is None:
            stamps = (*self.evidence.at_us.values(), *self.points.at_us.values())
            since_ns = max(stamps) * MICROSECOND
            seconds = _first(lambda n: self._is_calm(since_ns + n * SECOND))
            self._calm_at_ns = since_ns + seconds * SECOND
        return self._calm_at_ns


def _weights(rules: TiltRules) -> dict[str, float]:
    return {name: indicator.weight for name, indicator in rules.indicators.items()}


def _is_recovery(change: TiltLevelChanged, event: TiltEvent) -> bool:
    """A page makes some evidence go away, an override none."""
    steps_out = change.old is TiltLevel.WARNING and change.new is TiltLevel.CAUTION
    return steps_out and not isinstance(event, Overridden)


def _is_override(action: UserAction) -> bool:
    """What an accepted override adds is there for the next act: it cannot undo itself."""
    return action.kind == ActionKind.OVERRIDE_ATTEMPT and action.reason == "accepted"


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
