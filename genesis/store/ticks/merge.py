"""New rows against what is stored: repeated ones are dropped, contradicting ones are bad rows.

Rows are told apart by the venue's own number alone. Trades are merged into files sorted by it;
book tops and depth are added in arrival order, as files of their own.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from genesis.domain.time import MILLISECOND
from genesis.store.ticks import blocks, parquet
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks.archive_blocks import BadRow
from genesis.store.ticks.blocks import Block, Flags, Ints
from genesis.store.ticks.kinds import DEPTH, KINDS
from genesis.store.ticks.manifest import FileEntry, Manifest, Partition, Place
from genesis.store.ticks.staging import Stage, StagedPart, message_starts


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of one partition's new rows; `partition` is None where nothing changed."""

    partition: Partition | None
    added: int
    repeated: int
    bad: tuple[BadRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Merge:
    """The merging of one source into one store.

    Files it writes are in no manifest yet: they count when the caller saves one that names them.
    """

    root: Path
    manifest: Manifest
    stage: Stage
    origin: str
    source: str
    written: list[str] = field(default_factory=list)

    def withdraw(self) -> None:
        """Remove the files written so far, but for those that a saved manifest names."""
        manifests.withdraw(self.root, self.written)

    def part(self, place: Place) -> Merged:
        """Judge and write the staged rows of one partition."""
        staged = self.stage.parts[place]
        stored = self.manifest.partitions.get(place, Partition(0, 0, self.origin, ()))
        scales = (
            max(stored.price_scale, staged.price_scale),
            max(stored.qty_scale, staged.qty_scale),
        )
        elsewhere = self._keys_of_other_days(place, staged)
        touched = _overlapping(stored.files, staged.first_key, staged.last_key)
        if staged.is_ascending and not touched and not len(elsewhere):
            judged = _Judged(self.stage.read(place), 0, ())
        elif KINDS[place.kind] is DEPTH:
            judged = self._judge_messages(place, stored, touched)
        else:
            judged = self._judge_rows(place, stored, touched, elsewhere)
        return self._written(place, stored, scales, judged)

    def _written(
        self, place: Place, stored: Partition, scales: tuple[int, int], judged: "_Judged"
    ) -> Merged:
        must_rescale = scales != (stored.price_scale, stored.qty_scale)
        kept = tuple(entry for entry in stored.files if entry not in judged.replaced)
        entry = self._write(place, judged.rows, scales)
        origin = manifests.joined_origin(stored.origin, self.origin)
        if entry is None:
            is_kept_now = bool(stored.files) and origin != stored.origin
            changed = replace(stored, origin=origin) if is_kept_now else None
            return Merged(changed, 0, judged.repeated, judged.bad)
        added = entry.rows - sum(old.rows for old in judged.replaced)
        if must_rescale:
            kept = tuple(self._rescaled(place, stored, old, scales) for old in kept)
        files = tuple(sorted((*kept, entry), key=lambda each: each.first_key))
        changed = Partition(*scales, origin, files)
        return Merged(changed, added, judged.repeated, judged.bad)

    def _write(
        self, place: Place, rows: Iterator[Block], scales: tuple[int, int]
    ) -> FileEntry | None:
        entry = parquet.write_file(
            self.root, place, rows, scales, source=self.source, origin=self.origin
        )
        self.written.extend([entry.name] if entry else [])
        return entry

    def _rescaled(
        self, place: Place, stored: Partition, old: FileEntry, scales: tuple[int, int]
    ) -> FileEntry:
        rows = parquet.read_entries(self.root, place, stored, [old])
        entry = parquet.write_file(
            self.root, place, rows, scales, source=old.source, origin=stored.origin
        )
        self.written.extend([entry.name] if entry else [])
        return entry or old

    # -- trades and tops: one row, one number ------------------------------------------------
    def _judge_rows(
        self, place: Place, stored: Partition, touched: Sequence[FileEntry], elsewhere: Ints
    ) -> "_Judged":
        old = list(parquet.read_entries(self.root, place, stored, touched))
        new = list(self.stage.read(place))
        both = blocks.concat([*old, *new])
        count_old = sum(map(len, old))
        verdict = _compare(both, count_old, elsewhere)
        if not np.any(verdict.is_new):
            return _Judged(iter(()), verdict.repeated, verdict.bad)
        if KINDS[place.kind].is_merged:
            rows = both.take(verdict.sorted_rows)
            return _Judged(iter([rows]), verdict.repeated, verdict.bad, tuple(touched))
        rows = both.take(verdict.is_new)
        return _Judged(iter([rows]), verdict.repeated, verdict.bad)

    def _keys_of_other_days(self, place: Place, staged: StagedPart) -> Ints:
        """Numbers within the range of the new rows that stand under another day of the symbol."""
        found: list[Ints] = []
        for other, partition in self.manifest.of(place.kind, place.symbol).items():
            near = _overlapping(partition.files, staged.first_key, staged.last_key)
            if other != place and near and KINDS[place.kind] is not DEPTH:
                key = KINDS[place.kind].key
                read = parquet.read_entries(self.root, other, partition, near, [key])
                found += [block.columns[key] for block in read]
        for other, part in self.stage.parts.items():
            is_earlier = other[:2] == place[:2] and other < place
            is_near = part.last_key >= staged.first_key and part.first_key <= staged.last_key
            if is_earlier and is_near and KINDS[place.kind] is not DEPTH:
                found += [block.keys for block in self.stage.read(other)]
        return np.concatenate(found) if found else np.empty(0, np.int64)

    # -- depth: one message, one number, many rows -------------------------------------------
    def _judge_messages(
        self, place: Place, stored: Partition, touched: Sequence[FileEntry]
    ) -> "_Judged":
        columns = [DEPTH.key, "is_snapshot"]
        old = parquet.read_entries(self.root, place, stored, touched, columns)
        known = [np.unique(block.keys) for block in old]
        seen = np.unique(np.concatenate(known)) if known else np.empty(0, np.int64)
        kept: list[Flags] = []
        repeated = 0
        for block in self.stage.read(place):
            starts = message_starts(block)
            keys = block.keys[starts]
            is_first = np.zeros(len(keys), np.bool_)
            is_first[np.unique(keys, return_index=True)[1]] = True
            is_kept = is_first & ~np.isin(keys, seen)
            seen = np.union1d(seen, keys)
            kept.append(is_kept[np.cumsum(starts) - 1])
            repeated += int(np.count_nonzero(~kept[-1]))
        rows = (block.take(mask) for block, mask in zip(self.stage.read(place), kept, strict=True))
        return _Judged(rows, repeated, ())


@dataclass(frozen=True, slots=True)
class _Judged:
    """Rows to write, how many were dropped as repeated, and the files they replace."""

    rows: Iterator[Block]
    repeated: int
    bad: tuple[BadRow, ...]
    replaced: tuple[FileEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class _Verdict:
    """`is_new`: (n,) mask of new rows worth keeping; `sorted_rows`: all to keep, by number."""

    is_new: Flags
    sorted_rows: Ints
    repeated: int
    bad: tuple[BadRow, ...]


def _compare(both: Block, count_old: int, elsewhere: Ints) -> _Verdict:
    """Stored rows (the first `count_old`) and new ones; the first of each number is right."""
    order: Ints = np.argsort(both.keys, kind="stable")
    keys = both.keys[order]
    is_first = np.ones(len(keys), np.bool_)
    is_first[1:] = keys[1:] != keys[:-1]
    first_of = order[np.maximum.accumulate(np.where(is_first, np.arange(len(keys)), 0))]
    agrees = np.ones(len(keys), np.bool_)
    for name in both.kind.told:
        column = both.columns[name]
        same = _same_time if name == "ts_ns" else np.equal
        agrees &= same(column[order], column[first_of])
    is_misplaced = (order >= count_old) & np.isin(keys, elsewhere)
    keeps = is_first & ~is_misplaced
    clashes = ~is_first & ~agrees & ~is_misplaced
    is_new = np.zeros(len(keys), np.bool_)
    is_new[order[keeps]] = True
    is_new[:count_old] = False
    bad = [
        *_clashing(both, order[clashes], first_of[clashes]),
        *_misplaced(both, order[is_misplaced]),
    ]
    repeated = int(np.count_nonzero(~is_first & agrees & ~is_misplaced))
    return _Verdict(is_new, order[keeps], repeated, tuple(sorted(bad)))


def _same_time(one: Ints, other: Ints) -> Flags:
    """The venue's streams tell whole milliseconds, its archives microseconds of the same trade."""
    is_coarse = (one % MILLISECOND == 0) | (other % MILLISECOND == 0)
    same: Flags = (one == other) | (is_coarse & (one // MILLISECOND == other // MILLISECOND))
    return same


def _clashing(both: Block, rows: Ints, firsts: Ints) -> Iterator[BadRow]:
    for row, first in zip(rows.tolist(), firsts.tolist(), strict=True):
        number = f"{both.kind.noun} {both.keys[row]}"
        line = both.lines[first]
        where = f"the row on line {line}" if line else "the stored row"
        fields = [name for name in both.kind.told if _differs(both, name, row, first)]
        yield _bad(both, row, f"{number} differs from {where} in {', '.join(fields)}")


def _differs(both: Block, name: str, row: int, first: int) -> bool:
    column = both.columns[name]
    same = _same_time if name == "ts_ns" else np.equal
    return not bool(same(column[row], column[first]))


def _misplaced(both: Block, rows: Ints) -> Iterator[BadRow]:
    for row in rows.tolist():
        number = f"{both.kind.noun} {both.keys[row]}"
        yield _bad(both, row, f"{number} also stands under another UTC day")


def _bad(both: Block, row: int, reason: str) -> BadRow:
    """What came from no file is shown as it would have been stored."""
    line = int(both.lines[row])
    if line:
        return BadRow(line, reason)
    shown = {name: column[row].item() for name, column in both.columns.items()}
    scales = {"price_scale": both.price_scale, "qty_scale": both.qty_scale}
    return BadRow(0, reason, json.dumps({"symbol": both.symbol, **shown, **scales}))


def _overlapping(files: Sequence[FileEntry], first: int, last: int) -> tuple[FileEntry, ...]:
    return tuple(entry for entry in files if entry.last_key >= first and entry.first_key <= last)
