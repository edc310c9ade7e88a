"""The gate's questions to tilt, for entries only: what reduces risk is never asked about."""

from decimal import Decimal
from typing import Final

from genesis.domain.account import TiltLevel
from genesis.domain.approval import Failure
from genesis.domain.money import ONE, ZERO
from genesis.tilt.rules import LevelRules
from genesis.tilt.state import TiltState, eased_at, limited_at

PAUSED_CODE: Final = "TILT_WARNING"
LOCKED_CODE: Final = "TILT_LOCKED"
_PLACE: Final = " on the tilt page (`genesis dashboard tilt`)"
_SESSION: Final = "a quiet session in the paper lane (`genesis paper session begin`)"
_COUNTS: Final = "an entry you ask for meanwhile counts as a violation"


def check(state: TiltState, now_ns: int, *, counts: bool = False) -> Failure | None:
    """Why tilt refuses an entry now, or None. `until_ns` is known for a lock time only.

    counts: an entry that the trader asks for while LOCKED is a violation.
    """
    if state.level is TiltLevel.LOCKED:
        return _locked(state, now_ns, counts=counts)
    if state.level is TiltLevel.WARNING:
        return Failure("tilt", PAUSED_CODE, f"trading is paused: {_asked(state)}")
    return None


def multiplier(state: TiltState, now_ns: int, rules: LevelRules) -> Decimal:
    """What tilt does to sizes, in [0, 1]: the smallest of level, limited hour and eased day."""
    if state.paused:
        return ZERO
    found = rules.caution_multiplier if state.level is TiltLevel.CAUTION else ONE
    if limited_at(state, now_ns):
        found = min(found, state.limited_multiplier)
    return min(found, state.easing_multiplier) if eased_at(state, now_ns) else found


def _locked(state: TiltState, now_ns: int, *, counts: bool) -> Failure:
    until_ns, asked = state.lock_until_ns, _asked(state)
    is_over = until_ns is None or until_ns <= now_ns
    warned = f", and {_COUNTS}" if counts else ""
    reason = f"trading is locked{warned}: {asked}"
    return Failure("tilt", LOCKED_CODE, reason, None if is_over else until_ns)


def _asked(state: TiltState) -> str:
    """What the trader can do about it now."""
    if state.words_required:
        also = f" and hold {_SESSION}" if state.session_due else ""
        return f"write {state.words_required} words{_PLACE}{also} to continue"
    if state.session_due:
        return f"your page is accepted; {_SESSION} is still to be held"
    return "your page is accepted"
