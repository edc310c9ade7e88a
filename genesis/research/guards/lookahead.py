"""LOOKAHEAD: are the decisions the same when the future is missing, or another one?"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

import numpy as np

from genesis.domain.time import format_utc, parse_width
from genesis.research.guards.carried import carried
from genesis.research.guards.compare import Kept, first_difference
from genesis.research.guards.findings import Finding, Guard, Report
from genesis.research.guards.futures import cut_off, is_clean, poisoned
from genesis.research.guards.several import Data, each, longest, mapped, stamps
from genesis.research.guards.subject import Subject
from genesis.research.guards.trace import Decision, Trace
from genesis.research.markets import Market
from genesis.strategy import Strategy

Tell = Callable[[int, int], None]
"""Told how many runs of how many are done."""

_AT_WISHES: Final = 8
_ELSEWHERE: Final = 4
_APART: Final = 4
"""At how many cuts one symbol alone gets another future."""
_One = TypeVar("_One")
Futures = Iterator[tuple[str, Data]]
"""What is changed in the data, in words, and the data."""
_REMEDY: Final = (
    "decide on what was known at that moment: no shift(-1), no maximum, mean or scaler of the "
    "whole series, no feature stamped with the open of the bar it needs the close of"
)
_BROUGHT: Final = (
    "what it was made with cannot be taken away from it: give `check` a function that makes the "
    "strategy from the data it may see, such as `lambda data: Mine(features(data))`"
)


def lookahead(subject: Subject, data: Data, whole: Trace, tell: Tell) -> Report:
    """Cut the market at several moments, most of them right after a wish. What was decided until
    then must be what was decided with all of the data, (a) with nothing after the cut, (b) with
    absurd prices after it. Of several symbols all have another future; at some of the cuts, and
    where something moved, also one alone has, so that a leak is told with the symbol it comes from.

    whole: the run on all of the data. A strategy that brings data along is found, too: it would
    answer from them whatever is done to the market. What it reads from files by itself is not seen.
    """
    strategy = subject.made(data)
    brought = [
        Finding(Guard.LOOKAHEAD, None, f"it brings data along: {what}", _BROUGHT)
        for what in carried(subject, strategy)
    ]
    moments = cuts(whole, data, _width_of(strategy))
    found, done = _first(subject, data, whole, moments, tell)
    if not moments:
        what = "no wish has both a past and a future in these data: nothing was compared"
        found = [Finding(Guard.LOOKAHEAD, None, what, "give more data")]
    told = f"{done} of {len(moments)} cuts, each with no future and with two absurd ones"
    told += ", in all symbols (at some also in one alone)" * (len(each(data)) > 1)
    return Report(Guard.LOOKAHEAD, told, done, (*brought, *found))


def _first(
    subject: Subject, data: Data, whole: Trace, moments: Sequence[int], tell: Tell
) -> tuple[list[Finding], int]:
    """The first cut at which decisions move: one finding for each way of cutting that shows it,
    and how many cuts that took.
    """
    apart = spread(moments, _APART)
    for count, cut_ns in enumerate(moments):
        tell(count, len(moments))
        found = _moved(subject, whole, _futures(data, cut_ns), cut_ns)
        if found or cut_ns in apart:
            found += _moved(subject, whole, _alone(data, cut_ns), cut_ns)
        if found:
            return found, count + 1
    return [], len(moments)


def _moved(subject: Subject, whole: Trace, futures: Futures, cut_ns: int) -> list[Finding]:
    kept = known_by(cut_ns)
    compared = (
        _compared(whole, subject.run(other), words, cut_ns, kept) for words, other in futures
    )
    return [finding for finding in compared if finding is not None]


def _futures(data: Data, cut_ns: int) -> Futures:
    """All symbols have another one."""
    for words, other in _WAYS:
        yield words, mapped(data, partial(other, cut_ns=cut_ns))


def _alone(data: Data, cut_ns: int) -> Futures:
    """One of several symbols has another one, the others have their own."""
    markets = each(data)
    if len(markets) == 1:
        return
    for number, market in enumerate(markets):
        for words, other in _WAYS:
            changed = (*markets[:number], other(market, cut_ns), *markets[number + 1 :])
            yield f"{words} in {market.instrument.symbol} alone", changed


def _compared(whole: Trace, other: Trace, words: str, cut_ns: int, kept: Kept) -> Finding | None:
    at = f"with {words} (from {format_utc(cut_ns)})"
    broke = other.broke
    if broke is not None and (broke.at_ns is None or broke.at_ns < cut_ns):
        return Finding(Guard.LOOKAHEAD, broke.at_ns, f"{at}: {broke.what}", _REMEDY)
    found = first_difference(whole, other, kept)
    if found is None:
        return None
    what = f"it decides {found.one}; {at}: {found.other}"
    return Finding(Guard.LOOKAHEAD, found.at_ns, what, _REMEDY)


def _high(market: Market, cut_ns: int) -> Market:
    return poisoned(market, cut_ns, high=True)


def _low(market: Market, cut_ns: int) -> Market:
    return poisoned(market, cut_ns, high=False)


_WAYS: Final = (
    ("the future cut off", cut_off),
    ("prices ten times as high in the future", _high),
    ("prices a tenth as high in the future", _low),
)


def known_by(cut_ns: int) -> Kept:
    """Which decisions rest on what was over before the cut: a bar that closes at it is over."""

    def kept(one: Decision) -> bool:
        return one.at_ns < cut_ns or (one.of_bar and one.at_ns == cut_ns)

    return kept


def cuts(whole: Trace, data: Data, width_ns: int | None) -> list[int]:
    """Moments to cut at, oldest first: right after some of the wishes, and some in between.

    width_ns: of the bars the strategy wants; the cuts in between then fall on their ends.
    """
    wished = sorted({one.at_ns + (not one.of_bar) for one in whole.wishes})
    wished = [at_ns for at_ns in wished if _is_clean(data, at_ns)]
    if not wished:
        return []
    at = stamps(longest(data))
    rows = range(int(np.searchsorted(at, wished[0])), len(at))
    later = [int(at[row]) for row in spread(rows, _ELSEWHERE + 2)[1:-1]]
    if width_ns is not None:
        later = [(one // width_ns + 1) * width_ns for one in later]
    between = [at_ns for at_ns in later if _is_clean(data, at_ns)]
    return sorted({*spread(wished, _AT_WISHES), *between})


def _is_clean(data: Data, cut_ns: int) -> bool:
    """Does every symbol have a past and a future there?"""
    return all(is_clean(market, cut_ns) for market in each(data))


def spread(all_of: Sequence[_One], most: int) -> list[_One]:
    """At most so many of a sequence, the first and the last among them, evenly apart."""
    count = len(all_of)
    if count <= most:
        return list(all_of)
    return [all_of[i * (count - 1) // (most - 1)] for i in range(most)]


def _width_of(strategy: Strategy) -> int | None:
    return None if strategy.bar is None else parse_width(strategy.bar)
