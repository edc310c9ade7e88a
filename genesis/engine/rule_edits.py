"""Rules that cannot be bent in the heat of the moment: edits, and the wait of what loosens.

A fold of the log like all else: a stricter field holds at once, a looser one after the wait that
the rules themselves give, unless the trader loses his calm or his money meanwhile. At most one set
waits: a new wish replaces it and begins anew; the same wish again changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from genesis.domain.account import TiltLevel
from genesis.domain.edits import RuleEdit, RulesEdited
from genesis.domain.events import RulesChanged, RunStarted
from genesis.domain.money import ZERO
from genesis.domain.outcomes import (
    BreakerMoved,
    Halted,
    Outcome,
    TiltLevelChanged,
)
from genesis.engine.rulebook import Editor, Rules, Split
from genesis.errors import InvariantBroken
from genesis.risk.breakers import Level, State

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

HELD: Final = "HELD"
PENDING: Final = "PENDING"
HELD_LATER: Final = "HELD_LATER"
REFUSED: Final = "REFUSED"
CANCELLED: Final = "CANCELLED"
WITHDRAWN: Final = "WITHDRAWN"

FILE: Final = "file"
VERSION: Final = "version"
PROPOSED: Final = "proposed"

_TILTED: Final = (TiltLevel.WARNING, TiltLevel.LOCKED)


@dataclass(frozen=True, slots=True)
class Pending:
    """Looser rules that wait: `rules` hold from `until_ns` on."""

    edits: tuple[RuleEdit, ...]
    rules: Rules
    since_ns: int
    until_ns: int


class RuleEdits:
    """Which rules are in force, and which wait.

    file_sha256: of the rules that the settings named last. What they name is a wish only when it
    changes: the same file again neither asks anew for what was cancelled nor undoes a proposal.
    """

    def __init__(
        self, state: "EngineState", view: "EngineView", editor: Editor | None = None
    ) -> None:
        self._state = state
        self._view = view
        self._editor = editor
        self._held_sha256 = ""
        self.file_sha256 = ""
        self.pending: Pending | None = None
        self.cancelled: RulesEdited | None = None
        """The set that was cancelled last, until something is wanted anew."""

    def next_wake_ns(self) -> int | None:
        return None if self.pending is None else self.pending.until_ns

    # -- wishes ------------------------------------------------------------------------------
    def started(self, event: RunStarted) -> tuple[RulesEdited, ...]:
        """A run begins; under rules that were not in force before, they are obeyed as they are.

        So it is in a new home, and so were runs recorded before edits were split.
        """
        if event.rules_sha256 == self._held_sha256:
            return ()
        self._held_sha256 = self.file_sha256 = event.rules_sha256
        return self._withdrawn(event.ts_ns, "the run began under other rules")

    def wanted(self, event: RulesChanged) -> tuple[RulesEdited, ...]:
        """Split a wish. Raises InvariantBroken in an engine that was given no editor."""
        if self._editor is None:
            raise InvariantBroken("this engine cannot change its rules")
        if event.reason != PROPOSED:
            self.file_sha256 = event.sha256
        found = self._editor(self._state.rules, event.text)
        facts: tuple[RulesEdited, ...] = ()
        if found.now:
            facts += (self._held(event.ts_ns, HELD, found.now, found.held),)
        if found.never:
            facts += (RulesEdited(event.ts_ns, REFUSED, found.never),)
        return facts + self._waiting(event.ts_ns, found)

    def _waiting(self, ts_ns: int, found: Split) -> tuple[RulesEdited, ...]:
        if self.pending is not None and self.pending.edits == found.later:
            waiting = self.pending
            self.pending = Pending(found.later, found.due, waiting.since_ns, waiting.until_ns)
            return ()
        facts = self._withdrawn(ts_ns, "something else is wanted" if found.later else "")
        self.cancelled = None
        rules = self._state.rules.edits
        if not found.later or rules is None:
            return facts
        until_ns = ts_ns + rules.wait_ns
        self.pending = Pending(found.later, found.due, ts_ns, until_ns)
        facts += (RulesEdited(ts_ns, PENDING, found.later, until_ns),)
        hindrance = self._hindrance()
        return facts if hindrance is None else facts + self._cancel(ts_ns, hindrance)

    def _withdrawn(self, ts_ns: int, reason: str) -> tuple[RulesEdited, ...]:
        waiting, self.pending = self.pending, None
        if waiting is None:
            return ()
        told = reason or "they are not wanted any more"
        return (RulesEdited(ts_ns, WITHDRAWN, waiting.edits, reason=told),)

    def _held(
        self, ts_ns: int, what: str, edits: tuple[RuleEdit, ...], rules: Rules
    ) -> RulesEdited:
        self._state.set_rules(rules)
        self._held_sha256 = rules.sha256
        return RulesEdited(ts_ns, what, edits, text=rules.text)

    # -- the wait ----------------------------------------------------------------------------
    def told(self, facts: Iterable[Outcome]) -> tuple[RulesEdited, ...]:
        """Facts of this step that end the wait."""
        if self.pending is None:
            return ()
        for fact in facts:
            reason = _ends_wait(fact)
            if reason is not None:
                return self._cancel(fact.ts_ns, reason)
        return ()

    def day_ended(self, ts_ns: int) -> tuple[RulesEdited, ...]:
        """The day that began at the baseline is over."""
        if self.pending is None or not self._is_losing_day():
            return ()
        return self._cancel(ts_ns, "a losing day")

    def due(self, ts_ns: int) -> tuple[RulesEdited, ...]:
        """The time of what waits may have come; a day that is being lost is no such time."""
        waiting = self.pending
        if waiting is None or ts_ns < waiting.until_ns:
            return ()
        hindrance = self._hindrance()
        if hindrance is not None:
            return self._cancel(ts_ns, hindrance)
        self.pending = None
        return (self._held(ts_ns, HELD_LATER, waiting.edits, waiting.rules),)

    def _cancel(self, ts_ns: int, reason: str) -> tuple[RulesEdited, ...]:
        waiting, self.pending = self.pending, None
        assert waiting is not None
        self.cancelled = RulesEdited(ts_ns, CANCELLED, waiting.edits, reason=reason)
        return (self.cancelled,)

    def _hindrance(self) -> str | None:
        """Why nothing may be loosened at this moment."""
        state = self._state
        if state.tilt.state.level in _TILTED:
            return f"tilt is {state.tilt.state.level.value}"
        if state.risk.drawdown.halted is not None:
            return "trading is halted"
        breakers = state.risk.breakers
        his_own = (*breakers.of(Level.STRATEGY).values(), *breakers.of(Level.ACCOUNT).values())
        if any(breaker.state is State.OPEN for breaker in his_own):
            return "a breaker is open"
        return "a losing day" if self._is_losing_day() else None

    def _is_losing_day(self) -> bool:
        rules, drawdown = self._state.rules.edits, self._state.risk.drawdown
        if rules is None:
            return False
        result = self._view.equity_usdt - self._state.ledger.flows_usdt
        loss = drawdown.day_base_usdt - result
        return loss > max(ZERO, rules.losing_day_fraction * drawdown.day_equity_usdt)


def _ends_wait(fact: Outcome) -> str | None:
    """Breakers of the system are not his doing: a silent feed cancels nothing."""
    match fact:
        case TiltLevelChanged(new=level) if level in _TILTED:
            return f"tilt reached {level.value}"
        case Halted(reason=why):
            return f"trading was halted: {why}"
        case BreakerMoved(level=level, state=State.OPEN, reason=why) if level != Level.SYSTEM:
            return f"a breaker opened: {why}"
    return None
