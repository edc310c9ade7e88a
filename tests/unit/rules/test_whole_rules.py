"""The numbers of all markets together, of a bad day and of sizes that adapt."""

from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import GlobalMarketState
from genesis.domain.time import DAY, HOUR
from genesis.errors import ConfigError
from genesis.rules import load, parse

D = Decimal


def test_sniper_holds_the_numbers_of_the_spec() -> None:
    market, adaptive = load("sniper").market, load("sniper").risk.adaptive
    whole = market.whole
    assert [whole.shares[state] for state in GlobalMarketState] == [
        D(1),
        D(1),
        D("0.75"),
        D("0.5"),
        D("0.25"),
    ]
    assert whole.no_adding == {GlobalMarketState.CRASH}
    assert (whole.slot_ns, whole.window_slots, whole.span_slots) == (HOUR, 720, 24)
    assert (whole.days, whole.crash_rest_ns, whole.recovery_ns) == (60, DAY, 7 * DAY)
    assert (market.portfolio.loss_fraction, market.portfolio.tail) == (D("0.02"), 0.05)
    assert (adaptive.results, adaptive.results_min, adaptive.unproven_share) == (100, 30, D("0.5"))
    assert (adaptive.quantile, adaptive.winsor, adaptive.kelly_factor) == (0.2, 0.05, 0.25)
    assert adaptive.decay == 0.94


def test_each_can_be_switched_off_by_saying_so(tmp_path: Path) -> None:
    path = tmp_path / "plain.toml"
    path.write_text('[market]\nwhole = "none"\nportfolio = "none"\n[risk]\nadaptive = "none"\n')
    rules = load(path)
    assert (rules.market.whole, rules.market.portfolio, rules.risk.adaptive) == (None, None, None)


def test_texts_from_before_there_were_any_stay_readable() -> None:
    later = ("market.whole", "market.portfolio", "risk.adaptive")
    tables = load("sniper").text.split("\n[")
    old = parse("\n[".join(one for one in tables if not one.startswith(later)))
    assert (old.market.whole, old.market.portfolio, old.risk.adaptive) == (None, None, None)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("[market.whole.multipliers]\nBULL = 0.9", "BULL and CRAB must be 1"),
        ("[market.whole.multipliers]\nCRASH = 0.6", "must not rise in this order"),
        ("[market.whole.multipliers]\nWILD = 1", "market.whole.multipliers.WILD"),
        ('[market.whole]\nno_adding = ["SLUMP"]', "market.whole.no_adding"),
        ("[market.whole]\nslot_s = 3601", "a day must be a multiple of slot_s"),
        ("[market.whole]\nwindow_s = 5000", "window_s and crash.span_s must be multiples"),
        ("[market.whole]\nslots_min = 721", "slots_min must fit into window_s"),
        ("[market.whole]\nslots_min = 24", "crash.span_s must be shorter"),
        ("[market.whole.course]\nexit_margin = 0.04", "must not be above the trends"),
        ("[market.whole.bull]\nbreadth = 1.1", "market.whole.bull.breadth"),
        ("[market.whole.crash]\nfall = -0.1", "market.whole.crash.fall"),
        ("[market.whole]\nslot_s = 30\nslots_min = 4000", "multiple of states.bar_s"),
        ("[market.portfolio]\ndays_min = 61", "days_min must not be above whole.days"),
        ("[market.portfolio]\ntail_share = 0.5", "market.portfolio.tail_share"),
        ("[market.portfolio]\nloss_fraction = 'none'", "market.portfolio.loss_fraction"),
        ("[risk.adaptive]\nresults_min = 101", "results_min must not be above"),
        ("[risk.adaptive]\nunproven_multiplier = 1.5", "risk.adaptive.unproven_multiplier"),
        ("[risk.adaptive]\nvolatility_decay = 1", "risk.adaptive.volatility_decay"),
        ("[risk.adaptive]\nkelly = 1", "is not a known key"),
    ],
)
def test_senseless_values_are_refused_by_name(tmp_path: Path, rules: str, said: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(rules)
    with pytest.raises(ConfigError, match=said):
        load(path)
