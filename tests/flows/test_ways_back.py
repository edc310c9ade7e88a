"""Opening live, halts and the way back through the engine, as small accounts walk them."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis.domain.account import Balance, Tier, TierMode, TiltLevel
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    HealthReported,
    InstrumentReported,
    JournalAssessed,
    OperatorActed,
    TimerFired,
)
from genesis.domain.outcomes import (
    CommandAnswered,
    OrderApproved,
    OrderRefused,
    TierChanged,
)
from genesis.domain.paper import PaperDayReported
from genesis.domain.time import DAY, HOUR, SECOND, utc_day
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.engine.tier_acts import RECORD
from genesis.rules import load
from tests.support.build import BTC
from tests.support.engines import T0, Bench, only, submits

D = Decimal
RULES = load("sniper").tiers
assert RULES.opening
REASON = "The market ran away and I followed it; from now on I stop after the second loss. " * 2


class Live(Bench):
    """A bench over a live account, from its first event on."""

    def __init__(self, cash: str = "500") -> None:
        self.rules = load("sniper")
        self.engine = Engine(self.rules)
        self.now_ns, self.steps, self._trade_id = T0, [], 0
        self.start(1)
        held = (Balance("USDT", D(cash), D(0)),)
        self.tell(AccountOpened(T0, "acct", "test", False, "USDT", held))
        self.tell(InstrumentReported(T0, BTC))
        self.reconciled()
        self.tick("60000")


def mode(bench: Bench) -> TierMode:
    return bench.engine.state.tiers.state.mode


def says(step: Step) -> str:
    (told,) = only(step, CommandAnswered)
    return f"{'yes' if told.accepted else 'no'}: {told.text}"


def page(bench: Bench, number: int = 0) -> None:
    text = f"{bench.now_ns + number:064x}"
    bench.tell(JournalAssessed(bench.now_ns, text, 520, True, "accepted"))


def go_live(bench: Bench) -> Step:
    assert RULES.opening
    return bench.act("go_live", "CEREMONY_STEP", phrase=RULES.opening.phrase, symbol=None)


def codes(step: Step) -> set[str]:
    return {f.code for o in only(step, OrderRefused) for f in o.failures}


def halt_words(step: Step) -> str:
    """What is said of the halt where an entry is refused."""
    (refused,) = only(step, OrderRefused)
    return next(one.reason for one in refused.failures if one.code == "TRADING_HALTED")


def buy(bench: Bench, usdt: str = "100") -> Step:
    bench.tick("60000")
    return bench.buy(usdt)


def trade(bench: Bench, out: str = "61800") -> Decimal:
    """In and out; what it cost to get in."""
    (entry,) = submits(buy(bench))
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "60000"))
    bench.accept(stop.key)
    bench.later(1800)
    bench.tick(out)
    bench.act("close", reduces_risk=True)
    (leave,) = submits(bench.cancelled(stop.key))
    bench.accept(leave.key)
    bench.fill(leave, out)
    return entry.request.qty * 60_000


def next_day(bench: Bench) -> None:
    midnight = (utc_day(bench.now_ns) + 1) * DAY
    bench.later((midnight + 10 * 60 * SECOND - bench.now_ns) / SECOND)


# -- rows 2 and 2b ---------------------------------------------------------------------------
def test_a_live_account_opens_in_three_steps() -> None:
    bench = Live()
    assert mode(bench) is TierMode.OPENING48
    assert submits(buy(bench)) == []
    assert "it can be done in 48 hours (" in says(go_live(bench))
    bench.later(48 * 3600)
    bench.tell(BalanceReported(bench.now_ns, (), False, "0.1 BTC"))
    assert "not reconciled" in says(go_live(bench))
    bench.reconciled()
    assert says(go_live(bench)).startswith("yes")
    assert mode(bench) is TierMode.GO_LIVE
    assert trade(bench) <= 10
    bench.tell(BalanceReported(bench.now_ns, (), False, "0.1 BTC"))
    bench.later(24 * 3600)
    assert mode(bench) is TierMode.GO_LIVE  # the books were not clean at its end
    bench.reconciled()
    bench.later(3600)
    assert mode(bench) is TierMode.ACTIVE
    assert 10 < trade(bench) <= 25


def test_a_wrong_go_live_phrase_is_evidence_and_opens_nothing() -> None:
    bench = Live()
    bench.later(48 * 3600)
    step = bench.act("go_live", "CEREMONY_STEP", phrase="let me trade", symbol=None)
    assert says(step).startswith("no: the phrase is not exactly")
    assert mode(bench) is TierMode.OPENING48
    assert bench.engine.state.tilt.score(bench.now_ns).contributions["phrase"] > 0


def test_days_of_the_paper_lane_arrive_as_events() -> None:
    bench = Live()
    day = utc_day(T0)
    for n in range(3):
        bench.tell(PaperDayReported(bench.now_ns, day + n, 2, D(1), D(500)))
    assert bench.engine.state.tiers.profitable_days() == 3


# -- rows 9, 12, 13 --------------------------------------------------------------------------
def emergency(bench: Bench) -> None:
    """A daily loss, certain once a position is left: the day is made to have begun with more."""
    state = bench.engine.state
    state.risk.drawdown.start_day(bench.now_ns, D(600), D(0), state.limits, state.rules.risk)
    trade(bench, "60000")
    assert mode(bench) is TierMode.EMERGENCY


def test_a_small_account_walks_the_whole_way_back() -> None:
    bench = Bench(cash="425", price="60000")
    emergency(bench)
    if bench.engine.state.tilt.state.paused:
        page(bench, 1)
    page(bench, 2)
    sizes: dict[TierMode, list[Decimal]] = {TierMode.EMERGENCY: [], TierMode.RECOVERY: []}
    for _ in range(20):
        next_day(bench)
        now = mode(bench)
        if now is TierMode.ACTIVE:
            break
        bench.later(14 * 3600)
        sizes[now].append(trade(bench))
        bench.later(1800)
        sizes[now].append(trade(bench))
    assert mode(bench) is TierMode.ACTIVE
    assert max(sizes[TierMode.EMERGENCY]) <= 10
    assert len(sizes[TierMode.RECOVERY]) == 14
    assert all(5 < size < 7 for size in sizes[TierMode.RECOVERY])  # the smallest that can be left
    changes = [o for step in bench.steps for o in only(step, TierChanged)]
    assert [c.mode for c in changes][-3:] == [
        TierMode.EMERGENCY,
        TierMode.RECOVERY,
        TierMode.ACTIVE,
    ]
    assert bench.engine.state.tiers.state.tier is Tier.SNIPER


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.decimals("0.01", "100000", places=2), min_size=1, max_size=6))
def test_i26_in_an_emergency_no_entry_is_larger_than_ten_usdt(asked: list[Decimal]) -> None:
    bench = Bench(cash="425", price="60000")
    emergency(bench)
    for usdt in asked:
        step = buy(bench, str(usdt))
        for one in only(step, OrderApproved):
            assert one.request.qty * 60_000 <= 10
            bench.later(60)


# -- row 14 ----------------------------------------------------------------------------------
def test_a_reset_takes_a_day_a_page_a_reason_and_clean_books() -> None:
    bench = Bench(price="60000")
    bench.act("halt", reason="enough", symbol=None, reduces_risk=True)
    assert mode(bench) is TierMode.HALTED
    assert "`genesis tier reset` leads out of it" in halt_words(buy(bench))
    assert all("trading is halted" in lock.reason for lock in bench.engine.gate.forbids("BTC/USDT"))
    bench.later(3600)
    told = says(bench.act("reset", reason="please", symbol=None))
    assert all(word in told for word in ("in 23 hours", "100 characters, it has 6", "a page"))
    page(bench)
    bench.later(23 * 3600)
    bench.tell(BalanceReported(bench.now_ns, (), False, "0.1 BTC"))
    assert "not reconciled" in says(bench.act("reset", reason=REASON, symbol=None))
    bench.reconciled()
    assert says(bench.act("reset", reason=REASON, symbol=None)).startswith("yes")
    assert mode(bench) is TierMode.ACTIVE
    assert bench.engine.state.risk.drawdown.halted is None
    assert codes(buy(bench)) == set()


def halted_by_himself(bench: Bench) -> None:
    """Halted, and reset when its time has come."""
    bench.act("halt", reason="enough", symbol=None, reduces_risk=True)
    if bench.engine.state.tilt.state.paused:
        page(bench, 1)
    page(bench, 2)
    bench.later(24 * 3600)
    assert says(bench.act("reset", reason=REASON, symbol=None)).startswith("yes")


def fall(bench: Bench, usdt: str) -> None:
    """Less than there was at the peak, in cash: nothing is valued, so it is certain at once."""
    bench.engine.state.risk.drawdown.peak_usdt += D(usdt)
    bench.tell(TimerFired(bench.now_ns, "look"))


def test_after_a_loss_falls_count_from_the_reset() -> None:
    bench = Bench(price="60000")
    fall(bench, "80")
    assert mode(bench) is TierMode.HALTED
    if bench.engine.state.tilt.state.paused:
        page(bench, 1)
    page(bench, 2)
    bench.later(24 * 3600)
    assert says(bench.act("reset", reason=REASON, symbol=None)).startswith("yes")
    drawdown = bench.engine.state.risk.drawdown
    assert (mode(bench), drawdown.halted) == (TierMode.RECOVERY, None)
    assert drawdown.peak_usdt == bench.engine.view.equity_usdt - drawdown.base_usdt


def test_a_halt_of_ones_own_forgets_no_fall() -> None:
    bench = Bench(price="60000")
    drawdown = bench.engine.state.risk.drawdown
    fall(bench, "60")
    assert drawdown.is_raised("CRITICAL")
    peak = drawdown.peak_usdt
    halted_by_himself(bench)
    assert (drawdown.peak_usdt, drawdown.halted) == (peak, None)
    assert mode(bench) is TierMode.ACTIVE
    fall(bench, "20")
    assert mode(bench) is TierMode.HALTED


def test_a_halt_of_ones_own_leads_past_no_protocol() -> None:
    bench = Live()
    halted_by_himself(bench)
    assert mode(bench) is TierMode.OPENING48
    assert submits(buy(bench)) == []
    bench.later(24 * 3600)
    assert says(go_live(bench)).startswith("yes")  # the time of looking went on


def test_i26_a_halt_of_ones_own_leads_out_of_no_emergency() -> None:
    bench = Bench(cash="425", price="60000")
    emergency(bench)
    since_ns = bench.engine.state.tiers.state.since_ns
    halted_by_himself(bench)
    assert mode(bench) is TierMode.EMERGENCY
    assert bench.engine.state.tiers.state.since_ns == since_ns
    for one in only(buy(bench), OrderApproved):
        assert one.request.qty * 60_000 <= 10


def test_first_day_small_positions_end_in_their_time_though_it_passed_in_a_halt() -> None:
    bench = Live()
    bench.later(48 * 3600)
    bench.reconciled()
    go_live(bench)
    bench.later(3600)
    halted_by_himself(bench)
    assert mode(bench) is TierMode.GO_LIVE
    bench.later(1)
    assert mode(bench) is TierMode.ACTIVE


def test_a_page_that_an_intervention_asked_for_is_no_page_of_the_halt() -> None:
    bench = Bench(price="60000")
    bench.act("halt", reason="enough", symbol=None, reduces_risk=True)
    while bench.engine.state.tilt.state.level.rank < TiltLevel.WARNING.rank:
        bench.tell(OperatorActed(bench.now_ns, "CEREMONY_STEP", reason="phrase"))
    page(bench, 1)
    assert bench.engine.state.tiers.pages_due == 1
    page(bench, 2)
    assert bench.engine.state.tiers.pages_due == 0


# -- row 15 ----------------------------------------------------------------------------------
def test_a_broken_record_halts_until_the_command_that_resolves_it() -> None:
    bench = Bench(price="60000")
    stop = bench.open_position("60000")
    bench.tell(HealthReported(bench.now_ns, RECORD, "failed", "event 7 is not what it was"))
    assert mode(bench) is TierMode.HALTED
    told = halt_words(buy(bench, "5"))
    assert "`genesis recover` makes the record whole" in told and "tier reset" not in told
    assert bench.engine.view.reduce_only == ("BTC/USDT",)
    bench.act("close", reduces_risk=True)
    assert submits(bench.cancelled(stop.key))  # closing works throughout
    bench.tell(HealthReported(bench.now_ns, RECORD, "ok", "recovered"))
    assert mode(bench) is TierMode.ACTIVE
    assert bench.engine.state.tiers.state.no_promotion_before_ns is None


def test_a_broken_record_keeps_the_clock_and_the_page_of_an_emergency() -> None:
    bench = Bench(cash="425", price="60000")
    emergency(bench)
    if bench.engine.state.tilt.state.paused:
        page(bench, 1)
    page(bench, 2)
    tiers = bench.engine.state.tiers
    before = tiers.state
    bench.later(70 * 3600)
    bench.tell(HealthReported(bench.now_ns, RECORD, "failed", "event 7 is not what it was"))
    bench.later(60)
    bench.tell(HealthReported(bench.now_ns, RECORD, "ok", "recovered"))
    assert tiers.state == before
    assert tiers.page_done and tiers.pages_due == 0


# -- row 16 ----------------------------------------------------------------------------------
def test_stepping_down_is_no_act_of_a_troubled_mind() -> None:
    bench = Bench(price="60000")
    assert "no tier below SNIPER" in says(bench.act("step_down", symbol=None, reduces_risk=True))
    assert bench.engine.state.tilt.score(bench.now_ns).score == 0


@pytest.mark.parametrize("verb", ["go_live", "step_down", "reset"])
def test_no_step_sends_an_order_or_moves_a_stop(verb: str) -> None:
    bench = Bench(price="60000")
    bench.open_position("60000")
    before = dict(bench.engine.state.execution.protector.stops)
    bench.later(HOUR / SECOND)
    step = bench.act(verb, reason=REASON, phrase="x", symbol=None)
    assert submits(step) == []
    assert bench.engine.state.execution.protector.stops == before
