"""Tape blocks: what is packed comes out, and a wrong block is refused."""

from dataclasses import replace
from decimal import Decimal
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.events import BookDelta, Level, TimerFired, bar_timer_key
from genesis.errors import EventLogError
from genesis.store.chain import TapeRow, block_fault
from genesis.store.commits import Tail, rows_after
from genesis.store.schema import ZERO_HASH
from genesis.store.steps import LogEntry, step_text
from genesis.store.tape import unpacked
from tests.support.log_steps import T0, bar_step, market_order_step, mixed, order_step, tick_step


def blocks_of(entries: list[LogEntry], tail: Tail = Tail()) -> list[TapeRow]:  # noqa: B008
    return rows_after(tail, "main", [step_text(entry) for entry in entries]).blocks


def test_a_block_holds_its_events_in_consumed_order_with_their_steps() -> None:
    depth = BookDelta(T0, "BTC/USDT", 1, 2, (Level(Decimal(1), Decimal(0)),), (), True)
    odd_key = TimerFired(T0, bar_timer_key("Ö X\n/USDT", 60))
    entries = [
        tick_step(1),
        order_step(2),
        bar_step(3),
        LogEntry(1, 4, depth, T0),
        LogEntry(1, 5, odd_key, T0),
    ]
    (block,) = blocks_of(entries)
    events = list(unpacked(block))
    assert [(each.step, each.pos) for each in events] == [(1, 1), (3, 2), (4, 3), (5, 4)]
    assert [each.event for each in events] == [entries[i].event for i in (0, 2, 3, 4)]
    assert (block.first_step, block.last_step, block.event_count) == (1, 5, 4)


def test_a_block_never_spans_two_runs() -> None:
    entries = [tick_step(1), tick_step(2), tick_step(3, run=2)]
    first, second = blocks_of(entries)
    assert (first.run, first.event_count, second.run, second.first_pos) == (1, 2, 2, 3)
    assert block_fault(first, None) is None
    assert block_fault(second, first) is None


@settings(max_examples=25, deadline=None, database=None)
@given(cuts=st.sets(st.integers(1, 59)))
def test_however_batches_are_cut_the_rows_stand_on_the_same_tape(cuts: set[int]) -> None:
    entries = list(islice(mixed(), 60))
    tail, blocks, rows = Tail(), [], []
    edges = [0, *sorted(cuts), 60]
    for start, end in pairwise(edges):
        added = rows_after(tail, "main", [step_text(entry) for entry in entries[start:end]])
        blocks += added.blocks
        rows += added.events
        tail = added.tail
    taped = [each for block in blocks for each in unpacked(block)]
    assert [each.pos for each in taped] == list(range(1, len(taped) + 1))
    assert tail.pos == len(taped)
    hashes = {0: ZERO_HASH} | {each.pos: each.block_hash for each in taped}
    steps = {each.step for each in taped}
    for row in rows:
        assert row.tape_pos == sum(step <= row.step for step in steps)
        assert row.tape_hash == hashes[row.tape_pos]


def test_a_block_that_is_not_what_it_says_is_refused() -> None:
    (block,) = blocks_of([market_order_step(1), tick_step(2)])
    for wrong, complaint in (
        (block._replace(codec="rows.zstd"), "unknown codec"),
        (block._replace(body=block.body[:-5]), "cannot be read"),
        (block._replace(event_count=3), "holds 2 events, not 3"),
    ):
        with pytest.raises(EventLogError, match=complaint):
            list(unpacked(wrong))


def test_every_column_of_a_block_is_under_its_hash() -> None:
    (block,) = blocks_of([tick_step(1), tick_step(2)])
    assert block_fault(block, None) is None
    for column, value in block._asdict().items():
        if column in ("hash", "logged_ns"):  # the hash itself, and our wall clock
            continue
        other = b"x" if column == "body" else value + (1 if isinstance(value, int) else "x")
        assert block_fault(block._replace(**{column: other}), None) is not None, column


def test_ticks_pack_to_a_quarter_of_their_text() -> None:
    entries = [replace(tick_step(step), logged_ns=0) for step in range(1, 501)]
    (block,) = blocks_of(entries)
    text = sum(len(step_text(entry).market.body) for entry in entries)  # type: ignore[union-attr]
    assert len(block.body) < text / 4
