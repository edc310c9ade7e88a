"""The benchmark of the tilt detector measures what it says. Its figures are judged by hand."""

import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.tilt_detector import (
    SAYS,
    Watched,
    auc,
    calibration,
    delays,
    episodes,
    false_alarms,
    is_monotone,
    recall,
)
from tests.support.traders import KNOWN, TUNING, UNSEEN, Life, population, trader

ROOT = Path(__file__).resolve().parents[2]


def watched(score: list[int], tilted: list[int], at_s: list[float] | None = None) -> Watched:
    n = len(score)
    times = np.arange(n) * 60.0 if at_s is None else np.array(at_s)
    none = np.zeros(n)
    return Watched(
        at_s=times,
        entry=np.ones(n, bool),
        tilted=np.array(tilted, bool),
        streak=none,
        day=none,
        score=np.array(score, float),
        population=none,
        kib=0,
    )


def test_auc_counts_pairs_and_halves_ties() -> None:
    truth = np.array([0, 0, 1, 1], bool)
    assert auc(np.array([1.0, 2, 3, 4]), truth) == 1
    assert auc(np.array([1.0, 3, 2, 4]), truth) == 0.75
    assert auc(np.array([1.0, 1, 1, 1]), truth) == 0.5
    assert np.isnan(auc(np.array([1.0, 2]), np.array([True, True])))


def test_an_alarm_is_a_rise_after_calm_outside_tilt_and_the_hour_after() -> None:
    assert false_alarms(watched([10, 65, 50, 70, 30, 61], [0] * 6), 60) == 2
    assert false_alarms(watched([10, 65, 10], [0, 1, 0]), 60) == 0
    after = [0.0, 60.0, 3600.0, 3700.0]
    assert false_alarms(watched([0, 0, 65, 10], [1, 0, 0, 0], after), 60) == 0
    assert false_alarms(watched([0, 0, 65, 10], [1, 0, 0, 0], [0, 60, 3601, 3700]), 60) == 1


def test_episodes_end_with_the_day_and_short_ones_are_told_apart() -> None:
    one = watched([0, 50, 65, 0, 70, 0], [0, 1, 1, 1, 0, 1])
    one.day[3:] = 1
    assert episodes(one) == [slice(1, 3), slice(3, 4), slice(5, 6)]
    assert delays([one], 60, 1) == [2, None, None]
    assert delays([one], 60, 2) == [2]
    assert recall([2, None, None]) == pytest.approx(1 / 3)


def test_calibration_rises_but_for_one_standard_error() -> None:
    score = np.array([0.0] * 50 + [45] * 50 + [65] * 50)
    truth = np.array([0] * 50 + [1] * 10 + [0] * 40 + [1] * 30 + [0] * 20, bool)
    bands = calibration(score, truth)
    assert [(low, share) for low, _, share in bands] == [(0, 0.0), (40, 0.2), (60, 0.6)]
    assert is_monotone(bands)
    assert not is_monotone([(0, 50, 0.5), (40, 50, 0.2)])
    assert is_monotone([(0, 50, 0.21), (40, 50, 0.2)])


def test_other_seeds_draw_what_the_tuning_population_does_not_have() -> None:
    tuning = population(TUNING)
    assert tuning.styles == KNOWN
    seen = set()
    for seed in range(1, 8):
        new = population(seed)
        assert len(set(new.styles) & set(UNSEEN)) == 2
        assert all(new.styles[name] != KNOWN.get(name) for name in new.styles)
        assert new.noise is not tuning.noise and new.size != tuning.size
        seen.add((new.gap, new.latency, new.noise))
    assert len(seen) == 7


def test_a_life_is_the_same_again_and_goes_forward() -> None:
    pool = population(3)

    def acts() -> list[object]:
        rng = np.random.default_rng(5)
        return list(islice(Life(rng, trader(rng, pool), pool).acts(20), 300))

    first = acts()
    assert first == acts()
    stamps = [shown.act.ts_us for shown in first]
    assert stamps == sorted(stamps)
    assert {shown.act.kind for shown in first} >= {"SESSION_START", "ORDER_SUBMIT", "SESSION_END"}


def test_it_prints_every_figure_and_what_it_is_worth() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.benchmarks.tilt_detector"),
            *("--seed", "4", "--traders", "3", "--days", "10", "--jobs", "1"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    for told in (SAYS, "AUC per entry", "WARNING recall", "p99", "KiB", "about 1 in"):
        assert told in done.stdout, done.stdout + done.stderr
