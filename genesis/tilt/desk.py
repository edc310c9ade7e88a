"""Tilt as the engine holds it: acts, pages and time in; outcomes, a check and a multiplier out."""

from decimal import Decimal

from genesis.domain.approval import Failure
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import Outcome
from genesis.tilt.actions import UserAction
from genesis.tilt.checks import check, multiplier
from genesis.tilt.detector import Intervention, TiltDetector, TiltScore
from genesis.tilt.machine import TiltState
from genesis.tilt.rules import TiltRules


class TiltDesk:
    """The discipline of one account's operator."""

    def __init__(self, rules: TiltRules) -> None:
        self._detector = TiltDetector(rules)

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
        """A page was judged; an accepted one ends a pause."""
        return self._detector.assessed(event)

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
