"""One line of figures per day, kept beside its report: what the index and the mail show."""

import json
import math
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from genesis.reports import files
from genesis.reports.days import report_folder

NAME: Final = "day.json"


@dataclass(frozen=True, slots=True)
class Summary:
    """A day in short. pnl: the change of equity without flows; equity: at the day's end."""

    date: str
    pnl: Decimal | None
    equity: Decimal | None
    trades: int
    wins: int
    refusals: int
    tilt: str


def of(date: str, home: Path) -> Summary:
    """The figures of a day: kept ones, else read from the log and kept.

    Raises:
        UsageError: the day has no data.
        EventLogError: the log cannot be read.
        DataError: they cannot be written.
    """
    folder = report_folder(home, date)
    kept = _kept(folder / NAME)
    if kept is not None:
        return kept
    found = _read(date, home)
    files.place(folder, {NAME: _text(found)})
    return found


def _read(date: str, home: Path) -> Summary:
    from genesis.research.day import TradingDay

    day = TradingDay.of(date, home)
    score, level, _ = day.tilt.highest
    return Summary(
        date,
        _exact(day.result_usdt),
        _exact(day.end_usdt),
        len(day.trades),
        int((day.trades["pnl_usdt"] > 0).sum()),
        len(day.refusals),
        f"{score} {level}",
    )


def _exact(amount: float) -> Decimal | None:
    """A figure for people, to the eighth decimal; None where the day has none."""
    return Decimal(f"{amount:.8f}") if math.isfinite(amount) else None


def _kept(path: Path) -> Summary | None:
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        amounts = {name: _amount(told[name]) for name in ("pnl", "equity")}
        return Summary(**{**told, **amounts})
    except (OSError, ValueError, TypeError, KeyError, ArithmeticError):
        return None


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _text(found: Summary) -> bytes:
    told = {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in asdict(found).items()
    }
    return (json.dumps(told, indent=1) + "\n").encode()
