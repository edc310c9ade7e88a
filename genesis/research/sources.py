"""Markets by where they lie: read where they are needed, on this machine or by a worker of another.

A place is a URL as fsspec takes it (`s3://bucket/ticks.parquet`, `file:///...`, `https://...`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from genesis.domain.instrument import Instrument
from genesis.errors import DataError, UsageError
from genesis.research.bars import Bars
from genesis.research.files import BAR_COLUMNS, TICK_COLUMNS
from genesis.research.store import TickStore
from genesis.research.ticks import Ticks

Options = tuple[tuple[str, Any], ...]
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class TicksAt:
    """Ticks of a Parquet file behind a URL: ts_ns, price, qty, is_buyer_maker, maybe trade_id.

    options: how fsspec reaches it, as pairs, such as (("anon", True),); keys belong into the
    environment of the workers, not here. start_ns, end_ns: [start, end), None is open.
    """

    url: str
    instrument: Instrument | str
    options: Options = ()
    start_ns: int | None = None
    end_ns: int | None = None

    def read(self) -> Ticks:
        """Raises DataError (absent, no Parquet, missing columns, bad rows), UsageError (fsspec)."""
        found = _columns(self.url, self.options, TICK_COLUMNS, ("trade_id",))
        ids = found.pop("trade_id", None)
        made = _named(
            self.url,
            lambda: Ticks.from_arrays(self.instrument, **found, trade_id=ids),
        )
        return replace(made, source=self.url).between(self.start_ns, self.end_ns)


@dataclass(frozen=True, slots=True)
class BarsAt:
    """Bars of a Parquet file behind a URL: ts_ns (the open's), open, high, low, close, volume."""

    url: str
    instrument: Instrument | str
    width: str = "1m"
    options: Options = ()
    start_ns: int | None = None
    end_ns: int | None = None

    def read(self) -> Bars:
        """Raises as `TicksAt.read`."""
        found = _columns(self.url, self.options, BAR_COLUMNS, ())
        times = found.pop("ts_ns")
        made = _named(
            self.url,
            lambda: Bars.from_arrays(self.instrument, times, **found, width=self.width),
        )
        return replace(made, source=self.url).between(self.start_ns, self.end_ns)


@dataclass(frozen=True, slots=True)
class SymbolAt:
    """A symbol of the tick store in a home that every worker sees."""

    home: Path
    symbol: str
    start_ns: int | None = None
    end_ns: int | None = None

    def read(self) -> Ticks:
        return TickStore(self.home).ticks(self.symbol, self.start_ns, self.end_ns)


Source = TicksAt | BarsAt | SymbolAt


def _columns(
    url: str, options: Options, needed: tuple[str, ...], wanted: tuple[str, ...]
) -> dict[str, Any]:
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError as absent:
        raise UsageError(
            "markets behind a URL need fsspec: pip install 'genesis[scale]'"
        ) from absent
    try:
        files, path = url_to_fs(url, **dict(options))
        names = pq.read_schema(path, filesystem=files).names
        missing = [name for name in needed if name not in names]
        if missing:
            raise DataError(f"{url} has no column {', '.join(missing)}; it has {', '.join(names)}")
        chosen = [*needed, *(name for name in wanted if name in names)]
        table = pq.read_table(path, columns=chosen, filesystem=files)
    except FileNotFoundError as absent:
        raise DataError(f"{url} does not exist, or this machine may not see it") from absent
    except (ImportError, ValueError) as unknown:
        raise UsageError(f"{url} cannot be reached: {unknown}") from unknown
    except (pa.ArrowException, OSError) as broken:
        reason = " ".join(str(broken).split())
        raise DataError(f"{url} is not a readable Parquet file: {reason}") from broken
    if not table.num_rows:
        raise DataError(f"{url} holds no rows: there is nothing to run on")
    for name in table.column_names:
        if table[name].null_count:
            raise DataError(f"{url}: column {name} has {table[name].null_count} empty values")
    return {name: table[name].to_numpy() for name in table.column_names}


def _named(url: str, make: Callable[[], Made]) -> Made:
    """What is wrong with rows is told with the place they came from."""
    try:
        return make()
    except DataError as wrong:
        raise DataError(f"{url}: {wrong.message}") from wrong
