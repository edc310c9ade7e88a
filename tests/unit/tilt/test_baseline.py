import math

import pytest

from genesis.rules import load
from genesis.tilt import TiltDetector
from genesis.tilt.baseline import Baselines, Sample
from genesis.tilt.rings import IQR_OF_A_NORMAL, Ring
from tests.support.acts import cancel, close, entry

RULES = load("sniper").tilt
LEARNING = RULES.learning


def gaps(*xs: float) -> tuple[Sample, ...]:
    return tuple(("gap", x, False) for x in xs)


def test_a_stranger_is_the_prior() -> None:
    baseline = TiltDetector(RULES).calculate_baseline()
    assert baseline.status == "LEARNING"
    assert math.exp(baseline.centres["gap"]) == pytest.approx(600)
    assert baseline.centres["size"] == 0  # at the cap
    assert baseline.rates["cancel"] == pytest.approx(0.17)


def test_median_and_spread_are_shrunk_by_the_number_of_samples() -> None:
    ring = Ring(RULES.priors["gap"], LEARNING)
    xs = [3.0, 3.2, 3.4, 3.6, 3.8, 4.0, 4.2, 4.4, 4.6, 4.8]
    for x in xs:
        ring.add(x)
    trust = 10 / 30
    assert ring.centre == pytest.approx(trust * 4.0 + (1 - trust) * math.log(600))
    own = (4.4 - 3.4) / IQR_OF_A_NORMAL
    assert ring.spread == pytest.approx(math.sqrt(trust * own**2 + (1 - trust) * 0.9**2))


def test_the_spread_never_falls_below_its_floor() -> None:
    ring = Ring(RULES.priors["gap"], LEARNING)
    for _ in range(320):
        ring.add(5.0)
    assert ring.spread == pytest.approx(0.4 * 0.9)
    assert len(ring.recent) == 300


def test_the_ring_forgets_the_oldest() -> None:
    ring = Ring(RULES.priors["gap"], LEARNING)
    for x in [1.0] * 300 + [9.0] * 304:
        ring.add(x)
    assert set(ring.recent) == {9.0}
    assert ring.centre > 8


def test_samples_wait_in_a_queue_before_they_count() -> None:
    baselines = Baselines(RULES)
    baselines.offer(gaps(*[2.0] * LEARNING.pending), calm=True)
    assert not baselines.rings["gap"].recent
    baselines.offer(gaps(2.0), calm=True)
    assert len(baselines.rings["gap"].recent) == 1


def test_an_uncalm_trader_teaches_little_and_clipped() -> None:
    baselines = Baselines(RULES)
    baselines.offer(gaps(*[-50.0] * (LEARNING.pending + 8)), calm=False)
    ring = baselines.rings["gap"]
    assert len(ring.recent) == 2  # every fourth of eight
    assert ring.recent[0] == pytest.approx(math.log(600) - 2 * 0.9)


def test_volatile_samples_move_the_offset_within_its_bounds() -> None:
    baselines = Baselines(RULES)
    ring = baselines.rings["gap"]
    assert ring.expected(True) == pytest.approx(math.log(600) - 0.45)
    fast = tuple(("gap", 0.0, True) for _ in range(LEARNING.pending + 200))
    baselines.offer(fast, calm=True)
    assert ring.volatile_offset == pytest.approx(-1.2)
    assert ring.expected(False) == pytest.approx(math.log(600))
    assert not ring.recent


def test_a_rate_fades_by_act() -> None:
    detector = TiltDetector(RULES)
    for i in range(LEARNING.pending + 2):
        detector.update_metrics(cancel(i * 5000.0))
    yes, acts = 0.17 * 14, 14.0
    for _ in range(2):
        yes, acts = yes * 0.995 + 1, acts * 0.995 + 1
    assert detector.calculate_baseline().rates["cancel"] == pytest.approx(yes / acts)


def test_a_fast_trader_is_measured_by_his_own_pace() -> None:
    """After enough calm entries a minute apart, a minute is normal for him and a second is not."""
    learned = TiltDetector(RULES)
    for i in range(200):
        at = i * 60.0 + i // 20 * 30_000
        learned.update_metrics(entry(at, session=f"s{i // 20}"))
        learned.update_metrics(close(at + 30, 1.0, "take_profit", session=f"s{i // 20}"))
    own = TiltDetector(RULES, profile=learned.profile())
    stranger = TiltDetector(RULES)
    for detector in (own, stranger):
        for i in range(10):
            detector.update_metrics(entry(i * 60.0))
    assert own.calculate_baseline().status == "LEARNED"
    gap = {
        "own": own.evidence.amounts.get("gap", 0.0),
        "stranger": stranger.evidence.amounts["gap"],
    }
    assert gap["stranger"] > 4 and gap["own"] == 0
    assert stranger.score().score > own.score().score
    for i in range(6):
        own.update_metrics(entry(1000 + i))
    assert own.evidence.amounts["gap"] > 4
