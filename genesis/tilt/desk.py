"""Tilt as the engine holds it: acts, pages and time in; outcomes, a check and a multiplier out."""

from decimal import Decimal

from genesis.domain.approval import Failure
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import Outcome
from genesis.tilt.actions import UserAction
from genesis.tilt.checks import check, multiplier
from genesis.tilt.detector import Intervention, TiltDetector, TiltScore
from genesis.tilt.machine import TiltState
from genesis.tilt.override import (
    ACCEPTED,
    BAD_PAGE,
    HALTED,
    LOCKED_OUT,
    MALFORMED,
    NOT_PAUSED,
    WRONG_PHRASE,
    Attempt,
    Fact,
    OverrideState,
    Phase,
    attempts_left,
    decide,
    evolve,
    page_handed_in,
    phase_at,
)
from genesis.tilt.rules import OverrideRules, TiltRules


class TiltDesk:
    """The discipline of one account's operator."""

    def __init__(self, rules: TiltRules) -> None:
        self._detector = TiltDetector(rules)
        self.override = OverrideState()

    @property
    def state(self) -> TiltState:
        return self._detector.state

    @property
    def detector(self) -> TiltDetector:
        return self._detector

    def observe(self, action: UserAction) -> tuple[Outcome, ...]:
        """One act of the operator, or a system fact about his orders.

        Raises:
            BadAction: a field cannot be used; nothing of the act is remembered.
        """
        return self._detector.observe(action)

    def journal(self, event: JournalAssessed) -> tuple[Outcome, ...]:
        """A page was judged; an accepted one ends a pause, or pays for an override."""
        is_asked_for = self.state.paused and self.state.words_required > 0
        facts = self._detector.assessed(event)
        if is_asked_for or not event.accepted:
            return facts
        return (*facts, *self._took(page_handed_in(self.override, event.ts_ns)))

    @property
    def pages_due(self) -> int:
        """Pages to be written: of the intervention that is open, and owed for overrides."""
        return int(self.state.words_required > 0) + self.override.pages_owed

    # -- overrides ---------------------------------------------------------------------------
    def judge_override(
        self, now_ns: int, phrase: str | None, page: str | None, *, is_halted: bool
    ) -> str:
        """What is to be said to an override, in the order in which it is looked at.

        page: the verdict on its page; None: the request was malformed.
        """
        rules = self._rules()
        if phase_at(self.override, now_ns) is Phase.LOCKED:
            return LOCKED_OUT
        if page is None or page == MALFORMED:
            return MALFORMED
        if phrase != rules.phrase:
            return WRONG_PHRASE
        if page != ACCEPTED:
            return BAD_PAGE
        if is_halted:
            return HALTED
        return ACCEPTED if self.state.paused else NOT_PAUSED

    def overridden(self, attempt: Attempt, action: UserAction) -> tuple[Outcome, ...]:
        """An attempt that was judged takes its effect; `action` tells the detector of it."""
        rules = self._rules()
        facts = self._took(decide(self.override, attempt, rules))
        if attempt.reason == LOCKED_OUT:
            return facts
        scored = self._detector.observe(action)
        if attempt.reason == ACCEPTED:
            until_ns = attempt.ts_ns + rules.limited_ns
            scored += self._detector.overridden(attempt.ts_ns, rules.limited_multiplier, until_ns)
        return (*facts, *scored)

    def override_attempts_left(self, now_ns: int) -> int:
        rules = self._detector.rules.override
        return 0 if rules is None else attempts_left(self.override, now_ns, rules)

    def _rules(self) -> OverrideRules:
        rules = self._detector.rules.override
        assert rules is not None  # the engine asks before
        return rules

    def _took(self, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        for fact in facts:
            self.override = evolve(self.override, fact, self._rules())
        return facts

    def tick(self, now_ns: int) -> tuple[Outcome, ...]:
        """What time alone changes: nothing before `next_wake_ns`, however often it is called."""
        wake_ns = self.next_wake_ns()
        if wake_ns is None or now_ns < wake_ns:
            return ()
        return self._detector.pass_time(now_ns)

    def next_wake_ns(self) -> int | None:
        """When `tick` will next have something to do."""
        return self._detector.next_wake_ns()

    def check(self, now_ns: int) -> Failure | None:
        """Why an entry is refused now, or None. Never asked for what reduces risk."""
        return check(self.state, now_ns)

    def multiplier(self, now_ns: int) -> Decimal:
        """What tilt does to sizes now, in [0, 1]."""
        return multiplier(self.state, now_ns, self._detector.rules.levels)

    def score(self, now_ns: int) -> TiltScore:
        """The score as it has decayed by now, for people; changes nothing."""
        return self._detector.score(now_ns)

    def intervention(self) -> Intervention | None:
        return self._detector.check_intervention_required()

    def set_rules(self, rules: TiltRules) -> None:
        """A new run begins under these rules; what was observed stays."""
        self._detector.set_rules(rules)
