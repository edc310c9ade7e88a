"""A calm trader in front of the tilt gates: the published rate, and any other."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import Tier
from genesis.errors import UsageError
from genesis.research import tilt_gate_odds
from genesis.research.synthetic_traders import SENTENCE

RATES = st.floats(0, 5, allow_nan=False)


@pytest.mark.parametrize("tier", [Tier.HUNTER, Tier.STRATEGIST])
def test_false_alarms_alone_block_a_calm_trader_at_most_five_percent_of_the_time(
    tier: Tier,
) -> None:
    assert tilt_gate_odds(tier).blocked <= 0.05


def test_the_line_says_what_was_worked_out() -> None:
    odds = tilt_gate_odds()
    assert odds.line == (
        "A calm trader is blocked from HUNTER to STRATEGIST by the tilt gates alone at most "
        f"{odds.blocked * 100:.1f} % of the time."
    )
    shown = odds._repr_mimebundle_()
    for told in (odds.line, SENTENCE):
        assert told in shown["text/plain"] and told in shown["text/html"]


def test_the_chance_is_the_tail_of_poisson_by_hand() -> None:
    odds = tilt_gate_odds(Tier.HUNTER, false_alarms=(7 / 60, 0))  # one in the window
    most = odds.warnings_max
    within = term = exp(-1)
    for count in range(1, most + 1):
        term /= count
        within += term
    assert odds.by_warnings == pytest.approx(1 - within)
    assert odds.by_locks == 0
    assert odds.blocked == odds.by_warnings


@given(RATES, RATES, RATES)
def test_more_false_alarms_block_more_often(warnings: float, locks: float, more: float) -> None:
    few = tilt_gate_odds(Tier.HUNTER, false_alarms=(warnings, locks))
    many = tilt_gate_odds(Tier.HUNTER, false_alarms=(warnings + more, locks + more))
    assert 0 <= few.blocked <= many.blocked + 1e-12
    assert many.blocked <= 1


def test_what_cannot_be_worked_out_is_said() -> None:
    with pytest.raises(UsageError, match="no gate out of SNIPER counts days of tilt"):
        tilt_gate_odds(Tier.SNIPER)
    with pytest.raises(UsageError, match="not negative"):
        tilt_gate_odds(Tier.HUNTER, false_alarms=(-0.1, 0))
    with pytest.raises(UsageError, match="not negative"):
        tilt_gate_odds(Tier.HUNTER, false_alarms=(0, float("nan")))
