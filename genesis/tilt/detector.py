"""The tilt detector: the trader's acts in, a score that explains itself out.

Streaming and without a clock: time is the stamp of the acts, and a stamp older than the last one
is taken as the last one. Only the operator's own acts belong here, never a strategy's.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, NamedTuple

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import (
    AlertRaised,
    Halted,
    Outcome,
    TierChanged,
    TiltLevelChanged,
)
from genesis.domain.paper import PaperLaneReported, RecoverySessionDone
from genesis.domain.time import MICROSECOND
from genesis.tilt.actions import CLOSED, OVERRIDE, SESSION_END, UserAction, validate
from genesis.tilt.baseline import Baseline, Baselines, Profile
from genesis.tilt.context import ENTRY, Context, asks_as
from genesis.tilt.evidence import Evidence, Points
from genesis.tilt.gauge import Gauge, Left
from genesis.tilt.indicators import steps_by_kind
from genesis.tilt.inputs import Forked
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
from genesis.tilt.measures import VOLATILE, Scene, look, measures_by_kind, samples
from genesis.tilt.odds import one_in
from genesis.tilt.rules import TiltRules
from genesis.tilt.score import Reading
from genesis.tilt.snapshot import dump, load
from genesis.tilt.state import NORMAL
from genesis.tilt.style import StyleChangeRefused, StyleState, refusal
from genesis.tilt.telling import telling
from genesis.tilt.today import Today

JOINT: Final = "joint"


class TiltScore(NamedTuple):
    """score: 0..100. contributions: by indicator, they sum to the score. raw: before scaling.
    one_in: about one in so many acts at such a score was one of tilt (None: the rules do not say).
    """

    score: int
    level: TiltLevel
    contributions: dict[str, int]
    raw: float
    one_in: float | None = None


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
        self.gauge = Gauge(rules)
        self.baselines = Baselines(rules, profile)
        self.context = Context()
        self.today = Today()
        self.style = StyleState()
        self.now_ns = 0
        self.calm_since_ns: int | None = 0
        self._bind(rules)

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
        return (*self._advance(event.ts_ns), *self._run(event), *self._settled())

    def overridden(self, ts_ns: int, multiplier: Decimal, until_ns: int) -> tuple[Outcome, ...]:
        """An override was accepted: the pause ends, one level at a time; the evidence stays."""
        outcomes = [*self._advance(ts_ns)]
        while self.state.paused:
            outcomes += self._run(Overridden(self.now_ns, multiplier, until_ns))
        return (*outcomes, *self._settled())

    def halted(self, fact: Halted) -> tuple[Outcome, ...]:
        """A breaker halted trading; what it says goes beside the score."""
        self.tripped(fact.ts_ns)
        return (*self._advance(fact.ts_ns), *self._run(fact), *self._settled())

    def critical(self, fact: AlertRaised) -> tuple[Outcome, ...]:
        """The fall from the peak is critical; what it says goes beside the score."""
        return (*self._advance(fact.ts_ns), *self._run(fact), *self._settled())

    def forked(self, fact: Forked, warned_ns: int | None) -> tuple[Outcome, ...]:
        """The log was forked. warned_ns: when an intervention began in the part that was lost."""
        known_ns = self.state.warned_ns
        if warned_ns is not None and (known_ns is None or known_ns < warned_ns):
            self.state = self.state._replace(warned_ns=warned_ns)
        return (*self._advance(fact.ts_ns), *self._run(fact), *self._settled())

    def lane(self, event: PaperLaneReported) -> tuple[Outcome, ...]:
        """There is a paper lane now, or there is none any more."""
        is_done = self.state.session_done and not event.broken
        self.state = self.state._replace(has_lane=event.is_open, session_done=is_done)
        return (*self._advance(event.ts_ns), *self._settled())

    def session(self, event: RecoverySessionDone) -> tuple[Outcome, ...]:
        """A session in the paper lane ended."""
        held = (*self._advance(event.ts_ns), *self._run(event))
        return (*held, *self._advance(event.ts_ns), *self._settled())

    def pass_time(self, now_ns: int) -> tuple[Outcome, ...]:
        """Time went by without an act."""
        return (*self._advance(now_ns), *self._settled())

    # -- what happened to the trader ---------------------------------------------------------
    def tripped(self, ts_ns: int) -> None:
        """A breaker has tripped: no evidence, but money added right after it is."""
        self.context.tripped_us = max(self.now_ns, ts_ns) // MICROSECOND

    def declare_style_change(self, reason: str, ts_ns: int = 0) -> int:
        """The trader announces that he will trade differently; logged by whoever calls.

        Returns:
            When it takes effect (UTC ns).

        Raises:
            StyleChangeRefused: not now; says why and when.
        """
        behaviour, now_ns = self.rules.behaviour, max(self.now_ns, ts_ns)
        if behaviour is None:
            raise StyleChangeRefused("the rules of this run know no change of style")
        level, loss_day = self.state.level, self.context.loss_day
        refused = refusal(self.style, now_ns, level, loss_day, behaviour.style)
        if refused is not None:
            raise StyleChangeRefused(refused)
        due_ns = now_ns + behaviour.style.wait_ns
        self.style = StyleState(now_ns, due_ns, reason)
        return due_ns

    def tier_changed(self, fact: TierChanged, *, has_fallen: bool) -> None:
        """A tier that was earned is another style, at once and as often as it happens.

        After an emergency nothing is certain: what was normal is archived, and is a first guess
        from now on. has_fallen: a loss of the day led to it, in whatever mode.
        """
        now_ns, is_owned = max(self.now_ns, fact.ts_ns), self._judges_own_doing
        is_emergency = has_fallen if is_owned else fact.mode is TierMode.EMERGENCY
        is_style = fact.tier.rank > fact.old_tier.rank if is_owned else fact.tier != fact.old_tier
        if is_emergency and fact.old_mode is not TierMode.EMERGENCY:
            self.baselines.archive(now_ns, fact.reason)
            self.baselines.restart()
            self.gauge.moved()
        elif is_style:
            self._take_effect(now_ns, fact.reason)

    # -- answers -----------------------------------------------------------------------------
    @property
    def evidence(self) -> Evidence:
        return self.gauge.evidence

    @property
    def points(self) -> Points:
        return self.gauge.points

    def score(self, at_ns: int = 0) -> TiltScore:
        """The score at the last stamp seen, or later if nothing happens until `at_ns`."""
        reading = self._reading(max(self.now_ns, at_ns))
        return TiltScore(
            reading.score,
            self.state.level,
            {**self._nothing, **reading.contributions},
            reading.raw,
            one_in(reading.score, self.rules.odds),
        )

    def calm_from_ns(self, ts_ns: int, within_s: float) -> int | None:
        """When the last losing session will be so long ago; None: it is."""
        found = self.context.calm_from_us(max(self.now_ns, ts_ns) // MICROSECOND, within_s)
        return None if found is None else found * MICROSECOND

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
            calm_since = self.gauge.calms_ns()
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
            self._bind(rules)
            self.gauge.set_rules(rules)
            self.baselines.set_rules(rules)

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
    @property
    def _judges_own_doing(self) -> bool:
        behaviour = self.rules.behaviour
        return behaviour is not None and behaviour.own_doing

    def _bind(self, rules: TiltRules) -> None:
        self.rules = rules
        self._measures = measures_by_kind(rules)
        self._steps = steps_by_kind(rules)
        self._nothing = dict.fromkeys(rules.indicators, 0)

    def _advance(self, ts_ns: int) -> tuple[Outcome, ...]:
        """Move to `ts_ns` (never back) and let everything fall due on the way."""
        if ts_ns > self.now_ns:
            self.now_ns = ts_ns
        due_ns = self.style.due_ns
        if due_ns is not None and self.now_ns >= due_ns:
            self.style = replace(self.style, due_ns=None)
            self._take_effect(due_ns, self.style.reason)
        if self.calm_since_ns is None and self.gauge.is_calm(self.now_ns):
            counts = self.state.level is TiltLevel.CAUTION  # else it is entered later, calm or not
            self.calm_since_ns = self.gauge.calms_ns() if counts else self.now_ns
        if self.state.is_lasting:
            return ()
        outcomes: list[Outcome] = []
        while due := self._run(TimePassed(self.now_ns, self.calm_since_ns)):
            outcomes += due
        return tuple(outcomes)

    def _act(self, action: UserAction) -> tuple[Outcome, ...]:
        ts_us, asked = self.now_ns // MICROSECOND, asks_as(action)
        ended_s = self.context.begin(action, ts_us, self.rules.behaviour)
        before = self.gauge.left(self.now_ns)
        is_volatile = action.market_state in VOLATILE
        scene = Scene(action, ts_us, self.context, self.baselines, self.rules, is_volatile, ended_s)
        look(scene, self._measures[asked], is_entry=asked is ENTRY)
        self.gauge.add(self._weigh(scene, asked), ts_us)
        if scene.found.get("widen"):
            self.context.widen(action.symbol)
        told = telling(action, ts_us, self.context, self.rules.behaviour)
        if told is not None:
            self.gauge.tell(told, ts_us)
        lost = self._loss(action)
        self.baselines.entries += asked is ENTRY
        self._learn(scene, before)
        self.context.remember(action, ts_us, self.rules.behaviour)
        reading = self._reading(self.now_ns)
        levels_begin = reading.score >= self.rules.levels.caution_enter and not _is_override(action)
        rose = levels_begin and reading.raw > self.gauge.raw_of(before)
        return (*lost, *self._settle(reading, rose=rose))

    def _weigh(self, scene: Scene, asked: str) -> dict[str, float]:
        steps = {
            name: found for name, step in self._steps[asked] if (found := step(scene)) is not None
        }
        if scene.action.reduces_risk:
            return {name: found for name, found in steps.items() if found <= 0}
        if asked is ENTRY and JOINT in steps:
            self.context.owed_joint = min(0.0, steps[JOINT])
            self.context.insists = bool(scene.found.get("rej"))
        return steps

    def _loss(self, action: UserAction) -> tuple[Outcome, ...]:
        if action.kind != CLOSED or action.pnl_r is None or action.pnl_r >= 0:
            return ()
        return self._run(LossTaken(self.now_ns, -float(action.pnl_r)))

    def _learn(self, scene: Scene, before: Left) -> None:
        """A latched level says nothing of the acts themselves: calm ones teach as usual."""
        calm = self.state.level is NORMAL or self.gauge.is_calm_at(self.gauge.raw_of(before))
        if scene.session_s is not None or scene.action.kind == SESSION_END:
            self.baselines.session_over()
        if scene.found:
            self.baselines.offer(samples(scene), calm=calm)
            self.today.add(self.now_ns, scene.found)

    def _take_effect(self, ts_ns: int, reason: str) -> None:
        """A new style: the old one is archived, and more is believed for a while."""
        behaviour = self.rules.behaviour
        if behaviour is not None:
            self.baselines.archive(ts_ns, reason)
            begun = self.context.session_start_us is not None  # it comes before the first of them
            sessions = behaviour.style.sessions + begun
            self.baselines.widen(behaviour.style.spread_factor, sessions)

    def _settled(self) -> tuple[Outcome, ...]:
        """The score without an act of his."""
        return self._settle(self._reading(self.now_ns), rose=False)

    def _settle(self, reading: Reading, *, rose: bool) -> tuple[Outcome, ...]:
        """Tell the score of this moment, and what level follows from it."""
        if reading.score >= self.rules.levels.caution_leave:
            self.calm_since_ns = None
        elif self.calm_since_ns is None:
            self.calm_since_ns = self.now_ns
        contributions = tuple([part for part in reading.contributions.items() if part[1]])
        sources = self._sources(reading) if rose and not self.state.paused else 0
        return self._run(Scored(self.now_ns, reading.score, contributions, sources, rose))

    def _sources(self, reading: Reading) -> int:
        """How many indicators speak; an act that is evidence by itself needs no second one."""
        levels = self.rules.levels
        if reading.score < levels.warning_enter:
            return 0
        sources = reading.sources(levels.warning_share)
        return max(sources, levels.warning_sources) if self.gauge.has_points(reading) else sources

    def _run(self, event: TiltEvent) -> tuple[Outcome, ...]:
        outcomes = decide(self.state, event, self.rules)
        for outcome in outcomes:
            if isinstance(outcome, TiltLevelChanged) and _is_recovery(outcome, event):
                kept = self.rules.recovery
                now_us = self.now_ns // MICROSECOND
                self.gauge.keep(kept.evidence_kept, kept.points_kept, now_us)
            self.state = evolve(self.state, outcome)
        return outcomes

    def _reading(self, ts_ns: int) -> Reading:
        learning = self.baselines.entries < self.rules.learning.entries
        return self.gauge.reading(ts_ns, learning=learning)


def _is_recovery(change: TiltLevelChanged, event: TiltEvent) -> bool:
    """A page makes some evidence and points go away, an override none."""
    steps_out = change.old is TiltLevel.WARNING and change.new is TiltLevel.CAUTION
    return steps_out and not isinstance(event, Overridden)


def _is_override(action: UserAction) -> bool:
    """What an accepted override adds is there for the next act: it cannot undo itself."""
    return action.kind == OVERRIDE and action.reason == "accepted"
