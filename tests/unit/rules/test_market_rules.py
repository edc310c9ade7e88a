"""`[market]`: the states of a market, as files give them."""

from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import MarketState
from genesis.domain.time import DAY, MINUTE
from genesis.errors import ConfigError
from genesis.rules import load, parse

D = Decimal


def test_sniper_holds_the_numbers_of_the_spec() -> None:
    states = load("sniper").market.states
    assert (states.width_ns, states.window_bars) == (MINUTE, 30 * DAY // MINUTE)
    assert (states.panic_quantile, states.panic_exit_quantile) == (0.99, 0.94)
    assert (states.volatile_quantile, states.volatile_exit_quantile) == (0.90, 0.85)
    assert (states.dead_quantile, states.dead_exit_quantile) == (0.05, 0.10)
    assert (states.panic_sigmas, states.panic_spread_factor) == (6, 5)
    assert (states.dead_spread_factor, states.exit_ns) == (2, 10 * MINUTE)
    assert states.shares == {
        MarketState.DEAD: D("0.5"),
        MarketState.NORMAL: 1,
        MarketState.VOLATILE: D("0.5"),
        MarketState.PANIC: 0,
        MarketState.MAINTENANCE: 0,
    }
    assert states.limit_only == {MarketState.DEAD}


def test_sniper_holds_the_numbers_of_correlations() -> None:
    pairs = load("sniper").market.correlation
    assert (pairs.slot_ns, pairs.window_slots, pairs.common_min) == (5 * MINUTE, 288, 60)
    assert (pairs.shrink, pairs.alert_above, pairs.clear_below) == (0.1, 0.6, 0.55)
    assert (pairs.cluster_above, pairs.cluster_factor) == (0.6, D("1.5"))
    assert (pairs.spike_above, pairs.spike_share) == (0.8, D("0.5"))


def test_correlations_may_be_switched_off_alone(tmp_path: Path) -> None:
    path = tmp_path / "alone.toml"
    path.write_text('[market]\ncorrelation = "none"')
    market = load(path).market
    assert market.correlation is None
    assert market.states == load("sniper").market.states


def test_research_has_none() -> None:
    assert load("research").market is None


def test_texts_from_before_there_were_any_stay_readable() -> None:
    tables = load("sniper").text.split("\n[")
    old = parse("\n[".join(one for one in tables if not one.startswith("market")))
    assert old.market is None


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("[market.states.multipliers]\nNORMAL = 0.9", "NORMAL must be 1"),
        ("[market.states.multipliers]\nPANIC = 0.6", "PANIC must not be above VOLATILE"),
        ("[market.states.multipliers]\nMAINTENANCE = 0.1", "MAINTENANCE must be 0"),
        ("[market.states.multipliers]\nVOLATILE = 1.5", "market.states.multipliers.VOLATILE"),
        ("[market.states.multipliers]\nWILD = 1", "market.states.multipliers.WILD"),
        ("[market.states.panic]\nrange_quantile = 1", "market.states.panic.range_quantile"),
        ("[market.states.panic]\nrange_quantile = 0.9", "volatile.range_quantile must be below"),
        ("[market.states.panic]\nspread_factor = 0.5", "market.states.panic.spread_factor"),
        ("[market.states]\nbars_min = 50000", "bars_min must fit"),
        ("[market.states]\nbar_s = 7", "window_s must be a multiple"),
        ("[market.states]\nexit_margin = 0.95", "exit_margin must not be above"),
        ('[market.states]\nlimit_only = ["SLOW"]', "market.states.limit_only"),
        ("[market.states]\nbars_max = 5", "market.states.bars_max"),
        ("[market]\nstates = 5", "market.states"),
        ("[market.correlation]\nslot_s = 70", "window_s must be a multiple"),
        ("[market.correlation]\nslot_s = 90", "slot_s must be a multiple of states.bar_s"),
        ("[market.correlation]\ncommon_min = 300", "common_min must fit"),
        ("[market.correlation]\nclear_below = 0.7", "clear_below must not be above"),
        ("[market.correlation]\ncluster_above = 1", "cluster_above must be below 1"),
        ("[market.correlation]\ncluster_factor = 0.9", "market.correlation.cluster_factor"),
        ("[market.correlation]\nspike_symbols_min = 1", "market.correlation.spike_symbols_min"),
    ],
)
def test_senseless_values_are_refused_by_name(tmp_path: Path, rules: str, said: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(rules)
    with pytest.raises(ConfigError, match=said):
        load(path)
