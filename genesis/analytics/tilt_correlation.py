"""Does the result fall as the score rises? Mean R by score, and the correlation of ranks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.judged_trades import JudgedTrade
from genesis.analytics.metrics import MIN_RETURNS
from genesis.analytics.tilt_impact import ASSOCIATION, NO_EVIDENCE
from genesis.analytics.values import NoValue

_WIDTH: Final = 10
_Z95: Final = 1.959964

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """Trades opened at scores from `low` to `high`, both included."""

    low: int
    high: int
    trades: int
    mean_r: float | NoValue


@dataclass(frozen=True, slots=True)
class TiltCorrelation:
    """Spearman's rho of score and R; below 0: the higher the score, the worse the result."""

    bands: tuple[ScoreBand, ...]
    trades: int
    rho: float | NoValue
    verdict: str


def analyze_tilt_correlation(trades: Sequence[JudgedTrade]) -> TiltCorrelation:
    """Over the trades that had a stop; the ten bands cover the scores from 0 to 100."""
    known = [trade for trade in trades if trade.risk_usdt > 0]
    scores = np.array([trade.score for trade in known], dtype=np.float64)
    results = np.array([float(t.pnl_usdt / t.risk_usdt) for t in known], dtype=np.float64)
    rho = spearman(scores, results)
    return TiltCorrelation(_bands(scores, results), len(known), rho, _verdict(rho, len(known)))


def spearman(x: Float64, y: Float64) -> float | NoValue:
    """Correlation of ranks; equal values share the mean of theirs."""
    if x.size < MIN_RETURNS:
        return NoValue(f"{x.size} trades with a stop, at least {MIN_RETURNS} are needed")
    if x.min() == x.max() or y.min() == y.max():
        return NoValue("all scores or all results are equal: no order to compare")
    a, b = _ranks(x), _ranks(y)
    a, b = a - a.mean(), b - b.mean()
    return float((a @ b) / np.sqrt((a @ a) * (b @ b)))


def _ranks(x: Float64) -> Float64:
    _, place, count = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place], dtype=np.float64)


def _bands(scores: Float64, results: Float64) -> tuple[ScoreBand, ...]:
    band = np.minimum(scores // _WIDTH, 9).astype(np.int64)
    return tuple(_band(number, results[band == number]) for number in range(10))


def _band(number: int, results: Float64) -> ScoreBand:
    low, high = number * _WIDTH, 100 if number == 9 else number * _WIDTH + _WIDTH - 1
    mean = float(results.mean()) if results.size else NoValue("no trade at these scores")
    return ScoreBand(low, high, results.size, mean)


def _verdict(rho: float | NoValue, trades: int) -> str:
    """The interval by Fisher's z with the usual correction for ranks."""
    if isinstance(rho, NoValue):
        return f"{NO_EVIDENCE}: {rho.reason}"
    reach = _Z95 * 1.03 / np.sqrt(trades - 3)
    if abs(np.arctanh(min(max(rho, -0.999999), 0.999999))) <= reach:
        return f"{NO_EVIDENCE}: the correlation may be 0"
    way = "worse" if rho < 0 else "better"
    return f"the higher the score, the {way} the result: {ASSOCIATION}"
