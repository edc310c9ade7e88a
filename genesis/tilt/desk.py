"""Tilt as the engine holds it: acts, pages and time in; outcomes, a check and a multiplier out."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from genesis.domain.account import TiltLevel
from genesis.domain.approval import Failure
from genesis.domain.events import JournalAssessed
from genesis.domain.keeping import Carried, Counted
from genesis.domain.outcomes import AlertRaised, Halted, Outcome, OverrideLocked, PageOwed
from genesis.domain.paper import PaperLaneReported, RecoverySessionDone
from genesis.tilt import caution
from genesis.tilt.actions import UserAction
from genesis.tilt.caution import CautionState, Wish
from genesis.tilt.checks import check, multiplier
from genesis.tilt.detector import Intervention, TiltDetector, TiltScore
from genesis.tilt.inputs import Forked
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
from genesis.tilt.recovery import held
from genesis.tilt.rules import OverrideRules, TiltRules


class TiltDesk:
    """The discipline of one account's operator."""

    def __init__(self, rules: TiltRules) -> None:
        self._detector = TiltDetector(rules)
        self.override = OverrideState()
        self.caution = CautionState()
        self.pages_used: frozenset[str] = frozenset()
        self._spared: Halted | None = None

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
        if event.accepted and not self._is_new(event.sha256):
            event = replace(event, accepted=False)  # one text never satisfies two requirements
        is_asked_for = self.state.paused and self.state.words_required > 0
        facts = self._detector.assessed(event)
        if event.accepted:
            self.pages_used |= {event.sha256}
        if is_asked_for or not event.accepted:
            return facts
        return (*facts, *self._took(page_handed_in(self.override, event.ts_ns)))

    def halted(self, fact: Halted) -> tuple[Outcome, ...]:
        """A breaker halted trading: the operator is locked, too."""
        return () if fact is self._spared else self._detector.halted(fact)

    def spare(self, fact: Halted) -> None:
        """This halt is his own, of a lost part of the record: it locks nobody."""
        self._spared = fact

    def forked(self, ts_ns: int, carried: Carried) -> tuple[Outcome, ...]:
        """The log was forked: what its rest still told holds on, and CAUTION is the least."""
        limited = eased = None
        if carried.limited is not None and ts_ns < carried.limited_until_ns:
            limited = (carried.limited, carried.limited_until_ns)
        if carried.eased is not None and ts_ns < carried.eased_until_ns:
            eased = (carried.eased, carried.eased_until_ns)
        facts = self._detector.forked(Forked(ts_ns, limited, eased), carried.warned_ns)
        if carried.form and limited is not None and self.state.paused:
            self._detector.state = held(self.state, ts_ns, *limited)
        most_ns = max(ts_ns, carried.last_ns)
        self._counted(most_ns, carried.counted)
        if self._detector.rules.override is None:
            return facts
        known = self.override
        attempts = {*known.attempts_ns, *carried.attempts_ns}
        self.override = replace(known, attempts_ns=tuple(sorted(attempts)))
        facts += self._took(tuple(self._carried_locks(ts_ns, carried)))
        self._escalated(most_ns, known, carried.counted.override_locks_ns)
        return facts

    def _counted(self, most_ns: int, counted: Counted) -> None:
        """Pages that were used up, and the change of style that was announced last, stay so."""
        self.pages_used |= {*counted.pages}
        if counted.styled_ns is not None:
            style = self._detector.style
            declared_ns = max(min(most_ns, counted.styled_ns), style.declared_ns or 0)
            self._detector.style = replace(style, declared_ns=declared_ns)

    def _escalated(self, most_ns: int, known: OverrideState, began_ns: tuple[int, ...]) -> None:
        """Every lock of overrides counts once, from when it began: the next is longer."""
        if began_ns:
            locks = {*known.locks_ns, *(min(most_ns, at) for at in began_ns)}
            self.override = replace(self.override, locks_ns=tuple(sorted(locks)))

    def _carried_locks(self, ts_ns: int, carried: Carried) -> Iterator[Fact]:
        """Of overrides: what is stricter than what is known here."""
        known, until_ns = self.override, carried.overrides_until_ns
        if until_ns is not None and until_ns > max(ts_ns, known.locked_until_ns or 0):
            yield OverrideLocked(ts_ns, until_ns)
        if carried.pages_owed > known.pages_owed:
            yield PageOwed(ts_ns, carried.pages_owed)

    def limit_reached(self, fact: AlertRaised, *, is_critical: bool) -> tuple[Outcome, ...]:
        """A limit of the account ends or changes his day: money added right after it is evidence,
        and a critical fall asks for caution. Older rules take no notice.
        """
        rules = self._detector.rules.interventions
        if rules is None or not rules.heeds_limits:
            return ()
        self._detector.tripped(fact.ts_ns)
        return self._detector.critical(fact) if is_critical else ()

    def lane(self, event: PaperLaneReported | RecoverySessionDone) -> tuple[Outcome, ...]:
        """News of the paper lane."""
        if isinstance(event, PaperLaneReported):
            return self._detector.lane(event)
        return self._detector.session(event)

    def _is_new(self, digest: str | None) -> bool:
        """Has this page not been accepted for anything before? Rules from before do not ask."""
        return self._detector.rules.interventions is None or digest not in self.pages_used

    @property
    def pages_due(self) -> int:
        """Pages to be written: of the intervention that is open, and owed for overrides."""
        return int(self.state.words_required > 0) + self.override.pages_owed

    # -- overrides ---------------------------------------------------------------------------
    def judge_override(
        self,
        now_ns: int,
        phrase: str | None,
        page: str | None,
        *,
        is_halted: bool,
        digest: str | None = None,
    ) -> str:
        """What is to be said to an override, in the order in which it is looked at.

        page: the verdict on its page; None: the request was malformed. digest: of the page's words.
        """
        rules = self._rules()
        if phase_at(self.override, now_ns) is Phase.LOCKED:
            return LOCKED_OUT
        if page is None or page == MALFORMED:
            return MALFORMED
        if phrase != rules.phrase:
            return WRONG_PHRASE
        if page != ACCEPTED or not self._is_new(digest):
            return BAD_PAGE
        if is_halted or self.state.by_halt:
            return HALTED
        return ACCEPTED if self.state.paused else NOT_PAUSED

    def overridden(
        self, attempt: Attempt, action: UserAction, digest: str | None = None
    ) -> tuple[Outcome, ...]:
        """An attempt that was judged takes its effect; `action` tells the detector of it.

        digest: of the words of its page, which serves nothing else when it is accepted.
        """
        rules = self._rules()
        if attempt.reason == ACCEPTED and digest is not None:
            self.pages_used |= {digest}
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

    def check(self, now_ns: int, *, counts: bool = False) -> Failure | None:
        """Why an entry is refused now, or None. Never asked for what reduces risk.

        counts: to ask for one while LOCKED is a violation.
        """
        return check(self.state, now_ns, counts=counts)

    # -- CAUTION -----------------------------------------------------------------------------
    def new_symbol(self, symbol: str, now_ns: int) -> Failure | None:
        """Why the operator does not begin with this symbol now, or None."""
        rules = self._detector.rules.interventions
        return caution.new_symbol(self.caution, self.state, symbol, now_ns, rules)

    def unconfirmed(self, wish: Wish, now_ns: int) -> Failure | None:
        """Why the operator's wish waits, or None. Asked last: nothing else is against it."""
        rules = self._detector.rules.interventions
        return caution.unconfirmed(self.caution, self.state, wish, now_ns, rules)

    def is_repeated(self, wish: Wish, now_ns: int) -> bool:
        """Is this the second asking for a wish that waited its time? It is no act of its own."""
        asked = caution.waiting_for(self.caution, wish, now_ns)
        is_careful = self.state.level is TiltLevel.CAUTION
        return is_careful and asked is not None and now_ns >= asked.until_ns

    def put_off(self, wish: Wish, now_ns: int) -> tuple[Outcome, ...]:
        """The gate told the operator to ask again later."""
        rules = self._detector.rules.interventions
        return (
            () if rules is None else self._waits(caution.refused(self.caution, wish, now_ns, rules))
        )

    def let_through(self, wish: Wish, now_ns: int) -> tuple[Outcome, ...]:
        """The gate approved the operator's entry."""
        return self._waits(caution.approved(self.caution, wish, now_ns))

    def traded(self, symbol: str, ts_ns: int) -> None:
        """An entry of the operator's was filled: the symbol is not new to him."""
        self.caution = caution.traded(self.caution, symbol, ts_ns)

    def _waits(self, facts: tuple[caution.Fact, ...]) -> tuple[Outcome, ...]:
        for fact in facts:
            self.caution = caution.evolve(self.caution, fact)
        return facts

    # -- what the gate asks ------------------------------------------------------------------
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
