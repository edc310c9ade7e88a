"""`genesis walk-forward`: would what looked best have earned afterwards?"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genesis.cli.homes import home_of
from genesis.cli.run_options import (
    AsJson,
    BarsFile,
    End,
    HomeFolder,
    MakerBps,
    Qty,
    RulebookName,
    Start,
    StrategyName,
    TakerBps,
    TicksFile,
    figures_told,
    markets_of,
)
from genesis.errors import UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.research import WalkForward


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command("walk-forward")(walk_forward)


def walk_forward(
    strategy: StrategyName,
    grid: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=A,B,C", help="Values to try of a parameter; may be repeated."),
    ] = None,
    train: Annotated[str, typer.Option(help="Choose on this much, such as 7d or 12h.")] = "7d",
    test: Annotated[str, typer.Option(help="Judge on this much after it.")] = "2d",
    purge: Annotated[str | None, typer.Option(help="Cut off the end of what chooses.")] = None,
    embargo: Annotated[str | None, typer.Option(help="Leave free after what chooses.")] = None,
    anchored: Annotated[
        bool, typer.Option("--anchored", help="Choose on all since the beginning.")
    ] = False,
    steadiest: Annotated[
        bool, typer.Option("--steadiest", help="Choose whose neighbours are best, not the peak.")
    ] = False,
    metric: Annotated[str, typer.Option(help="What is best.")] = "return_fraction",
    symbol: Annotated[
        str, typer.Option(help="From the tick store, or the one in the file.")
    ] = "BTC/USDT",
    start: Start = None,
    end: End = None,
    ticks: TicksFile = None,
    bars: BarsFile = None,
    width: Annotated[str, typer.Option(help="Width of the bars in the file.")] = "1m",
    rules: RulebookName = "research",
    cash: Annotated[str, typer.Option(help="Starting amount of each window.")] = "500",
    qty: Qty = None,
    maker_bps: MakerBps = "10",
    taker_bps: TakerBps = "10",
    report: Annotated[
        Path | None, typer.Option(metavar="OUT.html", help="Keep it as a page.")
    ] = None,
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Choose parameters on the past, judge them on what came after, step on, again and again.

    Only what was judged is reported. Every trial, and every look at what was held out, is counted
    in the trial ledger of the home.
    """
    values = grid_of(grid or [])
    if report is not None:
        from genesis.reports.files import require_place

        if report.is_dir():
            raise UsageError(f"the report cannot be written to {report}: it is a folder")
        require_place(report.parent)

    from genesis.research import Fees
    from genesis.research import walk_forward as run

    markets = markets_of(symbol, ticks, bars, home, start, end, width)
    if len(markets) > 1:
        raise UsageError(f"one market is walked at a time, not {symbol}")
    found = run(
        strategy,
        markets[0],
        values,
        train=train,
        test=test,
        purge=purge,
        embargo=embargo,
        anchored=anchored,
        choose="steadiest" if steadiest else "best",
        metric=metric,
        start=start,
        end=end,
        home=home_of(home),
        progress=None if sys.stderr.isatty() and not as_json else _silent,
        rules=rules,
        fill="next_open" if bars else "next_tick",
        cash=cash,
        qty=qty,
        fees=Fees(maker_bps, taker_bps),
    )
    if report is not None:
        found.save(report)
    typer.echo(json.dumps(_plain(found)) if as_json else repr(found))
    if report is not None and not as_json:
        typer.echo(f"{'report':<16} {report.absolute()}")


def grid_of(given: list[str]) -> dict[str, list[str]]:
    """Axes as they are typed: NAME=A,B,C each.

    Raises:
        UsageError: none, not of that form, or one is given twice.
    """
    axes: dict[str, list[str]] = {}
    for text in given:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name or not values:
            raise UsageError(f"--grid {text!r} is not NAME=A,B,C, such as fast=5,10,20")
        if name in axes:
            raise UsageError(f"--grid {name} is given twice: give all of its values once")
        axes[name] = [value.strip() for value in values.split(",")]
    if not axes:
        raise UsageError("there is nothing to choose from: give --grid NAME=A,B,C, such as "
                         "--grid fast=5,10 --grid slow=30,60")  # fmt: skip
    return axes


def _silent(done: int, total: int) -> None:
    """Nobody watches."""


def _plain(found: "WalkForward") -> dict[str, Any]:
    figures = figures_told({**found.metrics, "efficiency": found.efficiency})
    return {
        "strategy": found.strategy,
        "coverage": str(found.coverage),
        "efficiency": figures["metrics"].pop("efficiency"),
        **figures,
        "trials": found.counted.trials,
        "peeks": found.counted.peeks,
        "windows": json.loads(found.table.to_json(orient="records")),
    }
