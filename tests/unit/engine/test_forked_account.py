"""What a fork carries of the account: the loss and the trades of its day, floors and its rules."""

from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import Tier
from genesis.domain.edits import RulesEdited
from genesis.domain.events import FlowReported, RulesChanged
from genesis.domain.keeping import Broke, Carried, DayBegun
from genesis.domain.outcomes import AlertRaised
from genesis.domain.time import DAY, HOUR, utc_day
from genesis.engine.rule_edits import PROPOSED
from genesis.risk.drawdown import DAILY_LOSS, WARNING
from tests.support.engines import Bench, only
from tests.unit.engine.test_books import DAILY, STATIC
from tests.unit.engine.test_books import bench as bound
from tests.unit.engine.test_forks import codes, fork, mode
from tests.unit.rules.test_edits import edited

D = Decimal
A_DAY_S = DAY / 10**9
LOOSER = "risk.tiers.SNIPER.position_fraction = 0.06"
STRICTER = "risk.tiers.SNIPER.position_fraction = 0.01"


def next_day(bench: Bench) -> int:
    return utc_day(bench.now_ns) + 1


def base(bench: Bench) -> tuple[Decimal, Decimal]:
    drawdown = bench.engine.state.risk.drawdown
    return drawdown.day_base_usdt, drawdown.day_equity_usdt


def alerts(bench: Bench) -> set[str]:
    return {f.alert for step in bench.steps for f in only(step, AlertRaised)}  # type: ignore[attr-defined]


def want(bench: Bench, text: str) -> list[RulesEdited]:
    rules = edited(text)
    step = bench.tell(RulesChanged(bench.now_ns, rules.text, rules.sha256, PROPOSED))
    return only(step, RulesEdited)  # type: ignore[return-value]


def position_fraction(bench: Bench) -> Decimal:
    return bench.engine.state.rules.risk.tiers[Tier.SNIPER].position_fraction


# -- the day ---------------------------------------------------------------------------------
def test_what_a_day_lost_in_the_rest_is_lost_when_the_day_begins_here() -> None:
    bench = Bench(cash="500")
    fork(bench, carried=Carried(begun=DayBegun(next_day(bench), D(600))))
    assert base(bench) == (D(500), D(500))
    bench.later(A_DAY_S)
    assert base(bench) == (D(600), D(600))
    bench.later(HOUR / 10**9)
    assert alerts(bench) >= {WARNING, DAILY_LOSS}
    assert mode(bench).value == "EMERGENCY"
    bench.later(A_DAY_S)
    assert base(bench) == (D(500), D(500))


def test_a_loss_of_the_day_before_is_no_loss_of_this_day() -> None:
    bench = Bench(cash="500")
    fork(bench, carried=Carried(begun=DayBegun(next_day(bench), D(600))))
    bench.later(2 * A_DAY_S)
    fork(bench, carried=Carried(begun=DayBegun(next_day(bench) - 2, D(900))))
    assert base(bench) == (D(500), D(500))


def test_money_that_came_in_meanwhile_is_no_loss_of_the_day() -> None:
    bench = Bench(cash="500")
    flows = (("BTC", D(1)), ("USDT", D(100)))
    fork(bench, carried=Carried(begun=DayBegun(next_day(bench), D(600), flows)))
    bench.tell(FlowReported(bench.now_ns, "USDT", D(100), "deposit", "1"))
    bench.later(A_DAY_S)
    assert base(bench) == (D(500), D(600))


@pytest.mark.parametrize(
    "begun",
    [
        (D(400), ()),
        (D(10**9), (("USDT", D(10**9) - 500),)),
        (D(10**9), (("USDT", D(10**9) - 501),)),
    ],
)
def test_a_baseline_that_was_made_up_loosens_nothing(begun) -> None:
    bench = Bench(cash="500")
    fork(bench, carried=Carried(begun=DayBegun(utc_day(bench.now_ns), *begun)))
    held, equity = base(bench)
    assert held >= D(500) and equity <= D(501)


def test_trades_of_the_rest_count_on_their_day_beside_those_of_the_sound_part() -> None:
    bench = Bench(price="60000")
    bench.open_position("60000")
    today = utc_day(bench.now_ns)
    fork(bench, carried=Carried(entries=5, entries_day=today))
    fork(bench, carried=Carried(entries=4, entries_day=today))
    risk = bench.engine.state.risk
    assert risk.trades_today(bench.now_ns, 0) == 10
    assert codes(bench) == {"TRADES_PER_DAY"}
    assert risk.trades_today(bench.now_ns + DAY, 0) == 0


def test_trades_of_a_day_that_was_made_up_forget_none_of_this_day() -> None:
    bench = Bench(price="60000")
    bench.open_position("60000")
    fork(bench, carried=Carried(entries=1, entries_day=10**6))
    assert bench.engine.state.risk.trades_today(bench.now_ns, 0) == 1


# -- floors of rulebooks ---------------------------------------------------------------------
def test_a_floor_that_broke_in_the_rest_stays_broken(tmp_path: Path) -> None:
    bench = bound(tmp_path, STATIC.format(10))
    assert not codes(bench)
    fork(bench, carried=Carried(broke=(Broke("narrow.max_loss_static", bench.now_ns - 1),)))
    assert "RULEBOOK_BREACH" in codes(bench)
    bench.later(A_DAY_S)
    assert "RULEBOOK_BREACH" in codes(bench)


@pytest.mark.parametrize(("until", "ends"), [("day", True), ("account", False)])
def test_a_broken_floor_of_a_day_refuses_as_long_as_it_would_have(
    until: str, ends: bool, tmp_path: Path
) -> None:
    bench = bound(tmp_path, DAILY.format(10, until))
    broke = Broke("narrow.max_daily_loss", bench.now_ns + DAY)
    fork(bench, carried=Carried(broke=(broke,)))
    assert ("RULEBOOK_BREACH" in codes(bench)) is not ends
    bench.later(A_DAY_S)
    assert "RULEBOOK_BREACH" in codes(bench)
    bench.later(A_DAY_S)
    assert ("RULEBOOK_BREACH" in codes(bench)) is not ends
    fork(bench, carried=Carried(broke=(broke,)))
    assert ("RULEBOOK_BREACH" in codes(bench)) is not ends


# -- the rules -------------------------------------------------------------------------------
def test_rules_of_the_rest_hold_where_they_are_stricter() -> None:
    bench = Bench()
    both = f"{STRICTER}\nrisk.tiers.SNIPER.max_trades_per_day = 99"
    fork(bench, carried=Carried(rules_text=edited(both).text))
    (fact,) = only(bench.steps[-1], RulesEdited)
    assert fact.what == "HELD" and len(fact.edits) == 1  # type: ignore[attr-defined]
    assert position_fraction(bench) == D("0.01")
    assert bench.engine.state.limits.max_trades_per_day == 10
    assert bench.engine.discipline.edits.pending is None


def test_what_waited_may_have_been_cancelled_in_the_rest_and_waits_no_more() -> None:
    bench = Bench()
    assert [fact.what for fact in want(bench, LOOSER)] == ["PENDING"]
    fork(bench, carried=Carried())
    assert bench.engine.discipline.edits.pending is not None  # a fork from before it was asked
    fork(bench, carried=Carried(rules_text=""))
    (fact,) = only(bench.steps[-1], RulesEdited)
    assert fact.what == "CANCELLED" and "the log was recovered" in fact.reason  # type: ignore[attr-defined]
    bench.later(8 * A_DAY_S)
    assert position_fraction(bench) == D("0.05")
