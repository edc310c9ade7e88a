"""Rows 2, 2b and 11 to 16: opening, lost capital, the way back, resets, broken records, down."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened, JournalAssessed
from genesis.domain.keeping import ClocksSetBack
from genesis.domain.outcomes import AlertRaised, Halted, TierChanged
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.rules import load
from genesis.tiers.capital import CapitalFall, capital_fall
from genesis.tiers.days import ClosedDay, LaneDay
from genesis.tiers.desk import TierDesk
from genesis.tiers.inputs import (
    DailyLossExceeded,
    DayEvaluated,
    GoLiveGiven,
    HaltReached,
    ModeTime,
    RecordBroken,
    RecordRestored,
    ResetAsked,
    Standing,
    SteppedDown,
)
from genesis.tiers.machine import decide, evolve, set_back
from genesis.tiers.rules import InterruptionRules
from genesis.tiers.state import TierState
from genesis.tiers.transitions import RESUMED, Happening

D = Decimal
TABLE = load("sniper").tiers
assert TABLE.opening and TABLE.capital and TABLE.recovery and TABLE.reset
DAY0 = 20_000
T = DAY0 * DAY + 5 * MINUTE
QUIET = Standing(gates_passed=False, is_calm=True, is_free=True)
REASON = "x" * 100


def after(state: TierState, *events, table=TABLE) -> TierState:
    for event in events:
        for change in decide(state, event, table):
            state = evolve(state, change, table)
    return state


def at(mode: TierMode, tier: Tier = Tier.HUNTER, **given) -> TierState:
    return TierState(tier, mode, T - 90 * DAY, tier_since_ns=T - 90 * DAY, **given)


def desk(is_paper: bool = True, table=TABLE) -> TierDesk:
    made = TierDesk(table)
    made.opened(AccountOpened(T, "one", "loopback", is_paper, "USDT", ()))
    return made


def page(ts_ns: int, text: str = "a", accepted: bool = True) -> JournalAssessed:
    return JournalAssessed(ts_ns, text * 64, 520, accepted, "accepted" if accepted else "paste")


# -- rows 2 and 2b: a live account opens -------------------------------------------------------
def test_row_2_asks_for_48_hours_clean_books_and_the_exact_phrase() -> None:
    live, phrase = desk(is_paper=False), TABLE.opening.phrase
    assert (live.state.mode, live.multiplier()[0]) == (TierMode.OPENING48, 0)
    early = T + 48 * HOUR - 1
    assert live.asks_to_go_live(early) is None
    changes, told = live.go_live(early, phrase, is_clean=True)
    assert not changes and "in 1 second (00:05:00 UTC)" in told
    assert live.asks_to_go_live(early + 1) == phrase
    assert "not reconciled" in live.go_live(early + 1, phrase, is_clean=False)[1]
    assert live.go_live(early + 1, phrase + " ", is_clean=True)[0] == ()
    assert live.go_live(early + 1, phrase, is_clean=True)[0][0].mode is TierMode.GO_LIVE
    assert live.go_live(early + 2, phrase, is_clean=True)[0] == ()


def test_row_2b_lasts_24_hours_and_until_the_books_are_clean() -> None:
    opened = at(TierMode.OPENING48, Tier.SNIPER)
    begun = after(opened, GoLiveGiven(T, is_clean=True))
    assert begun.until_ns == T + 24 * HOUR
    assert decide(begun, ModeTime(T + 24 * HOUR - 1, 0, 0), TABLE) == ()
    assert after(begun, ModeTime(T + 24 * HOUR, 0, 0)).mode is TierMode.ACTIVE
    longer = after(begun, ModeTime(T + 24 * HOUR, 0, 0, is_clean=False))
    assert (longer.mode, longer.until_ns) == (TierMode.GO_LIVE, T + 25 * HOUR)
    assert longer.since_ns == begun.since_ns
    assert after(longer, ModeTime(T + 25 * HOUR, 0, 0)).mode is TierMode.ACTIVE


def test_go_live_holds_ten_usdt_per_position_and_a_hundred_at_work() -> None:
    live = desk(is_paper=False)
    live.go_live(T + 48 * HOUR, TABLE.opening.phrase, is_clean=True)
    assert live.cap_usdt(D(0), D(0)) == 10
    assert live.cap_usdt(D(95), D(0)) == 5
    assert live.cap_usdt(D(95), D(8)) == 10  # what is held of it is at work already
    assert live.cap_usdt(D(120), D(0)) == 0
    assert desk().cap_usdt(D(95), D(0)) is None


@given(st.integers(0, 60), st.characters(exclude_categories=("Cs",)))
def test_i14_a_phrase_that_is_off_by_one_character_opens_nothing(place: int, other: str) -> None:
    phrase = TABLE.opening.phrase
    place = min(place, len(phrase) - 1)
    at_ns = T + 48 * HOUR
    wrong = {phrase[:place] + other + phrase[place + 1 :], phrase[:place] + phrase[place + 1 :]}
    wrong |= {phrase[:place] + other + phrase[place:], phrase.upper(), f" {phrase}"}
    for each in wrong - {phrase}:
        live = desk(is_paper=False)
        assert live.go_live(at_ns, each, is_clean=True)[0] == ()
        assert live.state.mode is TierMode.OPENING48


# -- row 11: capital -------------------------------------------------------------------------
def days(*capital: str, pnl: str = "0", out: str = "0") -> list[ClosedDay]:
    """Closes; `pnl` and `out` are of the first day."""
    return [
        ClosedDay(
            DAY0 + n, D(2000), D(one), D(pnl) if not n else D(0), D(0), True,
            withdrawn_usdt=D(out) if not n else D(0),
        )
        for n, one in enumerate(capital)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("closes", "falls"),
    [
        (("1799", "1799", "1799"), True),
        (("1800", "1799", "1799"), False),
        (("1799", "1799"), False),
        (("1799", "1799", "1800"), False),
        (("2000", "2000", "1599.99"), True),
        (("2000", "2000", "1600"), False),
        (("1599", "1700", "2000"), False),  # it came back
        ((), False),
    ],
)
def test_row_11_three_closes_below_90_percent_or_one_below_80(closes, falls: bool) -> None:
    found = capital_fall(days(*closes, pnl="-500"), D(2000), TABLE.capital)
    assert (found is not None) == falls


@pytest.mark.parametrize(
    ("pnl", "out", "cause"),
    [
        ("-500", "0", CapitalFall.LOST),
        ("0", "500", CapitalFall.WITHDRAWN),
        ("300", "800", CapitalFall.WITHDRAWN),
        ("-5", "500", CapitalFall.WITHDRAWN),
        ("-450", "450", CapitalFall.LOST),
        ("-250", "250", CapitalFall.LOST),  # neither alone would have done it
    ],
)
def test_row_11_withdrawals_alone_are_told_from_losses(pnl, out, cause) -> None:
    assert capital_fall(days("1590", pnl=pnl, out=out), D(2000), TABLE.capital) is cause


def test_row_11_leads_one_tier_down_and_punishes_no_withdrawal() -> None:
    start = at(TierMode.ACTIVE, Tier.STRATEGIST)
    lost = after(start, DayEvaluated(T, replace(QUIET, capital=CapitalFall.LOST)))
    assert (lost.tier, lost.mode) == (Tier.HUNTER, TierMode.ACTIVE)
    assert lost.no_promotion_before_ns == T + 30 * DAY
    out = after(start, DayEvaluated(T, replace(QUIET, capital=CapitalFall.WITHDRAWN)))
    assert (out.tier, out.mode, out.no_promotion_before_ns) == (Tier.HUNTER, TierMode.ACTIVE, None)
    passed = replace(QUIET, gates_passed=True, capital=CapitalFall.LOST)
    assert after(start, DayEvaluated(T, passed)).tier is Tier.HUNTER  # demotion goes first
    for mode in (TierMode.ADJUST48, TierMode.RECOVERY, TierMode.EMERGENCY, TierMode.HALTED):
        asked = DayEvaluated(T, replace(QUIET, capital=CapitalFall.LOST))
        assert after(at(mode), asked).tier is Tier.HUNTER


# -- rows 12 and 13: the way back ------------------------------------------------------------
READY = replace(QUIET, profitable_days=3, page_done=True)


@pytest.mark.parametrize(
    ("waited", "standing", "mode"),
    [
        (72 * HOUR, READY, TierMode.RECOVERY),
        (72 * HOUR - 1, READY, TierMode.EMERGENCY),
        (72 * HOUR, replace(READY, profitable_days=2), TierMode.EMERGENCY),
        (72 * HOUR, replace(READY, page_done=False), TierMode.EMERGENCY),
        (72 * HOUR, replace(READY, is_calm=False), TierMode.EMERGENCY),
        (72 * HOUR, replace(READY, is_free=False), TierMode.RECOVERY),
    ],
)
def test_row_12(waited: int, standing: Standing, mode: TierMode) -> None:
    begun = replace(at(TierMode.EMERGENCY), since_ns=T)
    assert after(begun, DayEvaluated(T + waited, standing)).mode is mode


@pytest.mark.parametrize(
    ("changed", "mode"),
    [
        ({}, TierMode.ACTIVE),
        ({"trading_days": 6}, TierMode.RECOVERY),
        ({"result_usdt": D("-0.01")}, TierMode.RECOVERY),
        ({"violations": 1}, TierMode.RECOVERY),
        ({"gates_passed": True}, TierMode.ACTIVE),
    ],
)
def test_row_13(changed: dict, mode: TierMode) -> None:
    standing = replace(QUIET, trading_days=7, **changed) if "trading_days" not in changed else (
        replace(QUIET, **changed)
    )  # fmt: skip
    assert after(at(TierMode.RECOVERY), DayEvaluated(T, standing)).mode is mode


def test_a_bad_week_of_recovery_is_forgotten_when_a_good_one_follows() -> None:
    """The last seven trading days count, not the first: nobody is caught for ever."""
    traded = desk()
    traded.daily_loss(AlertRaised(T, "DAILY_LOSS", "day", D(76), D(75)))
    equity, day = D(425), DAY0
    history = traded.history
    history.begin(day, equity, D(0))
    traded.page(page(T + 1), is_taken=False)
    modes = []
    for result in [D(1)] * 4 + [D(-3)] * 7 + [D(1)] * 8:
        history.traded()
        equity, day = equity + result, day + 1
        history.begin(day, equity, D(0))
        traded.evaluate(day * DAY + 5 * MINUTE, is_calm=True, is_free=True)
        modes.append(traded.state.mode)
    assert modes[2] is TierMode.RECOVERY
    assert modes[11] is TierMode.RECOVERY
    assert modes[-1] is TierMode.ACTIVE
    assert traded.state.no_promotion_before_ns == T + 30 * DAY


def test_days_of_the_lane_count_for_a_live_account_and_its_own_do_not_but_in_an_emergency() -> None:
    live = desk(is_paper=False)
    live.history.begin(DAY0, D(500), D(0))
    for n in range(1, 4):
        live.history.traded()
        live.history.begin(DAY0 + n, D(500 + n), D(0))
    assert live.profitable_days() == 0
    for n in (0, 0, 1, 2):  # told twice, it counts once
        live.history.lane_day(LaneDay(DAY0 + n, 2, D(1), D(500)))
    assert live.profitable_days() == 3
    live.history.lane_day(LaneDay(DAY0 + 3, 1, D(-1), D(500)))
    live.history.lane_day(LaneDay(DAY0 + 4, 0, D(9), D(500)))  # nothing was traded
    assert live.profitable_days() == 0
    paper = desk()
    paper.history.lane_day(LaneDay(DAY0, 2, D(1), D(500)))
    assert paper.profitable_days() == 0
    live.daily_loss(AlertRaised(T + DAY, "DAILY_LOSS", "day", D(76), D(75)))
    assert live.profitable_days() == 2  # its own and the lane's are the same two days


# -- row 14: manual reset --------------------------------------------------------------------
ASKED = ResetAsked(T, 100, page_done=True, is_clean=True)


@pytest.mark.parametrize(
    ("changed", "resets"),
    [
        ({}, True),
        ({"ts_ns": T - 1}, False),
        ({"reason_length": 99}, False),
        ({"page_done": False}, False),
        ({"is_clean": False}, False),
        ({"is_whole": False}, False),
    ],
)
def test_row_14_asks_for_everything(changed: dict, resets: bool) -> None:
    halted = replace(at(TierMode.HALTED), since_ns=T - DAY)
    moved = after(halted, replace(ASKED, **changed))
    assert (moved.mode is TierMode.RECOVERY) == resets
    assert (moved.reset_ns is not None) == resets


def test_row_14_once_in_thirty_days_but_for_a_halt_of_ones_own() -> None:
    halted = at(TierMode.HALTED, reset_ns=T - 30 * DAY + 1)
    assert decide(halted, ASKED, TABLE) == ()
    again = after(halted, replace(ASKED, ts_ns=T + 1))
    assert (again.mode, again.reset_ns) == (TierMode.RECOVERY, T + 1)
    own = after(halted, replace(ASKED, is_own=True))
    assert (own.mode, own.reset_ns) == (TierMode.RECOVERY, halted.reset_ns)


def test_row_14_an_architect_waits_seven_days_for_a_loss_and_one_for_his_own_halt() -> None:
    halted = replace(at(TierMode.HALTED, Tier.ARCHITECT), since_ns=T - 6 * DAY)
    assert decide(halted, ASKED, TABLE) == ()
    assert decide(halted, replace(ASKED, is_own=True), TABLE) != ()
    assert decide(replace(halted, since_ns=T - 7 * DAY), ASKED, TABLE) != ()


WHOLE = (
    *(TierMode.OPENING48, TierMode.GO_LIVE, TierMode.ACTIVE),
    *(TierMode.ADJUST48, TierMode.EMERGENCY, TierMode.RECOVERY),
)
"""Modes that go on after a halt; of the others, a way up begins again."""


@pytest.mark.parametrize("mode", [one for one in TierMode if one is not TierMode.HALTED])
@pytest.mark.parametrize("is_own", [True, False])
def test_ones_own_halt_and_a_broken_record_change_neither_the_mode_nor_its_clock(
    mode: TierMode, is_own: bool
) -> None:
    begun = replace(at(mode), since_ns=T - 3 * DAY, until_ns=T + HOUR)
    broken, end = (
        (HaltReached(T - DAY, "enough"), replace(ASKED, is_own=True))
        if is_own
        else (RecordBroken(T - DAY, "event 7"), RecordRestored(T))
    )
    back = after(begun, broken, end)
    if mode in WHOLE:
        assert back == begun
    else:
        assert (back.mode, back.since_ns, back.until_ns) == (TierMode.ACTIVE, T, None)


@pytest.mark.parametrize("mode", [one for one in TierMode if one is not TierMode.HALTED])
def test_row_14_a_loss_leads_neither_out_of_an_emergency_nor_past_the_go_live_protocol(
    mode: TierMode,
) -> None:
    begun = replace(at(mode), since_ns=T - 3 * DAY)
    back = after(begun, HaltReached(T - DAY, "75 lost"), ASKED)
    if mode in (TierMode.EMERGENCY, TierMode.OPENING48):
        assert back == replace(begun, reset_ns=T)
    else:
        assert (back.mode, back.since_ns) == (TierMode.RECOVERY, T)


@pytest.mark.parametrize("is_own", [True, False])
def test_the_loss_of_a_day_within_a_halt_is_an_emergency_after_it(is_own: bool) -> None:
    halt, loss = HaltReached(T - DAY, "halted"), DailyLossExceeded(T - HOUR)
    back = after(at(TierMode.ACTIVE), halt, loss, replace(ASKED, is_own=is_own))
    assert (back.tier, back.mode) == (Tier.SNIPER, TierMode.EMERGENCY)
    assert (back.since_ns, back.interrupted) == (T - HOUR, None)


def test_an_architects_wait_is_not_shortened_from_below() -> None:
    halted = after(at(TierMode.ACTIVE, Tier.ARCHITECT), HaltReached(T - 6 * DAY, "loss"))
    for fall in (SteppedDown(T - DAY), DailyLossExceeded(T - DAY)):
        lower = after(halted, fall)
        assert (lower.tier, lower.mode) == (Tier.STRATEGIST, TierMode.HALTED)
        assert decide(lower, ASKED, TABLE) == ()
        assert decide(lower, replace(ASKED, ts_ns=T + DAY), TABLE) != ()


@pytest.mark.parametrize("mode", [TierMode.EMERGENCY, TierMode.RECOVERY, TierMode.HALTED])
def test_stepping_down_begins_no_way_back_anew(mode: TierMode) -> None:
    begun = replace(at(mode), since_ns=T - 71 * HOUR)
    lower = after(begun, SteppedDown(T))
    assert lower == replace(begun, tier=Tier.SNIPER, tier_since_ns=T)


def test_another_loss_of_a_day_begins_an_emergency_anew() -> None:
    begun = replace(at(TierMode.EMERGENCY, Tier.SNIPER), since_ns=T - 71 * HOUR)
    assert after(begun, DailyLossExceeded(T)).since_ns == T


def test_time_of_which_nothing_is_known_is_no_time_of_a_way_back() -> None:
    held = desk()
    held.daily_loss(AlertRaised(T, "DAILY_LOSS", "day", D(76), D(75)))
    held.page(page(T + 1), is_taken=False)
    held.record_broken(T + 80 * HOUR, "event 7 is not what it was")
    held.record_restored(T + 81 * HOUR)
    held.set_back(T + 81 * HOUR, 60 * HOUR)
    assert held.state.since_ns == T + 60 * HOUR
    assert held.page_done
    held.record_broken(T + 82 * HOUR, "event 8 is not what it was")
    held.set_back(T + 83 * HOUR, 60 * HOUR)
    held.record_restored(T + 83 * HOUR)
    assert held.state.since_ns == T + 83 * HOUR
    assert held.page_done


def test_the_page_of_an_earlier_halt_is_not_that_of_one_whose_time_is_unknown() -> None:
    held = desk()
    held.halted(Halted(T, "operator", "enough"))
    held.page(page(T + HOUR), is_taken=False)
    assert held.page_done
    held.reset(T + 2 * DAY, REASON, is_clean=True)
    held.halted(Halted(T + 5 * DAY, "operator", "enough again"))
    held.set_back(T + 11 * DAY, 6 * DAY)
    assert not held.page_done


def test_under_older_rules_unknown_time_moves_no_clock_of_a_way_back() -> None:
    held = TierState(Tier.SNIPER, TierMode.EMERGENCY, T, tier_since_ns=T, until_ns=T + DAY)
    old = replace(TABLE, interruptions=InterruptionRules())
    moved = set_back(held, ClocksSetBack(T + 3 * DAY, DAY), old)
    assert moved == replace(held, tier_since_ns=T + DAY)


def test_a_page_serves_the_mode_that_asked_for_it() -> None:
    """That of a halt is none of the emergency it interrupted, and the other way round."""
    held = desk()
    held.daily_loss(AlertRaised(T, "DAILY_LOSS", "day", D(76), D(75)))
    held.halted(Halted(T + 1, "operator", "enough"))
    held.page(page(T + 2, "a"), is_taken=False)
    changes, told = held.reset(T + DAY + 1, REASON, is_clean=True)
    assert changes[0].mode is TierMode.EMERGENCY and "EMERGENCY" in told
    assert held.state.since_ns == T
    assert held.pages_due == 1
    held.page(page(T + 2 * DAY, "b"), is_taken=False)
    assert held.pages_due == 0
    held.halted(Halted(T + 2 * DAY, "operator", "enough"))
    assert held.pages_due == 1


def test_a_broken_record_asks_for_no_page_and_takes_none_away() -> None:
    held = desk()
    held.record_broken(T + 1, "event 7 is not what it was")
    assert held.pages_due == 0
    held.record_restored(T + 2)
    held.daily_loss(AlertRaised(T + 3, "DAILY_LOSS", "day", D(76), D(75)))
    held.record_broken(T + 4, "event 8 is not what it was")
    assert held.pages_due == 1
    held.page(page(T + 5), is_taken=False)
    held.record_restored(T + 6)
    assert (held.state.since_ns, held.pages_due, held.page_done) == (T + 3, 0, True)


def test_the_page_of_a_reset_is_written_after_the_halt_and_serves_nothing_else() -> None:
    held = desk()
    held.page(page(T + 1), is_taken=False)
    held.halted(Halted(T + 2, "drawdown", "75 lost"))
    assert held.pages_due == 1
    held.page(page(T + 3, "b"), is_taken=True)  # an intervention had asked for it
    held.page(page(T + 3, "b"), is_taken=False)  # the same text again
    held.page(page(T + 4, "a"), is_taken=False)
    held.page(page(T + 5, "c", accepted=False), is_taken=False)
    assert held.pages_due == 1
    assert "page" in held.reset(T + 2 * DAY, REASON, is_clean=True)[1]
    held.page(page(T + 6, "d"), is_taken=False)
    assert held.pages_due == 0
    assert held.reset(T + 2 * DAY, REASON, is_clean=True)[0][0].mode is TierMode.RECOVERY


def test_a_loss_on_top_of_ones_own_halt_is_no_halt_of_ones_own_any_more() -> None:
    held = desk()
    held.halted(Halted(T, "operator", "the loss of the day is beyond its limit"))
    assert held.state.no_promotion_before_ns is None  # words are no loss
    assert held.reset_from_ns == T + DAY
    held.halted(Halted(T + 1, "drawdown", "75 lost"))
    held.page(page(T + 2), is_taken=False)
    held.reset(T + DAY, REASON, is_clean=True)
    assert held.state.reset_ns == T + DAY


# -- row 15: a broken record -----------------------------------------------------------------
def test_row_15_halts_and_goes_on_where_it_was_when_nothing_else_had_halted() -> None:
    held = desk()
    held.daily_loss(AlertRaised(T, "DAILY_LOSS", "day", D(76), D(75)))
    (change,) = held.record_broken(T + 1, "event 7 is not what it was")
    assert (change.mode, change.reason) == (TierMode.HALTED, "event 7 is not what it was")
    assert held.record_broken(T + 2, "event 7 is not what it was") == ()
    held.page(page(T + 3), is_taken=False)
    assert "still broken" in held.reset(T + 2 * DAY, REASON, is_clean=True)[1]
    (back,) = held.record_restored(T + 2 * DAY)
    assert (back.mode, held.state.reset_ns) == (TierMode.EMERGENCY, None)
    assert held.record_restored(T + 2 * DAY) == ()


def test_row_15_does_not_lift_a_halt_that_a_loss_made() -> None:
    held = desk()
    held.halted(Halted(T, "drawdown", "75 lost"))
    held.record_broken(T + 1, "broken")
    assert held.record_restored(T + 2) == ()
    assert held.state.mode is TierMode.HALTED


def test_runs_from_before_there_was_a_way_back_know_none_of_it() -> None:
    old = replace(TABLE, opening=None, capital=None, recovery=None, reset=None)
    held = desk(table=old)
    assert held.record_broken(T, "broken") == ()
    assert held.step_down(T)[0] == held.go_live(T, "x", is_clean=True)[0] == ()
    held.halted(Halted(T, "drawdown", "75 lost"))
    assert held.pages_due == 0 and held.reset_from_ns is None
    assert held.reset(T + 2 * DAY, REASON, is_clean=True)[0] == ()


# -- row 16: down by choice ------------------------------------------------------------------
@pytest.mark.parametrize("mode", TierMode)
@pytest.mark.parametrize("tier", Tier)
def test_row_16_at_any_time_one_tier_and_never_out_of_a_bad_mode(
    tier: Tier, mode: TierMode
) -> None:
    held = desk()
    held._state = at(mode, tier)
    changes, told = held.step_down(T)
    if tier is Tier.SNIPER or mode in (TierMode.OPENING48, TierMode.GO_LIVE):
        assert changes == () and told
        return
    (change,) = changes
    assert change.tier.rank == tier.rank - 1
    stays = mode in (TierMode.EMERGENCY, TierMode.RECOVERY, TierMode.HALTED)
    assert change.mode is (mode if stays else TierMode.ADJUST48)
    assert held.state.no_promotion_before_ns is None


# -- over any calls --------------------------------------------------------------------------
def acts(held: TierDesk, ts: int, what: int) -> tuple[TierChanged, ...]:
    """One of everything that can be told to a desk."""
    steps = (
        lambda: held.daily_loss(AlertRaised(ts, "DAILY_LOSS", "day", D(76), D(75))),
        lambda: held.halted(Halted(ts, "drawdown", "75 lost")),
        lambda: held.halted(Halted(ts, "operator", "enough")),
        lambda: held.record_broken(ts, "broken"),
        lambda: held.record_restored(ts),
        lambda: held.disturbed(ts, "tilt is WARNING"),
        lambda: held.step_down(ts)[0],
        lambda: held.reset(ts, REASON, is_clean=True)[0],
        lambda: held.go_live(ts, TABLE.opening.phrase, is_clean=True)[0],
        lambda: held.confirm(ts, "I understand", is_calm=True, blocked=None)[0],
        lambda: held.tick(ts),
        lambda: held.evaluate(ts, is_calm=True, is_free=True),
        lambda: held.page(page(ts, chr(97 + ts % 26)), is_taken=False) or (),
    )
    return tuple(one for one in steps[what]() if isinstance(one, TierChanged))


calls = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from([MINUTE, DAY, 3 * DAY])), max_size=40
)


@given(calls, st.booleans())
def test_i13_the_tier_is_what_the_changes_that_were_told_make_of_it(found, is_paper) -> None:
    held, ts = TierDesk(TABLE), T
    told = list(held.opened(AccountOpened(T, "one", "loopback", is_paper, "USDT", ())))
    for what, wait in found:
        ts += wait
        told += acts(held, ts, what)
        state = None
        for change in told:
            state = evolve(state, change, TABLE)
        assert state == held.state


@example([(2, MINUTE), (12, MINUTE), (7, DAY)], Tier.HUNTER, TierMode.RECOVERY)
@example([(2, MINUTE), (0, MINUTE), (12, MINUTE), (7, DAY)], Tier.HUNTER, TierMode.RECOVERY)
@example([(1, MINUTE), (12, MINUTE), (7, DAY)], Tier.HUNTER, TierMode.ADJUST48)
@example([(3, MINUTE), (4, DAY)], Tier.HUNTER, TierMode.ADJUST48)
@given(calls, st.sampled_from(Tier), st.sampled_from([*RESUMED[Happening.OWN_RESET]]))
def test_i24_only_a_reset_or_a_restored_record_ends_a_halt(found, tier, mode) -> None:
    held, ts, was_lost = desk(), T, mode is TierMode.EMERGENCY
    held._state = at(mode, tier)
    for what, wait in found:
        ts += wait
        before, halts = held.state, set(held.halts)
        acts(held, ts, what)
        was_lost |= what == 0
        if before.mode is TierMode.HALTED and held.state.mode is not TierMode.HALTED:
            assert what in (4, 7)
            assert what == 7 or halts == {"RECORD"}
            if what == 7:
                assert ts - before.since_ns >= DAY
            ended = Happening.OWN_RESET if halts <= {"OPERATOR"} else Happening.RESET
            ways = RESUMED[ended if what == 7 else Happening.RECORD_RESTORED]
            assert held.state.mode is ways.get(before.interrupted.mode, TierMode.RECOVERY)
            assert was_lost or held.state.mode is not TierMode.EMERGENCY


@given(calls)
def test_i2_without_gates_no_call_ever_raises_the_tier(found) -> None:
    held, ts = desk(), T
    held._state = at(TierMode.ACTIVE, Tier.STRATEGIST)
    for what, wait in found:
        ts += wait
        before = held.state.tier.rank
        acts(held, ts, what)
        assert held.state.tier.rank <= before


def test_where_losses_would_have_done_it_too_withdrawals_were_not_alone() -> None:
    both = days("1090", pnl="-500", out="500")
    assert capital_fall(both, D(2000), TABLE.capital) is CapitalFall.LOST


def test_any_profit_of_ten_usdt_counts_in_an_emergency_of_a_large_account() -> None:
    """One basis point of it could never be earned with them."""
    held = desk()
    held.history.begin(DAY0, D(100_000), D(0))
    held.daily_loss(AlertRaised(T, "DAILY_LOSS", "day", D(76), D(75)))
    for n, result in enumerate(("0.18", "-0.02", "0"), start=1):
        held.history.traded()
        held.history.begin(DAY0 + n, held.history._start_usdt + D(result), D(0))
    assert held.profitable_days() == 1


def test_runs_from_before_halts_only_interrupted_are_run_again_as_they_were() -> None:
    old = replace(TABLE, interruptions=InterruptionRules())
    begun = replace(at(TierMode.EMERGENCY), since_ns=T - 3 * DAY)
    own = (HaltReached(T - DAY, "enough"), replace(ASKED, is_own=True))
    assert after(begun, *own, table=old).mode is TierMode.RECOVERY
    assert after(begun, own[0], ASKED, table=old).mode is TierMode.RECOVERY
    record = (RecordBroken(T - DAY, "event 7"), RecordRestored(T))
    assert after(begun, *record, table=old) == replace(begun, since_ns=T)
    assert after(begun, SteppedDown(T), table=old).since_ns == T
