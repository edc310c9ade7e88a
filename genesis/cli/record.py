"""`genesis record`: the market as the venue tells it, into the tick store."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from genesis.cli.homes import home_of
from genesis.errors import EventLogError, UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.service.recording.desk import Desk
    from genesis.service.recording.progress import Progress
    from genesis.service.recording.recorder import Wanted

_CALM_S: Final = 60.0
"""Between two lines where nobody watches."""


def register(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(record)


def record(
    symbols: Annotated[
        list[str], typer.Argument(metavar="SYMBOL...", help="Such as BTC/USDT (BTCUSDT works too).")
    ],
    venue_url: Annotated[
        str | None,
        typer.Option(help="Name or base URL of the venue; default: GENESIS_VENUE_URL, or Binance."),
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="End after so many minutes; default: run until Ctrl-C.")
    ] = None,
    seal: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds until readers see what was heard.")
    ] = 10.0,
    every: Annotated[
        float | None,
        typer.Option(min=0, max=86_400, help="Seconds between two reports; 0: after each flush."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per line on stdout.")
    ] = False,
) -> None:
    """Record trades, book tops and depth with the venue's time and ours, until Ctrl-C.

    No key is needed. What is acknowledged survives a kill; notebooks and `genesis ticks` read
    meanwhile. The venue's filters are kept with their dates, and every gap is written down.
    Recordings older than 90 days go, unless a run of this home refers to their day; bars stay.
    """
    from genesis.service.recording.recorder import Wanted
    from genesis.service.settings import Settings
    from genesis.store.ticks.tick_store import TickStore
    from genesis.wire.symbols import parse_symbol

    if minutes is not None and not 0 < minutes < 10**7:
        raise UsageError(f"--minutes {minutes:g} is not above 0")
    place = home_of(home)
    watched = sys.stderr.isatty()
    pace = every if every is not None else 1.0 if as_json or watched else _CALM_S
    wanted = Wanted(
        TickStore(place).root,
        tuple(dict.fromkeys(map(parse_symbol, symbols))),
        venue_url or Settings.read().venue_url,
        seal_after_s=seal,
        tell_every_s=pace,
        minutes=minutes,
    )
    teller = _Json() if as_json else _Words(watched)
    typer.echo(f"home: {place}", err=as_json)
    asyncio.run(_record(wanted, teller, lambda: _referred(place)))


async def _record(
    wanted: "Wanted", teller: "_Json | _Words", referred: Callable[[], Collection[str] | None]
) -> None:
    from genesis.service.recording.recorder import Recorder

    stopped = asyncio.Event()
    recording = asyncio.ensure_future(
        Recorder(wanted, teller.progress, referred).record(stopped, teller.begun)
    )

    def stop() -> None:
        """In order once it has begun; at once while it still looks for the venue."""
        stopped.set()
        if not teller.has_begun:
            recording.cancel()

    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop)
    try:
        teller.ended(await recording)
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
        typer.echo("stopped before anything was recorded", err=True)


def _referred(home: Path) -> Collection[str] | None:
    """Days with a run of this home; None where they cannot be told, and nothing expires."""
    from genesis.research.day import days_of
    from genesis.store.database import DATABASE_NAME

    if not (home / DATABASE_NAME).exists():
        return ()
    try:
        return [str(day) for day in days_of(home)]
    except EventLogError:
        return None


class _Json:
    """One object a line: `ready`, then `progress` again and again, `ended` last."""

    has_begun = False

    def begun(self, desk: "Desk") -> None:
        self.has_begun = True
        self._say("ready", recovered=desk.recovered.added, **_where(desk))

    def progress(self, told: "Progress") -> None:
        self._say("progress", **told.told())

    def ended(self, told: "Progress") -> None:
        self._say("ended", **told.told())

    def _say(self, what: str, **told: Any) -> None:
        print(json.dumps({"what": what, **told}), flush=True)


class _Words:
    """For people. watched: stderr is a terminal, and the line of progress replaces itself."""

    has_begun = False

    def __init__(self, watched: bool) -> None:
        self._watched = watched

    def begun(self, desk: "Desk") -> None:
        self.has_begun = True
        where = _where(desk)
        typer.echo(f"recording {', '.join(where['symbols'])} from {where['venue']}")
        typer.echo(f"into {where['store']} (Ctrl-C ends it in order)")
        if desk.recovered.added:
            typer.echo(f"{desk.recovered.added:,} rows of a killed recorder were brought in")

    def progress(self, told: "Progress") -> None:
        if self._watched:
            width = _width()
            print(f"\r{told.line()[:width]:<{width}}", end="", file=sys.stderr, flush=True)
        else:
            typer.echo(told.line())

    def ended(self, told: "Progress") -> None:
        if self._watched:
            print(file=sys.stderr)
        for line in told.ending():
            typer.echo(line)


def _width() -> int:
    from shutil import get_terminal_size

    return get_terminal_size().columns - 1


def _where(desk: "Desk") -> dict[str, Any]:
    return {"symbols": list(desk.symbols), "venue": desk.venue, "store": str(desk.root)}
