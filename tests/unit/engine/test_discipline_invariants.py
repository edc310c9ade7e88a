"""What holds of discipline whatever is done at the public door: rules, pauses, pages, overrides."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import InstrumentReported, JournalAssessed, OperatorActed, RulesChanged
from genesis.domain.orders import OrderType, Side
from genesis.domain.outcomes import OrderApproved, OrderRefused, OverrideJudged
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.engine.rule_edits import FILE
from genesis.tilt.override import LOCKED_OUT, WRONG_PHRASE
from tests.support.build import BTC
from tests.support.engines import SYMBOL, Bench, only
from tests.unit.rules.test_edits import edited

D = Decimal
RISKS = "I ACCEPT THE RISKS"
HALF_HOUR_S = 1800
few = settings(max_examples=50, deadline=None)


def cap(bench: Bench) -> Decimal:
    """How large a position may be now."""
    found = bench.engine.gate.allowed_usdt(SYMBOL)
    assert found is not None
    return found


def pause(bench: Bench, level: TiltLevel = TiltLevel.WARNING) -> None:
    """Wrong phrases, one after the other, until tilt has had enough."""
    while bench.engine.state.tilt.state.level.rank < level.rank:
        bench.tell(OperatorActed(bench.now_ns, "CEREMONY_STEP", reason="phrase"))


def page(bench: Bench, digest: str, *, accepted: bool = True) -> None:
    reason = "accepted" if accepted else "too_short"
    bench.tell(JournalAssessed(bench.now_ns, digest, 540, accepted, reason))


# -- rules -----------------------------------------------------------------------------------
LIMITS = {"position_fraction": D("0.05"), "exposure_fraction": D("0.05"), "ceiling_usdt": D(2000)}


@few
@given(
    st.sampled_from(sorted(LIMITS)),
    st.sampled_from([D("0.2"), D("0.6"), D("0.9"), D("1.1"), D(3)]),
    st.lists(st.integers(0, 6 * DAY // SECOND), max_size=3),
)
def test_i12_a_tighter_edit_holds_at_once_and_a_looser_one_for_seven_days_not(
    name: str, factor: Decimal, waits: list[int]
) -> None:
    bench = Bench(cash="3000")
    before, asked_ns = cap(bench), bench.now_ns
    rules = edited(f"risk.tiers.SNIPER.{name} = {LIMITS[name] * factor}")
    bench.tell(RulesChanged(bench.now_ns, rules.text, rules.sha256, FILE))
    in_force = getattr(bench.engine.state.limits, name)
    assert in_force == LIMITS[name] * min(factor, D(1))
    expected = cap(bench)
    assert expected <= before
    if name != "exposure_fraction":  # that one bounds orders, not a single position
        assert expected == before * min(factor, D(1))
    for wait in waits:
        if bench.now_ns + wait * SECOND - asked_ns >= 7 * DAY:
            break
        bench.later(wait)
        assert cap(bench) == expected
    for told in only(bench.buy("120"), OrderApproved):
        assert told.request.qty * D(67453) <= 100 * min(factor, D(1))


# -- sizes have no unit ----------------------------------------------------------------------
WISHES = st.lists(
    st.one_of(
        st.tuples(st.just("limit"), st.sampled_from(["0.6", "0.9", "1.5", "2.5"])),
        st.tuples(st.just("cancel"), st.just("0")),
        st.tuples(st.just("wait"), st.sampled_from(["0.5", "3", "40", "900"])),
    ),
    max_size=14,
)


VENUE_AMOUNTS = ("qty_lot", "min_qty", "max_qty", "min_notional_usdt")


@few
@given(WISHES, st.sampled_from([D(2), D("0.5"), D(4)]))
def test_i32_twice_the_money_and_twice_the_sizes_score_the_same(acts: list, k: Decimal) -> None:
    """With a venue whose lots and minimum are as much larger: nothing but money differs."""

    def scores(factor: Decimal) -> list[object]:
        bench, found = Bench(cash=str(500 * factor)), []
        scaled = {name: getattr(BTC, name) * factor for name in VENUE_AMOUNTS}
        bench.tell(InstrumentReported(bench.now_ns, replace(BTC, **scaled)))
        for what, value in acts:
            match what:
                case "limit":
                    bench.act(
                        "trade",
                        "ORDER_SUBMIT",
                        side=Side.BUY,
                        order_type=OrderType.LIMIT,
                        amount_usdt=25 * factor * D(value),
                        price=D(60000),
                        latency_ms=900,
                    )
                case "cancel":
                    step = bench.act("cancel_all", "ORDER_CANCEL")
                    for command in step.commands:
                        if hasattr(command, "key") and hasattr(command.key, "n"):
                            bench.cancelled(command.key)
                case _:
                    bench.later(float(value))
            found.append(bench.engine.state.tilt.score(bench.now_ns))
        return found

    assert scores(k) == scores(D(1))


# -- pauses ----------------------------------------------------------------------------------
TRIES = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([60, HALF_HOUR_S, 90_000, 40 * 86_400])),
        st.tuples(st.just("rejected page"), st.integers(0, 3)),
        st.tuples(st.just("old page"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("tick"), st.integers(60_000, 70_000)),
        st.tuples(st.just("step down"), st.just(0)),
        st.tuples(st.just("wrong override"), st.just(0)),
    ),
    max_size=12,
)


@few
@given(st.sampled_from([TiltLevel.WARNING, TiltLevel.LOCKED]), TRIES)
def test_i34_a_pause_outlasts_any_time_without_an_accepted_page(
    level: TiltLevel, tries: list
) -> None:
    bench, run = Bench(), 1
    pause(bench)
    page(bench, "a" * 64)  # taken once: it serves nothing else
    bench.later(3 * DAY // SECOND)
    pause(bench, level)
    for what, value in tries:
        before = bench.engine.state.tilt.state
        match what:
            case "wait":
                bench.later(value)
            case "rejected page":
                page(bench, f"{value:064x}", accepted=False)
            case "old page":
                page(bench, "a" * 64)
            case "restart":
                run += 1
                bench.start(run)
                bench.reconciled()
            case "tick":
                bench.tick(str(value))
            case "step down":
                bench.act("step_down", reduces_risk=True)
            case _:
                bench.act(
                    "override", "OVERRIDE_ATTEMPT", phrase="let me", reason="accepted", page="b"
                )
        now = bench.engine.state.tilt.state
        assert now.paused and now.words_required
        if before.level is TiltLevel.LOCKED and bench.now_ns < (before.lock_until_ns or 0):
            assert now.level is TiltLevel.LOCKED
        (refused,) = only(bench.buy("20"), OrderRefused)
        assert {"TILT_WARNING", "TILT_LOCKED"} & {one.code for one in refused.failures}


@few
@given(
    st.integers(150, 4000),
    st.integers(0, 6 * HOUR // SECOND),
    st.lists(st.integers(0, 3600 * SECOND - 1), max_size=4),
)
def test_i36_for_an_hour_after_the_page_half_of_everything_and_then_the_rest(
    cash: int, wait: int, offsets: list[int]
) -> None:
    """Or the smallest order of the venue that can be left again, where that is larger."""
    bench = Bench(cash=str(cash))
    whole = cap(bench)
    assert whole == min(D(cash), D(2000)) * D("0.05")
    pause(bench)
    assert cap(bench) == 0
    bench.later(wait)
    page(bench, "a" * 64)
    begun_ns, least = bench.now_ns, D("6.75")
    for offset in sorted({*offsets, 0, 3600 * SECOND - 1}):
        bench.now_ns = begun_ns + offset
        bench.engine.state.now_ns = bench.now_ns
        assert 0 < cap(bench) <= max(whole / 2, least)
    bench.now_ns = begun_ns
    bench.later(3600)
    level = bench.engine.state.tilt.state.level
    rest = whole * (D("0.75") if level is TiltLevel.CAUTION else 1)
    assert cap(bench) == rest or cap(bench) <= least


# -- overrides -------------------------------------------------------------------------------
CALLS = st.lists(
    st.tuples(
        st.sampled_from([0, 60, 7 * 3600, 25 * 3600]),
        st.sampled_from([RISKS, RISKS, RISKS.lower(), f"{RISKS} ", ""]),
        st.sampled_from(["accepted", "accepted", "too_short", "malformed"]),
        st.integers(0, 99),
    ),
    max_size=10,
)


@few
@given(st.booleans(), CALLS)
def test_i37_overrides_take_the_phrase_a_page_and_no_halt_and_three_a_day(
    is_halted: bool, calls: list
) -> None:
    bench, counted = Bench(), []
    if is_halted:
        bench.act("halt", reason="enough for today")
    pause(bench)
    for wait, phrase, verdict, number in calls:
        bench.later(wait)
        pause(bench)
        step = bench.act(
            "override",
            "OVERRIDE_ATTEMPT",
            phrase=phrase,
            reason=verdict,
            page=f"{number:064x}",
        )
        (judged,) = only(step, OverrideJudged)
        if judged.reason != LOCKED_OUT:
            counted.append((bench.now_ns, judged.accepted))
            if phrase != RISKS and verdict != "malformed":
                assert judged.reason == WRONG_PHRASE
        if judged.accepted:
            assert (is_halted, phrase, verdict) == (False, RISKS, "accepted")
        if is_halted:
            assert bench.engine.state.tiers.state.mode is TierMode.HALTED
            assert bench.engine.state.tilt.state.paused
    for since, _ in counted:
        day = [accepted for at, accepted in counted if since <= at < since + DAY]
        assert len(day) <= 3
        assert True not in day[:-1]


def test_the_right_words_without_a_halt_do_lift_a_pause() -> None:
    bench = Bench()
    pause(bench)
    bench.later(MINUTE / SECOND)
    step = bench.act("override", "OVERRIDE_ATTEMPT", phrase=RISKS, reason="accepted", page="a" * 64)
    assert [one.accepted for one in only(step, OverrideJudged)] == [True]
