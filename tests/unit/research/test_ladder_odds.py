"""Odds of the ladder: seeded, with their errors, and what they say of the shipped gates."""

from math import sqrt
from pathlib import Path

import pytest

from genesis.domain.account import Tier
from genesis.errors import UsageError
from genesis.research import ladder_odds
from genesis.research.ladder_odds import SENTENCE, LadderOdds
from genesis.rules import load
from genesis.tiers.poisson import tail

TABLE = load("sniper").tiers


@pytest.fixture(scope="module")
def odds() -> LadderOdds:
    return ladder_odds(traders=2_000, seed=7)


def test_the_same_seed_gives_the_same_odds_and_another_one_others(odds: LadderOdds) -> None:
    assert ladder_odds(traders=2_000, seed=7) == odds
    assert ladder_odds(traders=2_000, seed=8).odds != odds.odds


def test_every_figure_has_its_monte_carlo_error(odds: LadderOdds) -> None:
    for one in odds.odds:
        assert 0 <= one.passes <= 1
        assert one.error == pytest.approx(sqrt(one.passes * (1 - one.passes) / 2_000))


@pytest.mark.parametrize("tier", [Tier.HUNTER, Tier.STRATEGIST])
def test_tilt_alone_blocks_a_calm_trader_at_most_five_percent_of_the_time(
    odds: LadderOdds, tier: Tier
) -> None:
    calm = odds.of(tier, "tilt_alone", "able")
    assert 1 - calm.passes + 3 * calm.error <= 0.05
    tilting = odds.of(tier, "tilt_alone", "tilting")
    assert tilting.passes < 0.05


def test_simulation_and_formula_agree_about_days_of_locks(odds: LadderOdds) -> None:
    """Days are fewer than alarms, so that the formula is an upper bound that is close."""
    rules, alarms = TABLE.gates[Tier.HUNTER].tilt, TABLE.false_alarms
    assert rules is not None and alarms is not None
    bound = tail(float(alarms.locks_per_week) * rules.window_days / 7, rules.locked_days_max)
    found = odds.of(Tier.HUNTER, "locked_days", "able")
    assert 1 - found.passes <= bound + 3 * found.error + 0.002
    assert 1 - found.passes >= bound / 2 - 3 * found.error - 0.002


def test_luck_alone_seldom_passes_all_gates_of_a_tier(odds: LadderOdds) -> None:
    for tier in (Tier.HUNTER, Tier.STRATEGIST):
        every = odds.of(tier, "all_of_these", "lucky")
        assert every.passes < 0.10
        each = [o.passes for o in odds.odds if (o.tier, o.kind) == (tier, "lucky")]
        assert every.passes <= min(each)
        assert odds.of(tier, "all_of_these", "able").passes > 0.8


def test_it_shows_itself_and_says_what_it_is(odds: LadderOdds) -> None:
    shown = odds._repr_mimebundle_()
    assert SENTENCE in shown["text/plain"] and SENTENCE in shown["text/html"]
    assert "blocks the able" in shown["text/html"]
    assert len(odds.table) == len({(o.tier, o.gate) for o in odds.odds})
    with pytest.raises(UsageError, match="no odds are known of the gate 'luck'"):
        odds.of(Tier.HUNTER, "luck", "able")


def test_it_asks_for_traders_and_for_alarms(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two traders"):
        ladder_odds(traders=1)
    stricter = tmp_path / "strict.toml"
    stricter.write_text("[tiers.gates.SNIPER]\nprofitable_day_ratio = 0.95\n")
    strict = ladder_odds(str(stricter), traders=500)
    usual = ladder_odds(traders=500)
    assert (
        strict.of(Tier.SNIPER, "profitable_days", "lucky").passes
        < usual.of(Tier.SNIPER, "profitable_days", "lucky").passes
    )
