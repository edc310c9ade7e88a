"""Cutting a parent order: how many slices, how large each, and when.

Whole lots only, so that the slices add up to the parent exactly. What looks random is a hash of the
run's seed and the order's number: a replay cuts the same.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from genesis.domain.approval import Failure
from genesis.domain.ids import jitter
from genesis.domain.money import ONE, round_up
from genesis.domain.slicing import Algorithm
from genesis.domain.time import MINUTE
from genesis.execution.rules import SlicingRules

TOO_SMALL: Final = "SLICES_TOO_SMALL"
_STAGE: Final = "execution"


class Draws(NamedTuple):
    """The replayable dice of one parent order: `seed` of the run, `n` of the order's key."""

    seed: str
    n: int

    def draw(self, what: str, slice_number: int) -> float:
        """A number in [0, 1)."""
        return jitter(self.seed, f"slicing:{self.n}:{slice_number}:{what}", 0.0, 1.0)

    def delay_ns(self, slice_number: int, rules: SlicingRules) -> int:
        """Between the least and the most that the rules say."""
        least, most = rules.delays_ns
        return least + int((most - least) * self.draw("delay", slice_number))


class Timing(NamedTuple):
    """The earliest moment of a slice: so long after the start, and after the slice before it."""

    offset_ns: int
    delay_ns: int


class Wanted(NamedTuple):
    """What is to be cut. lots: in all. least_lots: of the smallest slice that may be sent."""

    lots: int
    least_lots: int
    spread: Decimal


def band(lots: int, weight: int, whole: int, spread: Decimal) -> tuple[int, int]:
    """The fewest and the most lots of a slice whose share is weight / whole."""
    less, more = (ONE - spread).as_integer_ratio(), (ONE + spread).as_integer_ratio()
    fewest = -(-lots * weight * less[0] // (whole * less[1]))
    return fewest, lots * weight * more[0] // (whole * more[1])


def can_cut(wanted: Wanted, weights: Sequence[int]) -> bool:
    """Is there a way to cut it so that every slice is within its band and may be sent?"""
    whole = sum(weights)
    if not whole:
        return False
    bands = [band(wanted.lots, weight, whole, wanted.spread) for weight in weights]
    least = max(1, wanted.least_lots)
    if any(low < least or low > high for low, high in bands):
        return False
    return sum(low for low, _ in bands) <= wanted.lots <= sum(high for _, high in bands)


def cut(wanted: Wanted, weights: Sequence[int], draws: Draws) -> tuple[int, ...]:
    """Lots of every slice: each in its band, all together the whole. Only what `can_cut` allows."""
    whole = sum(weights)
    bands = [band(wanted.lots, weight, whole, wanted.spread) for weight in weights]
    left = wanted.lots
    fewest_later, most_later = sum(low for low, _ in bands), sum(high for _, high in bands)
    slices: list[int] = []
    for at, (low, high) in enumerate(bands):
        fewest_later, most_later = fewest_later - low, most_later - high
        least, most = max(low, left - most_later), min(high, left - fewest_later)
        wish = low + int((high - low + 1) * draws.draw("size", at))
        slices.append(min(max(wish, least), most))
        left -= slices[-1]
    return tuple(slices)


def most_slices(
    algorithm: Algorithm, notional_usdt: Decimal, over_ns: int, rules: SlicingRules
) -> int:
    """How many slices are wished for; where these are too small there are fewer."""
    if algorithm.lasts:
        wish = over_ns // rules.interval_ns
    else:
        wish = int(round_up(notional_usdt, rules.slice_usdt) / rules.slice_usdt)
    return min(max(wish, rules.slices_min), rules.slices_max)


def lasting_ns(
    algorithm: Algorithm, asked_ns: int | None, rules: SlicingRules
) -> tuple[int, Failure | None]:
    """Over how long it is sent, and what speaks against that."""
    if not algorithm.lasts:
        return 0, None
    over_ns = rules.usual_ns if asked_ns is None else asked_ns
    if rules.shortest_ns <= over_ns <= rules.longest_ns:
        return over_ns, None
    least, most = rules.shortest_ns // MINUTE, rules.longest_ns // MINUTE
    told = f"a {algorithm.value} lasts from {least} to {most} minutes"
    return over_ns, Failure(_STAGE, "DURATION_OUT_OF_RANGE", told)


def too_small(
    algorithm: Algorithm, rules: SlicingRules, least_usdt: Decimal, has_usdt: Decimal
) -> Failure:
    """least_usdt: the smallest slice that can be left again. has_usdt: what may be bought."""
    need = least_usdt * rules.slices_min / (ONE - rules.spread_fraction)
    told = (
        f"{algorithm.value} orders are cut into {rules.slices_min} slices at least, of "
        f"{least_usdt:.2f} USDT at least: that needs about {need:.2f} USDT, and "
        f"{has_usdt:.2f} USDT may be bought; one order can do it"
    )
    return Failure(_STAGE, TOO_SMALL, told)
