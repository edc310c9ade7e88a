"""The spool: what a recorder heard and has not sealed yet, durable batch by batch.

A segment is a file of frames. Each frame is one Arrow record batch in IPC form, behind a header
that tells kind, symbol and scales, and a checksum over both:

    magic (4) | header length (4) | body length (8) | CRC-32 (4) | header (JSON) | body (Arrow IPC)

`SegmentWriter.append` returns after fdatasync: from then on the rows survive a kill. A frame that
was cut off ends the segment for a reader; one that was damaged is passed over. Nothing before or
behind it is lost. The lock on a segment says that its writer lives; whoever gets it may bring the
rows in.
"""

import fcntl
import json
import os
import struct
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa

from genesis.store.ticks import blocks
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.durable import make_folder, sync_folder
from genesis.store.ticks.kinds import KINDS

FOLDER: Final = ".spool"
_SUFFIX: Final = ".spool"
_MAGIC: Final = b"GTS1"
_HEAD: Final = struct.Struct("<4sIQI")
_LZ4: Final = {"compression": "lz4"}


class SegmentWriter:
    """One segment being written; locked as long as it is open."""

    def __init__(self, root: Path, name: str) -> None:
        folder = root / FOLDER
        make_folder(folder)
        self.path = folder / f"{name}{_SUFFIX}"
        self.rows = 0
        self.size_bytes = 0
        """Durable so far."""
        self._file: IO[bytes] = _locked(self.path)
        try:
            sync_folder(folder)
        except BaseException:
            self._file.close()
            self.path.unlink()
            raise

    def append(self, batch: Sequence[Block]) -> int:
        """Make some blocks durable, all or none; how many rows they hold.

        Raises:
            OSError: they cannot be written. The segment is as it was before.
        """
        frames = b"".join(map(_frame, batch))
        try:
            _write_all(self._file, frames)
            os.fdatasync(self._file.fileno())
        except OSError:
            with suppress(OSError):  # what stays behind has no valid checksum: nobody reads it
                os.ftruncate(self._file.fileno(), self.size_bytes)
                os.lseek(self._file.fileno(), self.size_bytes, os.SEEK_SET)
            raise
        rows = sum(map(len, batch))
        self.size_bytes += len(frames)
        self.rows += rows
        return rows

    def close(self) -> None:
        """Let go: whoever comes next may bring the segment in. A second call does nothing."""
        self._file.close()

    def discard(self) -> None:
        """Remove a segment that holds nothing."""
        assert not self.rows, "rows would be lost"
        self.path.unlink(missing_ok=True)
        self.close()


def _locked(path: Path) -> IO[bytes]:
    """A new file that is ours. Before it is locked somebody may take it for one whose writer died,
    and remove it: then it is made again.
    """
    while True:
        file = path.open("xb", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except BaseException:
            file.close()
            path.unlink(missing_ok=True)
            raise
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _write_all(file: IO[bytes], frames: bytes) -> None:
    view = memoryview(frames)
    while view:
        view = view[file.write(view) :]


def _frame(block: Block) -> bytes:
    header = json.dumps(
        {
            "kind": block.kind.name,
            "symbol": block.symbol,
            "price_scale": block.price_scale,
            "qty_scale": block.qty_scale,
        }
    ).encode()
    (batch,) = block.table().combine_chunks().to_batches()
    body = bytes(_packed(batch))
    checksum = zlib.crc32(body, zlib.crc32(header))
    return _HEAD.pack(_MAGIC, len(header), len(body), checksum) + header + body


def _packed(batch: Any) -> Any:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(**_LZ4)
    with pa.ipc.new_stream(sink, batch.schema, options=options) as stream:
        stream.write_batch(batch)
    return sink.getvalue()


class SegmentReader:
    """Iterates over the blocks of a segment in the order in which they were appended.

    is_damaged: told at the end: a frame was passed over, and further ones stood behind it. What was
        cut off at the end is no damage: it was never acknowledged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_damaged = False

    def __iter__(self) -> Generator[Block, None, None]:
        with self._path.open("rb") as file:
            while True:
                begin = file.tell()
                block = _next(file)
                if block is not None:
                    yield block
                elif _find_frame(file, begin + 1):
                    self.is_damaged = True
                else:
                    return


def _next(file: IO[bytes]) -> Block | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, header_bytes, body_bytes, checksum = _HEAD.unpack(head)
    left = os.fstat(file.fileno()).st_size - file.tell()
    if magic != _MAGIC or header_bytes + body_bytes > left:
        return None
    header, body = file.read(header_bytes), file.read(body_bytes)
    if zlib.crc32(body, zlib.crc32(header)) != checksum:
        return None
    told = json.loads(header)
    with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
        table = stream.read_all()
    scales = (told["price_scale"], told["qty_scale"])
    return blocks.from_table(KINDS[told["kind"]], told["symbol"], table, scales)


def _find_frame(file: IO[bytes], begin: int) -> bool:
    """Go to where the next frame from there on may begin."""
    file.seek(begin)
    found = file.read().find(_MAGIC)
    file.seek(begin + found)
    return found >= 0


def segments(root: Path) -> tuple[Path, ...]:
    """Every segment of a store, oldest first."""
    folder = root / FOLDER
    return tuple(sorted(folder.glob(f"*{_SUFFIX}"))) if folder.is_dir() else ()


@contextmanager
def adopted(path: Path) -> Iterator[bool]:
    """Take over a segment whose writer has let go; False where it lives, or another was faster."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield os.fstat(file.fileno()).st_nlink > 0
