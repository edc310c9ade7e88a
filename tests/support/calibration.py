"""Are p-values of a true null what they say? The distance of a sample from the uniform."""

from collections.abc import Iterable

import numpy as np

ONE_IN_A_HUNDRED = 1.63
"""Times 1 / sqrt(n): a true uniform lies farther away than this once in a hundred samples."""


def distance_from_uniform(p_values: Iterable[float]) -> float:
    """The largest gap between the share of p-values up to p and p (Kolmogorov and Smirnov)."""
    p = np.sort(np.fromiter(p_values, dtype=np.float64))
    at = np.arange(p.size)
    return float(max(np.max((at + 1) / p.size - p), np.max(p - at / p.size)))


def is_uniform(p_values: Iterable[float]) -> bool:
    p = list(p_values)
    return distance_from_uniform(p) < ONE_IN_A_HUNDRED / np.sqrt(len(p))
