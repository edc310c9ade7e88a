"""Gains and losses of a tax year, lot by lot. A reporting aid, not advice.

A year's rows are made by one method. It is locked for the year by whoever keeps the report, since
the lots of later years depend on it; `methods_of` refuses to change one.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, localcontext
from io import StringIO
from typing import Final

from genesis.analytics.lots import Lot, Method, Pool, portion
from genesis.analytics.movements import UNKNOWN_BASIS, Acquired, Disposed, Moved, Movement
from genesis.domain.money import ONE, ZERO, text
from genesis.domain.time import SECOND
from genesis.errors import UsageError

AID: Final = "a reporting aid, not advice"
COLUMNS: Final = (
    *("date_acquired", "date_sold", "asset", "qty", "proceeds", "cost", "fee", "gain"),
    *("holding_days", "method", "lot_id", "fx_rate", "src_ids", "note"),
)
_DIGITS: Final = 60
_SHORT: Final = "more went than is known to have come"

Rate = Callable[[date], Decimal]
"""Reporting currency per unit of quote currency on a day."""


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One lot, or a part of it, disposed of. gain = proceeds - cost - fee."""

    date_acquired: date
    date_sold: date
    asset: str
    qty: Decimal
    proceeds: Decimal
    cost: Decimal
    fee: Decimal
    gain: Decimal
    holding_days: int
    method: Method
    lot_id: str
    fx_rate: Decimal
    src_ids: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What is left of one asset in one wallet."""

    wallet: str
    asset: str
    qty: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class TaxReport:
    """rows: of the year. held: at its end. came, went: by asset, of all years up to it."""

    year: int
    method: Method
    rows: tuple[TaxRow, ...]
    held: tuple[Held, ...]
    came: Mapping[str, Decimal]
    went: Mapping[str, Decimal]

    @property
    def gain(self) -> Decimal:
        return sum((row.gain for row in self.rows), ZERO)

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be looked at by hand, once each."""
        return tuple(
            dict.fromkeys(
                f"{row.asset} of {row.date_sold}: {row.note}" for row in self.rows if row.note
            )
        )


def methods_of(
    year: int, asked: Method | None, locked: Mapping[int, Method], years: Iterable[int]
) -> dict[int, Method]:
    """The method of each year up to `year`: what is locked stays, the rest is as asked.

    Raises:
        UsageError: the year was reported by another method.
    """
    method = asked or locked.get(year) or Method.FIFO
    if locked.get(year, method) is not method:
        kept = locked[year]
        raise UsageError(
            f"{year} was reported by {kept}: a year keeps its method (--method {kept})"
        )
    return {each: locked.get(each, method) for each in {*years, year} if each <= year}


def year_of(ts_ns: int, zone: tzinfo = UTC) -> int:
    """The calendar year of a moment where the tax is owed."""
    return _day(ts_ns, zone).year


def one_to_one(day: date) -> Decimal:
    """The reporting currency is the quote currency."""
    return ONE


def tax_report(
    found: Iterable[Movement],
    year: int,
    methods: Mapping[int, Method],
    zone: tzinfo = UTC,
    rate: Rate = one_to_one,
) -> TaxReport:
    """All movements up to the end of the year; rows of that year.

    methods: of every year with movements, as `methods_of` gives them. zone: of the jurisdiction,
    for the boundary of the year and for dates. Values are converted on the day they arose.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        books = _Books(methods, zone, rate)
        for movement in found:
            if year_of(movement.ts_ns, zone) <= year:
                books.take(movement)
        rows = tuple(row for row in books.rows if row.date_sold.year == year)
        return TaxReport(year, methods[year], rows, books.held(), books.came, books.went)


def csv_text(rows: Iterable[TaxRow]) -> str:
    """The rows as CSV, with a head line."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(getattr(row, name)) for name in COLUMNS] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    return text(value) if isinstance(value, Decimal) else str(value)


def _day(ts_ns: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(ts_ns // SECOND, UTC).astimezone(zone).date()


class _Books:
    """Pools by wallet and asset, and the rows that came of them."""

    def __init__(self, methods: Mapping[int, Method], zone: tzinfo, rate: Rate) -> None:
        self._methods = methods
        self._zone = zone
        self._rate = rate
        self._pools: dict[tuple[str, str], Pool] = {}
        self._born = 0
        self.rows: list[TaxRow] = []
        self.came: dict[str, Decimal] = {}
        self.went: dict[str, Decimal] = {}

    def take(self, movement: Movement) -> None:
        match movement:
            case Acquired():
                lot = self._lot(movement, movement.qty, movement.cost, movement.note)
                self._pool(movement.wallet, movement.asset).add(lot)
            case Disposed():
                self._disposed(movement)
            case Moved():
                self._moved(movement)

    def held(self) -> tuple[Held, ...]:
        return tuple(
            Held(wallet, asset, pool.qty, pool.cost)
            for (wallet, asset), pool in sorted(self._pools.items())
            if pool.qty
        )

    # -- what comes --------------------------------------------------------------------------
    def _lot(self, movement: Movement, qty: Decimal, cost: Decimal, note: str) -> Lot:
        self._born += 1
        asset, ts_ns = movement.asset, movement.ts_ns
        self.came[asset] = self.came.get(asset, ZERO) + qty
        return Lot(
            f"{asset}-{self._born}",
            qty,
            cost * self._rate(_day(ts_ns, self._zone)),
            ts_ns,
            movement.src,
            note,
        )

    def _moved(self, movement: Moved) -> None:
        """Lots change the wallet with cost and date; what the old one lacks has no known basis."""
        taken = self._pool(movement.from_wallet, movement.asset).take(
            movement.qty, self._method(movement.ts_ns)
        )
        target = self._pool(movement.to_wallet, movement.asset)
        missing = movement.qty - sum((lot.qty for lot in taken), ZERO)
        if missing > 0:
            taken.append(self._lot(movement, missing, ZERO, UNKNOWN_BASIS))
        for lot in taken:
            target.add(lot)

    # -- what goes ---------------------------------------------------------------------------
    def _disposed(self, movement: Disposed) -> None:
        pool = self._pool(movement.wallet, movement.asset)
        parts = pool.take(movement.qty, self._method(movement.ts_ns))
        missing = movement.qty - sum((lot.qty for lot in parts), ZERO)
        if missing > 0:
            parts.append(self._lot(movement, missing, ZERO, _SHORT))
        self.went[movement.asset] = self.went.get(movement.asset, ZERO) + movement.qty
        day = _day(movement.ts_ns, self._zone)
        rate = self._rate(day)
        rest = [movement.qty, movement.proceeds * rate, movement.fee * rate]
        for lot in parts:
            share = [_share(amount, lot.qty, rest[0]) for amount in rest[1:]]
            rest = [rest[0] - lot.qty, rest[1] - share[0], rest[2] - share[1]]
            self.rows.append(self._row(movement, lot, day, rate, *share))

    def _row(
        self,
        movement: Disposed,
        lot: Lot,
        day: date,
        rate: Decimal,
        proceeds: Decimal,
        fee: Decimal,
    ) -> TaxRow:
        acquired = _day(lot.acquired_ns, self._zone)
        return TaxRow(
            date_acquired=acquired,
            date_sold=day,
            asset=movement.asset,
            qty=lot.qty,
            proceeds=proceeds,
            cost=lot.cost,
            fee=fee,
            gain=proceeds - lot.cost - fee,
            holding_days=(day - acquired).days,
            method=self._method(movement.ts_ns),
            lot_id=lot.lot_id,
            fx_rate=rate,
            src_ids=f"{lot.src} {movement.src}",
            note="; ".join(dict.fromkeys(note for note in (lot.note, movement.note) if note)),
        )

    def _pool(self, wallet: str, asset: str) -> Pool:
        return self._pools.setdefault((wallet, asset), Pool())

    def _method(self, ts_ns: int) -> Method:
        return self._methods[year_of(ts_ns, self._zone)]


def _share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """What of `amount` goes with the part; all that is left with the last one."""
    return amount if part == whole else portion(amount, part, whole)
