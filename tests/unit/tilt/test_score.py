import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.rules import load
from genesis.tilt.score import Reading, apportion, off_scale, on_scale, read

RULES = load("sniper").tilt
WEIGHTS = {name: rules.weight for name, rules in RULES.indicators.items()}
NAMES = tuple(WEIGHTS)


def judged(evidence: dict[str, float], most: int = 100) -> Reading:
    weighted = {name: WEIGHTS[name] * math.log1p(left) for name, left in evidence.items()}
    return read(weighted, RULES.score, most)


@pytest.mark.parametrize(
    ("raw", "score"),
    [(-9, 0), (-2.56, 0), (-0.35, 40), (0.425, 50), (1.20, 60), (2.37, 80), (4.5, 100), (9, 100)],
)
def test_the_scale_goes_through_its_anchors(raw: float, score: float) -> None:
    assert on_scale(raw, RULES.score) == pytest.approx(score)


@given(st.floats(0, 100))
def test_the_scale_can_be_read_backwards(score: float) -> None:
    assert on_scale(off_scale(score, RULES.score), RULES.score) == pytest.approx(score)


def test_one_indicator_alone_never_reaches_a_warning_and_many_do() -> None:
    full = dict.fromkeys(NAMES, 0.0)
    for one in NAMES:
        alone = judged(full | {one: 8.0})
        assert alone.score < 60
        assert alone.sources(0.1) == 1
    reading = judged(full | dict.fromkeys(("lat", "skip", "joint"), 8.0))
    assert reading.score >= 60
    assert reading.sources(0.1) == 3


def test_all_at_full_evidence_is_100() -> None:
    assert judged(dict.fromkeys(NAMES, 8.0)).score == 100


def test_no_evidence_is_0_with_no_sources() -> None:
    reading = judged(dict.fromkeys(NAMES, 0.0))
    assert (reading.score, reading.sources(0.1), set(reading.contributions.values())) == (0, 0, {0})


def test_the_largest_remainder_gets_the_missing_point() -> None:
    assert apportion(10, {"a": 1.0, "b": 1.0, "c": 1.0}) == {"a": 4, "b": 3, "c": 3}
    assert apportion(10, {"a": 0.55, "b": 0.45, "c": 9.0}) == {"a": 1, "b": 0, "c": 9}


amounts = st.fixed_dictionaries({name: st.floats(0, 8) for name in NAMES})


@given(amounts, st.sampled_from([79, 100]))
def test_i29_score_and_contributions(evidence: dict[str, float], most: int) -> None:
    reading = judged(evidence, most)
    assert isinstance(reading.score, int) and 0 <= reading.score <= most
    assert all(isinstance(part, int) and part >= 0 for part in reading.contributions.values())
    assert sum(reading.contributions.values()) == reading.score


@given(amounts, st.sampled_from(NAMES), st.floats(0, 8))
def test_i30_more_evidence_never_scores_less(
    evidence: dict[str, float], name: str, more: float
) -> None:
    higher = evidence | {name: min(8.0, evidence[name] + more)}
    low = judged(evidence)
    high = judged(higher)
    assert high.score >= low.score
    assert high.raw >= low.raw
    assert math.isfinite(high.raw)
