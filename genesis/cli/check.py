"""`genesis check`: would a strategy decide the same without the future?"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.run_options import (
    AsJson,
    BarsFile,
    End,
    HomeFolder,
    Params,
    RulebookName,
    Start,
    StrategyName,
    TicksFile,
    markets_of,
    params_of,
)

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.research import Bars, CheckResult, Ticks

_SYMBOL = "BTC/USDT"


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(check)


def check(
    strategy: StrategyName,
    symbol: Annotated[
        str | None,
        typer.Option(
            help="Check it on these ticks of the store (several with commas); with a file: its own."
        ),
    ] = None,
    start: Start = None,
    end: End = None,
    ticks: TicksFile = None,
    bars: BarsFile = None,
    param: Params = None,
    rules: RulebookName = "research",
    warm_up: Annotated[
        int | None,
        typer.Option(metavar="BARS", help="What it needs before its wishes count; default: found."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(help="Share of wishes that may differ after another warm-up.")
    ] = 0.0,
    guard: Annotated[
        list[str] | None,
        typer.Option(help="Only these: repeat, lookahead, warm_up, ties; may be repeated."),
    ] = None,
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Look for self-deception: run a strategy again and again on data that differ only in what
    may not matter, and compare what it decides.

    The future cut off or made absurd, a later start, another order of the trades of one instant,
    once more here and in other processes; of several symbols also the future of one alone, and
    another order of symbols. Without --symbol and files it runs on a synthetic sample. Exit code 1
    when a guard found something. Strategies in notebooks: `check` in genesis.research.
    """
    from genesis.research import check as run
    from genesis.research.guards.check import ALL

    markets: list[Ticks | Bars] = []
    if (symbol, ticks, bars) != (None, None, None):
        markets = markets_of(symbol or _SYMBOL, ticks, bars, home, start, end)
    with _progress(quiet=as_json) as progress:
        found = run(
            strategy,
            markets[0] if len(markets) == 1 else markets or None,
            params=params_of(param or []),
            start=start,
            end=end,
            rules=rules,
            warm_up_bars=warm_up,
            tolerance=tolerance,
            guards=guard or ALL,
            progress=progress,
        )
    typer.echo(json.dumps(_plain(found)) if as_json else repr(found))
    raise typer.Exit(DONE if found.passed else NO)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar for the guard at work, on a terminal only."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("")
        yield lambda guard, done, runs: shown.update(
            task, description=guard.replace("_", " "), completed=done, total=runs
        )


def _plain(found: "CheckResult") -> dict[str, Any]:
    return {
        "strategy": found.strategy,
        "data": found.data,
        "passed": found.passed,
        "findings": [
            {"guard": str(one.guard), "at_ns": one.at_ns, "what": one.what, "remedy": one.remedy}
            for one in found.findings
        ],
        "notes": list(found.notes),
        "guards": json.loads(found.table.to_json(orient="records")),
    }
