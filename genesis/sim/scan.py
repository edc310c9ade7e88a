"""Finding the first tick that touches a price, without an object per tick."""

from decimal import Decimal
from typing import Final, NamedTuple

from genesis.sim.columns import NEVER, Int64


class Levels(NamedTuple):
    """In price steps: a tick matters at or below `below`, at or above `above`, or always."""

    below: int
    above: int
    every: bool = False


NOTHING: Final = Levels(-1, NEVER)
ANY_TICK: Final = Levels(-1, NEVER, every=True)


def levels_of(below: Decimal | None, above: Decimal | None, step: Decimal) -> Levels:
    """Exact prices to whole steps: `below` rounded down, `above` up, so the touch is the same."""
    return Levels(
        -1 if below is None or below < 0 else int(below // step),
        NEVER if above is None else _up(above, step),
    )


def _up(price: Decimal, step: Decimal) -> int:
    count, rest = divmod(price, step)
    return int(count) + (rest > 0)


def first_touch(prices: Int64, start: int, end: int, below: int, above: int) -> int:
    """Index of the first price in [start, end) that is <= below or >= above; `end` if none."""
    span = prices[start:end]
    touched = span <= below
    if above != NEVER:
        touched |= span >= above
    at = int(touched.argmax())
    return start + at if touched[at] else end
