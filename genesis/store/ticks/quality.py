"""Is a symbol's recorded history whole? Gaps, order, coverage, silence, outliers, delays."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from genesis.domain.time import HOUR, MINUTE
from genesis.store.ticks.blocks import Block, Ints
from genesis.store.ticks.kinds import ABSENT

SILENCE_NS: Final = MINUTE
"""Time without a trade from which on it is reported."""
STRAY_NS: Final = HOUR
"""A receive stamp further than this from the usual delay is a stray one."""
OUTLIER: Final = 0.05
"""A price is an outlier when it lies this share away, to one side, from the trades around it."""
_SHOWN: Final = 20


class Gap(NamedTuple):
    """Trade ids that are absent, and the stamps (UTC ns) of the trades around them."""

    first_id: int
    last_id: int
    after_ns: int
    before_ns: int

    @property
    def missing(self) -> int:
        return self.last_id - self.first_id + 1


class Silence(NamedTuple):
    """A span (UTC ns) without any trade."""

    after_ns: int
    before_ns: int


class Outlier(NamedTuple):
    """A trade (UTC ns) at a price that the trades before and after it know nothing of."""

    trade_id: int
    ts_ns: int
    price: float
    around: float
    """The nearer of the prices around it."""


@dataclass(slots=True)
class Quality:
    """What was found. Lists show the first few; the counts count all.

    `coverage` is the share of trade ids present between the first and the last;
    `repeated`, `conflicting`, `disorder` are told by an import and 0 for what is stored.
    """

    symbol: str
    rows: int = 0
    first_id: int = 0
    last_id: int = 0
    first_ns: int = 0
    last_ns: int = 0
    missing: int = 0
    gaps: int = 0
    first_gaps: tuple[Gap, ...] = ()
    backwards: int = 0
    """Trades stamped before the trade with the id below theirs."""
    silences: int = 0
    first_silences: tuple[Silence, ...] = ()
    outliers: int = 0
    first_outliers: tuple[Outlier, ...] = ()
    received: int = 0
    stray_received: int = 0
    usual_delay_ns: int | None = None
    """Median of receive time minus venue time; the two clocks differ."""
    repeated: int = 0
    conflicting: int = 0
    unreadable: int = 0
    disorder: int = 0

    @property
    def coverage(self) -> float:
        return self.rows / (self.rows + self.missing) if self.rows else 0.0

    @property
    def is_clean(self) -> bool:
        """Nothing is missing, repeated, contradictory, unreadable, out of order or astray."""
        faults = (self.missing, self.repeated, self.conflicting, self.unreadable)
        astray = (self.disorder, self.backwards, self.outliers, self.stray_received)
        return self.rows > 0 and not any((*faults, *astray))


def measure(symbol: str, blocks: Iterable[Block]) -> Quality:
    """Quality of trades that come sorted by id, without repetition."""
    found = Quality(symbol)
    tail: tuple[int, int] | None = None
    last: list[Outlier] = []
    delays: list[Ints] = []
    for block in blocks:
        if not len(block):
            continue
        ids, times = block.keys, block.columns["ts_ns"]
        if tail is None:
            found.first_id, found.first_ns = int(ids[0]), int(times[0])
        else:
            ids, times = np.append(tail[0], ids), np.append(tail[1], times)
        _note_steps(found, ids, times)
        last = _note_outliers(found, last, block)
        tail = int(ids[-1]), int(times[-1])
        found.rows += len(block)
        found.last_id, found.last_ns = tail
        received = block.columns["received_ns"]
        told = received != ABSENT
        delays.append(received[told] - block.columns["ts_ns"][told])
    _note_delays(found, np.concatenate(delays) if delays else np.empty(0, np.int64))
    return found


def _note_steps(found: Quality, ids: Ints, times: Ints) -> None:
    steps, waits = np.diff(ids), np.diff(times)
    holes = np.flatnonzero(steps > 1)
    found.missing += int((steps[holes] - 1).sum())
    found.gaps += len(holes)
    found.first_gaps += tuple(
        Gap(int(ids[i]) + 1, int(ids[i + 1]) - 1, int(times[i]), int(times[i + 1]))
        for i in holes[: _SHOWN - len(found.first_gaps)].tolist()
    )
    found.backwards += int(np.count_nonzero(waits < 0))
    still = np.flatnonzero(waits >= SILENCE_NS)
    found.silences += len(still)
    found.first_silences += tuple(
        Silence(int(times[i]), int(times[i + 1]))
        for i in still[: _SHOWN - len(found.first_silences)].tolist()
    )


def _note_outliers(found: Quality, last: list[Outlier], block: Block) -> list[Outlier]:
    """Judge all trades but the first and the newest; `last`: the two newest of the blocks before.

    Returns the two that are the newest now.
    """
    columns = block.columns
    price = np.append([one.price for one in last], columns["price"] / 10.0**block.price_scale)
    ids = np.append(np.array([one.trade_id for one in last], np.int64), block.keys)
    times = np.append(np.array([one.ts_ns for one in last], np.int64), columns["ts_ns"])
    low, high = np.minimum(price[:-2], price[2:]), np.maximum(price[:-2], price[2:])
    inner = price[1:-1]
    above, below = inner > high * (1 + OUTLIER), inner < low / (1 + OUTLIER)
    rows = np.flatnonzero(above | below)
    found.outliers += len(rows)
    around = np.where(above, high, low)
    found.first_outliers += tuple(
        Outlier(int(ids[i + 1]), int(times[i + 1]), float(inner[i]), float(around[i]))
        for i in rows[: _SHOWN - len(found.first_outliers)].tolist()
    )
    return [
        Outlier(int(i), int(t), float(p), float(p))
        for i, t, p in zip(ids[-2:], times[-2:], price[-2:], strict=True)
    ]


def _note_delays(found: Quality, delays: Ints) -> None:
    if not len(delays):
        return
    usual = int(np.median(delays))
    found.received = len(delays)
    found.usual_delay_ns = usual
    found.stray_received = int(np.count_nonzero(np.abs(delays - usual) > STRAY_NS))
