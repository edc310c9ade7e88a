"""Rules that cannot be bent in the heat of the moment: edits, and the wait of what loosens.

A fold of the log like all else: a stricter field holds at once, a looser one after the wait that
the rules themselves give, unless the trader loses his calm or his money meanwhile. At most one set
waits: a new wish replaces it and begins anew; the same wish again changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
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

FORKED: Final = "the log was recovered: what became of the wait is not known"
_NAME: Final = "name"
_TILTED: Final = (TiltLevel.WARNING, TiltLevel.LOCKED)


@dataclass(frozen=True, slots=True)
class Pending:
    """Looser rules that wait: `rules` hold from `until_ns` on."""

    edits: tuple[RuleEdit, ...]
    rules: Rules
    since_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a wish leads to: its facts, the rules that hold then, and the set that waits then."""

    facts: tuple[RulesEdited, ...]
    held: Rules
    pending: Pending | None


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
        waiting, self.pending = self.pending, None
        if waiting is None:
            return ()
        told = "the run began under other rules"
        return (RulesEdited(event.ts_ns, WITHDRAWN, waiting.edits, reason=told),)

    def wanted(self, event: RulesChanged) -> tuple[RulesEdited, ...]:
        """Split a wish. Raises InvariantBroken in an engine that was given no editor."""
        found = self.foreseen(event.ts_ns, event.text)
        if event.reason != PROPOSED:
            self.file_sha256 = event.sha256
        if any(fact.what == HELD for fact in found.facts):
            self._hold(found.held)
        self.pending = found.pending
        self.cancelled = next((fact for fact in found.facts if fact.what == CANCELLED), None)
        return found.facts

    def forked(self, ts_ns: int, text: str) -> tuple[RulesEdited, ...]:
        """The log goes on without its end, where these rules held last ('': those of here).

        What waited may have been cancelled there: it is dropped. Of the rules only what is stricter
        is taken over.
        """
        facts = () if self.pending is None else self._cancel(ts_ns, FORKED)
        if not text:
            return facts
        if self._editor is None:
            raise InvariantBroken("this engine cannot change its rules")
        found = self._editor(self._state.rules, text)
        if not found.now:
            return facts
        self._hold(found.held)
        return (*facts, RulesEdited(ts_ns, HELD, found.now, text=found.held.text))

    def foreseen(self, ts_ns: int, text: str) -> Foreseen:
        """What a wish for these rules would lead to at this moment. Changes nothing.

        Raises:
            InvariantBroken: the engine was given no editor.
        """
        if self._editor is None:
            raise InvariantBroken("this engine cannot change its rules")
        found, waiting = self._editor(self._state.rules, text), self.pending
        facts: list[RulesEdited] = []
        if found.now:
            facts.append(RulesEdited(ts_ns, HELD, found.now, text=found.held.text))
        if found.never:
            facts.append(RulesEdited(ts_ns, REFUSED, found.never))
        if waiting is not None and _fields(waiting.edits) == _fields(found.later):
            waits = replace(waiting, rules=found.due, edits=found.later)
            return Foreseen(tuple(facts), found.held, waits)
        if waiting is not None:
            facts.append(_withdrawn(ts_ns, waiting, is_replaced=bool(found.later)))
        pending = _begun(ts_ns, found)
        if pending is None:
            return Foreseen(tuple(facts), found.held, None)
        facts.append(RulesEdited(ts_ns, PENDING, pending.edits, pending.until_ns))
        hindrance = self._hindrance(found.held)
        if hindrance is not None:
            facts.append(RulesEdited(ts_ns, CANCELLED, pending.edits, reason=hindrance))
            pending = None
        return Foreseen(tuple(facts), found.held, pending)

    def _hold(self, rules: Rules) -> None:
        self._state.set_rules(rules)
        self._held_sha256 = rules.sha256

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
        if self.pending is None or not self._is_losing_day(self._state.rules):
            return ()
        return self._cancel(ts_ns, "a losing day")

    def due(self, ts_ns: int) -> tuple[RulesEdited, ...]:
        """The time of what waits may have come; a day that is being lost is no such time."""
        waiting = self.pending
        if waiting is None or ts_ns < waiting.until_ns:
            return ()
        hindrance = self._hindrance(self._state.rules)
        if hindrance is not None:
            return self._cancel(ts_ns, hindrance)
        self.pending = None
        self._hold(waiting.rules)
        return (RulesEdited(ts_ns, HELD_LATER, waiting.edits, text=waiting.rules.text),)

    def _cancel(self, ts_ns: int, reason: str) -> tuple[RulesEdited, ...]:
        waiting, self.pending = self.pending, None
        assert waiting is not None
        self.cancelled = RulesEdited(ts_ns, CANCELLED, waiting.edits, reason=reason)
        return (self.cancelled,)

    def _hindrance(self, held: Rules) -> str | None:
        """Why nothing may be loosened at this moment, under these rules."""
        state = self._state
        if state.tilt.state.level in _TILTED:
            return f"tilt is {state.tilt.state.level.value}"
        if state.risk.drawdown.halted is not None:
            return "trading is halted"
        breakers = state.risk.breakers
        his_own = (*breakers.of(Level.STRATEGY).values(), *breakers.of(Level.ACCOUNT).values())
        if any(breaker.state is State.OPEN for breaker in his_own):
            return "a breaker is open"
        return "a losing day" if self._is_losing_day(held) else None

    def _is_losing_day(self, held: Rules) -> bool:
        rules, drawdown = held.edits, self._state.risk.drawdown
        if rules is None:
            return False
        result = self._view.equity_usdt - self._state.ledger.flows_usdt
        loss = drawdown.day_base_usdt - result
        return loss > max(ZERO, rules.losing_day_fraction * drawdown.day_equity_usdt)


def _begun(ts_ns: int, found: Split) -> Pending | None:
    """The set that would wait from now on."""
    rules = found.held.edits
    if not found.later or rules is None:
        return None
    return Pending(found.later, found.due, ts_ns, ts_ns + rules.wait_ns)


def _fields(edits: Iterable[RuleEdit]) -> tuple[RuleEdit, ...]:
    """Without the name of the rules, which comes along with any of them."""
    return tuple(edit for edit in edits if edit.path != _NAME)


def _withdrawn(ts_ns: int, waiting: Pending, *, is_replaced: bool) -> RulesEdited:
    told = "something else is wanted" if is_replaced else "they are not wanted any more"
    return RulesEdited(ts_ns, WITHDRAWN, waiting.edits, reason=told)


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
