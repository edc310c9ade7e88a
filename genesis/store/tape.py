"""Blocks of the tape: consumed market events, in consumed order, compressed line by line."""

import zlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from genesis.domain.events import Event
from genesis.errors import EventLogError
from genesis.store.chain import TapeRow
from genesis.store.codec import decode
from genesis.store.steps import Line

CODEC: Final = "lines.zlib"
"""UTF-8 lines `step kind v body`, deflated. The column leaves room for denser forms."""

_LEVEL: Final = 1  # a commit waits for it


class TapeEvent(NamedTuple):
    """One market event read back: its step, its position on the tape (from 1), its block's hash."""

    run: int
    step: int
    pos: int
    block_hash: str
    event: Event


def packed(steps: Sequence[tuple[int, Line]]) -> bytes:
    """The body of a block holding these (step, market event) pairs."""
    lines = [f"{step} {line.kind} {line.v} {line.body}" for step, line in steps]
    return zlib.compress("\n".join(lines).encode(), _LEVEL)


def unpacked(block: TapeRow) -> Iterator[TapeEvent]:
    """The events of a block.

    Raises:
        EventLogError: an unknown codec, or a body that is not what the block's columns say.
    """
    if block.codec != CODEC:
        raise EventLogError(f"tape block {block.seq}: unknown codec {block.codec}: upgrade genesis")
    try:
        lines = zlib.decompress(block.body).decode().split("\n")
    except (zlib.error, UnicodeDecodeError) as problem:
        raise EventLogError(f"tape block {block.seq} cannot be read: {problem}") from problem
    if len(lines) != block.event_count:
        raise EventLogError(
            f"tape block {block.seq} holds {len(lines)} events, not {block.event_count}"
        )
    for pos, line in enumerate(lines, block.first_pos):
        step, kind, v, body = line.split(" ", 3)
        yield TapeEvent(block.run, int(step), pos, block.hash, decode(kind, int(v), body))
