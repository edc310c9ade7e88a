"""Files of trades for tests, written row by row as the venue writes them."""

import gzip
import hashlib
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

DAY_MS = 86_400_000
MIDNIGHT_MS = 1_723_161_600_000
"""2024-08-09T00:00:00Z"""


class Trade(NamedTuple):
    """One row; `time` in whatever unit the file is to have."""

    id: int
    price: str = "61837.63000000"
    qty: str = "0.02000000"
    time: int = MIDNIGHT_MS
    is_buyer_maker: bool = True

    def row(self) -> str:
        quote = Decimal(self.price) * Decimal(self.qty)
        fields = (self.id, self.price, self.qty, quote, self.time, self.is_buyer_maker, True)
        return ",".join(map(str, fields))


def text(trades: Iterable[Trade]) -> bytes:
    return "".join(f"{trade.row()}\n" for trade in trades).encode()


def write(path: Path, trades: Iterable[Trade], *, head: bytes = b"") -> Path:
    """A Vision `trades` file, packed as the name says."""
    body = head + text(trades)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(body))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(path.with_suffix(".csv").name, body)
    else:
        path.write_bytes(body)
    return path


def steady(
    first: int, count: int, *, start_ms: int = MIDNIGHT_MS, step_ms: int = 10
) -> list[Trade]:
    """Trades with ascending ids, a price that moves and a quantity that varies."""
    return [
        Trade(
            first + i,
            f"{60000 + (first + i) % 977 / 100:.8f}",
            f"{1 + (first + i) % 89}e-05",
            start_ms + (first + i) * step_ms,
            (first + i) % 3 == 0,
        )
        for i in range(count)
    ]


def fingerprint(root: Path) -> dict[str, tuple[str, int]]:
    """Every stored file with its content's hash and its stamp; locks aside."""
    return {
        path.relative_to(root).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith("lock")
    }
