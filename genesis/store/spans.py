"""Where a moment or a position lies in a stream, found by bisection: no row on the way is read."""

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from genesis.store.chain import EventRow
from genesis.store.schema import events


def row_at(connection: sa.Connection, stream: str, seq: int) -> EventRow | None:
    """One row of the log; None where there is none."""
    wanted = sa.select(events).where(events.c.stream == stream, events.c.seq == seq)
    found = connection.execute(wanted).one_or_none()
    return None if found is None else EventRow(*found)


_DISORDER: Final = 500
"""Rows within which stamps may be out of order: venue and engine tell time apart."""


def first_seq(connection: sa.Connection, stream: str, ts_ns: int) -> int:
    """Number of the first row stamped at or after `ts_ns`; one above the last where none is.

    The same for ever, however much is written behind it, as long as stamps are out of order by
    less than `_DISORDER` rows.
    """
    last = connection.scalar(
        sa.select(sa.func.coalesce(sa.func.max(events.c.seq), 0)).where(events.c.stream == stream)
    )
    stamp = sa.select(events.c.ts_ns).where(events.c.stream == stream)

    def is_late(seq: int) -> bool:
        found = connection.scalar(stamp.where(events.c.seq == seq))
        return found is None or found >= ts_ns

    found = bisected(is_late, 1, (last or 0) + 1)
    seqs = sa.select(sa.func.min(events.c.seq)).where(events.c.stream == stream)
    near = seqs.where(events.c.seq >= found - _DISORDER, events.c.seq < found)
    return connection.scalar(near.where(events.c.ts_ns >= ts_ns)) or found


def bisected(is_late: Callable[[int], bool], low: int, high: int, guess: int | None = None) -> int:
    """The first number in [low, high) for which `is_late` holds; `high` where none does.

    It must hold for all numbers behind one for which it holds. A good guess saves questions: the
    range is closed in around it by doubling steps.
    """
    if guess is not None and low < high:
        low, high = _around(is_late, low, high, min(max(guess, low), high - 1))
    while low < high:
        middle = (low + high) // 2
        if is_late(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _around(is_late: Callable[[int], bool], low: int, high: int, guess: int) -> tuple[int, int]:
    """A range inside [low, high] that still holds the answer, small when the guess was near."""
    step = 1
    if is_late(guess):
        while guess - step > low and is_late(guess - step):
            guess, step = guess - step, step * 2
        return max(low, guess - step), guess
    while guess + step < high and not is_late(guess + step):
        guess, step = guess + step, step * 2
    return guess + 1, min(high, guess + step)
