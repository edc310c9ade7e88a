"""What a broken log counted and used up is carried; and what an earlier fork carried, again."""

from decimal import Decimal

import pytest

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.events import JournalAssessed, OperatorActed
from genesis.domain.keeping import Carried, Counted, LogForked, Rests
from genesis.domain.outcomes import (
    BreakerMoved,
    CommandAnswered,
    Halted,
    LimitedHourStarted,
    OverrideJudged,
    OverrideLocked,
    TierChanged,
    TiltLevelChanged,
    ViolationNoted,
)
from genesis.domain.time import DAY, HOUR
from genesis.service.carrying import Rest
from genesis.store.codec import Record, decode, encode
from genesis.tiers.transitions import OWN_RESET_REASON, RESET_REASON

T = 20_000 * DAY + HOUR
D = Decimal
NORMAL, CAUTION = TiltLevel.NORMAL, TiltLevel.CAUTION
WARNING, LOCKED = TiltLevel.WARNING, TiltLevel.LOCKED
LOSS, OWN = Halted(T, "drawdown", "enough"), Halted(T + 1, "operator", "me")
PAGE, OTHER, REFUSED, TYPED = "a" * 64, "b" * 64, "c" * 64, "d" * 64


def rest(*records: Record) -> Rest:
    found = Rest()
    found.take(records)
    return found


@pytest.mark.parametrize("halts", [(LOSS, OWN), (OWN, LOSS), (LOSS,)])
def test_his_own_halt_takes_the_place_of_no_other(halts: tuple[Halted, ...]) -> None:
    found = rest(*halts)
    assert found.halted == LOSS and found.carried(T).lost


def test_his_own_halt_alone_stays_his_own() -> None:
    found = rest(OWN)
    assert found.halted == OWN and not found.carried(T).lost


def test_breakers_of_a_halt_and_of_tilt_are_told_by_their_own_facts() -> None:
    found = rest(
        BreakerMoved(T, "ACCOUNT", "halt", "OPEN", "me", T),
        BreakerMoved(T, "ACCOUNT", "tilt", "OPEN", "tilt", T),
        BreakerMoved(T, "ACCOUNT", "GIVE_BACK", "OPEN", "given back", T + HOUR),
    )
    assert [one.name for one in found.carried(T).breakers] == ["GIVE_BACK"]


COUNTED: tuple[Record, ...] = (
    ViolationNoted(T, "override", "an intervention was overridden"),
    TiltLevelChanged(T, NORMAL, WARNING, 65, "rose"),
    TiltLevelChanged(T + 1, WARNING, CAUTION, 30, "a page"),
    TiltLevelChanged(T + DAY, CAUTION, LOCKED, 90, "rose"),
    JournalAssessed(T, PAGE, 600, True, "accepted"),
    JournalAssessed(T, REFUSED, 600, False, "copied"),
    OperatorActed(T, "override_attempt", verb="override", page=TYPED),
    OverrideJudged(T, "r", False, "phrase", 2),
    OperatorActed(T + 2, "override_attempt", verb="override", page=OTHER),
    OverrideJudged(T + 2, "s", True, "accepted", 0, T + DAY),
    OverrideLocked(T + 2, T + DAY),
    CommandAnswered(T + 3, None, "style", True, "noted"),
    CommandAnswered(T + 4, None, "style", False, "not now"),
    TierChanged(T + 5, Tier.SNIPER, TierMode.HALTED, Tier.SNIPER, TierMode.ACTIVE, RESET_REASON),
    TierChanged(
        T + 6, Tier.SNIPER, TierMode.HALTED, Tier.SNIPER, TierMode.ACTIVE, OWN_RESET_REASON
    ),
)
TAKEN = Counted(
    violations_ns=(T,),
    overridden_ns=(T + 2,),
    override_locks_ns=(T + 2,),
    warning_days=(T // DAY, T // DAY + 1),
    locked_days=(T // DAY + 1,),
    reset_ns=T + 5,
    styled_ns=T + 3,
    pages=(PAGE, OTHER),
)


def test_what_counts_and_what_was_used_up_is_carried() -> None:
    found = rest(*COUNTED)
    assert found.carried(T).counted == TAKEN
    told = " | ".join(found.lines(T))
    for words in ("violations of the rest count on", "serve nothing again"):
        assert words in told and words not in " | ".join(Rest().lines(T))


# -- a log that was forked before ------------------------------------------------------------
def test_what_an_earlier_fork_carried_is_carried_again() -> None:
    breakers = (Rests("ACCOUNT", "GIVE_BACK", "OPEN", "given back", T + HOUR),)
    first = Carried(
        tier=Tier.SNIPER,
        warned_ns=T - HOUR,
        limited=D("0.25"),
        limited_until_ns=T + HOUR,
        eased=D("0.5"),
        eased_until_ns=T + 2 * HOUR,
        attempts_ns=(T - 2, T - 1),
        overrides_until_ns=T + DAY,
        pages_owed=2,
        alerts=("CRITICAL",),
        alerts_day=T // DAY,
        breakers=breakers,
        lost=True,
        counted=TAKEN,
    )
    fork = LogForked(T, "x", "why", T, (), "enough", "drawdown", True, True, first)
    found = rest(decode(*encode(fork)))
    assert (found.halted, found.was_paused, found.fell) == (LOSS, True, True)
    carried = found.carried(T)
    assert carried.counted == TAKEN and carried.lost
    assert (carried.tier, carried.warned_ns, carried.pages_owed) == (Tier.SNIPER, T - HOUR, 2)
    assert (carried.limited, carried.limited_until_ns) == (D("0.25"), T + HOUR)
    assert (carried.eased, carried.eased_until_ns) == (D("0.5"), T + 2 * HOUR)
    assert (carried.attempts_ns, carried.overrides_until_ns) == ((T - 2, T - 1), T + DAY)
    assert (carried.alerts, carried.alerts_day) == (("CRITICAL",), T // DAY)
    assert carried.breakers == breakers


def test_the_stricter_of_two_is_carried_and_a_lock_that_went_on_is_one_lock() -> None:
    first = Carried(
        limited=D("0.5"),
        limited_until_ns=T + 2 * HOUR,
        overrides_until_ns=T + DAY,
        breakers=(Rests("STRATEGY", "sma_cross", "OPEN", "lost", T + 1),),
        counted=Counted(override_locks_ns=(T - HOUR,)),
    )
    found = rest(
        LimitedHourStarted(T - HOUR, D("0.25"), T + HOUR),
        BreakerMoved(T - HOUR, "STRATEGY", "sma_cross", "OPEN", "lost", T + HOUR),
        LogForked(T, "x", "why", T, carried=first),
        OverrideLocked(T, T + DAY),
        OverrideLocked(T + DAY, T + 3 * DAY),
    ).carried(T)
    assert (found.limited, found.limited_until_ns) == (D("0.25"), T + 2 * HOUR)
    assert found.breakers[0].until_ns == T + HOUR
    assert found.counted.override_locks_ns == (T - HOUR, T + DAY)


def test_what_a_fork_had_carried_ends_as_it_would_have() -> None:
    fork = LogForked(T, "x", "why", T, (), "enough", "drawdown", True, False, Carried())
    out = TierChanged(
        T + 2, Tier.SNIPER, TierMode.RECOVERY, Tier.SNIPER, TierMode.ACTIVE, "the quiet way back"
    )
    calm = TiltLevelChanged(T + 1, WARNING, CAUTION, 30, "a page")
    down = TierChanged(
        T, Tier.HUNTER, TierMode.ACTIVE, Tier.SNIPER, TierMode.ADJUST48, "the day before"
    )
    rose = TiltLevelChanged(T, NORMAL, CAUTION, 0, "forked")
    assert (rest(fork, rose, down).halted, rest(fork, rose, down).was_paused) == (LOSS, True)
    found = rest(fork, rose, down, calm, out)
    assert (found.halted, found.was_paused) == (None, False)


def test_a_fork_from_before_carries_what_it_has() -> None:
    found = rest(LogForked(T, "x", "why", T, was_paused=True))
    assert found.was_paused and found.carried(T).counted == Counted()
