"""Markets that were made up, with a truth that is known, so that a method can be held against it.

noise(days=365)     # nothing to be found: every move is a coin's
trends(days=365)    # moves that last: what follows a trend has something to follow
swings(days=365)    # moves that come back: what buys a fall has something to wait for

Their symbols say what they are (NOISE/USDT, with seed 4 NOISE4/USDT), so they mix with no market's
trials in the ledger. The same seed is the same market. They are for learning what a method says;
they forecast nothing.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import Generator, seeded
from genesis.domain.instrument import Instrument
from genesis.domain.time import DAY, HOUR, parse_utc, parse_width
from genesis.errors import UsageError
from genesis.research.bars import Bars

Float64 = npt.NDArray[np.float64]

START_NS: Final = parse_utc("2024-01-01T00:00:00Z")
PRICE: Final = 100.0
SIGMA_BPS: Final = 60.0
"""Standard deviation of the moves of an hour."""
_TICK: Final = Decimal("0.01")
_LOT: Final = Decimal("0.0001")
_FALL: Final = 0.03
_COMMON: Final = 0.5
_INSIDE: Final = 8
"""Prices within a bar."""


def listed(base: str, quote: str = "USDT") -> Instrument:
    """The instrument of a market that was made up: a fine grid, no smallest order."""
    tick = _TICK if quote == "USDT" else Decimal("0.000001")
    return Instrument(f"{base}/{quote}", base, quote, tick, _LOT)


def noise(days: float = 365, seed: int = 0, width: str = "1h") -> Bars:
    """A walk without a memory: no rule earns anything on it but by luck. Raises UsageError."""
    rng, moves = _moves(days, seed, width)
    return walked(f"NOISE{seed or ''}", moves, rng, width)


def trends(
    days: float = 365,
    seed: int = 0,
    width: str = "1h",
    *,
    strength: float = 0.25,
    lasting_bars: float = 150.0,
) -> Bars:
    """A walk with a wind that turns now and then.

    strength: of the wind, in standard deviations of a bar. lasting_bars: from turn to turn, in the
    mean. Raises UsageError.
    """
    if lasting_bars < 1:
        raise UsageError(f"lasting_bars must be 1 or more, not {lasting_bars}")
    rng, moves = _moves(days, seed, width)
    turns = rng.random(len(moves)) * lasting_bars < 1.0
    wind = np.where(np.cumsum(turns) % 2 == 0, 1.0, -1.0) * strength
    wind -= wind.mean()  # as much up as down: no price that is driven to nothing
    return walked(f"TREND{seed or ''}", moves + wind[:, None] * _sigma(width) / _INSIDE, rng, width)


def swings(
    days: float = 365,
    seed: int = 0,
    width: str = "1h",
    *,
    pull: float = 0.1,
    fall: float = 0.0,
    name: str = "",
) -> Bars:
    """A walk that is drawn back to where it began.

    pull: the share of the distance that a bar takes back, in the mean. fall: how far the price it
    is drawn to sinks from the first bar to the last, as a fraction. name: of its base, instead of
    SWING. Raises UsageError.
    """
    if not 0 <= pull < 1 or not 0 <= fall < 1:
        raise UsageError(f"pull and fall must lie between 0 and 1, not {pull} and {fall}")
    rng, moves = _moves(days, seed, width)
    home = np.linspace(0.0, np.log1p(-fall), len(moves))
    return walked(name or f"SWING{seed or ''}", drawn_back(moves, pull, home), rng, width)


def fallen(
    days: float = 15, seed: int = 0, width: str = "5m", *, names: Sequence[str] = ("ONE",)
) -> tuple[Bars, ...]:
    """A walk for each name, all of which fall at once, every other day, and do not come back.

    Raises UsageError.
    """
    rng, moves = _moves(days, seed, width)
    each = [moves, *(_moves(days, seed + i, width)[1] for i in range(1, len(names)))]
    every = 2 * DAY // parse_width(width)
    for one in each:
        one[every // 2 :: every] -= _FALL / _INSIDE
    return tuple(walked(name, one, rng, width) for name, one in zip(names, each, strict=True))


def together(
    days: float = 20,
    seed: int = 0,
    width: str = "15m",
    *,
    pull: float = 0.12,
    part: float = 0.0,
    fall: float = 0.0,
) -> tuple[Bars, Bars]:
    """ONE/USDT and TWO/USDT: two prices of one cause, at a distance that wanders off and returns.

    pull: the share of the distance that a bar takes back. part: every three days ONE/USDT loses so
    much for good within some bars. fall: of both from the first bar to the last; all are fractions.
    Raises UsageError.
    """
    if not all(0 <= one < 1 for one in (pull, part, fall)):
        raise UsageError(f"pull, part and fall lie between 0 and 1, not {pull}, {part}, {fall}")
    rng, common = _moves(days, seed, width)
    common = common * _COMMON + np.log1p(-fall) / common.size
    _, own = _moves(days, seed + 1, width)
    steps = np.arange(len(own)) // (3 * DAY // parse_width(width))
    home = steps * np.log1p(-part)
    apart = drawn_back(own, pull, home)
    return (
        walked("ONE", common + apart, rng, width),
        walked("TWO", common, rng, width),
    )


def drawn_back(moves: Float64, pull: float, home: Float64) -> Float64:
    """(n, k) log moves within n bars, each bar of which takes back `pull` of the distance home."""
    pulled, at = moves.copy(), 0.0
    for i, total in enumerate(moves.sum(axis=1).tolist()):
        back = -pull * (at - float(home[i]))
        pulled[i] += back / moves.shape[1]
        at += total + back
    return pulled


def walked(base: str, moves: Float64, rng: Generator, width: str, quote: str = "USDT") -> Bars:
    """Bars of a price that begins at 100 and makes these (n, k) log moves, k within each bar."""
    path = PRICE * np.exp(np.concatenate(([0.0], np.cumsum(moves.ravel()))))
    prices = np.round(np.maximum(path, 0.02), 2)
    inside = prices[1:].reshape(moves.shape)
    opens = prices[: -1 : moves.shape[1]]
    bars = Bars.from_arrays(
        listed(base, quote),
        START_NS + np.arange(len(moves)) * parse_width(width),
        opens,
        np.maximum(inside.max(axis=1), opens),
        np.minimum(inside.min(axis=1), opens),
        inside[:, -1],
        np.round(rng.uniform(5.0, 15.0, len(moves)), 4),
        width=width,
    )
    return Bars(bars.columns, f"{base.lower()}, made up")


def _moves(days: float, seed: int, width: str) -> tuple[Generator, Float64]:
    try:
        count = int(days * DAY) // parse_width(width)
    except ValueError as wrong:
        raise UsageError(str(wrong)) from wrong
    if count < 1:
        raise UsageError(f"{days} days hold no bar of {width}: ask for more days")
    rng = seeded(seed)
    return rng, rng.standard_normal((count, _INSIDE)) * _sigma(width) / np.sqrt(_INSIDE)


def _sigma(width: str) -> float:
    """Standard deviation of the log move of a bar."""
    return float(SIGMA_BPS * 1e-4 * np.sqrt(parse_width(width) / HOUR))
