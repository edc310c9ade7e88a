"""What the rest of a broken log tells, taken over by the account that goes on without it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.events import FlowReported
from genesis.domain.keeping import Broke, Carried, DayBegun, LogForked
from genesis.domain.outcomes import (
    AlertRaised,
    DayStarted,
    Halted,
    LimitedHourStarted,
    OverrideJudged,
    OverrideLocked,
    PositionClosed,
    SizesEased,
    TierChanged,
    TiltLevelChanged,
)
from genesis.domain.time import DAY, HOUR, MINUTE, utc_day
from genesis.risk.drawdown import HALT_SOURCE
from genesis.service.carrying import Rest, longest_ns
from genesis.service.carrying_account import AccountRest
from genesis.store.codec import Record, decode, encode
from genesis.tiers.transitions import DAILY_LOSS_REASON, RESET_REASON
from tests.flows.test_interventions import at_score, page
from tests.support.engines import SYMBOL, Bench

D = Decimal
SNIPER = Tier.SNIPER
ACTIVE, HALTED = TierMode.ACTIVE, TierMode.HALTED
RECOVERY, EMERGENCY = TierMode.RECOVERY, TierMode.EMERGENCY
CAUTION, WARNING = TiltLevel.CAUTION, TiltLevel.WARNING


def go_on(bench: Bench, *records: Record, rest: Rest | None = None, **more: object) -> Carried:
    """The log of the bench ends here; what it knows from now on is what was read of the rest."""
    found = rest or Rest()
    found.take(records)
    found.lines(bench.now_ns)
    carried = replace(found.carried(bench.now_ns), **more)  # type: ignore[arg-type]
    halted = found.halted
    fork = LogForked(
        bench.now_ns,
        "x",
        "why",
        bench.now_ns,
        (),
        None if halted is None else halted.reason,
        "" if halted is None else halted.source,
        found.was_paused,
        found.fell,
        carried,
    )
    assert decode(*encode(fork)) == fork
    bench.tell(fork)
    return carried


def stepped(ts_ns: int, old: TierMode, new: TierMode, reason: str) -> TierChanged:
    return TierChanged(ts_ns, SNIPER, old, SNIPER, new, reason)


def closed(ts_ns: int, pnl: str, most: str = "0") -> PositionClosed:
    one = D(1)
    return PositionClosed(
        ts_ns, SYMBOL, ts_ns - 1, one, one, one, D(0), D(pnl), "x", D(0), D(most), one, D(0)
    )


# -- halts -----------------------------------------------------------------------------------
def lost(ts_ns: int) -> Halted:
    return Halted(ts_ns, HALT_SOURCE, "drawdown reached 75 USDT")


def halts_in_rest(now_ns: int) -> tuple[Record, ...]:
    return (lost(now_ns - 25 * HOUR), stepped(now_ns - 25 * HOUR, ACTIVE, HALTED, "enough"))


@pytest.mark.parametrize("is_sound", [True, False])
def test_a_reset_of_a_halt_that_is_back_does_not_make_the_next_one_wait(is_sound: bool) -> None:
    bench = Bench()
    now_ns, state = bench.now_ns, bench.engine.state
    reset = stepped(now_ns, HALTED, RECOVERY, RESET_REASON)
    if is_sound:
        state.risk.drawdown.halted = lost(now_ns)
        state.tiers.halted(lost(now_ns))
        go_on(bench, reset, rest=Rest(was_halted=True))
    else:
        go_on(bench, *halts_in_rest(now_ns), reset)
    assert state.tiers.state.mode is HALTED
    assert state.tiers.reset_from_ns is not None
    assert state.tiers.reset_from_ns <= now_ns + 2 * DAY


@pytest.mark.parametrize("was_halted", [True, False])
def test_a_reset_counts_for_the_halt_that_came_after_it(was_halted: bool) -> None:
    bench = Bench()
    now_ns = bench.now_ns
    reset = stepped(now_ns - 2, HALTED, RECOVERY, RESET_REASON)
    go_on(bench, reset, lost(now_ns - 1), rest=Rest(was_halted=was_halted))
    rules = bench.rules.tiers.reset
    assert rules is not None
    assert bench.engine.state.tiers.reset_from_ns == now_ns - 2 + rules.again_ns


def test_his_own_halt_locks_him_no_more_than_it_did() -> None:
    bench = Bench()
    go_on(bench, Halted(bench.now_ns, "operator", "lunch"))
    state = bench.engine.state
    assert (state.tiers.state.mode, state.tilt.state.level) == (HALTED, CAUTION)
    assert state.tilt.pages_due == 0
    other = Bench()
    fork = LogForked(
        other.now_ns, "x", "why", other.now_ns, (), "lunch", "operator", carried=Carried()
    )
    other.tell(fork)
    assert other.engine.state.tilt.state.level is TiltLevel.LOCKED  # as it was decided then


def test_a_demotion_that_was_served_does_not_begin_again() -> None:
    fall = stepped(1, ACTIVE, EMERGENCY, DAILY_LOSS_REASON)
    served = (stepped(2, EMERGENCY, RECOVERY, "x"), stepped(3, RECOVERY, ACTIVE, "x"))
    for records, fell in (((fall,), True), ((fall, *served), False), ((fall, served[0]), True)):
        bench = Bench()
        go_on(bench, *records)
        assert (bench.engine.state.tiers.state.mode is EMERGENCY) is fell


def test_the_words_of_his_own_halt_are_no_loss() -> None:
    bench = Bench()
    halted = Halted(bench.now_ns, "operator", DAILY_LOSS_REASON)
    go_on(bench, halted, stepped(bench.now_ns, ACTIVE, HALTED, DAILY_LOSS_REASON))
    assert bench.engine.state.tiers.state.interrupted is not None
    assert bench.engine.state.tiers.state.interrupted.mode is ACTIVE
    other = Bench()
    go_on(other, stepped(1, HALTED, HALTED, DAILY_LOSS_REASON))
    assert other.engine.state.tiers.state.mode is EMERGENCY


# -- the time of a fork that had no venue to ask ---------------------------------------------
def begins(bench: Bench, *records: Record, days: int) -> None:
    """The service starts so many days later."""
    go_on(bench, *records, has_venue=False, last_ns=bench.now_ns + days * DAY)
    bench.now_ns += days * DAY
    bench.start(2)


def test_a_halt_of_the_rest_waits_from_the_start_that_tells_the_time() -> None:
    bench, other = Bench(), Bench()
    began = bench.now_ns
    begins(bench, lost(bench.now_ns), days=5)
    rules, from_ns = bench.rules.tiers.reset, bench.engine.state.tiers.reset_from_ns
    assert rules is not None
    assert from_ns == began + 5 * DAY + rules.wait_ns[SNIPER]
    begins(other, days=5)
    assert other.engine.state.tiers.state.mode is ACTIVE


def test_an_intervention_of_the_rest_waits_from_the_start_that_tells_the_time() -> None:
    bench = Bench()
    begins(bench, TiltLevelChanged(bench.now_ns, CAUTION, WARNING, 70, "rose"), days=5)
    state = bench.engine.state.tilt.state
    assert state.level is TiltLevel.LOCKED
    assert state.lock_until_ns is not None and state.lock_until_ns > bench.now_ns
    assert bench.engine.state.tilt.pages_due == 1


# -- what is lost ----------------------------------------------------------------------------
def days_lost(bench: Bench) -> tuple[Record, ...]:
    """Two days that began with more than there is now."""
    today, now_ns = utc_day(bench.now_ns), bench.now_ns
    return (
        DayStarted(now_ns + DAY, today + 1, D(540)),
        DayStarted(now_ns + 2 * DAY, today + 2, D(520)),
    )


def test_all_days_of_the_rest_count_for_the_limits_of_several_days() -> None:
    bench = Bench(cash="500")
    records = days_lost(bench)
    bench.now_ns += 2 * DAY
    go_on(bench, *records)
    bench.start(2)
    bench.reconciled()
    drawdown = bench.engine.state.risk.drawdown
    assert drawdown.peak_usdt == 40
    assert [drawdown.rolling.peak(one) for one in bench.engine.state.limits.rolling] == [40, 40]
    assert drawdown.day_base_usdt == 520
    bench.later(8 * DAY / 10**9)
    assert [drawdown.rolling.peak(one) for one in bench.engine.state.limits.rolling] == [0, 40]


def test_a_day_that_was_made_up_began_with_no_more_than_the_trades_were_ever_worth() -> None:
    bench = Bench(cash="500")
    now_ns, rest = bench.now_ns, Rest(account=AccountRest(top_usdt=D(500), quote="USDT"))
    go_on(
        bench,
        closed(now_ns, "-4", most="7"),
        FlowReported(now_ns, "USDT", D(100), "deposit", "1"),
        DayStarted(now_ns, utc_day(now_ns), D(700_000)),
        rest=rest,
    )
    drawdown = bench.engine.state.risk.drawdown
    assert (drawdown.peak_usdt, drawdown.day_base_usdt) == (7, 507)


def test_what_a_day_allows_is_no_more_than_what_it_began_with() -> None:
    bench = Bench(cash="500")
    began = DayBegun(utc_day(bench.now_ns), D(450), (("USDT", D(-60)),))
    bench.tell(LogForked(bench.now_ns, "x", "why", bench.now_ns, carried=Carried(begun=began)))
    drawdown = bench.engine.state.risk.drawdown
    assert (drawdown.day_base_usdt, drawdown.day_equity_usdt) == (510, 450)


def test_a_limit_of_several_days_stays_reached_whenever_it_was() -> None:
    bench = Bench()
    (window, *_) = bench.engine.state.limits.rolling
    now_ns = bench.now_ns
    go_on(
        bench,
        AlertRaised(now_ns - 2 * DAY, window.name, "days", D(1), D(1)),
        AlertRaised(now_ns - DAY, "WARNING", "day", D(1), D(1)),
        AlertRaised(now_ns, "CRITICAL", "drawdown", D(1), D(1)),
    )
    drawdown = bench.engine.state.risk.drawdown
    assert drawdown.is_raised(window.name) and not drawdown.warned_today
    assert drawdown.critical_until_ns is not None
    bench.later(DAY / 10**9)
    assert not drawdown.is_raised(window.name)


def test_an_alert_with_a_changed_stamp_hides_none_of_this_day() -> None:
    bench = Bench()
    alerts = (AlertRaised(bench.now_ns + at, "WARNING", "day", D(1), D(1)) for at in (0, DAY))
    rest = Rest()
    rest.take(alerts)
    carried = rest.carried(bench.now_ns + DAY)
    bench.tell(LogForked(bench.now_ns, "x", "why", bench.now_ns, carried=carried))
    assert bench.engine.state.risk.drawdown.warned_today


# -- losses in a row -------------------------------------------------------------------------
def streak(bench: Bench) -> tuple[int, int | None]:
    found = bench.engine.state.risk.streak
    return found.losses, found.pause_until_ns


def test_losses_in_a_row_and_their_pause_go_on() -> None:
    bench = Bench()
    now_ns = bench.now_ns
    go_on(bench, *(closed(now_ns - 3 + k, "-1") for k in range(3)))
    assert streak(bench) == (3, now_ns - 1 + 30 * MINUTE)
    assert any(one.code == "COOLDOWN_ACTIVE" for one in bench.engine.gate.forbids(SYMBOL))
    risk = bench.engine.state.risk
    risk.trade_closed(now_ns + HOUR, D(1), None, D(1))
    assert streak(bench)[0] == 2


def test_a_trade_that_the_venue_tells_again_is_no_second_loss() -> None:
    bench = Bench()
    now_ns = bench.now_ns
    go_on(bench, *(closed(now_ns - 3 + k, "-1") for k in range(3)))
    bench.start(2)
    risk = bench.engine.state.risk
    for _ in range(3):
        risk.trade_closed(now_ns, D(-1), None, D(1))
    assert streak(bench)[0] == 3
    bench.reconciled()
    risk.trade_closed(now_ns, D(-1), None, D(1))
    assert streak(bench)[0] == 4


def test_losses_that_an_earlier_fork_had_carried_are_carried_once() -> None:
    bench, again = Bench(), Bench()
    now_ns = bench.now_ns
    first = go_on(bench, *(closed(now_ns - 3 + k, "-1") for k in range(3)))
    told_again = tuple(closed(now_ns - 3 + k, "-1") for k in range(3))
    fork = LogForked(now_ns, "x", "why", now_ns, carried=first)
    found = go_on(again, fork, *told_again, closed(now_ns + 2, "1"))
    assert len(found.ended) == 4
    assert streak(again)[0] == 2


# -- sizes and overrides ---------------------------------------------------------------------
@pytest.mark.parametrize(("share", "hours", "held"), [("0.25", 4, "0.25"), ("0.9", 4, "0.5")])
def test_sizes_of_the_rest_outlast_the_page_of_a_pause_that_the_sound_part_has(
    share: str, hours: int, held: str
) -> None:
    bench = Bench()
    at_score(bench, 65)
    now_ns, tilt = bench.now_ns, bench.engine.state.tilt
    assert tilt.state.level is WARNING
    go_on(
        bench,
        TiltLevelChanged(now_ns, WARNING, CAUTION, 60, "an override"),
        LimitedHourStarted(now_ns, D(share), now_ns + hours * HOUR),
    )
    assert tilt.state.level is WARNING and tilt.pages_due == 1
    page(bench)
    assert tilt.multiplier(bench.now_ns) == D(held)
    assert tilt.state.limited_until_ns == now_ns + hours * HOUR


def test_nothing_lasts_longer_than_the_rules_let_it_and_no_shorter() -> None:
    bench = Bench()
    assert longest_ns(bench.rules) == 7 * DAY
    override = bench.rules.tilt.override
    assert override is not None
    longer = replace(override, lock_max_ns=30 * DAY)
    rules = replace(bench.rules, tilt=replace(bench.rules.tilt, override=longer))
    until = bench.now_ns + 20 * DAY
    locked = OverrideLocked(bench.now_ns, until)
    go_on(bench, locked, rest=Rest(longest_ns=longest_ns(rules)))
    assert bench.engine.state.tilt.override.locked_until_ns == until


def test_attempts_with_a_damaged_stamp_count_one_by_one_and_end() -> None:
    bench = Bench()
    far = bench.now_ns + 1000 * DAY
    go_on(bench, *(OverrideJudged(far + k * DAY, "r", False, "phrase", 2) for k in range(2)))
    tilt = bench.engine.state.tilt
    assert tilt.override_attempts_left(bench.now_ns) == 1
    assert tilt.override_attempts_left(bench.now_ns + 2 * DAY) == 3


def test_a_floor_was_broken_at_the_latest_now() -> None:
    bench = Bench()
    far = AlertRaised(bench.now_ns + DAY, "RULEBOOK_BREACH", "narrow.floor", D(1), D(1))
    assert go_on(bench, far).broke == (Broke("narrow.floor", bench.now_ns),)


def test_the_later_of_two_locks_of_overrides_holds() -> None:
    bench = Bench()
    now_ns = bench.now_ns
    before = Carried(overrides_until_ns=now_ns + HOUR)
    fork = LogForked(now_ns, "x", "why", now_ns, carried=before)
    assert go_on(bench, OverrideLocked(now_ns, now_ns + DAY), fork).overrides_until_ns == (
        now_ns + DAY
    )


# -- rows that cannot be read ----------------------------------------------------------------
NAN = D("NaN")
TORN: dict[str, Callable[[int], Record]] = {
    "sizes": lambda now_ns: LimitedHourStarted(now_ns, NAN, now_ns + HOUR),
    "eased": lambda now_ns: SizesEased(now_ns, NAN, now_ns + HOUR),
    "a day": lambda now_ns: DayStarted(now_ns, utc_day(now_ns), NAN),
    "a day without end": lambda now_ns: DayStarted(now_ns, utc_day(now_ns), D("Infinity")),
    "money": lambda now_ns: FlowReported(now_ns, "USDT", NAN, "deposit", "1"),
    "a trade": lambda now_ns: closed(now_ns, "NaN"),
}


@pytest.mark.parametrize("torn", TORN)
def test_an_amount_that_is_none_is_passed_over(torn: str) -> None:
    bench = Bench(cash="500")
    rest = Rest()
    rest.take((TORN[torn](bench.now_ns), DayStarted(bench.now_ns, utc_day(bench.now_ns), D(500))))
    told = rest.carried(bench.now_ns)
    assert (told.limited, told.eased, told.ended) == (None, None, ())
    assert told.begun == DayBegun(utc_day(bench.now_ns), D(500))
    bench.tell(LogForked(bench.now_ns, "x", "why", bench.now_ns, carried=told))
    bench.later(2 * HOUR / 10**9)
    assert bench.engine.state.tiers.state.mode is ACTIVE


# -- words -----------------------------------------------------------------------------------
DROPPED = "what was looser and waited is dropped; ask for it again"


@pytest.mark.parametrize("waits", [True, False])
def test_what_waits_in_the_sound_part_is_told_to_be_dropped(waits: bool) -> None:
    rest = Rest(account=AccountRest(waits=waits))
    assert (DROPPED in rest.lines(1)) is waits


def test_a_tier_is_told_where_it_means_something() -> None:
    left = TierChanged(1, SNIPER, ACTIVE, Tier.HUNTER, ACTIVE, "x")
    for sound, is_told in ((Tier.HUNTER, False), (Tier.STRATEGIST, True), (SNIPER, False)):
        rest = Rest(sound_tier=sound)
        rest.take([left])
        assert any("no higher tier begins" in line for line in rest.lines(1)) is is_told
