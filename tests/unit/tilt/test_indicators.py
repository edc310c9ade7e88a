import math
from decimal import Decimal

import pytest

from genesis.rules import load
from genesis.tilt import ActionKind, TiltDetector, UserAction
from genesis.tilt import detector as detector_module
from genesis.tilt.evidence import Evidence
from genesis.tilt.indicators import INDICATORS
from tests.support.acts import act, cancel, close, entry, feed

RULES = load("sniper").tilt
K = {name: rules.slack for name, rules in RULES.indicators.items()}


def evidence(*acts: UserAction) -> dict[str, float]:
    detector = TiltDetector(RULES)
    feed(detector, list(acts))
    return {**dict.fromkeys(RULES.indicators, 0.0), **detector.evidence.at(detector.now_ns // 1000)}


def test_the_table_and_the_rules_name_the_same_indicators() -> None:
    assert list(RULES.indicators) == [name for name, *_ in INDICATORS]
    assert len(INDICATORS) == 16


def test_gap_is_the_robust_z_of_ln_seconds_less_its_slack() -> None:
    z = -(math.log(120) - math.log(600)) / 0.9
    assert evidence(entry(0), entry(120))["gap"] == pytest.approx(z - K["gap"])


def test_gap_counts_from_closes_and_cancels_too() -> None:
    assert evidence(close(0, 1.0, "manual"), entry(2))["gap"] == pytest.approx(3 - K["gap"])
    assert evidence(cancel(0), entry(2))["gap"] == pytest.approx(3 - K["gap"])


def test_a_gap_beyond_four_hours_says_nothing_and_one_below_a_second_is_a_second() -> None:
    assert evidence(entry(0), entry(14_401))["gap"] == 0
    assert evidence(entry(0), entry(0))["gap"] == pytest.approx(3 - K["gap"])


def test_a_volatile_market_is_a_reason_to_be_quick() -> None:
    calm = evidence(entry(0), entry(200, market_state="NORMAL"))["gap"]
    wild = evidence(entry(0), entry(200, market_state="VOLATILE"))["gap"]
    assert calm - wild == pytest.approx(0.45 / 0.9)


def test_reentry_counts_the_first_entry_after_a_stop_out_in_the_same_symbol() -> None:
    z = -(math.log(300) - math.log(900)) / 1.1
    assert evidence(close(0), entry(300))["reent"] == pytest.approx(z - K["reent"])
    assert evidence(close(0), entry(300, symbol="ETH/USDT"))["reent"] == 0
    assert evidence(close(0, -1.0, "manual"), entry(300))["reent"] == 0
    once = evidence(close(0), entry(3), entry(4))["reent"]
    assert once == pytest.approx(2.6, abs=0.01)  # the second entry adds nothing


def test_size_after_a_loss_is_against_the_own_size() -> None:
    small = TiltDetector(RULES)
    for i in range(90):
        small.update_metrics(entry(i * 20_000.0, 0.2))
    assert small.baselines.rings["size"].centre < math.log(0.6)
    feed(small, [close(2_000_000, -0.5, "manual")])
    feed(small, [entry(2_010_000, 1.0)])
    assert small.evidence.amounts["size_l"] > 1


def test_size_is_scored_as_clipped_so_a_stranger_at_the_cap_adds_nothing() -> None:
    for size in (Decimal(1), Decimal(4), Decimal(400)):
        assert evidence(close(0, -0.5, "manual"), entry(3000, size))["size_l"] == 0


def test_a_streak_makes_an_enlarged_size_heavier_but_is_nothing_by_itself() -> None:
    def after(losses: int, size: float) -> float:
        detector = TiltDetector(RULES)
        detector.baselines.rings["size"].centre = math.log(0.5)
        for i in range(losses):
            detector.update_metrics(close(i * 4000.0, -0.5, "manual"))
        detector.update_metrics(entry(losses * 4000.0, size))
        return detector.evidence.amounts.get("size_l", 0.0)

    z = (math.log(0.7) - math.log(0.5)) / 0.35
    assert after(1, 0.7) == pytest.approx(z - K["size_l"])
    assert after(3, 0.7) == pytest.approx(z + 2 * 0.25 - K["size_l"])
    assert after(9, 0.7) == pytest.approx(z + 3 * 0.25 - K["size_l"])
    assert after(9, 0.5) == 0


def test_size_after_a_win_says_nothing() -> None:
    assert evidence(close(0, 1.0, "take_profit"), entry(3000, 1.0))["size_l"] == 0


def test_cancels_step_up_by_the_likelihood_and_closes_step_down() -> None:
    up = 0.9 * math.log(0.42 / 0.17)
    down = 0.9 * math.log(0.58 / 0.83)
    assert evidence(cancel(0))["cancel"] == pytest.approx(up)
    assert evidence(cancel(0), close(0, 1.0, "signal"))["cancel"] == pytest.approx(up + down)
    assert evidence(close(0))["cancel"] == 0  # evidence is never negative


def test_evidence_is_capped_and_halves_in_its_half_life() -> None:
    acts = [cancel(i) for i in range(40)]
    assert evidence(*acts)["cancel"] <= 8
    later = evidence(*acts, act(39 + 1800, "COMMAND"))["cancel"]
    assert later == pytest.approx(evidence(*acts)["cancel"] / 2)


def test_evidence_never_grows_by_a_stamp_before_its_own() -> None:
    held = Evidence(RULES, {"gap": 4.0}, 100_000_000)
    assert held.at(0)["gap"] == held.at(100_000_000)["gap"] == 4
    assert held.at(100_000_001)["gap"] < 4


def test_no_indicator_of_any_kind_may_count_what_reduces_risk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The detector itself stands in the way, whatever an indicator says."""
    always = {kind: (("gap", lambda scene: 3.0),) for kind in ActionKind}
    monkeypatch.setattr(detector_module, "steps_by_kind", lambda rules: always)
    assert evidence(act(0, "STOP_MODIFY", reduces_risk=True))["gap"] == 0
    assert evidence(act(0, "STOP_MODIFY"))["gap"] == 3


def test_what_reduces_risk_is_no_evidence() -> None:
    assert set(evidence(*(cancel(i, reduces_risk=True) for i in range(30))).values()) == {0.0}
    assert set(evidence(*(entry(i, reduces_risk=True) for i in range(30))).values()) == {0.0}
