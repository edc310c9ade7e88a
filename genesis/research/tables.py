"""Frames that show themselves as people read them: times as times, amounts with their sign."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from genesis.domain.money import text
from genesis.domain.time import SECOND, format_utc
from genesis.research.style import NONE, Format, Shown, plain_text, share, signed, table

MOST_ROWS: Final = 16
_SIGNED: Final = frozenset({"pnl", "r", "mae", "mfe", "pnl_usdt", "mean_r"})
_SHARES: Final = frozenset({"won", "fall"})
_ROUND_TO_S: Final = SECOND // 1_000


class Table(pd.DataFrame):
    """A DataFrame in every way, but for how a notebook shows it.

    Of many rows the first and the last stand; columns named `*_ns` read as UTC times.
    """

    @property
    def _constructor(self) -> "type[Table]":
        return Table

    def _repr_html_(self) -> str:
        return shown(self).html


def shown(frame: pd.DataFrame, most: int = MOST_ROWS) -> Shown:
    """The frame for a page, at most so many rows of it."""
    cut, caption = frame, ""
    if len(frame) > most:
        half = most // 2
        cut = pd.concat([frame.head(half), frame.tail(half)])
        caption = f"The first {half} and the last {half} of {len(frame):,} rows."
    if cut.index.name is not None:  # a grouped or indexed frame: its names are part of it
        cut = cut.reset_index()
    plain = pd.DataFrame(cut).rename(columns=str)
    names = {name: _head(name) for name in plain.columns}
    formats = {name: _format(name, plain[name]) for name in plain.columns}
    return table(plain, names=names, formats=formats, caption=caption)


def _head(name: str) -> str:
    """`entry_ts_ns` is the entry, `open_ts_ns` the opening: the unit is what is shown."""
    head = name.removesuffix("_ns").removesuffix("_usdt").replace("_", " ")
    return (head.removesuffix(" ts") or head) if head != "ts" else "time"


def _format(name: str, column: "pd.Series[Any]") -> Format:
    if name.endswith("_ns") and pd.api.types.is_integer_dtype(column):
        return _moment
    if name in _SIGNED:
        return signed
    if name in _SHARES:
        return share
    if pd.api.types.is_float_dtype(column):
        return _decimals(column)
    if pd.api.types.is_integer_dtype(column):
        return _whole
    return _any


def _moment(value: Any) -> str:
    whole = int(value) // _ROUND_TO_S * _ROUND_TO_S
    return format_utc(whole).replace("T", " ").removesuffix("Z") if whole > 0 else NONE


def _decimals(column: "pd.Series[Any]") -> Callable[[Any], str]:
    """As many decimals as the column needs, two to eight."""
    known = column.dropna()
    places = next((n for n in range(2, 8) if ((known - known.round(n)).abs() < 1e-9).all()), 8)
    return lambda value: NONE if value != value else f"{value:,.{places}f}"


def _whole(value: Any) -> str:
    return f"{value:,}"


def _any(value: Any) -> str:
    return text(value) if isinstance(value, Decimal) else plain_text(value)
