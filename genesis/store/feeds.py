"""Files of recorded markets, opened: captures and trade archives, plain, gzip, zip or Parquet.

The format is told by content, never by the name. Only the symbol of an archive that does not
name one is taken from the file name.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final

from genesis.domain.events import MarketEvent
from genesis.errors import DataError, UsageError
from genesis.store.parquet_text import MAGIC, ParquetText
from genesis.wire import archive, capture
from genesis.wire.symbols import from_venue, symbols_in_name

_HEAD_LINES: Final = 8
_DAMAGED: Final = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile)
_KNOWN: Final = (
    "known are raw captures of combined streams, and trades as csv (Binance Vision trades or"
    " aggTrades, or with a header) or Parquet; all but Parquet plain, .gz or .zip"
)


@dataclass(frozen=True, slots=True)
class Format:
    """What a file is: a capture, or an archive of trades with its columns."""

    archive: archive.Layout | None
    a_row: bytes = b""

    @property
    def name(self) -> str:
        return self.archive.kind if self.archive else "capture"


@dataclass(frozen=True, slots=True)
class OpenFile:
    """One open file. `size_bytes` is its size on disk."""

    name: str
    size_bytes: int
    content: IO[bytes]
    _disk: IO[bytes]

    def read_bytes(self) -> int:
        """How far on disk it was read."""
        return min(self._disk.tell(), self.size_bytes)

    def blocks(self, block_bytes: int) -> Iterator[bytes]:
        """The content in blocks of whole lines, each about `block_bytes` long."""
        rest = b""
        while chunk := self.content.read(block_bytes):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield rest + chunk[:cut]
                rest = chunk[cut:]
            else:
                rest += chunk
        if rest:
            yield rest


@contextmanager
def open_file(path: Path) -> Iterator[OpenFile]:
    """A file opened for reading, unpacked on the way.

    Raises:
        DataError: it is missing, no plain file, unreadable, or damaged (also when that shows
            only while it is read inside the `with`).
    """
    try:
        with path.open("rb") as disk, _unpacked(disk, path) as content:
            yield OpenFile(path.name, path.stat().st_size, content, disk)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file: check the name and the folder") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder: name the files in it") from None
    except PermissionError:
        raise DataError(f"{path}: permission to read it is denied") from None
    except _DAMAGED as error:
        raise DataError(f"{path} is cut short or damaged ({error}): fetch it again") from None


@contextmanager
def _unpacked(disk: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    magic = disk.read(4)
    disk.seek(0)
    if magic[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=disk) as content:
            yield io.BufferedReader(content, 1 << 20)
    elif magic[:2] == b"PK":
        with zipfile.ZipFile(disk) as packed, _member(packed, path) as member:
            yield member
    elif magic == MAGIC:
        yield io.BufferedReader(ParquetText(disk, str(path)), 1 << 20)
    else:
        yield disk


def _member(packed: zipfile.ZipFile, path: Path) -> IO[bytes]:
    try:
        return packed.open(_only_member(packed, path))
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in another way
        raise DataError(f"{path} cannot be unpacked ({error}): unpack it yourself") from None


def _only_member(packed: zipfile.ZipFile, path: Path) -> str:
    names = [entry.filename for entry in packed.infolist() if not entry.is_dir()]
    names = [name for name in names if not name.upper().endswith("CHECKSUM")]
    if len(names) != 1:
        raise DataError(f"{path} holds {len(names)} files: a zip with exactly one is needed")
    return names[0]


def sniff(path: Path) -> Format:
    """What `path` is, by its first lines.

    Raises:
        DataError: as `open_file`, or it is empty, or no known format.
    """
    with open_file(path) as file:
        lines = list(islice(file.content, _HEAD_LINES))
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise DataError(f"{path} is empty: there is nothing to read")
    if any(map(capture.is_capture, lines)):
        return Format(None)
    layout = archive.detect(lines)
    if layout is None:
        raise DataError(f"{path} line 1: {_shown(lines[0])} begins no known format; {_KNOWN}")
    return Format(layout, lines[-1])


def _shown(line: bytes) -> str:
    start = line[:60].decode("utf-8", "replace").rstrip()
    return repr(start) if start.isprintable() else "binary content"


def symbol_of(path: Path, known: Format, symbol: str | None) -> str | None:
    """The symbol of a file: as given, as its rows say, or as its name says.

    None only for a capture, whose messages name their own.

    Raises:
        UsageError: an archive whose symbol cannot be told.
    """
    if symbol is not None:
        return symbol
    layout = known.archive
    if layout is not None and layout.symbol is not None:
        fields = known.a_row.decode("utf-8", "replace").rstrip("\r\n").split(",")
        if len(fields) == layout.width:
            return from_venue(fields[layout.symbol])
    named = symbols_in_name(path.name)
    if len(named) == 1:
        return named[0]
    if layout is None:
        return None
    raise UsageError(f"{path}: its name does not tell the symbol: pass one, such as BTC/USDT")


def open_feed(path: Path, symbol: str | None = None) -> Iterator[MarketEvent]:
    """The market events of any supported file, in the order in which they stand there.

    symbol: of an archive that names none, or of the bare snapshots of a capture.

    Raises:
        DataError: the file is missing, damaged, empty, of no known format, or holds a bad row.
        UsageError: the symbol of an archive cannot be told.
    """
    known = sniff(path)
    named = symbol_of(path, known, symbol)
    with open_file(path) as file:
        if known.archive is None or named is None:
            for captured in capture.read(file.content, path.name, named):
                yield captured.event
        else:
            for row in archive.read(file.content, path.name, known.archive, named):
                yield row.tick
