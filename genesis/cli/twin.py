"""`genesis twin`: a day lived once more, and where the two part first."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genesis.cli.exits import NO
from genesis.cli.homes import home_of
from genesis.domain.time import format_utc

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.research.day_again import Progress
    from genesis.research.twin import Twin


def register(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(twin)


def twin(
    date: Annotated[
        str | None, typer.Option(help="A UTC day; default: the last one that is over.")
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    within: Annotated[
        int, typer.Option(min=0, help="Milliseconds by which an order may end at another time.")
    ] = 1_000,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of text.")
    ] = False,
) -> None:
    """Live a day once more, compare it decision by decision, and name the first divergence.

    The record goes through the engine again; then the day is run from its beginning on the stored
    prints, with its rules, strategies and account, against a simulated venue. A divergence is of
    one class: data gap, fill model, latency, code version or nondeterminism.

    Exit code 0: the same; 1: it diverges; 2: it cannot be read.
    """
    from genesis.reports.days import last_closed_day, require_day

    place = home_of(home)
    if date is not None:
        require_day(date)
    day = last_closed_day(place) if date is None else date

    from genesis.research.twin import twin as live_again

    with _progress(day) as progress:
        found = live_again(day, place, within_ms=within, progress=progress)
    typer.echo(json.dumps(_told(found)) if as_json else str(found))
    if not found.is_same:
        raise typer.Exit(NO)


def _told(found: "Twin") -> dict[str, Any]:
    apart = found.divergence
    recorded, again = found.result_usdt
    return {
        "date": str(found.date),
        "same": found.is_same,
        "coverage": str(found.coverage),
        "prints": [str(each) for each in found.prints],
        "events": found.replayed.events,
        "decisions": found.decisions,
        "agreeing": found.agreeing,
        "orders": len(found.recorded.endings),
        "orders_alike": found.orders_alike,
        "result_usdt": str(recorded),
        "twin_result_usdt": str(again),
        "divergence": None if apart is None else {"at": format_utc(apart.ts_ns), **asdict(apart)},
    }


@contextmanager
def _progress(day: str) -> Iterator["Progress"]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"living {day} once more")
        yield lambda done, steps: progress.update(task, completed=done, total=steps)
