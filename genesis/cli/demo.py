"""`genesis demo`: the whole flow on one screen, without a key, a network or a server."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from genesis.domain.instrument import Instrument
    from genesis.engine.replay import Replay
    from genesis.exchange.loopback.feed import OpenFeed
    from genesis.service.demo.stage import Story

_SYMBOL: Final = "BTC/USDT"
_CALM_S: Final = 60.0
_CALMEST_S: Final = 600.0
"""Venue seconds for which the trader holds calmly; a market that is made for it allows more."""
_SCENES: Final = 8
"""Of the ladder, and of a day: the demo's time is shared among so many."""
_LONGEST_S: Final = 600.0


class Plot(StrEnum):
    """The stories that can be played."""

    DAY = "day"
    LADDER = "ladder"


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    feed: Annotated[
        list[Path] | None,
        typer.Option(help="A recorded market (capture or trades archive); may be repeated."),
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.01, max=1440, help="Wall minutes at most.")] = 3.0,
    speed: Annotated[
        float, typer.Option(min=0.1, max=10_000, help="Venue seconds per wall second.")
    ] = 20.0,
    headless: Annotated[
        bool, typer.Option("--headless", help="Plain lines: no live view, no garden.")
    ] = False,
    home: Annotated[
        Path | None, typer.Option(help="An empty folder to keep; default: a new temporary one.")
    ] = None,
    seed: Annotated[str, typer.Option(help="Seed of the synthetic market and of the run.")] = "0",
    story: Annotated[
        Plot,
        typer.Option(help="day: calm, tilt, the page. ladder: a ceremony, an emergency demotion."),
    ] = Plot.DAY,
    with_report: Annotated[
        bool, typer.Option("--report/--no-report", help="The daily report at the end.")
    ] = True,
) -> None:
    """Watch discipline at work: an exchange on this machine, a paper engine, and a trader.

    The trader is calm at first and then chases his losses. You see an order clipped to its cap,
    refusals, CAUTION, WARNING (trading locked), the page he has to write, and the limited hour
    that follows: in this terminal, and in a garden in the browser, whose address is printed and
    where you can trade, too. Without --feed the market is synthetic. Ctrl-C ends it cleanly.

    With --story ladder the garden shows the tiers: weeks of a synthetic history have opened the
    ceremony, the trader types its phrase and trades as a HUNTER with half sizes, and the loss of
    a day leads him down again. Its market is made up, too.

    At the end the day is written up as a report that opens offline (--no-report: none).

    The last line is JSON: events, orders, fills, refusals, equity, log_verified,
    decision_digest, report.
    """
    from genesis.errors import UsageError
    from genesis.service.home import require_unused
    from genesis.service.settings import Settings

    capital = Settings.read().capital
    if feed and story is Plot.LADDER:
        raise UsageError("the ladder plays on a market of its own: leave out --feed")
    if home is not None:
        require_unused(home)
    for path in feed or ():
        _known(path)

    typer.echo("starting: an exchange, an engine")
    from genesis.cli.demo_garden import Garden
    from genesis.cli.demo_view import LiveView, PlainView  # after the refusals: they answer at once
    from genesis.service.demo.stage import Scene, Stage

    place = home or Path(tempfile.mkdtemp(prefix="genesis-demo-"))
    typer.echo(f"home: {place}")
    if not feed:
        typer.echo("market: synthetic sample (made up; no real market)")
    if story is Plot.LADDER:
        typer.echo("the weeks before are made up and decided by the engine, day by day")
        played, page = _ladder(seed, minutes, speed), "tiers"
    else:
        played, page = _day(feed or (), capital, seed, minutes, speed), "zen_garden"
    scene = Scene(played, _instrument(), speed, minutes, place, seed)
    is_plain = headless or not sys.stdout.isatty()
    view = PlainView(minutes) if is_plain else LiveView(_SYMBOL)
    with view, Garden(place, _garden_port(), view.keep, page) as garden:
        stage = Stage(scene, view)
        if not headless:
            stage.before = garden.open
        told = asyncio.run(stage.play())
    typer.echo("the demo is over; every decision is made again from the log")
    told = {**_verified(place), **told, "report": None}
    _tell(told, place)
    if with_report and not stage.was_stopped:
        told["report"] = _report(place, open_it=not headless)
    typer.echo(json.dumps(told, sort_keys=True))


def _tell(told: dict[str, Any], place: Path) -> None:
    """The end in words, before the JSON for scripts."""
    refused = sum(told["refusals"].values())
    replayed = "the same decisions" if told["log_verified"] else "OTHER DECISIONS: see verify"
    typer.echo(
        f"{told['events']} events, {told['orders']} orders, {told['fills']} fills, "
        f"{refused} refusals; equity {float(told['equity']):.2f} USDT\n"
        f"run again from the log: {replayed}\n"
        f"look again: genesis verify --home {place} (the folder may be deleted)"
    )


def _garden_port() -> int:
    """The port that was asked for, else a free one."""
    from genesis.service.settings import Settings

    given = Settings.read()
    return given.dashboard_port if "dashboard_port" in given.model_fields_set else 0


def _report(home: Path, open_it: bool) -> str | None:
    """The daily report of the day that was played; a demo without one is a demo all the same."""
    from genesis.cli.browser import show
    from genesis.cli.report import cells
    from genesis.errors import GenesisError
    from genesis.reports.days import last_day
    from genesis.reports.run import run

    typer.echo("the day is written up as a report")
    try:
        day = last_day(home)
        with cells(f"report of {day}") as progress:
            made = run("daily", date=day, home=home, progress=progress)
    except GenesisError as problem:
        typer.echo(f"no report was made: {problem.message}", err=True)
        return None
    typer.echo(f"the day as a report: {made}")
    if open_it:
        show(made.absolute().as_uri())
    return str(made)


def _known(path: Path) -> None:
    """A file that cannot be played is refused before anything starts."""
    from genesis.store.feeds import sniff

    sniff(path)


def _opened(path: Path) -> "OpenFeed":
    from genesis.store.feeds import open_feed

    return lambda: open_feed(path)


def _day(
    feed: Sequence[Path], capital: Decimal, seed: str, minutes: float, speed: float
) -> "Story":
    from genesis.service.demo.stories import DayStory

    opened = [_opened(path) for path in feed] or [_sample(seed, minutes, speed)]
    longest_s = _CALM_S if feed else _CALMEST_S
    calm_s = max(_CALM_S, min(longest_s, minutes * 60 * speed / _SCENES))
    return DayStory(opened, capital, calm_s)


def _ladder(seed: str, minutes: float, speed: float) -> "Story":
    from genesis.service.demo.falling import FallingMarket
    from genesis.service.demo.stage import sample_seconds
    from genesis.service.demo.stories import LADDER_NS, LadderStory

    known = _instrument()
    seconds = sample_seconds(minutes, speed)
    market = FallingMarket(_number(seed), LADDER_NS, seconds, _SYMBOL, known.price_tick)
    pause_s = min(_LONGEST_S, minutes * 60 * speed / _SCENES)
    return LadderStory(known, market, seed, pause_s)


def _sample(seed: str, minutes: float, speed: float) -> "OpenFeed":
    from genesis.service.demo.stage import sample_seconds
    from genesis.sim.sample import START_NS, sample_market

    seconds = sample_seconds(minutes, speed)
    return lambda: sample_market(_number(seed), START_NS, seconds, _SYMBOL)


def _instrument() -> "Instrument":
    from genesis.wire.instruments import known_instrument

    known = known_instrument(_SYMBOL)
    assert known is not None
    return known


def _number(seed: str) -> int:
    """The seed of the made-up market."""
    from hashlib import sha256

    return int.from_bytes(sha256(seed.encode()).digest()[:4])


def _verified(home: Path) -> dict[str, Any]:
    """Read the log back and decide everything again."""
    from genesis.engine.replay import replay
    from genesis.service.strategies import engine_for
    from genesis.store.database import DATABASE_NAME, Database
    from genesis.store.reader import LogReader

    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        reader = LogReader(database)
        unbroken = reader.first_break() is None
        found: Replay = replay(reader.read(), engine_for)
    finally:
        database.close()
    return {
        "events": found.events,
        "log_verified": unbroken and found.first_difference is None,
        "decision_digest": found.digest,
    }
