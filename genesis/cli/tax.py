"""`genesis tax`: gains and losses of a year, lot by lot."""

import csv
import errno
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genesis.cli.homes import home_of
from genesis.domain.money import text
from genesis.errors import DataError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.analytics.tax import TaxReport


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(tax)


def tax(
    year: Annotated[int, typer.Option(min=2009, max=2200, help="The calendar year.")],
    method: Annotated[
        str | None,
        typer.Option(help="FIFO, LIFO, HIFO or AVG; default: as reported before, else FIFO."),
    ] = None,
    zone: Annotated[
        str, typer.Option(help="Time zone of the jurisdiction, such as Europe/Berlin.")
    ] = "UTC",
    rates: Annotated[
        Path | None,
        typer.Option(help="CSV of date,rate: reporting currency per quote currency, every day."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the rows as CSV; the year then keeps its method.")
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Report what was gained and lost in a year, by lots. A reporting aid, not advice.

    Lots come from the fills and flows of the log. What has no known cost counts as 0 and is named.
    With --out the year, and those before it, keep their method: later years stand on their lots.

    Exit code 0: done; 2: the year was reported by another method, or input cannot be used.
    """
    from genesis.analytics.tax import csv_text
    from genesis.research.taxes import lock_methods, taxes

    place = home_of(home)
    found = taxes(year, method, place, zone, None if rates is None else read_rates(rates))
    if out is not None:
        _write(out, csv_text(found.report.rows), lambda: lock_methods(place, found.methods))
    if as_json:
        typer.echo(json.dumps(_told(found.report, out)))
    else:
        typer.echo(_words(found.report, out))


def _write(out: Path, rows: str, lock: Callable[[], None]) -> None:
    """Put the rows in their place: written first, locked then, and only then to be seen there.

    Raises:
        DataError: the place cannot be written; nothing is locked.
    """
    from genesis.store.ticks.durable import naming_disk_faults, whole_file

    with naming_disk_faults(out), whole_file(out) as file:
        if out.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(out))
        file.write(rows.encode())
        file.flush()
        os.fsync(file.fileno())
        lock()


def read_rates(path: Path) -> dict[date, Decimal]:
    """Rates by day.

    Raises:
        DataError: the file cannot be read, or a line is no date and positive rate; names it.
    """
    rates: dict[date, Decimal] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise DataError(f"{path}: it cannot be read as text ({wrong})") from wrong
    for number, cells in enumerate(csv.reader(lines), 1):
        if (number == 1 and cells[:1] == ["date"]) or not cells:
            continue
        try:
            day, rate = date.fromisoformat(cells[0].strip()), Decimal(cells[1].strip())
        except (ValueError, IndexError, InvalidOperation):
            raise DataError(f"{path}: line {number} is no `date,rate`") from None
        if not rate.is_finite() or rate <= 0:
            raise DataError(f"{path}: line {number}: a rate lies above 0")
        rates[day] = rate
    return rates


def _told(report: "TaxReport", out: Path | None) -> dict[str, Any]:
    from genesis.analytics.tax import AID

    return {
        "year": report.year,
        "method": report.method.value,
        "gain": text(report.gain),
        "rows": [{k: _plain(v) for k, v in asdict(row).items()} for row in report.rows],
        "held": [{k: _plain(v) for k, v in asdict(each).items()} for each in report.held],
        "notes": list(report.notes),
        "file": None if out is None else str(out.absolute()),
        "is": AID,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return text(value)
    return value if isinstance(value, int) else str(value)


def _words(report: "TaxReport", out: Path | None) -> str:
    from genesis.analytics.tax import AID

    lines = [f"{report.year} by {report.method}: {len(report.rows)} disposals of lots"]
    for asset in dict.fromkeys(row.asset for row in report.rows):
        rows = [row for row in report.rows if row.asset == asset]
        sums = {
            name: sum((getattr(row, name) for row in rows), Decimal(0))
            for name in ("qty", "proceeds", "cost", "fee", "gain")
        }
        told = ", ".join(f"{name} {_cents(sums[name])}" for name in ("proceeds", "cost", "fee"))
        lines.append(f"  {asset}: {text(sums['qty'])} for {told}: gain {_cents(sums['gain'])}")
    lines.append(f"gain of the year: {_cents(report.gain)}")
    lines += [
        f"held in {h.wallet}: {text(h.qty)} {h.asset} at {_cents(h.cost)}" for h in report.held
    ]
    lines += [f"look at: {note}" for note in report.notes]
    lines += [f"written to {out.absolute()}"] if out is not None else []
    lines.append(f"This is {AID}: have it checked by somebody who is allowed to.")
    return "\n".join(lines)


def _cents(amount: Decimal) -> str:
    return f"{amount:,.2f}"
