"""Parquet files of the tick store: written once under a unique name, read into blocks."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from genesis.errors import DataError
from genesis.store.ticks import blocks
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.durable import unique_token, whole_file
from genesis.store.ticks.kinds import KINDS, Kind
from genesis.store.ticks.manifest import FileEntry, Partition, Place

ROW_GROUP: Final = 1 << 18
"""Rows after which a new row group begins: the grain in which a read can be cut by time."""


def write_file(
    root: Path, place: Place, rows: Iterable[Block], scales: tuple[int, int], **about: str
) -> FileEntry | None:
    """Write blocks, in the order given, into one new file; None where there is no row.

    scales: decimals of price and quantity in the file; `about` goes into the file's own metadata.
    """
    kind = KINDS[place.kind]
    name = f"{place.folder}/{unique_token()}.parquet"
    tally = _Tally(scales)
    blocks_in = tally.passing(rows)
    first = next(blocks_in, None)
    if first is None:
        return None
    label = {"symbol": place.symbol, "price_scale": scales[0], "qty_scale": scales[1], **about}
    schema = kind.schema.with_metadata({"genesis": json.dumps(label)})
    path = root / name
    with whole_file(path) as file:
        with _writer(file, schema, kind) as writer:
            writer.write_table(first.table(), row_group_size=ROW_GROUP)
            for block in blocks_in:
                writer.write_table(block.table(), row_group_size=ROW_GROUP)
        size_bytes = file.tell()
    return FileEntry(
        name,
        tally.rows,
        size_bytes,
        *tally.keys,
        *tally.times,
        source=about.get("source", ""),
    )


class _Tally:
    """Counts the blocks that pass, brought to one scale and to sizes worth a row group."""

    def __init__(self, scales: tuple[int, int]) -> None:
        self.rows = 0
        self.keys = (0, 0)
        self.times = (0, 0)
        self._scales = scales

    def passing(self, rows: Iterable[Block]) -> Iterator[Block]:
        held: list[Block] = []
        count = 0
        for block in rows:
            if not len(block):
                continue
            held.append(block)
            count += len(block)
            if count >= ROW_GROUP:
                yield self._counted(held)
                held, count = [], 0
        if held:
            yield self._counted(held)

    def _counted(self, held: list[Block]) -> Block:
        block = blocks.concat(held).at_scale(*self._scales)
        keys, times = block.keys, block.columns["ts_ns"]
        self.keys = self._wider(self.keys, int(keys.min()), int(keys.max()))
        self.times = self._wider(self.times, int(times.min()), int(times.max()))
        self.rows += len(block)
        return block

    def _wider(self, span: tuple[int, int], low: int, high: int) -> tuple[int, int]:
        return (min(span[0], low), max(span[1], high)) if self.rows else (low, high)


def _writer(file: Any, schema: pa.Schema, kind: Kind) -> Any:
    numbers = [name for name in kind.columns if name not in kind.flags]
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        use_dictionary=False,
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
    )


def read_entries(
    root: Path,
    place: Place,
    partition: Partition,
    entries: Iterable[FileEntry],
    columns: Iterable[str] | None = None,
    span_ns: tuple[int, int] | None = None,
) -> Iterator[Block]:
    """Blocks of some files of a partition, one for each file.

    columns: only these (default: all). span_ns: leave out row groups wholly outside of it.

    Raises:
        DataError: a file is absent or damaged.
    """
    kind = KINDS[place.kind]
    wanted = list(kind.columns if columns is None else columns)
    for entry in entries:
        try:
            with pq.ParquetFile(root / entry.name) as file:
                table = _read(file, wanted, entry, span_ns)
        except (pa.ArrowInvalid, OSError) as error:
            reason = " ".join(str(error).split())
            raise DataError(
                f"{root / entry.name} cannot be read: {reason}: restore it from a backup"
            ) from None
        scales = (partition.price_scale, partition.qty_scale)
        yield blocks.from_table(kind, place.symbol, table, scales)


def _read(file: Any, columns: list[str], entry: FileEntry, span: tuple[int, int] | None) -> Any:
    if span is None or (span[0] <= entry.first_ns and entry.last_ns < span[1]):
        return file.read(columns)
    place = file.schema_arrow.get_field_index("ts_ns")
    groups = []
    for number in range(file.num_row_groups):
        told = file.metadata.row_group(number).column(place).statistics
        if told is None or (told.max >= span[0] and told.min < span[1]):
            groups.append(number)
    return file.read_row_groups(groups, columns)
