"""`genesis ticks`: recorded markets into the store, and a look at what is there."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.fetch import fetch
from genesis.cli.homes import home_of
from genesis.cli.moments import moment, span
from genesis.domain.time import DAY, MINUTE, format_utc, parse_width
from genesis.errors import DataError, UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.store.ticks import ImportReport, Quality, TickStore

_LONGEST_SAMPLE_MIN: Final = 31 * DAY // MINUTE
_LATEST_SAMPLE: Final = "2200-01-01"

Home = Annotated[
    Path | None, typer.Option(help="The home folder; default: GENESIS_HOME, or `data/`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of a table.")]
Symbol = Annotated[str, typer.Argument(help="Such as BTC/USDT (BTCUSDT works too).")]


class OnBad(StrEnum):
    """What happens at a row that cannot be used."""

    STOP = "stop"
    QUARANTINE = "quarantine"


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    ticks = typer.Typer(
        no_args_is_help=True, help="Bring recorded markets in, look at them, judge them."
    )
    ticks.command("import")(import_ticks)
    ticks.command("list")(list_ticks)
    ticks.command()(check)
    ticks.command()(bars)
    ticks.command()(sample)
    ticks.command()(fetch)
    app.add_typer(ticks, name="ticks")


def import_ticks(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files to import.")],
    symbol: Annotated[
        str | None,
        typer.Option(help="Symbol of an archive whose name does not tell it, such as BTC/USDT."),
    ] = None,
    on_bad: Annotated[
        OnBad, typer.Option(help="At a bad row: stop (nothing of the file), or set the row aside.")
    ] = OnBad.STOP,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Import trades and books: Binance Vision trades or aggTrades, Parquet, and stream captures.

    Text may be plain, .gz or .zip; the format is told by content, columns by their names. A file
    is imported whole or not at all; importing it again changes nothing.
    """
    store = _store(home)
    named = _symbol(symbol)
    if not as_json:
        typer.echo(f"into {store.root}")
    for path in paths:
        with _progress(path.name) as progress:
            report = store.import_file(path, named, on_bad.value, progress)
        if as_json:
            typer.echo(json.dumps(_report(report)))
        else:
            _tell_report(report)


def list_ticks(home: Home = None, as_json: AsJson = False) -> None:
    """What the store holds, by symbol and kind. Synthetic ticks are labelled so."""
    store = _whole_store(home)
    holdings = store.list()
    if as_json:
        typer.echo(json.dumps([asdict(holding) for holding in holdings]))
        return
    if not holdings:
        ways = "`genesis ticks import FILE` or `genesis ticks sample`"
        typer.echo(f"{store.root} holds nothing yet: {ways} adds some")
        return
    heads = ("symbol", "kind", "origin", "days", "rows", "size", "first", "last")
    rows = [
        (
            each.symbol,
            each.kind,
            each.origin.upper() if each.origin != "imported" else each.origin,
            f"{each.days:,}",
            f"{each.rows:,}",
            f"{each.size_bytes / 1e6:,.1f} MB",
            format_utc(each.first_ns),
            format_utc(each.last_ns),
        )
        for each in holdings
    ]
    _table(f"Ticks in {store.root}", heads, rows)


def check(
    target: Annotated[str, typer.Argument(metavar="PATH|SYMBOL", help="A file, or what is held.")],
    symbol: Annotated[
        str | None, typer.Option(help="Symbol of an archive whose name does not tell it.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Are the trades whole? Gaps by id, repetitions, order, coverage, silence, outliers, delays.

    Exit code 0: clean; 1: something is missing, repeated, contradictory, out of order or astray.
    """
    from genesis.store.ticks import check_file

    path = Path(target)
    if path.exists():
        found = check_file(path, _symbol(symbol))
    else:
        wanted = _symbol_or_file(target)
        found = {wanted: _whole_store(home).check(wanted)}
    if as_json:
        typer.echo(json.dumps([_quality(each) for each in found.values()]))
    else:
        for each in found.values():
            _tell_quality(each)
    raise typer.Exit(DONE if found and all(q.is_clean for q in found.values()) else NO)


def bars(
    symbol: Symbol,
    width: Annotated[str, typer.Option(help="Such as 1m, 5m or 1h; it must divide a day.")] = "1m",
    start: Annotated[str | None, typer.Option(help="First moment, UTC, ISO 8601.")] = None,
    end: Annotated[str | None, typer.Option(help="End, not included, UTC, ISO 8601.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bars of the trades held, oldest first. A span without a trade has no bar."""
    from genesis.store.ticks import naming_damage

    relation = _whole_store(home).bars(_needed(symbol), _width(width), *span(start, end))
    names = relation.columns
    with naming_damage():
        rows = relation.fetchall()
    if as_json:
        typer.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
        return
    shown = ("open", "high", "low", "close", "volume", "trades")
    places = [names.index(name) for name in shown]
    opened = names.index("open_ts_ns")
    _table(
        f"{_needed(symbol)}, bars of {width}",
        ("opens", *shown),
        [(format_utc(row[opened]), *(f"{row[i]:,}" for i in places)) for row in rows],
    )


def sample(
    out: Annotated[
        Path | None,
        typer.Option(help="Write a file instead: .parquet (trades) or .gz (a raw capture)."),
    ] = None,
    symbol: Annotated[str, typer.Option(help="What to call it.")] = "BTC/USDT",
    seed: Annotated[int, typer.Option(help="Another seed is another market.")] = 0,
    start: Annotated[str, typer.Option(help="First moment, UTC, ISO 8601.")] = "2024-01-01",
    minutes: Annotated[int, typer.Option(min=1, max=_LONGEST_SAMPLE_MIN, help="Length.")] = 60,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove all synthetic ticks from the store.")
    ] = False,
    home: Home = None,
) -> None:
    """Make a synthetic market with a book: made up, always the same, and labelled synthetic."""
    from genesis.store.ticks.samples import sample_blocks, write_sample

    if remove:
        gone = _store(home).remove_synthetic()
        typer.echo(f"removed synthetic ticks of {', '.join(gone)}" if gone else "none are held")
        return
    begin = _sample_start(start)
    made = (seed, begin, minutes * 60, _needed(symbol))
    if out is not None:
        lines = write_sample(out, *made)
        typer.echo(f"{out}: {lines:,} rows of SYNTHETIC {made[3]}")
        return
    store = _store(home)
    label = f"synthetic sample, seed {seed}, {minutes} min from {format_utc(begin)}"
    typer.echo(f"into {store.root}")
    _tell_report(store.add_synthetic(sample_blocks(*made), label))


# -- words -----------------------------------------------------------------------------------
def _store(home: Path | None) -> "TickStore":
    from genesis.store.ticks import TickStore

    return TickStore(home_of(home))


def _whole_store(home: Path | None) -> "TickStore":
    """The store with what killed recorders left in its spool, where that can be brought in."""
    store = _store(home)
    with suppress(DataError):  # a home that cannot be written can be read
        brought = store.bring_in()
        if brought.added:
            typer.echo(f"{brought.added:,} rows of a killed recorder were brought in", err=True)
        for trouble in brought.troubles(store.root):
            typer.echo(trouble, err=True)
    return store


def _needed(text: str) -> str:
    from genesis.wire.symbols import parse_symbol

    return parse_symbol(text)


def _symbol(text: str | None) -> str | None:
    return None if text is None else _needed(text)


def _symbol_or_file(target: str) -> str:
    try:
        return _needed(target)
    except UsageError:
        raise UsageError(
            f"{target}: there is no such file, and it is no symbol such as BTC/USDT"
        ) from None


def _width(text: str) -> int:
    try:
        return parse_width(text)
    except ValueError as error:
        raise UsageError(f"--width: {error}") from None


def _sample_start(text: str) -> int:
    begin, latest = moment(text, "--start"), moment(_LATEST_SAMPLE, "")
    assert begin is not None and latest is not None
    if not 0 <= begin < latest:
        raise UsageError(f"--start {text} is not between 1970-01-01 and {_LATEST_SAMPLE}")
    return begin


# -- telling ---------------------------------------------------------------------------------
@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int, int], None] | None]:
    """A progress bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name)

        def tell(done: int, whole: int, rows: int) -> None:
            progress.update(task, completed=done, total=whole, description=f"{name}: {rows:,} rows")

        yield tell


def _report(report: "ImportReport") -> dict[str, Any]:
    return {
        "source": report.source,
        "format": report.format,
        "kinds": [asdict(kind) for kind in report.kinds],
        "bad": [{"line": row.line, "reason": row.reason} for row in report.bad],
        "quarantine": None if report.quarantine is None else str(report.quarantine),
        "ignored": report.ignored,
        "disorder": report.disorder,
    }


def _tell_report(report: "ImportReport") -> None:
    typer.echo(f"{report.source} ({report.format}):")
    for kind in report.kinds:
        held = f", {kind.repeated:,} repeated" if kind.repeated else ""
        typer.echo(f"  {kind.symbol} {kind.kind}: {kind.added:,} new of {kind.read:,} rows{held}")
    if report.ignored:
        typer.echo(f"  {report.ignored:,} messages of other kinds or symbols left out")
    if report.bad:
        typer.echo(f"  {len(report.bad):,} bad rows set aside in {report.quarantine}")


def _quality(found: "Quality") -> dict[str, Any]:
    return {
        **asdict(found),
        "first_gaps": [gap._asdict() for gap in found.first_gaps],
        "first_silences": [silence._asdict() for silence in found.first_silences],
        "first_outliers": [outlier._asdict() for outlier in found.first_outliers],
        "coverage": found.coverage,
        "clean": found.is_clean,
    }


def _tell_quality(found: "Quality") -> None:
    verdict = "clean" if found.is_clean else "NOT clean"
    typer.echo(f"{found.symbol}: {verdict}")
    typer.echo(f"  {found.rows:,} trades, ids {found.first_id} to {found.last_id}")
    typer.echo(f"  from {format_utc(found.first_ns)} to {format_utc(found.last_ns)}")
    typer.echo(
        f"  coverage {found.coverage:.4%}: {found.missing:,} ids missing in {found.gaps:,} gaps"
    )
    for gap in found.first_gaps:
        typer.echo(f"    {gap.first_id} to {gap.last_id} after {format_utc(gap.after_ns)}")
    typer.echo(
        f"  repeated {found.repeated:,}, conflicting {found.conflicting:,},"
        f" unreadable {found.unreadable:,}"
    )
    typer.echo(f"  out of order {found.disorder:,} by id, {found.backwards:,} by time")
    typer.echo(f"  {found.outliers:,} prices that the trades around them know nothing of")
    for one in found.first_outliers:
        told = f"{one.price:,.10g} beside {one.around:,.10g}"
        typer.echo(f"    {told} at {format_utc(one.ts_ns)}, trade {one.trade_id}")
    typer.echo(f"  {found.silences:,} spans of a minute or more without a trade")
    for silence in found.first_silences:
        seconds = (silence.before_ns - silence.after_ns) / 1e9
        typer.echo(f"    {seconds:,.0f} s after {format_utc(silence.after_ns)}")
    if found.usual_delay_ns is not None:
        typer.echo(
            f"  received {found.usual_delay_ns / 1e6:,.1f} ms after the venue's time as a rule,"
            f" {found.stray_received:,} more than an hour off that"
        )


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; plain aligned text elsewhere, where nothing may be cut off."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(*heads, title=title)
        for row in rows:
            table.add_row(*row)
        Console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    typer.echo(title)
    for row in (heads, *rows):
        typer.echo("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
