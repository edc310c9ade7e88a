"""All markets together in the whole flow: sizes, what a crash forbids, what is told."""

from dataclasses import replace
from decimal import Decimal
from math import exp, log1p
from pathlib import Path

import pytest

from genesis.domain.account import GlobalMarketState
from genesis.domain.events import BarClosed, InstrumentReported, TradeTick
from genesis.domain.orders import OrderType, Side
from genesis.domain.outcomes import GlobalMarketChanged, OrderApproved, OrderRefused
from genesis.domain.time import HOUR, MINUTE, SECOND
from genesis.engine.portfolio import Portfolio
from genesis.engine.step import Step
from genesis.rules import load
from genesis.service.api.headroom import headroom
from tests.support.build import BTC
from tests.support.engines import SYMBOL, Bench, cancels, only, submits

D = Decimal
ETH = "ETH/USDT"
QUICK = """
name = "quick"
[market]
correlation = "none"
[market.states]
bars_min = 43200
[market.whole]
slots_min = 48
[risk]
mark_stale_s = 86400
[risk.tiers.SNIPER]
position_fraction = 0.2
exposure_fraction = 0.4
"""


class Market(Bench):
    """Two symbols, hour by hour."""

    def __init__(self, rules: str) -> None:
        super().__init__(rules, cash="1000", price="100")
        self.tell(InstrumentReported(self.now_ns, replace(BTC, symbol=ETH, base="ETH")))
        self.log_price = 0.0

    def hours(self, count: int, move: float = 0.0) -> list[Step]:
        steps = []
        for hour in range(count):
            self.log_price += move
            self.now_ns = (self.now_ns // HOUR + 1) * HOUR
            wiggle = 0.002 if hour % 2 else 0.0
            price = D(str(round(100 * exp(self.log_price + wiggle), 2)))
            for symbol in (SYMBOL, ETH):
                self.tell(TradeTick(self.now_ns, symbol, 1, price, D(1), False))
                bar = BarClosed(self.now_ns, symbol, MINUTE, price, price, price, price, D(1))
                steps.append(self.tell(bar))
        self.now_ns += SECOND
        return steps

    @property
    def price(self) -> D:
        return self.engine.view.price(SYMBOL)

    @property
    def state(self) -> GlobalMarketState:
        return self.engine.state.market.whole.state


@pytest.fixture
def market(tmp_path: Path) -> Market:
    path = tmp_path / "quick.toml"
    path.write_text(QUICK)
    made = Market(str(path))
    made.hours(90)
    return made


def crash(market: Market) -> list[Step]:
    steps = market.hours(6, -0.04)
    assert market.state is GlobalMarketState.CRASH
    return steps


def holds(market: Market):
    return market.engine.gate._sizes.holds(SYMBOL)


def test_a_crash_is_told_once_and_quarters_sizes(market: Market) -> None:
    told = [one for step in crash(market) for one in only(step, GlobalMarketChanged)]
    assert [one.new for one in told][-1] is GlobalMarketState.CRASH
    assert told[-1].reason.startswith("prices fell by 1")
    assert (holds(market).share, holds(market).code) == (D("0.25"), "MARKET_CRASH")
    assert holds(market).told() == "while the market is in a crash sizes are 25 %"
    (entry,) = submits(market.buy("500"))
    assert 45 < entry.request.qty * market.price <= 50


def test_in_a_crash_nothing_is_added_to_what_is_held(market: Market) -> None:
    market.open_position("100")
    crash(market)
    (refused,) = only(market.buy("500"), OrderRefused)
    assert [(one.code, one.scope) for one in refused.failures] == [("MARKET_CRASH", "symbol")]
    assert "nothing is added to BTC/USDT" in refused.failures[0].reason


def test_in_a_crash_a_working_entry_takes_the_place_of_a_position(market: Market) -> None:
    crash(market)
    submits(market.buy("20"))
    refused = only(market.buy("20"), OrderRefused)
    assert "MARKET_CRASH" in {one.code for one in refused[0].failures}


def test_in_a_crash_a_stop_moves_up_only(market: Market) -> None:
    stop = market.open_position("20")
    market.act("stop", "STOP_MODIFY", stop_new=D(55))
    (lower,) = submits(market.cancelled(stop.key))
    market.accept(lower.key)
    crash(market)
    assert not cancels(market.act("stop", "STOP_MODIFY", stop_new=D(54)))
    assert cancels(market.act("stop", "STOP_MODIFY", stop_new=D(60), reduces_risk=True))


def test_a_crash_lets_positions_go_and_keeps_their_stops(market: Market) -> None:
    stop = market.open_position("100")
    told = [one.key for step in crash(market) for one in cancels(step)]
    assert stop.key not in told
    step = market.act("close")
    assert [one.key for one in cancels(step)] == [stop.key]
    assert submits(market.cancelled(stop.key)), "the position is on its way out"


def test_a_crash_cancels_resting_entries(market: Market) -> None:
    step = market.act(
        "trade",
        "ORDER_SUBMIT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount_usdt=D(20),
        price=D(50),
    )
    (entry,) = submits(step)
    market.accept(entry.key)
    assert [one.key for step in crash(market) for one in cancels(step)] == [entry.key]


def test_a_bear_and_a_recovery_make_sizes_smaller(market: Market) -> None:
    market.hours(60, -0.002)
    assert (holds(market).share, holds(market).code) == (D("0.75"), "MARKET_BEAR")
    crash(market)
    while market.state is GlobalMarketState.CRASH:
        market.hours(1)
    assert (holds(market).share, holds(market).code) == (D("0.5"), "MARKET_RECOVERY")


def test_a_bull_makes_nothing_larger(market: Market) -> None:
    market.hours(40, 0.003)
    assert market.state is GlobalMarketState.BULL
    assert holds(market).share == 1
    (entry,) = submits(market.buy("500"))
    assert entry.request.qty * market.price <= 200


def test_rules_without_it_know_no_such_state(market: Market) -> None:
    crash(market)
    market.engine.set_rules(load("research"))
    assert holds(market).share == 1
    assert headroom(market.engine)["whole_market"] is None


def test_a_new_run_under_the_same_rules_remembers(market: Market) -> None:
    crash(market)
    market.engine.set_rules(market.rules)
    assert market.state is GlobalMarketState.CRASH


def test_headroom_tells_the_state_and_what_it_was_judged_without(market: Market) -> None:
    young = headroom(Bench("sniper").engine)["whole_market"]
    assert young == {
        "state": "CRAB",
        "reason": "not judged yet: 0 of 168 closes are known",
        "missing": ["dominance", "funding", "sentiment"],
        "moves_as_one": False,
    }
    crash(market)
    told = headroom(market.engine)["whole_market"]
    assert told["state"] == "CRASH"
    assert "within 24 h" in told["reason"]


# -- a bad day ---------------------------------------------------------------------------------
TIGHT = QUICK + "[market.portfolio]\nloss_fraction = 0.004\n"


@pytest.fixture
def tight(tmp_path: Path) -> Bench:
    """At 4 % a day assumed, 1000 USDT may hold 60.8 before a bad day costs over 4."""
    path = tmp_path / "tight.toml"
    path.write_text(TIGHT)
    return Bench(str(path), cash="1000", price="100")


def test_what_a_bad_day_may_cost_clips_an_entry(tight: Bench) -> None:
    (approved,) = only(tight.buy("200"), OrderApproved)
    assert 60 < approved.request.qty * 100 <= D("60.8")
    found = headroom(tight.engine)["portfolio"]
    assert D("3.9") < D(found["var_parametric"]) <= 4
    assert (found["var_historical"], found["assumed"]) == (None, [SYMBOL])


def test_where_a_bad_day_costs_enough_already_nothing_is_added(tight: Bench) -> None:
    tight.open_position("100")
    tight.buy("200")
    (refused,) = only(tight.buy("200"), OrderRefused)
    assert refused.failures[0].code == "VAR_REACHED"
    assert "what a bad day may cost leaves room for" in refused.failures[0].reason
    limit = next(one for one in headroom(tight.engine)["limits"] if one["name"] == "portfolio_loss")
    assert limit["limit"].startswith("3.99")
    assert limit["fraction"] > 0.9


def test_what_is_held_can_always_be_left(tight: Bench) -> None:
    stop = tight.open_position("100")
    tight.act("close")
    assert submits(tight.cancelled(stop.key))


class Days:
    """A history of forty days, told as it is."""

    def __init__(self, *first: float) -> None:
        self._returns = {day: log1p(moved) for day, moved in enumerate([*first, *[0.0] * 37])}

    def day_returns(self) -> dict[int, float]:
        return self._returns


def test_a_size_that_outweighs_too_little_is_judged_by_itself(tmp_path: Path) -> None:
    """The second worst of forty days: a large size makes up for the first of them, none at all
    has no part in the second, and one in between has a part in both.
    """
    path = tmp_path / "days.toml"
    path.write_text(TIGHT.replace("0.004", "0.0045") + "unknown_volatility = 0.0001\n")
    bench = Bench(str(path), cash="1000", price="100")
    bench.open_position("100")
    histories = bench.engine.state.market.whole.histories
    histories[SYMBOL], histories[ETH] = Days(-0.1, 0.0, -0.04), Days(0.1, -0.1, 0.0)
    portfolio = Portfolio(bench.engine.state, bench.engine.view)
    assert portfolio.room_usdt(ETH) is None
    assert portfolio.too_much(ETH, D(100)) is None
    failure = portfolio.too_much(ETH, D(50))
    assert failure.code == "VAR_REACHED"
    assert failure.reason.startswith("on a bad day all positions together could lose 4.9")


def test_the_gate_asks_that_of_every_entry(tight: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Portfolio, "room_usdt", lambda self, symbol: None)
    (refused,) = only(tight.buy("200"), OrderRefused)
    assert [one.code for one in refused.failures] == ["VAR_REACHED"]


def test_the_operator_is_not_limited_by_it_under_usual_rules() -> None:
    bench = Bench("sniper")
    (entry,) = submits(bench.buy("100"))
    assert entry.request.qty == D("0.00037")
