"""What the gate's verdicts say of the trader: refused wishes, and those put off for a minute."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from genesis.domain.approval import Refused, Verdict
from genesis.domain.orders import Purpose
from genesis.domain.outcomes import Outcome
from genesis.engine.acts import Acts
from genesis.engine.course import LOCKED_ENTRY, Course
from genesis.execution.draft import Draft
from genesis.tilt.caution import CONFIRM_CODE, Wish
from genesis.tilt.checks import LOCKED_CODE

if TYPE_CHECKING:
    from genesis.engine.state import EngineState

OPERATOR: Final = "operator"


def wish_of(draft: Draft) -> Wish:
    """An entry as CAUTION remembers it."""
    return Wish(draft.symbol, draft.type, draft.amount_usdt, draft.qty)


class Verdicts:
    """tilted: takes what the detector told, and gives all that follows from it."""

    def __init__(
        self,
        state: "EngineState",
        acts: Acts,
        course: Course,
        tilted: Callable[[tuple[Outcome, ...]], tuple[Outcome, ...]],
    ) -> None:
        self._state = state
        self._acts = acts
        self._course = course
        self._tilted = tilted

    def judged(
        self, pairs: list[tuple[Draft, Verdict]], *, was_locked: bool
    ) -> tuple[Outcome, ...]:
        """was_locked: he was LOCKED before this event.

        A slice that is refused is no act of his: he asked for the whole, and that was approved.
        """
        facts: list[Outcome] = []
        for draft, verdict in pairs:
            if draft.source != OPERATOR or draft.parent is not None:
                continue
            if draft.purpose is Purpose.ENTRY:
                facts += self._waited(draft, verdict)
            if isinstance(verdict, Refused):
                if verdict.failures[0].code == CONFIRM_CODE:
                    continue  # asking again later is what he was told to do
                action = self._acts.refused(draft.symbol, verdict.failures[0].code)
                facts += self._tilted(self._state.tilt.observe(action))
                facts += self._locked_entry(verdict) if was_locked else ()
        return tuple(facts)

    def _waited(self, draft: Draft, verdict: Verdict) -> tuple[Outcome, ...]:
        """A wish was put off for a minute, or one that was has been let through."""
        tilt, now_ns, wish = self._state.tilt, self._state.now_ns, wish_of(draft)
        if not isinstance(verdict, Refused):
            return tilt.let_through(wish, now_ns)
        is_put_off = verdict.failures[0].code == CONFIRM_CODE
        return tilt.put_off(wish, now_ns) if is_put_off else ()

    def _locked_entry(self, verdict: Refused) -> tuple[Outcome, ...]:
        """An entry tried while LOCKED is a violation, beside being refused.

        The one whose haste led to the lock is none.
        """
        locked = [one.reason for one in verdict.failures if one.code == LOCKED_CODE]
        return self._course.violation(LOCKED_ENTRY, locked[0]) if locked else ()
