"""Combinatorial purged cross-validation: no period is judged by a choice that knew it."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics import NoValue, Paths, purged_paths
from genesis.errors import UsageError


def noise(seed: int, rows: int = 240, trials: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, trials)) * 0.01


def found(sample: np.ndarray, **asked: int) -> Paths:
    paths = purged_paths(sample, **asked)
    assert isinstance(paths, Paths)
    return paths


@settings(max_examples=60)
@given(st.integers(2, 7), st.integers(1, 6), st.integers(0, 9), st.integers(0, 9), st.integers())
def test_against_the_definition(groups: int, judged: int, purge: int, embargo: int, seed: int):
    """Split by split, row by row, as the book has it."""
    if judged >= groups:
        return
    sample = noise(abs(seed), 240, 5)
    paths = found(sample, groups=groups, judged=judged, purge=purge, embargo=embargo)
    edges = [int(240 * g / groups) for g in range(groups + 1)]
    used = dict.fromkeys(range(groups), 0)
    for number, split in enumerate(combinations(range(groups), judged)):
        rows = [
            row
            for row in range(240)
            if not any(edges[g] - purge <= row < edges[g + 1] + embargo for g in split)
        ]
        part = sample[rows]
        ratios = [column.mean() / column.std(ddof=1) for column in part.T]
        assert paths.chosen[number] == int(np.argmax(ratios))
        for group in split:
            span = slice(edges[group], edges[group + 1])
            got = paths.returns[used[group], span]
            np.testing.assert_array_equal(got, sample[span, paths.chosen[number]])
            used[group] += 1
    assert set(used.values()) == {comb(groups - 1, judged - 1)} == {len(paths.returns)}


def test_noise_earns_nothing_on_paths_it_was_not_chosen_on() -> None:
    means = [found(noise(seed)).sharpes.mean() for seed in range(60)]
    assert abs(np.mean(means)) < 3 * np.std(means) / np.sqrt(len(means))
    best = [noise(seed).mean(axis=0).max() / 0.01 for seed in range(60)]
    assert np.mean(best) > 0.08, "while the best of all trials looks good"


def test_a_planted_edge_is_found_on_every_path() -> None:
    sample = noise(3)
    sample[:, 7] += 0.004
    paths = found(sample)
    assert set(paths.chosen) == {7}
    assert paths.loss_fraction == 0.0
    assert (paths.sharpes > 0.2).all()


def test_rows_next_to_a_judged_group_choose_nothing() -> None:
    """A trial that only shines right before a group is chosen for it, unless those rows are out."""
    for near, split, asked in (
        (slice(30, 40), 1, {"purge": 10}),  # the end of the first of three groups
        (slice(80, 90), 1, {"embargo": 10}),  # the beginning of the last one
    ):
        sample = noise(5, 120, 2) * 0.1
        sample[:, 0] -= sample[:, 0].mean()
        sample[:, 1] -= 0.0004
        sample[near, 1] += 0.008
        assert found(sample, groups=3, judged=1).chosen[split] == 1
        assert found(sample, groups=3, judged=1, **asked).chosen[split] == 0


def test_what_stands_still_is_no_winner_and_no_loser() -> None:
    sample = np.zeros((60, 3))
    assert isinstance(purged_paths(sample), NoValue)
    sample[:, 1] = -0.001 + 1e-5 * np.arange(60) % 7
    assert set(found(sample).chosen) == {0}
    assert not found(sample).sharpes.any()


def test_what_has_no_value_says_why() -> None:
    assert "at least 12" in str(purged_paths(noise(1, 11, 2)).reason)
    assert "nothing to choose on" in str(purged_paths(noise(1, 24, 2), purge=24).reason)
    sample = noise(1)
    sample[3, 4] = np.nan
    assert "row 3, column 4" in str(purged_paths(sample).reason)


@pytest.mark.parametrize(
    "asked",
    [{"groups": 1}, {"judged": 6}, {"judged": 0}, {"purge": -1}, {"groups": 40, "judged": 20}],
)
def test_what_cannot_be_is_refused(asked: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        purged_paths(noise(1), **asked)
