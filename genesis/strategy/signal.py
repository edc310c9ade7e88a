"""A strategy's wishes said once more, over whole columns: so that thousands can be screened.

A strategy that acts on closed bars only, is long or flat, and buys and sells at the market may
declare `signal = Signal(...)` beside its class. Its function is compiled before it is used, so it
keeps to loops over numbers. It never replaces the strategy: sweeps run finalists through the
engine, and both must agree trade for trade.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class SignalBars(NamedTuple):
    """Closed bars as columns of whole price steps, oldest first, (n,) int64 each.

    sums: (n + 1,) running sums of closes less the lowest close, the first of them 0: differences
    of averages are the same, and stay small.
    """

    open: Sequence[int]
    high: Sequence[int]
    low: Sequence[int]
    close: Sequence[int]
    sums: Sequence[int]


@dataclass(frozen=True, slots=True)
class Signal:
    """How a strategy can be screened.

    wishes: called as `wishes(bars, out, *numbers)`; fills out, (n,) int8 of zeros: 1 at bars after
    which the strategy buys when flat, -1 where it sells what it holds, 0 where it does nothing.
    What it says of a bar may rest on that bar and earlier ones only. numbers: the parameters it
    takes, by name, all of them whole. fits: called as `fits(span, *numbers)`, where span is the
    highest less the lowest price in steps: whether 64 bits hold every sum the function makes.
    """

    wishes: Callable[..., None]
    numbers: tuple[str, ...]
    fits: Callable[..., bool] | None = None
