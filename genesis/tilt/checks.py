"""The gate's questions to tilt, for entries only: what reduces risk is never asked about."""

from decimal import Decimal
from typing import Final

from genesis.domain.account import TiltLevel
from genesis.domain.approval import Failure
from genesis.domain.money import ONE, ZERO
from genesis.domain.time import format_utc
from genesis.tilt.machine import TiltState, limited_at
from genesis.tilt.rules import LevelRules

PAUSED_CODE: Final = "TILT_WARNING"
LOCKED_CODE: Final = "TILT_LOCKED"


def check(state: TiltState, now_ns: int) -> Failure | None:
    """Why tilt refuses an entry now, or None. `until_ns` is known for a lock time only."""
    if state.level is TiltLevel.LOCKED:
        return _locked(state, now_ns)
    if state.level is TiltLevel.WARNING:
        reason = f"trading is paused: write {state.words_required} words to continue"
        return Failure("tilt", PAUSED_CODE, reason)
    return None


def multiplier(state: TiltState, now_ns: int, rules: LevelRules) -> Decimal:
    """What tilt does to sizes, in [0, 1]: the smallest of level and limited hour."""
    if state.paused:
        return ZERO
    level = rules.caution_multiplier if state.level is TiltLevel.CAUTION else ONE
    return min(level, state.limited_multiplier) if limited_at(state, now_ns) else level


def _locked(state: TiltState, now_ns: int) -> Failure:
    words, until_ns = state.words_required, state.lock_until_ns
    page = f"write {words} words to continue" if words else "your page is accepted"
    if until_ns is None or until_ns <= now_ns:
        return Failure("tilt", LOCKED_CODE, f"trading is locked: {page}")
    reason = f"trading is locked until {format_utc(until_ns)}: {page}"
    return Failure("tilt", LOCKED_CODE, reason, until_ns)
