"""Is a symbol's recorded history whole? Gaps, order, coverage, silence, receive delays."""

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
        return self.rows > 0 and not any(
            (*faults, self.disorder, self.backwards, self.stray_received)
        )


def measure(symbol: str, blocks: Iterable[Block]) -> Quality:
    """Quality of trades that come sorted by id, without repetition."""
    found = Quality(symbol)
    tail: tuple[int, int] | None = None
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


def _note_delays(found: Quality, delays: Ints) -> None:
    if not len(delays):
        return
    usual = int(np.median(delays))
    found.received = len(delays)
    found.usual_delay_ns = usual
    found.stray_received = int(np.count_nonzero(np.abs(delays - usual) > STRAY_NS))
