"""Does a signal know the next bar, or would any signal like it have done as well?

The signal is taken away from its moments and put to others: turned round in time, which keeps how
long it stays in the market and how it changes, or shuffled, which keeps only how often it says
what. What it earned in its own moments is then one of many.

A position is decided at the close of a bar and earns what follows it, from that close to the next:
the test is handed closes, not returns, so that a signal cannot be paid for the bar it was made of.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import DRAWS, seeded
from genesis.analytics.samples import Float64, is_constant, lacking, series
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

How = Literal["rotated", "shuffled"]
_CELLS: Final = 1 << 19
_TIE: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class SignalOdds:
    """edge_fraction: mean return of the next bar times the position, above the market's drift.

    p_value: share of the signals like it, itself among them, that did as well. drawn: (draws,)
    edges of the others. bars: positions that were paid. how: how the others were made.
    """

    edge_fraction: float
    p_value: float
    drawn: Float64
    bars: int
    how: How


def signal_permutation(
    positions: npt.ArrayLike,
    closes: npt.ArrayLike,
    *,
    how: How = "rotated",
    apart: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> SignalOdds | NoValue:
    """Is a signal's mean return of the next bar beyond what the same signal earns at other times?

    positions: (n,) what is held from the close of each bar on: 1 long, 0 nothing, -1 short, or any
    size. closes: (n,) prices of the same bars, above 0. Position i earns closes[i + 1] / closes[i]
    - 1, less the mean of all bars (detrended, after Aronson 2006), so that being long in a rising
    market is no edge; the last position has earned nothing yet. Costs are left out.

    how: "rotated" looks once at every circular shift of at least `apart` bars either way (None: a
    tenth of them) and needs no seed. Smaller shifts would pay the signal for the bars it was made
    of: `apart` must be longer than it looks back. "shuffled" looks at `draws` random orders, and
    takes a signal that stays the same for long for better proven than it is.

    Raises:
        UsageError: wrong shapes, prices not above 0, apart or draws out of range.
    """
    held, prices = series(positions, "positions"), series(closes, "closes")
    if held.size != prices.size:
        raise UsageError(f"there are {held.size} positions for {prices.size} closes: one for each")
    if how not in ("rotated", "shuffled") or draws < 100:
        raise UsageError(f'how must be "rotated" or "shuffled", draws at least 100: {how}, {draws}')
    for sample in (held, prices):
        if (why := lacking(sample)) is not None:
            return why
    if prices.min() <= 0.0:
        raise UsageError("closes must be prices above 0, not returns")
    decided, following = held[:-1], prices[1:] / prices[:-1] - 1.0
    if is_constant(decided):
        return NoValue("the signal never changes: at any other time it would be the same")
    if is_constant(following):
        return NoValue("every bar returned the same: there is nothing to know")
    away = following - following.mean()
    edge = float(decided @ away) / away.size
    if how == "rotated":
        drawn = _rotated(decided, away, max(1, decided.size // 10) if apart is None else apart)
    else:
        drawn = _shuffled(decided, away, draws, seed)
    tie = _TIE * float(np.abs(decided).max() * np.abs(away).mean())
    as_good = 1 + np.count_nonzero(drawn >= edge - tie)
    return SignalOdds(edge, float(as_good / (1 + drawn.size)), drawn, decided.size, how)


def _rotated(decided: Float64, away: Float64, apart: int) -> Float64:
    """The edge of the signal delayed by apart, apart + 1, ... m - apart bars round the circle."""
    if not 1 <= apart <= decided.size // 2:
        raise UsageError(f"apart must be from 1 to half of the {decided.size} bars, not {apart}")
    spectrum = np.conj(np.fft.rfft(decided)) * np.fft.rfft(away)
    edges = np.fft.irfft(spectrum, n=away.size) / away.size
    return np.asarray(edges[apart : away.size - apart + 1])


def _shuffled(decided: Float64, away: Float64, draws: int, seed: int) -> Float64:
    """(draws,) the edge of the signal's values in random orders."""
    rng, found = seeded(seed), []
    width = max(1, _CELLS // decided.size)
    for done in range(0, draws, width):
        orders = np.tile(decided, (min(width, draws - done), 1))
        found.append(rng.permuted(orders, axis=1) @ away / away.size)
    return np.concatenate(found)
