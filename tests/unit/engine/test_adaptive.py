"""Sizes that adapt: strategies only, only ever smaller, and into paper without an edge."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.outcomes import BreakerMoved
from genesis.domain.paper import PaperTradeReported
from genesis.domain.time import DAY, HOUR, SECOND
from genesis.engine.adaptive import multipliers
from genesis.engine.sizes import Sizes
from genesis.risk.breakers import Level, State
from genesis.service.api.headroom import headroom
from genesis.strategy.sniper.spread_capture import SpreadCapture
from tests.support.engines import SYMBOL, Bench, only, submits
from tests.unit.engine.test_breaking import codes, moved, round_trip, wish

D = Decimal
NAME = "spread_capture"


def shown(bench: Bench, *results: float) -> tuple[BreakerMoved, ...]:
    """Closed trades of the strategy, each 20 USDT large, with these results as shares of it."""
    risk, facts = bench.engine.state.risk, ()
    for result in results:
        pnl = D(str(result)) * 20
        facts += risk.trade_closed(bench.now_ns, pnl, NAME, D(50), D(20))
        risk.streak = type(risk.streak)()  # the account's own pauses are another matter
    return facts


def held(bench: Bench, strategy: str | None = NAME):
    return Sizes(bench.engine.state).holds(SYMBOL, strategy)


def moving(bench: Bench, share: float, days: int = 15) -> None:
    """The symbol closes every day this much higher or lower, and ends in the middle."""
    whole, start = bench.engine.state.market.whole, bench.now_ns // DAY * DAY
    for day in range(days):
        for hour in range(1, 25):
            step = day % 2 if day < days - 1 else 0.5
            price = 67453 * (1 + share * step)
            whole.take(SYMBOL, start + day * DAY + hour * HOUR, price)


def test_a_strategy_that_has_shown_little_trades_half() -> None:
    bench = Bench()
    assert (held(bench).share, held(bench).code) == (D("0.5"), "STRATEGY_UNPROVEN")
    (entry,) = submits(wish(bench, "100", f"strategy:{NAME}"))
    assert entry.request.qty == D("0.00018")
    shown(bench, *[0.02] * 3)
    assert held(bench).told() == f"while {NAME} has shown 3 of 30 results sizes are 50 %"


def test_the_operator_trades_whole() -> None:
    bench = Bench()
    moving(bench, 0.2)
    shown(bench, *[-0.001] * 40)
    assert held(bench, None).share == 1
    assert not list(multipliers(bench.engine.state, SYMBOL, None))


def test_a_strategy_that_has_shown_enough_trades_by_its_edge() -> None:
    bench = Bench()
    shown(bench, *[0.03, 0.03, -0.02] * 20)
    assert held(bench).share == 1, "a quarter of Kelly is more than the risk of one trade"
    slight = Bench()
    shown(slight, *[0.0124, -0.01] * 50)
    assert held(slight).code == "STRATEGY_EDGE"
    assert 0 < held(slight).share < 1
    assert f"by what {NAME} has shown in 100 trades" in held(slight).reason


@pytest.mark.parametrize(("share", "holds"), [(0.02, D("0.5")), (0.12, D("0.25"))])
def test_a_wild_symbol_is_traded_smaller(share, holds) -> None:
    bench = Bench()
    moving(bench, share)
    found = held(bench)
    assert abs(found.share - holds) < D("0.03")
    assert found.code == ("STRATEGY_UNPROVEN" if share < 0.03 else "SYMBOL_VOLATILITY")


def test_few_days_tell_no_volatility() -> None:
    bench = Bench()
    moving(bench, 0.5, days=10)
    assert held(bench).code == "STRATEGY_UNPROVEN"


# -- without an edge ---------------------------------------------------------------------------
def test_a_strategy_without_an_edge_goes_to_paper_and_is_told_once() -> None:
    bench = Bench()
    facts = shown(bench, *[0.01, -0.011] * 20)
    assert [(f.level, f.name, f.state) for f in facts] == [("STRATEGY", NAME, "HALF_OPEN")]
    assert "has not shown that it wins more than it loses" in facts[0].reason
    assert held(bench).share == D("0.5"), "all is paper: it tries here"
    assert not bench.engine.gate.forbids(SYMBOL, NAME)


def test_on_a_live_account_it_is_refused_until_it_is_let_out() -> None:
    bench = Bench()
    bench.engine.state.tiers.history.is_paper = False
    shown(bench, *[0.01, -0.011] * 20)
    found = codes(wish(bench, "20", f"strategy:{NAME}"))
    assert found == {"STRATEGY_ON_PAPER": ("strategy", None)}
    assert held(bench).share == 0
    assert not bench.engine.gate.forbids(SYMBOL, "simple_arb")
    assert not bench.engine.gate.forbids(SYMBOL)
    bench.later(3 * DAY / SECOND)
    assert "STRATEGY_ON_PAPER" in codes(wish(bench, "20", f"strategy:{NAME}")), (
        "time alone proves nothing"
    )


def test_wins_let_it_out_again_once_they_speak_for_it() -> None:
    bench = Bench()
    shown(bench, *[0.01, -0.011] * 20)
    assert not shown(bench, 0.01), "one win is no edge"
    facts = shown(bench, *[0.02] * 40)
    assert [f.state for f in facts] == ["CLOSED"]
    assert bench.engine.state.risk.breakers.get((Level.STRATEGY, NAME)) is None


def test_a_win_on_paper_brings_nothing_back_that_has_no_edge() -> None:
    bench = Bench()
    bench.engine.state.tiers.history.is_paper = False
    shown(bench, *[0.01, -0.011] * 20)
    win = PaperTradeReported(bench.now_ns, NAME, D("0.4"), D(20))
    assert not only(bench.tell(win), BreakerMoved), "one win is no edge"
    (failure,) = bench.engine.gate.forbids(SYMBOL, NAME)
    assert failure.code == "STRATEGY_ON_PAPER"
    for _ in range(40):
        bench.tell(win)
    assert moved(bench) == [("STRATEGY", NAME, "CLOSED")]
    assert not bench.engine.gate.forbids(SYMBOL, NAME)


def test_one_loss_on_paper_is_no_rest_but_five_are() -> None:
    bench = Bench()
    shown(bench, *[0.01, -0.011] * 20)
    assert not shown(bench, -0.01, 0.01, -0.01)
    shown(bench, 0.01)
    facts = shown(bench, *[-0.01] * 5)
    assert [f.state for f in facts] == ["OPEN"]


def test_it_is_a_fold_of_the_trades_themselves() -> None:
    """Through the whole flow: entry, stop, its fill."""
    bench = Bench()
    for _ in range(4):
        round_trip(bench, "300", f"strategy:{NAME}")
        round_trip(bench, "-300", f"strategy:{NAME}")
        bench.engine.state.risk.streak = type(bench.engine.state.risk.streak)()
    assert bench.engine.state.risk.results[NAME].count == 8
    assert not moved(bench)
    assert all(only(step, BreakerMoved) == [] for step in bench.steps)


def test_headroom_tells_what_a_strategy_has_shown() -> None:
    bench = Bench()
    bench.engine.set_strategies([SpreadCapture()])
    shown(bench, *[0.01, -0.011] * 20)
    (told,) = headroom(bench.engine)["strategies"]
    assert (told["name"], told["results"], told["multiplier"]) == (NAME, 40, "0.5")
    assert told["breaker"] == State.HALF_OPEN.value


@given(
    st.lists(st.floats(-0.1, 0.1), max_size=60),
    st.floats(0, 0.3),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_i20_whatever_was_shown_it_only_ever_shrinks(results, share, is_paper) -> None:
    bench = Bench()
    bench.engine.state.tiers.history.is_paper = is_paper
    if share:
        moving(bench, share)
    shown(bench, *(round(one, 4) for one in results))
    for one in multipliers(bench.engine.state, SYMBOL, NAME):
        assert 0 <= one.share <= 1
        assert type(one.share) is D
    assert held(bench).share <= held(bench, None).share
