"""`genesis ticks fetch`: days of trades from Binance's public archive into the store."""

import json
import sys
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from genesis.cli.exits import NO
from genesis.cli.homes import home_of
from genesis.cli.moments import span
from genesis.domain.time import DAY
from genesis.errors import UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.service.vision.download import Progress
    from genesis.service.vision.fetch import Fetched
    from genesis.store.ticks import ImportReport

_EPOCH: Final = date(1970, 1, 1)
_FIRST: Final = date(2017, 7, 14)
"""The day on which the venue opened."""


class Kind(StrEnum):
    """Which of the archive's tables."""

    TRADES = "trades"
    AGG_TRADES = "aggTrades"


def fetch(
    symbol: Annotated[str, typer.Argument(help="Such as BTC/USDT (BTCUSDT works too).")],
    start: Annotated[
        str | None, typer.Option(help="First UTC day; default: the last day that is over.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="End, not included; default: today, UTC.")] = None,
    kind: Annotated[Kind, typer.Option(help="Single trades, or trades of one order joined.")] = (
        Kind.TRADES
    ),
    base_url: Annotated[str | None, typer.Option(help="Another copy of the archive.")] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the zip files in the home's downloads folder.")
    ] = False,
    home: Annotated[
        Path | None, typer.Option(help="The home folder; default: GENESIS_HOME, or `data/`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fetch trades from Binance's public archive (data.binance.vision) and import them.

    Whole UTC days; whole months come as monthly files. Every file is checked against its checksum,
    a download that broke off goes on where it stopped, and what came in before is not fetched
    again. A day is published on the next one.

    Exit code 0: all of it is in the store; 1: the archive lacks some of the days.
    """
    from genesis.service.vision.download import Source
    from genesis.service.vision.fetch import BASE_URL, Fetch
    from genesis.wire.symbols import parse_symbol

    first, last = _days(start, end)
    place, named = home_of(home), parse_symbol(symbol)
    url = _url(base_url or BASE_URL)
    watcher = _Teller(quiet=as_json)
    watcher.say(f"{named} {kind.value} from {first} up to {last}, from {url} into {place}")
    with Source(url) as source, watcher:
        fetching = Fetch(place, named, source, watcher, kind=kind.value, keep=keep)
        done = fetching.days(first, last)
    if as_json:
        typer.echo(json.dumps(_told(done)))
    if done.missing:
        raise typer.Exit(NO)


def _days(start: str | None, end: str | None) -> tuple[date, date]:
    """The whole days that lie at least partly in the span, and are over."""
    from genesis.service.clock import wall_ns

    today = _EPOCH + timedelta(days=wall_ns() // DAY)
    begin_ns, end_ns = span(start, end)
    last = today if end_ns is None else _EPOCH + timedelta(days=-(-end_ns // DAY))
    last = min(last, today)
    first = last - timedelta(days=1) if begin_ns is None else _EPOCH + timedelta(begin_ns // DAY)
    if first >= today:
        raise UsageError(f"--start {start}: the archive publishes a day on the next one")
    if first >= last:
        raise UsageError(f"no day lies between {first} and {last}")
    if last <= _FIRST:
        raise UsageError(f"--end {end} is before the venue's first day, {_FIRST}")
    return max(first, _FIRST), last


def _url(text: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"--base-url {text!r} is no URL such as https://data.binance.vision")
    return text.rstrip("/")


def _told(done: "Fetched") -> dict[str, Any]:
    return {
        "imported": [
            {
                "file": report.source,
                "rows": report.read,
                "added": report.added,
                "repeated": report.repeated,
            }
            for report in done.imported
        ],
        "held": done.held,
        "missing": done.missing,
    }


class _Teller:
    """A bar per file on a terminal, and a line for each that is done."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._quiet = quiet
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            console=console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> None:
        self._bars.start()

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def say(self, line: str) -> None:
        if not self._quiet:
            typer.echo(line)

    def downloading(self, name: str) -> "Progress":
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        bar = self._bars.add_task(name, total=None)
        return lambda held, total: self._bars.update(bar, completed=held, total=total)

    def imported(self, report: "ImportReport") -> None:
        again = f", {report.repeated:,} repeated" if report.repeated else ""
        self.say(f"  {report.source}: {report.added:,} new of {report.read:,} trades{again}")

    def held(self, name: str) -> None:
        self.say(f"  {name}: held already")

    def missing(self, name: str) -> None:
        self.say(f"  {name}: not in the archive")
