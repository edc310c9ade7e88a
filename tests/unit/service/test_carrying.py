"""What the rest of a broken log still tells, in the order in which it was written."""

from decimal import Decimal

import pytest

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.outcomes import (
    AlertRaised,
    BreakerMoved,
    Halted,
    LimitedHourStarted,
    OverrideJudged,
    OverrideLocked,
    PageOwed,
    SizesEased,
    TierChanged,
    TiltLevelChanged,
)
from genesis.domain.time import DAY, HOUR
from genesis.service.carrying import Rest
from genesis.store.codec import Record
from genesis.tiers.transitions import OWN_RESET_REASON, RESET_REASON

T = 20_000 * DAY + HOUR
D = Decimal
NORMAL, CAUTION, WARNING = TiltLevel.NORMAL, TiltLevel.CAUTION, TiltLevel.WARNING


def rest(*records: Record) -> Rest:
    found = Rest()
    found.take(records)
    return found


def tier(old: TierMode, new: TierMode, reason: str, to: Tier = Tier.HUNTER) -> TierChanged:
    return TierChanged(T, Tier.HUNTER, old, to, new, reason)


HALT = (Halted(T, "drawdown", "enough"), tier(TierMode.ACTIVE, TierMode.HALTED, "enough"))
RESET = tier(TierMode.HALTED, TierMode.RECOVERY, RESET_REASON)


@pytest.mark.parametrize(
    ("after", "is_halted"),
    [
        ((), True),
        ((tier(TierMode.HALTED, TierMode.ACTIVE, OWN_RESET_REASON),), False),
        ((RESET,), True),  # the sound part would begin with whole sizes
        ((RESET, tier(TierMode.RECOVERY, TierMode.ACTIVE, "the quiet way back is over")), False),
    ],
)
def test_a_halt_is_over_when_the_way_back_was_walked(
    after: tuple[Record, ...], is_halted: bool
) -> None:
    assert (rest(*HALT, *after).halted is not None) == is_halted


def test_the_last_level_counts_and_when_an_intervention_began() -> None:
    found = rest(
        TiltLevelChanged(T, NORMAL, WARNING, 65, "rose"),
        TiltLevelChanged(T + 1, WARNING, CAUTION, 30, "a page"),
    )
    assert (found.was_paused, found.carried(T).warned_ns) == (False, T)
    assert rest(TiltLevelChanged(T, NORMAL, WARNING, 65, "rose")).was_paused


def test_everything_that_is_stricter_is_carried_and_told() -> None:
    found = rest(
        AlertRaised(T - 2 * HOUR, "WARNING", "day", D(1), D(1)),  # of the day before
        AlertRaised(T, "CRITICAL", "drawdown", D(1), D(1)),
        BreakerMoved(T, "ACCOUNT", "CRITICAL", "OPEN", "critical", T + HOUR),
        BreakerMoved(T, "STRATEGY", "sma_cross", "OPEN", "lost", T + HOUR),
        BreakerMoved(T, "STRATEGY", "sma_cross", "CLOSED", "lost"),
        LimitedHourStarted(T, D("0.25"), T + HOUR),
        SizesEased(T, D("0.75"), T + 2 * HOUR),
        OverrideJudged(T, "r", False, "phrase", 2),
        OverrideJudged(T + 1, "s", True, "accepted", 0, T + DAY),
        OverrideLocked(T + 1, T + DAY),
        OverrideJudged(T + 2, "t", False, "locked", 0, T + DAY),
        PageOwed(T + 1, 1),
        tier(TierMode.ACTIVE, TierMode.ADJUST48, "the trader chose the tier below", Tier.SNIPER),
    )
    carried = found.carried(T + 3)
    assert (carried.tier, carried.alerts) == (Tier.SNIPER, ("CRITICAL",))
    assert carried.alerts_day == T // DAY
    assert [(one.level, one.name) for one in carried.breakers] == [("ACCOUNT", "CRITICAL")]
    assert (carried.limited, carried.limited_until_ns) == (D("0.25"), T + HOUR)
    assert (carried.eased, carried.eased_until_ns) == (D("0.75"), T + 2 * HOUR)
    assert carried.attempts_ns == (T, T + 1)
    assert (carried.overrides_until_ns, carried.pages_owed) == (T + DAY, 1)
    told = " | ".join(found.lines(T + 3))
    for words in ("ended in SNIPER", "25 %", "75 %", "used up", "1 page", "CAUTION at least"):
        assert words in told


def test_what_is_over_is_not_told() -> None:
    found = rest(LimitedHourStarted(T, D("0.25"), T + HOUR), OverrideLocked(T, T + HOUR))
    assert found.lines(T + HOUR) == Rest().lines(T + HOUR)


@pytest.mark.parametrize("share", ["0", "-1", "1.5"])
def test_a_share_that_cannot_be_is_not_believed(share: str) -> None:
    found = rest(LimitedHourStarted(T, D(share), T + HOUR), SizesEased(T, D(share), T + HOUR))
    assert (found.carried(T).limited, found.carried(T).eased) == (None, None)


def test_no_end_lies_further_than_any_may() -> None:
    """One changed digit of a row that still reads must lock nobody out for years."""
    far = T + 10_000 * DAY
    found = rest(
        LimitedHourStarted(T, D("0.5"), far),
        SizesEased(T, D("0.5"), far),
        OverrideLocked(T, far),
        BreakerMoved(T, "STRATEGY", "sma_cross", "OPEN", "five losses", far),
    )
    carried = found.carried(T)
    assert not any(str(year) in line for line in found.lines(T) for year in range(2030, 2100))
    ends = (carried.limited_until_ns, carried.eased_until_ns, carried.overrides_until_ns)
    assert {*ends, carried.breakers[0].until_ns} == {T + 7 * DAY}


@pytest.mark.parametrize(("level", "state"), [("ACCOUNX", "OPEN"), ("ACCOUNT", "OPEM")])
def test_a_breaker_that_there_never_was_is_not_believed(level: str, state: str) -> None:
    assert (
        rest(BreakerMoved(T, level, "GIVE_BACK", state, "enough", None)).carried(T).breakers == ()
    )


def test_nothing_of_the_rest_is_from_after_it() -> None:
    """A stamp far ahead neither hides what holds today nor makes every warning the second one."""
    far, pause = T + 1_000 * DAY, TiltLevelChanged(T + 1_000 * DAY, CAUTION, WARNING, 70, "rose")
    today = AlertRaised(T, "CRITICAL", "drawdown", D(1), D(1))
    ahead = AlertRaised(far, "WARNING", "day", D(1), D(1))
    carried = rest(today, ahead, pause).carried(T)
    assert (carried.alerts, carried.alerts_day) == (("CRITICAL",), T // DAY)
    assert carried.warned_ns == T
