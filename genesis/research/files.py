"""Parquet files of ticks or bars, as other programs write them."""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from genesis.domain.instrument import Instrument
from genesis.errors import DataError
from genesis.research.bars import Bars
from genesis.research.ticks import Ticks

TICK_COLUMNS: Final = ("ts_ns", "price", "qty", "is_buyer_maker")
BAR_COLUMNS: Final = ("ts_ns", "open", "high", "low", "close", "volume")


def read_ticks(path: str | Path, instrument: Instrument | str = "BTC/USDT") -> Ticks:
    """Ticks of a Parquet file with ts_ns, price, qty, is_buyer_maker and optionally trade_id.

    Raises:
        DataError: no such file, not Parquet, a column is missing, no rows, or bad rows.
    """
    table = _read(Path(path), TICK_COLUMNS, optional=("trade_id",))
    columns = {name: table[name].to_numpy() for name in table.column_names}
    try:
        made = Ticks.from_arrays(
            instrument,
            columns["ts_ns"],
            columns["price"],
            columns["qty"],
            columns["is_buyer_maker"],
            trade_id=columns.get("trade_id"),
        )
    except DataError as wrong:
        raise DataError(f"{path}: {wrong.message}") from wrong
    return Ticks(made.columns, source=str(path))


def read_bars(
    path: str | Path, instrument: Instrument | str = "BTC/USDT", width: str = "1m"
) -> Bars:
    """Bars of a Parquet file with ts_ns (the open's), open, high, low, close, volume.

    Raises:
        DataError: as `read_ticks`.
    """
    table = _read(Path(path), BAR_COLUMNS)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    try:
        made = Bars.from_arrays(
            instrument,
            columns["ts_ns"],
            columns["open"],
            columns["high"],
            columns["low"],
            columns["close"],
            columns["volume"],
            width=width,
        )
    except DataError as wrong:
        raise DataError(f"{path}: {wrong.message}") from wrong
    return Bars(made.columns, source=str(path))


def _read(path: Path, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> pa.Table:
    try:
        names = pq.read_schema(path).names
        missing = [name for name in needed if name not in names]
        if missing:
            raise DataError(f"{path} has no column {', '.join(missing)}; it has {', '.join(names)}")
        wanted = [*needed, *(name for name in optional if name in names)]
        table = pq.read_table(path, columns=wanted)
    except FileNotFoundError as absent:
        raise DataError(f"{path} does not exist: give the path of a Parquet file") from absent
    except (pa.ArrowException, OSError) as broken:
        reason = " ".join(str(broken).split())
        raise DataError(
            f"{path} is not a readable Parquet file: {reason} (archives and captures come in with "
            "`genesis ticks import`)"
        ) from broken
    if not table.num_rows:
        raise DataError(f"{path} holds no rows: there is nothing to run on")
    for name in table.column_names:
        if table[name].null_count:
            raise DataError(f"{path}: column {name} has {table[name].null_count} empty values")
    return table
