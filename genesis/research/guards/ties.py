"""TIES: are the decisions the same in whatever order the trades of one instant arrived?

The engine's tie-break is the order of arrival: of trades with one stamp the last makes a bar's
close, the first that touches a stop fills it. So trades change places only where that order is
nobody's business: not with the first or last trade of a bar, not around a book top, and not where
something was filled, asked for or decided. Highs, lows and volumes do not depend on the order.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.domain.time import MILLISECOND, MINUTE, format_utc, parse_width
from genesis.research.bars import Bars
from genesis.research.guards.compare import differing
from genesis.research.guards.findings import Finding, Guard, Report, not_judged
from genesis.research.guards.futures import fresh_columns
from genesis.research.guards.lookahead import Tell
from genesis.research.guards.several import Data, each, longest, mapped
from genesis.research.guards.subject import Subject
from genesis.research.guards.trace import Trace
from genesis.research.guards.turns import DECLARED, REMEDY, is_declared, turns
from genesis.research.markets import Market
from genesis.research.ticks import Ticks
from genesis.sim.columns import TickColumns

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

_ORDERS: Final = 4
"""How often everything changes places: once in reverse, then by a hash of row and number."""
_ENOUGH: Final = 20
_GRIDS_NS: Final = (MILLISECOND, 10 * MILLISECOND, 100 * MILLISECOND, 1_000 * MILLISECOND)


@dataclass(frozen=True, slots=True)
class Groups:
    """Runs of trades that share a stamp: rows [start, end) of each. movable: may change places?
    at_edges, at_tops, decided: how many may not, and why.
    """

    start: Int64
    end: Int64
    movable: Bool
    at_edges: int
    at_tops: int
    decided: int

    @property
    def count(self) -> int:
        return int(self.movable.sum())


def ties(subject: Subject, data: Data, whole: Trace, tell: Tell) -> Report:
    """Let trades that share a stamp change places, several times, and compare decisions; of several
    symbols, let these change places, too (see `turns`).

    Where the data hold too few trades of one stamp, stamps are rounded down first until they do.
    """
    asked = [_inside(subject, data, whole, tell)]
    if len(each(data)) > 1:
        asked.append(turns(subject, data, whole))
    return _joined(asked)


def _joined(asked: list[Report]) -> Report:
    """One report of them; judged where one of them is."""
    if len(asked) == 1:
        return asked[0]
    return Report(
        Guard.TIES,
        "; ".join(one.told for one in asked),
        sum(one.compared for one in asked),
        tuple(finding for one in asked for finding in one.findings),
        tuple(words for one in asked for words in one.notes),
        is_judged=any(one.is_judged for one in asked),
    )


def _inside(subject: Subject, data: Data, whole: Trace, tell: Tell) -> Report:
    """Trades of one symbol change places with each other."""
    if isinstance(longest(data), Bars):
        why = "bars hold no trades that could change places"
        return replace(not_judged(Guard.TIES, why), notes=(f"ties: {why}",))
    found, base, told = _with_ties(subject, data, whole)
    count = sum(groups.count for _, groups in found)
    if count == 0 or base.broke is not None:
        why = "no two trades that differ may change places"
        return replace(not_judged(Guard.TIES, why), notes=(f"ties: {why}",))
    findings: list[Finding] = []
    notes = [_left_out([groups for _, groups in found]), *told]
    declared = is_declared(subject, data)
    for number in range(_ORDERS):
        tell(number, _ORDERS)
        mixed = tuple(_shuffled(market, groups, number) for market, groups in found)
        other = subject.run(mixed if isinstance(data, tuple) else mixed[0])
        said = _said(base, other)
        if said is None:
            continue
        at_ns, what, is_wish = said
        if is_wish and not declared:
            findings.append(Finding(Guard.TIES, at_ns, what, REMEDY))
        else:
            notes.append(what + DECLARED * is_wish)
        break
    words = f"{count:,} groups of trades with one stamp in {_ORDERS} other orders"
    return Report(Guard.TIES, words, count, tuple(findings), tuple(notes))


def _said(base: Trace, other: Trace) -> tuple[int | None, str, bool] | None:
    """When, what, and whether it is about wishes rather than about the prices of fills."""
    if other.broke is not None:
        return other.broke.at_ns, f"in another order of one instant {other.broke.what}", True
    found = differing(base.wishes, other.wishes)
    if found is not None:
        what = (
            f"it decides {found.one}, and {found.other} where trades of one stamp arrived in "
            "another order"
        )
        return found.at_ns, what, True
    moved = differing(base.decided, other.decided)
    if moved is None:
        return None
    what = (
        f"the same wishes, filled otherwise from {format_utc(moved.at_ns)} on: of trades with one "
        "stamp the first to arrive fills"
    )
    return moved.at_ns, what, False


Found = list[tuple[Ticks, Groups]]
"""Each symbol's trades, and which of them share a stamp."""


def _with_ties(subject: Subject, data: Data, whole: Trace) -> tuple[Found, Trace, list[str]]:
    """Data with enough trades that share a stamp, and the run on them."""
    widths = _widths(subject, data)
    first = _grouped(data, widths, whole)
    count = sum(groups.count for _, groups in first)
    if count >= _ENOUGH:
        return first, whole, []
    for grid_ns in _GRIDS_NS:
        rounded = mapped(data, partial(_rounded, grid_ns=grid_ns))
        base = subject.run(rounded)
        found = _grouped(rounded, widths, base)
        if sum(groups.count for _, groups in found) >= _ENOUGH:
            words = (
                f"ties: only {count} groups of trades share a stamp, so stamps were "
                f"rounded down to {grid_ns // MILLISECOND} ms here"
            )
            return found, base, [words]
    return first, whole, []


def _grouped(data: Data, widths: tuple[int, ...], whole: Trace) -> Found:
    return [
        (market, groups_of(market, widths, whole))
        for market in each(data)
        if isinstance(market, Ticks)
    ]


def _widths(subject: Subject, data: Data) -> tuple[int, ...]:
    bar = subject.made(data).bar
    return (MINUTE,) if bar is None else (MINUTE, parse_width(bar))


def groups_of(data: Ticks, widths_ns: tuple[int, ...], whole: Trace) -> Groups:
    """The runs of trades with one stamp in which two rows differ."""
    c = data.columns
    new = np.append(True, c.ts_ns[1:] != c.ts_ns[:-1])
    start = np.flatnonzero(new)
    end = np.append(start[1:], len(c))
    differs = _differs(c, start)
    start, end = start[differs], end[differs]
    edges = _with_edges(c, start, end, widths_ns)
    tops = _with_tops(data, start, end)
    stamps = {one.at_ns for one in (*whole.decided, *whole.wishes) if not one.of_bar}
    decided = np.isin(c.ts_ns[start], np.fromiter(stamps, np.int64, len(stamps)))
    movable = ~(edges | tops | decided)
    return Groups(
        start,
        end,
        movable,
        int(edges.sum()),
        int((tops & ~edges).sum()),
        int((decided & ~edges & ~tops).sum()),
    )


def _differs(c: TickColumns, start: Int64) -> Bool:
    found = np.zeros(len(start), np.bool_)
    for column in (c.prices, c.qtys, c.buyer_is_maker.astype(np.int64)):
        found |= np.maximum.reduceat(column, start) != np.minimum.reduceat(column, start)
    return found


def _with_edges(c: TickColumns, start: Int64, end: Int64, widths_ns: tuple[int, ...]) -> Bool:
    """Is the first or last trade of a bar, or of all, among them?"""
    found: Bool = (start == 0) | (end == len(c))
    for width_ns in widths_ns:
        bar = c.ts_ns // width_ns
        first = np.append(True, bar[1:] != bar[:-1])
        last = np.append(first[1:], True)
        found |= first[start] | last[end - 1]
    return found


def _with_tops(data: Ticks, start: Int64, end: Int64) -> Bool:
    """Did the book move between them?"""
    if data.tops is None:
        return np.zeros(len(start), np.bool_)
    before = data.tops.ticks_before
    after_first = np.searchsorted(before, start, side="right")
    until_last = np.searchsorted(before, end, side="left")
    return until_last > after_first


def _rounded(data: Market, grid_ns: int) -> Market:
    assert isinstance(data, Ticks)
    c = data.columns
    columns = fresh_columns(c, ts_ns=c.ts_ns // grid_ns * grid_ns)
    tops = data.tops
    if tops is not None:
        tops = replace(tops, ts_ns=tops.ts_ns // grid_ns * grid_ns)
    return replace(data, columns=columns, tops=tops)


def _shuffled(data: Ticks, groups: Groups, number: int) -> Ticks:
    """The same trades, those of each movable group in another order; ids stay in order."""
    c = data.columns
    group = np.zeros(len(c), np.int64)
    moving = groups.movable
    np.add.at(group, groups.start[moving], 1)
    inside = np.zeros(len(c) + 1, np.int64)
    np.add.at(inside, groups.start[moving], 1)
    np.add.at(inside, groups.end[moving], -1)
    rows = np.flatnonzero(np.cumsum(inside[:-1]))
    order = np.arange(len(c))
    order[rows] = rows[np.lexsort((_keys(rows, number), np.cumsum(group)[rows]))]
    columns = fresh_columns(
        c, prices=c.prices[order], qtys=c.qtys[order], buyer_is_maker=c.buyer_is_maker[order]
    )
    return replace(data, columns=columns)


def _keys(rows: Int64, number: int) -> Int64:
    """What the rows of a group are sorted by: in reverse first, then by a hash."""
    if number == 0:
        return -rows
    mixed = (rows.astype(np.uint64) + np.uint64(number * 1_000_003)) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed ^ (mixed >> np.uint64(29))) >> np.uint64(8)).astype(np.int64)


def _left_out(found: list[Groups]) -> str:
    edges, tops = sum(one.at_edges for one in found), sum(one.at_tops for one in found)
    return (
        f"ties: left in their order were {edges:,} groups with a bar's first or last trade, "
        f"{tops:,} with a book top between them, {sum(one.decided for one in found):,} at whose "
        "stamp something was decided"
    )
