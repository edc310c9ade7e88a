"""Gains and losses of a tax year, out of the log of a home. A reporting aid, not advice."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, tzinfo
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from genesis.analytics.lots import Method
from genesis.analytics.movements import movements
from genesis.analytics.tax import (
    AID,
    COLUMNS,
    TaxReport,
    methods_of,
    one_to_one,
    tax_report,
    year_of,
)
from genesis.domain.events import AccountOpened, Event, TradeTick
from genesis.domain.time import DAY
from genesis.errors import ConfigError, DataError, UsageError
from genesis.research.day_log import opened, record
from genesis.research.style import Shown, signed, table
from genesis.service.home import resolve_home
from genesis.store.tape_pages import TapePages, tape_pages
from genesis.store.ticks.durable import naming_disk_faults, whole_file

_KINDS: Final = ("AccountOpened", "OrderFilled", "FlowReported")
_LOCKS: Final = "tax-methods.json"
_LOOK_BACK: Final = 2_000
"""Blocks of the tape at most that are looked through for the price of a third asset."""


_MONEY: Final = ("proceeds", "cost", "fee")
_SHOWN: Final = (
    *("asset", "date_acquired", "date_sold", "qty", "proceeds", "cost", "fee", "gain"),
    *("holding_days", "lot_id", "note"),
)


@dataclass(frozen=True, slots=True)
class Taxes:
    """A report, and how it shows itself."""

    report: TaxReport
    methods: Mapping[int, Method]

    @property
    def frame(self) -> pd.DataFrame:
        """One row per lot disposed of; amounts are exact Decimals."""
        rows = [asdict(row) for row in self.report.rows]
        return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)

    def shown(self) -> Shown:
        """The rows for people, to four decimals; `frame` and the CSV are exact."""
        told = (
            f"{self.report.year}, {self.report.method}: gain {signed(self.report.gain, 4)}; {AID}."
        )
        names = {name: name.replace("_", " ").removeprefix("date ") for name in _SHOWN}
        frame = self.frame.astype(dict.fromkeys(("qty", *_MONEY, "gain"), float))
        if frame["note"].eq("").all():
            del names["note"]
        formats = {
            **dict.fromkeys(_MONEY, "{:,.4f}".format),
            "qty": "{:,.8f}".format,
            "gain": lambda value: signed(value, 4),
        }
        nothing = f"Nothing was disposed of in {told}"
        return table(frame, names=names, formats=formats, caption=told, empty=nothing)

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def taxes(
    year: int,
    method: str | None = None,
    home: str | Path | None = None,
    zone: str = "UTC",
    rates: Mapping[date, Decimal] | None = None,
) -> Taxes:
    """The report of one calendar year in `zone`, by FIFO, LIFO, HIFO or AVG.

    method: None takes the one the year was reported by, else FIFO. rates: reporting currency per
    quote currency by day; without them amounts are in the quote currency.

    Raises:
        UsageError: unknown method or zone, or the year was reported by another method.
        DataError: a day that is needed has no rate. EventLogError: the log cannot be read.
    """
    place = resolve_home(None if home is None else Path(home))
    where = zone_of(zone)
    with opened(place) as (database, reader):
        events = [record(row) for row in reader.of_kinds(_KINDS)]
        with tape_pages(database) as pages:
            prices = TapePrices(pages, _cash(events))
            found = list(movements(events, prices.at))
    years = {year_of(movement.ts_ns, where) for movement in found}
    methods = methods_of(year, method_of(method), locked_methods(place), years)
    convert = one_to_one if rates is None else lambda day: _rate(rates, day)
    return Taxes(tax_report(found, year, methods, where, convert), methods)


def method_of(name: str | None) -> Method | None:
    """Raises UsageError for an unknown method."""
    if name is None:
        return None
    try:
        return Method(name.upper())
    except ValueError:
        raise UsageError(f"unknown method {name!r}: known are {', '.join(Method)}") from None


def zone_of(name: str) -> tzinfo:
    """Raises UsageError for an unknown zone."""
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        raise UsageError(f"unknown time zone {name!r}: such as Europe/Berlin") from None


def _cash(events: list[Event]) -> str:
    return next((e.quote for e in events if isinstance(e, AccountOpened)), "USDT")


def _rate(rates: Mapping[date, Decimal], day: date) -> Decimal:
    if day not in rates:
        raise DataError(f"no rate for {day}: add a line for it")
    return rates[day]


# -- the method of a year --------------------------------------------------------------------
def locked_methods(home: Path) -> dict[int, Method]:
    """The methods by which years were reported.

    Raises:
        ConfigError: the file that keeps them is damaged.
    """
    file = home / _LOCKS
    try:
        kept = json.loads(file.read_text("utf-8"))
        return {int(year): Method(name) for year, name in kept.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError) as wrong:
        raise ConfigError(f"{file} is damaged ({wrong}): restore it from a backup") from wrong


def lock_methods(home: Path, methods: Mapping[int, Method]) -> None:
    """From now on these years keep their method: later years stand on their lots.

    Raises:
        UsageError: one of them was reported by another method meanwhile; nothing is locked.
        ConfigError: the file that keeps them is damaged. DataError: it cannot be written.
    """
    with naming_disk_faults(home), _alone(home):
        kept = locked_methods(home)
        for year in sorted(methods.keys() & kept.keys()):
            if methods[year] is not kept[year]:
                raise UsageError(f"{year} was reported by {kept[year]} meanwhile: ask once more")
        if methods.keys() <= kept.keys():
            return
        told = {str(year): method.value for year, method in sorted({**kept, **methods}.items())}
        with whole_file(home / _LOCKS) as file:
            file.write((json.dumps(told, indent=1) + "\n").encode())


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the home folder itself: between reading the file and writing it nobody else does."""
    handle = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# -- what third assets were worth ------------------------------------------------------------
class TapePrices:
    """Fair values from the tape: the last trade of ASSET/QUOTE before a moment, of that day."""

    def __init__(self, pages: TapePages, cash: str) -> None:
        self._pages = pages
        self._cash = cash
        self.at = lru_cache(maxsize=4_096)(self._at)

    def _at(self, asset: str, ts_ns: int) -> Decimal | None:
        symbol = f"{asset}/{self._cash}"
        for tick in self._before(ts_ns):
            if tick.symbol == symbol and tick.ts_ns <= ts_ns:
                return tick.price
        return None

    def _before(self, ts_ns: int) -> Iterator[TradeTick]:
        """Trades of the day up to `ts_ns`, newest first, from the block that reaches it."""
        last = min(self._pages.reaching(ts_ns), self._pages.last)
        for block in islice(self._pages.back(last), _LOOK_BACK):
            if block.last_ns <= ts_ns - DAY:
                return
            for index in reversed(range(len(block))):
                if block.kind(index) == "TradeTick":
                    event = block.event(index)
                    assert isinstance(event, TradeTick)
                    if event.ts_ns <= ts_ns - DAY:
                        return
                    yield event
