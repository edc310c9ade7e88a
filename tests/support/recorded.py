"""Recordings for tests, made as the recorder makes them: heard events, spooled and sealed."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from genesis.domain.events import BookDelta, BookTop, Level, MarketEvent, TradeTick
from genesis.domain.time import DAY, MILLISECOND, SECOND, parse_utc
from genesis.store.ticks import sealing
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.capture_blocks import captured_blocks
from genesis.store.ticks.kinds import RECORDED_ARRIVAL
from genesis.store.ticks.spool import SegmentWriter
from genesis.wire.capture import Captured

D = Decimal
BTC = "BTC/USDT"
MIDNIGHT = parse_utc("2024-08-09")


def trade(n: int, ts_ns: int | None = None) -> TradeTick:
    """Trade n: 100 ms after the one before, at a price that moves."""
    at = MIDNIGHT + n * 100 * MILLISECOND if ts_ns is None else ts_ns
    return TradeTick(at, BTC, n, D(60_000) + D(n % 97) / 100, D(1 + n % 13) / 1000, n % 3 == 0)


def market(first: int, count: int) -> list[MarketEvent]:
    """Trades, each after a top and a change of the book of its moment; a snapshot first."""
    events: list[MarketEvent] = []
    for n in range(first, first + count):
        tick = trade(n)
        tops = (tick.price - D("0.01"), D(2), tick.price + D("0.01"), D(3))
        rows = (Level(tops[0], D(2)), Level(tops[0] - 1, D(0))), (Level(tops[2], D(3)),)
        is_first = n == first
        events.append(BookDelta(tick.ts_ns, BTC, n * 10, n * 10, *rows, is_snapshot=is_first))
        events.append(BookTop(tick.ts_ns, BTC, n * 10, *tops))
        events.append(tick)
    return events


def heard(
    events: Sequence[MarketEvent],
    *,
    session: int = 1,
    first: int = 0,
    received_ns: int | None = None,
) -> list[Captured]:
    """As the recorder numbers and stamps them; received_ns: for all (default: 30 ms later)."""
    return [
        Captured(
            session * RECORDED_ARRIVAL + first + n,
            event.ts_ns + 30 * MILLISECOND if received_ns is None else received_ns,
            event,
            0,
        )
        for n, event in enumerate(events)
    ]


def blocks(rows: Sequence[Captured]) -> list[Block]:
    return list(captured_blocks(rows))


def spool(root: Path, name: str, *batches: Sequence[Captured]) -> Path:
    """A closed segment of these batches."""
    segment = SegmentWriter(root, name)
    for rows in batches:
        segment.append(blocks(rows))
    segment.close()
    return segment.path


def record(root: Path, rows: Sequence[Captured], name: str = "a") -> sealing.Sealed:
    """Rows spooled and brought into the store."""
    return sealing.seal(root, [spool(root, name, rows)])


__all__ = ["BTC", "DAY", "MIDNIGHT", "SECOND"]
