"""Files of trades with one planted defect each: to see what a check makes of it.

files = spoiled(ticks)      # {"whole": Path, "a gap": Path, ...}, gone when Python ends
check_file(files["a gap"])
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from genesis.domain.time import HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND
from genesis.errors import DataError
from genesis.research.ticks import Ticks

LEAST: Final = 1_000
"""Rows that it takes to plant all of them."""

Spoil = Callable[[pd.DataFrame], pd.DataFrame]


class Spoiled(dict[str, Path]):
    """Paths by what was done to the file. The folder is removed with it."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="genesis-spoiled-")

    @property
    def folder(self) -> Path:
        return Path(self._folder.name)


def _gap(rows: pd.DataFrame) -> pd.DataFrame:
    middle = len(rows) // 2
    return rows.drop(index=range(middle, middle + len(rows) // 20))


def _repeated(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows.iloc[:200], rows.iloc[150:]])


def _conflicting(rows: pd.DataFrame) -> pd.DataFrame:
    twice = rows.iloc[300:303].assign(price=lambda one: one["price"] + 1)
    return pd.concat([rows, twice]).sort_values("id", kind="stable")


def _out_of_order(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows.iloc[:400], rows.iloc[420:440], rows.iloc[400:420], rows.iloc[440:]])


def _backwards(rows: pd.DataFrame) -> pd.DataFrame:
    """The venue's clock jumps back by two seconds, and comes forward again later."""
    back = np.zeros(len(rows), np.int64)
    back[500:600] = 2 * SECOND // MILLISECOND
    return rows.assign(time=rows["time"] - back)


def _silent(rows: pd.DataFrame) -> pd.DataFrame:
    wait = 5 * MINUTE // MILLISECOND
    return rows.assign(time=rows["time"] + np.where(np.arange(len(rows)) >= 700, wait, 0))


def _outliers(rows: pd.DataFrame) -> pd.DataFrame:
    price = rows["price"].to_numpy().copy()
    price[[250, 800]] *= (1.25, 0.8)
    return rows.assign(price=np.round(price, 2))


def _astray(rows: pd.DataFrame) -> pd.DataFrame:
    """The recorder's clock was three hours off for a while."""
    off = np.zeros(len(rows), np.int64)
    off[100:130] = 3 * HOUR // MILLISECOND
    return rows.assign(timestampOfReceive=rows["time"] + 40 + off)


def _in_seconds(rows: pd.DataFrame) -> pd.DataFrame:
    """A few stamps in another unit than the file's."""
    time = rows["time"].to_numpy().copy()
    time[600:605] //= SECOND // MILLISECOND
    return rows.assign(time=time)


def _unreadable(rows: pd.DataFrame) -> pd.DataFrame:
    qty = [f"{value:.5f}" for value in rows["qty"]]
    qty[50], qty[60] = "0.00000", "n/a"
    return rows.assign(qty=qty)


def _in_microseconds(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(time=rows["time"] * (MILLISECOND // MICROSECOND))


DEFECTS: Final[Mapping[str, Spoil]] = {
    "whole": lambda rows: rows,
    "whole, stamps in µs": _in_microseconds,
    "a gap": _gap,
    "rows twice": _repeated,
    "rows that contradict": _conflicting,
    "out of order": _out_of_order,
    "time runs backwards": _backwards,
    "a silence": _silent,
    "prices astray": _outliers,
    "receive clock astray": _astray,
    "stamps in seconds": _in_seconds,
    "zero and text": _unreadable,
}


def spoiled(ticks: Ticks) -> Spoiled:
    """One csv file for each defect, and one Parquet file without any, as ccxt's users keep them.

    ticks: with trade ids. Raises DataError: fewer than 1,000 of them, or no ids.
    """
    if ticks.columns.trade_ids is None or len(ticks) < LEAST:
        raise DataError(f"it takes {LEAST:,} trades with ids to plant all defects in")
    frame = ticks.frame()
    rows = pd.DataFrame(
        {
            "id": frame["trade_id"],
            "price": frame["price"].round(8),
            "qty": frame["qty"].round(8),
            "time": frame["ts_ns"] // MILLISECOND,
            "is_buyer_maker": frame["is_buyer_maker"],
        }
    )
    files, name = Spoiled(), ticks.instrument.symbol.replace("/", "")
    for number, (defect, spoil) in enumerate(DEFECTS.items()):
        files[defect] = files.folder / f"{name}-trades-{number:02d}.csv"
        spoil(rows).to_csv(files[defect], index=False)
    files["whole, as Parquet"] = files.folder / f"{name}-trades.parquet"
    rows.to_parquet(files["whole, as Parquet"])
    return files
