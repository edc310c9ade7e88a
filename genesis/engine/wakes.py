"""When discipline wants to be woken: its timers, asked for once and dropped when they moved."""

from typing import TYPE_CHECKING, Final

from genesis.domain.commands import Command, DropTimer, SetTimer
from genesis.domain.time import DAY, utc_day
from genesis.engine.keeping import Keeping
from genesis.engine.rule_edits import RuleEdits

if TYPE_CHECKING:
    from genesis.engine.state import EngineState

DAY_TIMER: Final = "day"
TILT_TIMER: Final = "tilt"
TIER_TIMER: Final = "tier"
EVALUATION_TIMER: Final = "evaluation"
BREAKER_TIMER: Final = "breaker"
BOOKS_TIMER: Final = "books"
RULES_TIMER: Final = "rules"
CODE_TIMER: Final = "code"
REFUSALS_TIMER: Final = "refusals"


class Wakes:
    """Timers that were asked for, by key."""

    def __init__(self, state: "EngineState", edits: RuleEdits, keeping: Keeping) -> None:
        self._state = state
        self._keeping = keeping
        self._edits = edits
        self.asked: dict[str, int] = {}

    def commands(self) -> tuple[Command, ...]:
        """What must be set or dropped for the state as it is now."""
        tiers, now_ns = self._state.tiers, self._state.now_ns
        commands = self._ask(TILT_TIMER, self._state.tilt.next_wake_ns())
        commands += self._ask(TIER_TIMER, tiers.next_wake_ns())
        commands += self._ask(BREAKER_TIMER, self._state.risk.breakers.next_wake_ns())
        commands += self._ask(BOOKS_TIMER, self._state.books.next_reset_ns())
        commands += self._ask(RULES_TIMER, self._edits.next_wake_ns())
        commands += self._ask(CODE_TIMER, self._keeping.code.until_ns)
        commands += self._ask(REFUSALS_TIMER, self._keeping.refusals.next_wake_ns())
        if EVALUATION_TIMER not in self.asked:
            commands += self._ask(EVALUATION_TIMER, tiers.next_evaluation_ns(now_ns))
        if DAY_TIMER in self.asked:  # it stays until it fires: no midnight is missed
            return commands
        midnight = (utc_day(now_ns) + 1) * DAY
        return commands + self._ask(DAY_TIMER, midnight)

    def _ask(self, key: str, at_ns: int | None) -> tuple[Command, ...]:
        if at_ns == self.asked.get(key):
            return ()
        if at_ns is None:
            del self.asked[key]
            return (DropTimer(key),)
        self.asked[key] = at_ns
        return (SetTimer(key, at_ns),)
