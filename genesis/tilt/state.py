"""What the tilt machine knows of a trader, and how decided outcomes change it."""

from decimal import Decimal
from typing import Final, NamedTuple

from genesis.domain.account import TiltLevel
from genesis.domain.money import ONE
from genesis.domain.outcomes import (
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    LockedByHalt,
    Outcome,
    RecoverySessionJudged,
    SizesEased,
    TiltLevelChanged,
    TiltScored,
)

NORMAL, CAUTION = TiltLevel.NORMAL, TiltLevel.CAUTION
WARNING, LOCKED = TiltLevel.WARNING, TiltLevel.LOCKED
_OPENED: Final = WARNING.rank


class TiltState(NamedTuple):
    """Level and score of the trader.

    scored_level: the level told with the last score. words_required: of the page (0: none is
    due). paused: trading waits for an intervention to end. lock_until_ns: of LOCKED.
    limited_until_ns, limited_multiplier: the hour after an accepted page. eased_until_ns,
    easing_multiplier: the day after a lock. warned_ns: when the last intervention began.

    Of the intervention that is open: locked_ns, when it was LOCKED last; by_halt, a breaker halted
    trading in it; session_done, a quiet session in the paper lane was held. has_lane: there is a
    paper lane to hold one in.
    """

    level: TiltLevel = NORMAL
    score: int = 0
    contributions: tuple[tuple[str, int], ...] = ()
    scored_level: TiltLevel = NORMAL
    since_ns: int = 0
    words_required: int = 0
    lock_until_ns: int | None = None
    limited_until_ns: int | None = None
    limited_multiplier: Decimal = ONE
    eased_until_ns: int | None = None
    easing_multiplier: Decimal = ONE
    warned_ns: int | None = None
    locked_ns: int | None = None
    by_halt: bool = False
    session_done: bool = False
    has_lane: bool = False

    def scored(
        self, score: int, level: TiltLevel, contributions: tuple[tuple[str, int], ...]
    ) -> "TiltState":
        """`_replace` of these three in a third of its time: every act comes by."""
        return TiltState(self.level, score, contributions, level, *self[4:])

    @property
    def paused(self) -> bool:
        return self.level.rank >= _OPENED

    @property
    def is_lasting(self) -> bool:
        """Is there nothing that time alone would end?"""
        awaits_page = self.level is WARNING and self.words_required > 0
        return (self.level is NORMAL or awaits_page) and self.limited_until_ns is None

    @property
    def was_locked(self) -> bool:
        """Has the open intervention been LOCKED?"""
        return self.locked_ns is not None

    @property
    def session_due(self) -> bool:
        """Must a quiet session in the paper lane come before trading? Never without a lane."""
        return self.was_locked and self.has_lane and not self.session_done


def evolve(state: TiltState, outcome: Outcome) -> TiltState:
    """The state after an outcome that was decided; outcomes of others change nothing."""
    match outcome:
        case TiltScored(score=score, level=level, contributions=contributions):
            return state.scored(score, level, contributions)
        case TiltLevelChanged():
            return _at_level(state, outcome)
        case InterventionOpened(journal_words=words, until_ns=until_ns):
            return state._replace(words_required=words, lock_until_ns=until_ns)
        case LimitedHourStarted(multiplier=multiplier, until_ns=until_ns):
            return state._replace(
                words_required=0,
                limited_multiplier=multiplier,
                limited_until_ns=until_ns,
            )
        case LimitedHourEnded():
            return state._replace(limited_until_ns=None, limited_multiplier=ONE)
        case SizesEased(multiplier=multiplier, until_ns=until_ns):
            return state._replace(easing_multiplier=multiplier, eased_until_ns=until_ns)
        case LockedByHalt():
            return state._replace(by_halt=True)
        case RecoverySessionJudged(accepted=True):
            return state._replace(session_done=True)
    return state


def _at_level(state: TiltState, change: TiltLevelChanged) -> TiltState:
    """Another level; what belongs to an intervention ends with it."""
    level, ts_ns = change.new, change.ts_ns
    lock = state.lock_until_ns if level is LOCKED else None
    moved = state._replace(level=level, since_ns=ts_ns, lock_until_ns=lock)
    if level.rank < _OPENED:
        return moved._replace(locked_ns=None, by_halt=False, session_done=False)
    if change.old.rank < _OPENED:
        moved = moved._replace(warned_ns=ts_ns)
    return moved._replace(locked_ns=ts_ns, session_done=False) if level is LOCKED else moved


def limited_at(state: TiltState, now_ns: int) -> bool:
    """Is the hour after an accepted page running? It ends exactly at its last instant."""
    return state.limited_until_ns is not None and now_ns < state.limited_until_ns


def eased_at(state: TiltState, now_ns: int) -> bool:
    """Is it still the day on which a lock was left? It ends exactly at its last instant."""
    return state.eased_until_ns is not None and now_ns < state.eased_until_ns
