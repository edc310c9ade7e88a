"""The hash chains: every row names its predecessor, so no row can change or vanish unseen.

Hashes are SHA-256 in hex over the UTF-8 text of the fields joined by `|`, the body last:

    event row: prev_hash|stream|seq|run|step|role|kind|v|ts_ns|wire_id|tape_pos|tape_hash|body
    tape block: prev_hash|stream|seq|run|first_step|last_step|first_pos|event_count|codec|body

An absent wire id is empty text. `logged_ns` is left out: it is our own wall clock and proves
nothing, and a run repeated on a virtual clock gives the same chain. `tape_pos` is the number of
market events consumed up to and including the row's step, `tape_hash` the hash of the block that
holds the last of them (64 zeros before the first): so the log also vouches for the tape.
The chain starts at 64 zeros, one chain per stream and table.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from genesis.store.schema import ZERO_HASH

CHANGED: Final = "its content was changed"


class EventRow(NamedTuple):
    """A row of table `events`, columns in table order."""

    stream: str
    seq: int
    run: int
    step: int
    role: str
    kind: str
    v: int
    ts_ns: int
    logged_ns: int
    wire_id: str | None
    tape_pos: int
    tape_hash: str
    body: str
    prev_hash: str
    hash: str


class TapeRow(NamedTuple):
    """A row of table `tape`, columns in table order: one block of consumed market events."""

    stream: str
    seq: int
    run: int
    first_step: int
    last_step: int
    first_pos: int
    event_count: int
    logged_ns: int
    codec: str
    body: bytes
    prev_hash: str
    hash: str

    @property
    def last_pos(self) -> int:
        return self.first_pos + self.event_count - 1


class Break(NamedTuple):
    """The first row that does not fit its chain."""

    table: str
    stream: str
    seq: int
    reason: str


def sealed_event(row: EventRow) -> EventRow:
    """The row with its hash."""
    return row._replace(hash=event_hash(row))


def event_hash(row: EventRow) -> str:
    text = (
        f"{row.prev_hash}|{row.stream}|{row.seq}|{row.run}|{row.step}|{row.role}|{row.kind}|{row.v}"
        f"|{row.ts_ns}|{row.wire_id or ''}|{row.tape_pos}|{row.tape_hash}|{row.body}"
    )
    return sha256(text.encode()).hexdigest()


def sealed_block(row: TapeRow) -> TapeRow:
    """The block with its hash."""
    return row._replace(hash=block_hash(row))


def block_hash(row: TapeRow) -> str:
    head = (
        f"{row.prev_hash}|{row.stream}|{row.seq}|{row.run}|{row.first_step}|{row.last_step}"
        f"|{row.first_pos}|{row.event_count}|{row.codec}|"
    )
    return sha256(head.encode() + row.body).hexdigest()


def event_fault(row: EventRow, before: EventRow | None) -> str | None:
    """What is wrong with a row after the one before it; None when it fits."""
    if row.seq != (before.seq + 1 if before else 1):
        return "rows before it are missing"
    if row.prev_hash != (before.hash if before else ZERO_HASH):
        return "it does not follow the row before it"
    return None if event_hash(row) == row.hash else CHANGED


def block_fault(row: TapeRow, before: TapeRow | None) -> str | None:
    """What is wrong with a block after the one before it; None when it fits."""
    if row.seq != (before.seq + 1 if before else 1):
        return "blocks before it are missing"
    if row.prev_hash != (before.hash if before else ZERO_HASH):
        return "it does not follow the block before it"
    if type(row.body) is not bytes or block_hash(row) != row.hash:
        return CHANGED
    return None if row.first_pos == (before.last_pos + 1 if before else 1) else "positions jump"
