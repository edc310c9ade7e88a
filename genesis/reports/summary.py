"""One line of figures per day, kept beside its report: what the index and the mail show."""

import json
import math
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from genesis.reports import files
from genesis.reports.days import LastRow, report_folder

NAME: Final = "day.json"


@dataclass(frozen=True, slots=True)
class Summary:
    """A day in short; None is what is not known.

    pnl: the change of equity without flows; equity: at the day's end; refusals: of the gate.
    seq, hash: the last row the day had in the log when it was read.
    """

    date: str
    pnl: Decimal | None = None
    equity: Decimal | None = None
    trades: int | None = None
    wins: int | None = None
    refusals: int | None = None
    tilt: str = "–"
    seq: int = 0
    hash: str = ""


def of(date: str, home: Path, last: LastRow) -> Summary:
    """The figures of a day that ends in the row `last`: kept ones, else read and kept.

    Raises:
        UsageError: the day has no data.
        EventLogError: the log cannot be read.
        DataError: they cannot be written.
    """
    known = kept(date, home)
    if (known.seq, known.hash) == last:
        return known
    found = _read(date, home, last)
    files.place(report_folder(home, date), {NAME: _text(found)})
    return found


def _read(date: str, home: Path, last: LastRow) -> Summary:
    from genesis.research.day import TradingDay

    day = TradingDay.of(date, home)
    score, level, _ = day.tilt.highest
    return Summary(
        date,
        _exact(day.result_usdt),
        _exact(day.end_usdt),
        len(day.trades),
        int((day.trades["pnl_usdt"] > 0).sum()),
        len(day.gate_refusals),
        f"{score} {level}",
        *last,
    )


def _exact(amount: float) -> Decimal | None:
    """A figure for people, to the eighth decimal; None where the day has none."""
    return Decimal(f"{amount:.8f}") if math.isfinite(amount) else None


def kept(date: str, home: Path) -> Summary:
    """The figures kept beside a day's report, of whatever night; without any, the date alone."""
    try:
        told: dict[str, Any] = json.loads((report_folder(home, date) / NAME).read_bytes())
        amounts = {name: _amount(told[name]) for name in ("pnl", "equity")}
        return Summary(**{**told, **amounts})
    except (OSError, ValueError, TypeError, KeyError, ArithmeticError):
        return Summary(date)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _text(found: Summary) -> bytes:
    told = {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in asdict(found).items()
    }
    return (json.dumps(told, indent=1) + "\n").encode()
