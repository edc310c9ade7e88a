"""A run under worse conditions: the engine decides again, and where costs eat all is exact."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from genesis.analytics import NoValue
from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.orders import Side
from genesis.errors import UsageError
from genesis.research import BacktestResult, Bars, Fees, backtest, cost_stress, trials, walk_forward
from genesis.research.again import again
from genesis.research.stressed import slippage_of
from genesis.sim.latency import SampledLatency
from genesis.strategy import Intent, View
from tests.support.markets import print_list, wandering_ticks, with_tops
from tests.support.walking import FREE, OneHour, bars_of, noise_bars, rising_hours, wave_bars

PLAN: dict[str, Any] = {**FREE, "fees": Fees(2, 10), "params": {"fast": 3, "slow": 8}}
MINUTE = 60_000_000_000


@dataclass(frozen=True, slots=True)
class EveryParams:
    hold: int = 5
    bar: str = "1m"


class Every:
    """Buys after every `hold` bars and sells `hold` bars later: it knows nothing."""

    name = "every"
    tier = Tier.SNIPER
    wants: frozenset[type] = frozenset({BarClosed})
    Params = EveryParams

    def __init__(self, params: EveryParams | None = None) -> None:
        self.params = params or EveryParams()
        self.bar: str | None = self.params.bar
        self.heard = 0

    def on_event(self, event: Event, view: View) -> Any:
        if type(event) is not BarClosed:
            return ()
        self.heard += 1
        if self.heard % self.params.hold:
            return ()
        held = view.position(event.symbol) is not None
        return (Intent(event.symbol, Side.SELL if held else Side.BUY, reduces=held),)


def ran(market: Any, strategy: Any = "sma_cross", **asked: Any) -> BacktestResult:
    given = {**PLAN, **asked}
    if strategy != "sma_cross":
        given.pop("params")
    return backtest(strategy, market, **given)


def fraction(result: BacktestResult) -> float:
    return float(result.metrics["return_fraction"])  # type: ignore[arg-type]


# -- made again ------------------------------------------------------------------------------
@pytest.mark.parametrize("rules", ["research", "sniper"])
def test_the_run_is_made_again_to_the_last_decision(rules: str) -> None:
    ticks = wandering_ticks(6_000, agility=4)
    asked = {"rules": rules, "fill": "next_tick", "cash": 5_000, "stop_fraction": 0.01, "seed": 7,
             "latency": (5, 20, 5), "queue": "optimistic"}  # fmt: skip
    for market in (ticks, with_tops(ticks)):
        run = ran(market, qty=None, **asked)
        assert len(run.trades)
        once_more = again(run)
        assert once_more.decision_digest == run.decision_digest
        assert replace(once_more.setup, traders=()) == replace(run.setup, traders=())
        assert again(run, taker_bps=run.setup.fees.taker_bps * 9).fees != run.fees


def test_what_a_walk_judged_can_be_stressed_and_is_counted_as_what_it_is() -> None:
    found = walk_forward(
        "sma_cross", noise_bars(200, 2), {"fast": [3], "slow": [8]}, train="100m", test="100m",
        **FREE,
    )  # fmt: skip
    stressed = cost_stress(found.steps[0].judged)
    assert stressed.stresses[1].run.trades["entry_ts_ns"].tolist() == (
        found.steps[0].judged.trades["entry_ts_ns"].tolist()
    )
    last = trials().iloc[-1]
    assert (last["strategy"], last["params"]["slow"]) == ("sma_cross", 8)


def test_a_strategy_that_cannot_be_made_anew_is_told() -> None:
    class Bare(Every):
        Params = None  # type: ignore[assignment]

    with pytest.raises(UsageError, match="every cannot be made anew"):
        cost_stress(ran(noise_bars(60, 1), Bare()))


def test_a_strategy_with_a_memory_of_its_own_is_told() -> None:
    class Changing(Every):
        made = 0

        def __init__(self, params: EveryParams | None = None) -> None:
            super().__init__(params)
            Changing.made += 1
            self.heard = Changing.made

    with pytest.raises(UsageError, match="every decides differently when the run is made again"):
        cost_stress(ran(noise_bars(60, 1), Changing()))


# -- conditions ------------------------------------------------------------------------------
def test_each_condition_is_a_backtest_under_it() -> None:
    market = noise_bars(250, 2)
    run = ran(market)
    found = cost_stress(run)
    assert [one.name for one in found.stresses] == [
        "as it was", "costs × 2", "costs × 3", "a bar later",
    ]  # fmt: skip
    assert found.stresses[0].run is run
    for times, one in ((2, found.stresses[1]), (3, found.stresses[2])):
        alone = ran(market, fees=Fees(2 * times, 10 * times))
        assert one.run.decision_digest == alone.decision_digest
        assert one.run.fees == alone.fees
        assert one.cost_bps == 10 * times
    late = found.stresses[3]
    assert late.late_ns == MINUTE
    first = run.fills["ts_ns"].iloc[0]
    assert late.run.fills["ts_ns"].iloc[0] == first + MINUTE
    table = found.table
    assert table["return_fraction"].tolist() == pytest.approx(
        [fraction(one.run) for one in found.stresses]
    )
    assert table["return_fraction"].iloc[0] > table["return_fraction"].iloc[1]


def test_ticks_come_later_by_a_tenth_of_a_second_as_well() -> None:
    ticks = wandering_ticks(5_000, agility=4)
    run = ran(ticks, fill="next_tick", latency=(0, 30, 0))
    found = cost_stress(run)
    later = {one.name: one for one in found.stresses}["100 ms later"].run
    assert later.setup.latency == replace(run.setup.latency, entry_ns=130_000_000)
    alone = ran(ticks, fill="next_tick", latency=(0, 130, 0))
    assert later.decision_digest == alone.decision_digest


def test_drawn_latencies_come_later_one_and_all() -> None:
    drawn = SampledLatency(entry_ns=(10_000_000, 30_000_000), response_ns=(5_000_000,))
    run = ran(wandering_ticks(2_000, agility=4), fill="next_tick", latency=drawn)
    later = {one.name: one for one in cost_stress(run).stresses}["100 ms later"].run
    shifted = replace(drawn, entry_ns=(110_000_000, 130_000_000))
    assert later.setup.latency == shifted


def test_assumed_slippage_is_paid_like_a_fee_by_takers() -> None:
    market = noise_bars(250, 2)
    found = cost_stress(ran(market), slippage_bps="2.5")
    assert [one.name for one in found.stresses[:3]] == ["as it was", "with slippage", "costs × 2"]
    assert [one.cost_bps for one in found.stresses] == [10, 12.5, 25, 37.5, 12.5]
    fees = [one.run.setup.fees for one in found.stresses]
    assert [float(one.taker_bps) for one in fees] == [10, 12.5, 25, 37.5, 12.5]
    assert [float(one.maker_bps) for one in fees] == [2, 2, 4, 6, 2]
    assert "assumed beside it 2.50 bps" in repr(found)


def test_measured_slippage_is_already_in_the_fills() -> None:
    ticks = with_tops(wandering_ticks(5_000, agility=4), spread=12_000)
    found = cost_stress(ran(ticks, fill="book"))
    assert isinstance(found.measured_bps, float)
    assert found.measured_bps == pytest.approx(10.0, abs=2.0), "half of a spread of 20 bps"
    slip, fees = found.measured_bps, [one.run.setup.fees for one in found.stresses]
    assert [float(one.taker_bps) for one in fees[:3]] == pytest.approx(
        [10, 20 + slip, 30 + 2 * slip]
    )
    assert [one.cost_bps for one in found.stresses[:3]] == pytest.approx(
        [10 + slip, 20 + 2 * slip, 30 + 3 * slip]
    )


def test_slippage_by_hand() -> None:
    """The last price before the first minute's end is 100; a trade on its very end is at 101."""
    ticks = print_list(
        (0, 100.0), (60 * 10**9, 101.0), (62 * 10**9, 102.0), (122 * 10**9, 100.0),
        (123 * 10**9, 100.0),
    )  # fmt: skip
    run = backtest(Every(EveryParams(1)), ticks, **{**FREE, "fill": "next_tick"})
    assert run.fills["price"].astype(float).tolist() == [101.0, 100.0]
    lost = (101 - 100) + (102 - 100)
    assert slippage_of(run) == pytest.approx(lost / (100 + 102) * 1e4)


# -- where it breaks even --------------------------------------------------------------------
def test_at_the_break_even_cost_nothing_is_left() -> None:
    market = wave_bars(320)
    even = _even(ran(market, fees=Fees(0, 0)))
    assert even > 100
    assert abs(fraction(ran(market, fees=Fees(0, round(even, 6))))) < 1e-9
    assert cost_stress(ran(market)).break_even_bps == pytest.approx(even)


def test_a_planted_edge_is_found_in_bps() -> None:
    """Each round trip gains 1 %, so each of its two sides may cost just under 50 bps."""
    steps = np.concatenate([[100.0] * 5, [101.0] * 5] * 20)
    found = cost_stress(ran(bars_of(steps), Every(EveryParams(5)), fees=Fees(0, 0)))
    assert fraction(found.stresses[0].run) > 0.01
    even = found.break_even_bps
    assert isinstance(even, float)
    assert even == pytest.approx(1 / 201 * 1e4, rel=0.05)


def evens(seeds: range) -> "tuple[float, float]":
    """(mean, its error) of the break-even costs of what knows nothing."""
    found = [_even(ran(noise_bars(240, one), Every(), fees=Fees(0, 0))) for one in seeds]
    return float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(len(found)))


def test_what_knows_nothing_breaks_even_at_nothing() -> None:
    mean, error = evens(range(100, 112))
    assert abs(mean) < 3 * error
    assert error > 0.1


@pytest.mark.long
def test_what_knows_nothing_breaks_even_at_nothing_in_many_markets() -> None:
    mean, error = evens(range(400))
    assert abs(mean) < 3 * error < 1.0


def _even(run: BacktestResult) -> float:
    from genesis.research.stress import Stress, Stresses
    from genesis.research.stressed import AS_IT_WAS

    value = Stresses((Stress(AS_IT_WAS, 0.0, 0, run),), None, 0.0, 0.0).break_even_bps
    assert isinstance(value, float)
    return value


def test_a_run_that_never_traded_has_none() -> None:
    found = cost_stress(ran(rising_hours(1), OneHour(OneHour.Params(9))))
    assert found.break_even_bps == NoValue("it never traded")
    assert found.measured_bps == NoValue("nothing was taken from the market")
    assert "– (it never traded)" in repr(found)
    assert found._repr_mimebundle_()["text/html"]
    assert found.plot().data


# -- faces and counting ----------------------------------------------------------------------
def test_it_shows_itself_coverage_first_and_every_run_is_counted() -> None:
    market: Bars = noise_bars(250, 2)
    run = ran(market)
    before = len(trials())
    told: list[tuple[int, int]] = []
    found = cost_stress(run, progress=lambda done, total: told.append((done, total)))
    assert len(trials()) - before == 3 == len(told)
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"].splitlines()[0].startswith("coverage         250 bars")
    assert bundle["text/html"].index("coverage: 250 bars") < bundle["text/html"].index("<table")
    for words in ("break-even", "costs × 3", "a bar later"):
        assert words in bundle["text/html"]
    figure = found.plot()
    paid, late = figure.data
    assert list(paid.x) == [10, 20, 30]
    assert list(late.text) == ["a bar later"]
    assert "nan" not in bundle["text/html"]


@pytest.mark.parametrize("slip", [-1, "much", float("nan"), 9_999])
def test_bad_slippage(slip: Any) -> None:
    with pytest.raises(UsageError, match=r"slippage_bps|10000 bps"):
        cost_stress(ran(noise_bars(60, 1)), slippage_bps=slip)
