"""A change of style, announced while the trader is calm, so that it is not taken for tilt."""

from dataclasses import dataclass

from genesis.domain.account import TiltLevel
from genesis.domain.time import DAY, HOUR
from genesis.errors import UsageError
from genesis.tilt.rules import StyleRules


class StyleChangeRefused(UsageError):
    """A change of style cannot be announced now; the message says why and when it can."""

    code = "GENESIS-1102"


@dataclass(frozen=True, slots=True)
class StyleState:
    """declared_ns: of the last change announced. due_ns: when the one that waits takes effect."""

    declared_ns: int | None = None
    due_ns: int | None = None
    reason: str = ""


def refusal(
    state: StyleState, now_ns: int, level: TiltLevel, loss_day: int | None, rules: StyleRules
) -> str | None:
    """Why a change cannot be announced now, in words; None: it can."""
    if level is not TiltLevel.NORMAL:
        return f"a change of style is announced while tilt is NORMAL, not {level}"
    if loss_day is not None:
        from_ns = (loss_day + 1) * DAY + rules.after_loss_ns
        if now_ns < from_ns:
            return f"the last losing day is too close: wait {_hours(from_ns - now_ns)} more"
    if state.declared_ns is not None and now_ns < state.declared_ns + rules.every_ns:
        left_ns = state.declared_ns + rules.every_ns - now_ns
        return f"one was announced not long ago: wait {_hours(left_ns)} more"
    return None


def _hours(span_ns: int) -> str:
    return f"{-(-span_ns // HOUR)} h"
