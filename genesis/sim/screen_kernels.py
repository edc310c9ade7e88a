"""The compiled parts of screening: small, kept between processes, compiled when first used.

Each is a plain function of arrays, so tests can read and run it without a compiler.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]


class Marks(NamedTuple):
    """Where wishes are filled and holdings valued; prices in whole steps.

    closes: (n,) what a bar closed at. fills: (m,) m <= n, what a wish after bar i is filled at.
    lands: (m,) 0 or 1: the fill after bar i counts at mark i + lands[i]. values: (k,) the prices
    at which the account is valued: n closes, and the last price where more is known than bars.
    """

    closes: Int64
    fills: Int64
    lands: Int8
    values: Int64


def round_trips(wishes: Int8, most: int, entries: Int64, exits: Int64) -> tuple[int, int]:
    """Which bars were followed by an entry or exit that fills; (closed trades, open ones).

    most: wishes that fill at all. entries, exits: filled with bar numbers; an open trade is the
    last entry and has no exit.
    """
    count = i = 0
    wanted = 1
    while True:
        while i + 32 <= most:  # in blocks that need no branch per bar
            hits = 0
            for wish in wishes[i : i + 32]:
                hits += wish == wanted
            if hits > 0:
                break
            i += 32
        while i < most and wishes[i] != wanted:
            i += 1
        if i >= most:
            return count, 1 if wanted < 0 else 0
        if wanted > 0:
            entries[count] = i
        else:
            exits[count] = i
            count += 1
        wanted = -wanted


def measured(
    marks: Marks,
    entries: Int64,
    exits: Int64,
    closed: int,
    held: int,
    cash: float,
    unit: float,
    rate: float,
) -> tuple[int, int, int, float, float, float, float, float, float]:
    """What the round trips came to.

    unit: quote per price step of the quantity traded. rate: fee as a fraction of what is filled.

    Returns (sum of exit less entry prices of closed trades, sum of both, number of the first trade
    that the cash cannot pay or -1, equity at the last mark, deepest fall from the peak as a
    fraction, sums of the first four powers of the returns from mark to mark). The returns of marks
    at which nothing is held are 0; at the first mark the return is that on the cash.
    """
    gain = turnover = 0
    peak = before = floor = cash
    deepest = one = two = three = four = 0.0
    for t in range(closed + held):
        i = entries[t]
        price = marks.fills[i]
        flat = cash + unit * (gain - rate * turnover)
        if unit * (1.0 + rate) * max(price, marks.closes[i]) * (1.0 + 1e-9) > flat:
            return gain, turnover, t, before, deepest, one, two, three, four
        basis, weight = flat - unit * (1.0 + rate) * price, unit
        start, end = i + marks.lands[i], len(marks.values)
        if t < closed:
            end = exits[t] + marks.lands[exits[t]]
        for part in range(2):
            if part == 1:  # the mark that sees the exit, unless the next trade is held there
                if t >= closed:
                    break
                left = marks.fills[exits[t]]
                gain += left - price
                turnover += left + price
                if t + 1 < closed + held and entries[t + 1] + marks.lands[entries[t + 1]] <= end:
                    break
                basis, weight = cash + unit * (gain - rate * turnover), 0.0
                start, end = end, end + 1
            for value in marks.values[start:end]:
                equity = basis + weight * value
                move = equity / before - 1.0
                before = equity
                square = move * move
                one += move
                two += square
                three += square * move
                four += square * square
                if equity > peak:
                    peak = equity
                    floor = (1.0 - deepest) * peak
                elif equity < floor:
                    floor = equity
                    deepest = 1.0 - equity / peak
    return gain, turnover, -1, before, deepest, one, two, three, four


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as machine code that lets other threads run; kept beside its source file.

    One that was typed in, not written in a file, is compiled anew in every process.
    """
    from numba import njit

    try:
        made: Callable[..., Any] = njit(function, cache=True, nogil=True)
    except RuntimeError:  # there is no place beside its source
        made = njit(function, nogil=True)
    return made
