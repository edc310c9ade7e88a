"""Frames that show themselves as people read them: times as times, amounts with their sign."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from math import floor, log10
from typing import Any, Final

import pandas as pd

from genesis.domain.money import text
from genesis.domain.time import DAY, SECOND, format_utc
from genesis.research.style import NONE, Format, Shown, percent, plain_text, share, signed, table

MOST_ROWS: Final = 16
_SIGNED: Final = frozenset({"pnl", "r", "mae", "mfe", "pnl_usdt", "mean_r"})
_SHARES: Final = frozenset({"won", "fall", "drawdown_fraction"})
_SIGNED_SHARES: Final = frozenset({"return_fraction"})
_DUST: Final = 1e-9
_CENTS: Final = 0.1


class Table(pd.DataFrame):
    """A DataFrame in every way, but for how a notebook shows it.

    Of many rows the first and the last stand, columns without any value are left out, and columns
    named `*_ns` read as UTC times: those of one day without its date.
    """

    @property
    def _constructor(self) -> "type[Table]":
        return Table

    def _repr_html_(self) -> str:
        return shown(self).html


def shown(frame: pd.DataFrame, most: int = MOST_ROWS) -> Shown:
    """The frame for a page, at most so many rows of it."""
    plain = pd.DataFrame(frame).rename(columns=str)
    if plain.index.name is not None:  # a grouped or indexed frame: its names are part of it
        plain = plain.reset_index()
    plain = plain[[name for name in plain.columns if not plain[name].isna().all() or plain.empty]]
    words = []
    if len(plain) > most:
        half = most // 2
        words.append(f"The first {half} and the last {half} of {len(plain):,} rows.")
        plain = pd.concat([plain.head(half), plain.tail(half)])
    day = _only_day(plain)
    if day:
        words.insert(0, f"Times of {day}, UTC.")
    formats = {name: _format(name, plain[name], bool(day)) for name in plain.columns}
    names = {name: _head(name) for name in plain.columns}
    return table(plain, names=names, formats=formats, caption=" ".join(words))


def _only_day(frame: pd.DataFrame) -> str:
    """The date of all times, where they share it."""
    stamps = [int(at) for name in frame.columns if _is_time(name, frame[name])
              for at in frame[name] if at > 0]  # fmt: skip
    days = {at // DAY for at in stamps}
    return format_utc(stamps[0])[:10] if len(days) == 1 else ""


def _is_time(name: str, column: "pd.Series[Any]") -> bool:
    return name.endswith("_ns") and pd.api.types.is_integer_dtype(column)


def _head(name: str) -> str:
    """`entry_ts_ns` is the entry, `open_ts_ns` when it opened: the unit is what is shown."""
    if name == "open_ts_ns":
        return "opened"
    if name in ("r", "mean_r"):
        return name.replace("_", " ")[:-1] + "R"
    head = name.removesuffix("_ns").removesuffix("_usdt").removesuffix("_fraction")
    head = head.replace("_", " ")
    return (head.removesuffix(" ts") or head) if head != "ts" else "time"


def _format(name: str, column: "pd.Series[Any]", one_day: bool) -> Format:
    if _is_time(name, column):
        return _moments(column, one_day)
    if name in _SIGNED:
        return signed
    if name in _SHARES or name.endswith("_share"):
        return share
    if name in _SIGNED_SHARES:
        return percent
    if pd.api.types.is_bool_dtype(column):
        return _any
    if pd.api.types.is_float_dtype(column):
        return _decimals(column, name.endswith("_usdt") or name == "fees")
    if pd.api.types.is_integer_dtype(column):
        return _whole
    return _any


def _moments(column: "pd.Series[Any]", one_day: bool) -> Format:
    """Times to the second; to the millisecond where some lie closer together."""
    stamps = sorted(int(at) for at in column)
    gaps = [after - before for before, after in pairwise(stamps) if after > before]
    step = SECOND // 1_000 if min(gaps, default=SECOND) < SECOND else SECOND
    digits = 23 if step < SECOND else 19

    def moment(value: Any) -> str:
        if int(value) <= 0:
            return NONE
        told = format_utc(int(value) // step * step).rstrip("Z").replace("T", " ")
        whole = told if step == SECOND else f"{told}.000"[:digits]
        return whole[11:] if one_day else whole

    return moment


def _decimals(column: "pd.Series[Any]", is_money: bool = False) -> Callable[[Any], str]:
    """The decimals of a grid where the numbers lie on one, else as many as say something.

    Money has cents, and more only where most of it is less than ten of them.
    """
    known = column.dropna().abs()
    if is_money and float(known.median()) >= _CENTS:
        return lambda value: NONE if value != value else f"{value:,.2f}".replace("-", "−")
    exact = (n for n in range(2, 7) if ((known - known.round(n)).abs() < _DUST).all())
    places = next(exact, _enough(float(known.median())))
    return lambda value: NONE if value != value else f"{value:,.{places}f}"


def _enough(size: float) -> int:
    """Decimals for about three digits that count."""
    return max(2, 2 - floor(log10(size))) if size > 0 else 2


def _whole(value: Any) -> str:
    return f"{value:,}"


def _any(value: Any) -> str:
    return text(value) if isinstance(value, Decimal) else plain_text(value)
