"""A Parquet file of trades, read as the csv with a header that it could have been.

So what is known of archives (columns by name, exact numbers, bad rows by line) holds for Parquet,
too. A number with a decimal point is the shortest text that names it: 0.1 stays 0.1.
"""

import io
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final

from genesis.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC: Final = b"PAR1"
_ROWS: Final = 1 << 16


class ParquetText(io.RawIOBase):
    """The rows of an open Parquet file as bytes of csv.

    Raises (on reading):
        DataError: it is damaged, or a column holds lists or structures.
    """

    def __init__(self, disk: IO[bytes], name: str) -> None:
        self._parts = _csv(disk, name)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = part
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _csv(disk: IO[bytes], name: str) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(disk)
        yield (",".join(file.schema_arrow.names) + "\n").encode()
        for batch in file.iter_batches(_ROWS):
            yield _lines(batch)
    except pa.ArrowException as broken:
        reason = " ".join(str(broken).split())
        raise DataError(f"{name} is cut short or damaged ({reason}): fetch it again") from broken


def _lines(batch: "pa.RecordBatch") -> bytes:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    columns = [_texts(column) for column in batch.columns]
    sink = io.BytesIO()
    options = pacsv.WriteOptions(include_header=False, quoting_style="none")
    pacsv.write_csv(pa.table(columns, names=batch.schema.names), sink, options)
    return sink.getvalue()


def _texts(column: "pa.Array") -> "pa.Array":
    """Stamps as whole ns; everything else as csv would have it."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("ns")).cast(pa.int64())
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    return column
