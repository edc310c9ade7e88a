"""`genesis report`: one report of one day, as a page that needs nothing else."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from genesis.cli.browser import show
from genesis.cli.homes import home_of
from genesis.domain.time import SECOND
from genesis.errors import UsageError

_EVERY_S: Final = 5
"""Between two lines about how far a notebook is, where there is no terminal for a bar."""
TEMPLATES: Final = {"daily": "daily", "tier": "tier_evaluation"}
"""What is said on the command line, and the template it means."""


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(report)


def report(
    which: Annotated[str, typer.Argument(metavar="daily|tier", help="The day, or the gates.")],
    date: Annotated[
        str | None, typer.Option(help="A UTC day; default: the last one that is over.")
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A folder; default: reports/DATE of the home.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    limit: Annotated[
        float, typer.Option(min=1, max=86_400, help="Wall seconds it may take at most.")
    ] = 120.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of text.")
    ] = False,
) -> None:
    """Make a report: one HTML file without any request, and the notebook it came from.

    `daily` tells what a day was like; `tier` what the gates of the tier say. The same day gives
    the same bytes. Nothing is half-written, and an older report stays until a new one is whole.
    """
    if which not in TEMPLATES:
        raise UsageError(f"no report is called {which!r}: it is {' or '.join(TEMPLATES)}")

    from genesis.reports.days import last_closed_day, require_day

    place = home_of(home)
    if date is not None:
        require_day(date)
    day = last_closed_day(place) if date is None else date

    from genesis.reports.run import run  # heavy: after the first refusals

    with cells(f"{which} of {day}") as progress:
        made = run(
            TEMPLATES[which], date=day, home=place, out=out, limit_s=limit, progress=progress
        )
    if as_json:
        told = {"report": str(made), "notebook": str(made.with_suffix(".ipynb")), "date": day}
        typer.echo(json.dumps(told))
    else:
        typer.echo(f"{made} ({made.stat().st_size / 1e6:.1f} MB, opens offline)")
    if open_it and not show(made.absolute().as_uri()):
        typer.echo("no browser was found here: open the file by hand", err=True)


@contextmanager
def cells(what: str) -> Iterator[Callable[[int, int], None]]:
    """How far a notebook is: a bar on a terminal, else a line now and then on stderr."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _told_now_and_then(what)
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(what)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _told_now_and_then(what: str) -> Callable[[int, int], None]:
    from genesis.service.clock import elapsed_ns

    told_ns = elapsed_ns()

    def tell(done: int, total: int) -> None:
        nonlocal told_ns
        if elapsed_ns() - told_ns >= _EVERY_S * SECOND:
            told_ns = elapsed_ns()
            typer.echo(f"{what}: {done} of {total} cells", err=True)

    return tell
