"""Samples: a wrong shape is refused, broken numbers are told with their place."""

from decimal import Decimal

import numpy as np
import pytest

from genesis.analytics.samples import is_constant, lacking, matrix, series
from genesis.errors import UsageError


def test_numbers_of_any_kind_become_floats():
    assert series([1, Decimal("0.5"), True]).tolist() == [1.0, 0.5, 1.0]
    assert matrix([[1, 2], [3, 4]]).dtype == np.float64


@pytest.mark.parametrize(
    ("read", "values", "told"),
    [
        (series, [[1.0]], r"one column of numbers, shape \(n,\), not \(1, 1\)"),
        (series, "word", "could not convert"),
        (matrix, [1.0], r"shape \(periods, trials\), not \(1,\)"),
        (matrix, np.empty((3, 0)), "hold no trial"),
    ],
)
def test_a_wrong_shape_is_refused_with_what_is_wanted(read, values, told):
    with pytest.raises(UsageError, match=told):
        read(values)


def test_what_is_lacking_is_told_with_its_place():
    sample = np.ones((30, 3))
    assert lacking(sample) is None
    assert lacking(sample[:1]).reason == "1 row, at least 20 are needed"
    assert lacking(sample[:5], rows_min=5) is None
    sample[4, 1] = np.nan
    assert "1 of 90 numbers are nan or infinite, the first in row 4, column 1" in (
        lacking(sample).reason
    )


def test_what_differs_by_rounding_alone_is_constant():
    sample = np.array([[0.1, 1.0, 0.0], [0.1 + 1e-17, 1.0 + 1e-12, 0.0]])
    assert is_constant(sample).tolist() == [True, False, True]
