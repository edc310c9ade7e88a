"""Monte Carlo over the results of trades, and what each kind of it can and cannot tell.

**Shuffled**: the same trades in other orders. Every order ends with the same wealth, so this tells
of the path alone: how deep it could have fallen, how long it could have stayed below its peak, how
often it would have met a floor. It cannot tell whether the trades have an edge, nor what the
account will be worth.

**Resampled**: trades drawn again from these, with replacement. This tells how far the end may lie
from what was seen, and how often a target comes before a floor, if the future draws from the same
urn. The run itself lies in the middle by construction: it cannot tell whether the urn is real.

Neither is a test of overfitting: see `deflated_sharpe` and `pbo`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import DRAWS, seeded
from genesis.analytics.resampling import stationary_picks
from genesis.analytics.samples import Float64, lacking, series
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
_CELLS: Final = 1 << 19
_SAME: Final = 1e-12
"""Wealth this close below its peak is at the peak: the rest is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Shuffled:
    """The same trades in other orders; wealth in units of the start.

    drawdowns: (draws,) deepest fall from the peak of each order, 0 or below. underwater: (draws,)
    longest run of trades that ended below a peak. drawdown_fraction, underwater_trades: as it
    happened. ruin_fraction: share of the orders that met the floor, `ruin_error` one standard
    error of it; None without a floor. wealth: at the end, of every order.
    """

    drawdowns: Float64
    underwater: Whole
    drawdown_fraction: float
    underwater_trades: int
    wealth: float
    floor: float | None
    ruin_fraction: float | None
    ruin_error: float | None
    trades: int


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Accounts that draw their trades from these; wealth in units of the start.

    wealth: (draws,) after `horizon` trades, the floor and the target left aside. target_fraction:
    share of the accounts that reached the target before the floor; floor_fraction: that met the
    floor first; None where there is no such line. The rest met neither. error: one standard error
    of the larger of them.
    """

    wealth: Float64
    actual_wealth: float
    target: float | None
    floor: float | None
    target_fraction: float | None
    floor_fraction: float | None
    error: float | None
    horizon: int
    trades: int
    block: float


def shuffled(
    results: npt.ArrayLike,
    *,
    start: float | None = None,
    floor: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Shuffled | NoValue:
    """The path statistics of the same trades in other orders.

    results: (n,) of closed trades in their order. start None: fractions of the equity each began
    with, which compound; else amounts, which are added to `start`, in the same currency. floor:
    wealth that ends the account, in units of the start: 0.5 is half of it.

    Tells: depth and length of drawdowns, odds of ruin on the way. Cannot tell: terminal wealth
    (the same in every order), nor whether there is an edge; and it takes trades for independent of
    their order, so that streaks with a cause look rarer than they are.

    Raises:
        UsageError: wrong shape; a start not above 0, a floor outside [0, 1), draws below 100.
    """
    sample = _sample(results, start, draws)
    _check_lines(floor, None)
    if isinstance(sample, NoValue):
        return sample
    rng, found = seeded(seed), []
    for size in _parts(sample.size, draws):
        orders = rng.permuted(np.tile(sample, (size, 1)), axis=1)
        found.append(_path_figures(_wealth(orders, start is None), floor))
    falls, lengths, ruined = (np.concatenate(each) for each in zip(*found, strict=True))
    own = _wealth(sample[None, :], start is None)
    fall, length, _ = _path_figures(own, floor)
    share = float(ruined.mean())
    return Shuffled(
        drawdowns=falls,
        underwater=lengths,
        drawdown_fraction=float(fall[0]),
        underwater_trades=int(length[0]),
        wealth=float(own[0, -1]),
        floor=floor,
        ruin_fraction=None if floor is None else share,
        ruin_error=None if floor is None else _error(share, draws),
        trades=sample.size,
    )


def resampled(
    results: npt.ArrayLike,
    *,
    start: float | None = None,
    horizon: int | None = None,
    target: float | None = None,
    floor: float | None = None,
    block: float = 1.0,
    draws: int = DRAWS,
    seed: int = 0,
) -> Resampled | NoValue:
    """Terminal wealth, and the odds of a target before a floor, of accounts that trade like this.

    results, start, floor: as of `shuffled`. horizon: trades of each account; None: as many as
    there are. target: wealth above 1 in units of the start, such as what a tier asks for. block:
    mean length of runs of trades drawn together; 1 draws each by itself.

    Tells: how wide the future is if it draws from the same trades. Cannot tell: whether the trades
    are luck or fitted (the run lies in the middle of its own draws by construction), nor of losses
    larger than the largest seen.

    Raises:
        UsageError: wrong shape; a start, line, horizon, block or draws out of range.
    """
    sample = _sample(results, start, draws)
    _check_lines(floor, target)
    if horizon is not None and horizon < 1:
        raise UsageError(f"horizon must be at least one trade, not {horizon}")
    if isinstance(sample, NoValue):
        return sample
    if not 1.0 <= block <= sample.size:
        raise UsageError(f"block must be from 1 to the {sample.size} trades there are, not {block}")
    length, rng = horizon or sample.size, seeded(seed)
    ends, firsts = [], []
    for picks in stationary_picks(sample.size, length, draws, block, rng):
        wealth = _wealth(sample[picks], start is None)
        ends.append(wealth[:, -1])
        firsts.append(_first_line(wealth, floor, target))
    met = np.concatenate(firsts)
    won, lost = float(np.mean(met > 0)), float(np.mean(met < 0))
    has_line = target is not None or floor is not None
    return Resampled(
        wealth=np.concatenate(ends),
        actual_wealth=float(_wealth(sample[None, :], start is None)[0, -1]),
        target=target,
        floor=floor,
        target_fraction=None if target is None else won,
        floor_fraction=None if floor is None else lost,
        error=max(_error(won, draws), _error(lost, draws)) if has_line else None,
        horizon=length,
        trades=sample.size,
        block=float(block),
    )


def _sample(results: npt.ArrayLike, start: float | None, draws: int) -> Float64 | NoValue:
    """(n,) results in units of the start, or of the equity before each."""
    sample = series(results, "results")
    if draws < 100:
        raise UsageError(f"draws must be at least 100, not {draws}")
    if start is not None and not (isfinite(start) and start > 0.0):
        raise UsageError(f"start must be an amount above 0, not {start}")
    if (why := lacking(sample)) is not None:
        return why
    return sample if start is None else sample / float(start)


def _check_lines(floor: float | None, target: float | None) -> None:
    if floor is not None and not 0.0 <= floor < 1.0:
        raise UsageError(f"floor must be a share of the start, from 0 to below 1, not {floor}")
    if target is not None and not 1.0 < target < float("inf"):
        raise UsageError(f"target must be above the start, which is 1, not {target}")


def _parts(length: int, draws: int) -> Iterator[int]:
    width = max(1, _CELLS // length)
    for done in range(0, draws, width):
        yield min(width, draws - done)


def _wealth(results: Float64, compounds: bool) -> Float64:
    """(accounts, trades) wealth after each trade; what fell to 0 stays there where it compounds."""
    if compounds:
        return np.asarray(np.cumprod(np.maximum(1.0 + results, 0.0), axis=1), dtype=np.float64)
    return np.asarray(1.0 + np.cumsum(results, axis=1), dtype=np.float64)


def _path_figures(wealth: Float64, floor: float | None) -> tuple[Float64, Whole, Flags]:
    """Of each path: its deepest fall, its longest run below a peak, whether it met the floor."""
    peak = np.maximum.accumulate(np.maximum(wealth, 1.0), axis=1)
    falls = np.clip(wealth / peak - 1.0, -1.0, 0.0)
    at = np.arange(1, wealth.shape[1] + 1)
    last_peak = np.maximum.accumulate(np.where(falls > -_SAME, at, 0), axis=1)
    met: Flags = np.asarray(wealth <= (-np.inf if floor is None else floor + _SAME))
    return falls.min(axis=1), (at - last_peak).max(axis=1), np.asarray(met.any(axis=1))


def _first_line(wealth: Float64, floor: float | None, target: float | None) -> Whole:
    """Of each path: 1 where the target came first, -1 where the floor did, 0 where neither."""
    never = wealth.shape[1]

    def first(met: Flags) -> Whole:
        return np.asarray(np.where(met.any(axis=1), met.argmax(axis=1), never), dtype=np.int64)

    none = np.full(len(wealth), never)
    high = none if target is None else first(wealth >= target - _SAME)
    low = none if floor is None else first(wealth <= floor + _SAME)
    return np.asarray(np.sign(low - high), dtype=np.int64)


def _error(share: float, draws: int) -> float:
    return float(np.sqrt(share * (1.0 - share) / draws))
