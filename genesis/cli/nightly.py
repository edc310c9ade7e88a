"""`genesis nightly`: everything that is due after midnight, for a timer to call."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genesis.cli.exits import DONE, NO

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.reports.nightly import Night


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(nightly)


def nightly(
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    limit: Annotated[
        float, typer.Option(min=1, max=86_400, help="Wall seconds for each report.")
    ] = 120.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="The steps on stderr, one JSON object on stdout.")
    ] = False,
) -> None:
    """Look after the ticks, verify the record, make the reports that are missing, tell about it.

    Missed nights are made up, oldest day first. Run again it changes nothing. What fails is named
    and tried again by the next run; the other steps are done all the same. `reports/index.html`
    of the home leads to everything; GENESIS_NOTIFY sends the summary.

    Exit code 0: all done; 1: something failed.
    """
    from genesis.reports.nightly import Nightly
    from genesis.reports.notify import addresses
    from genesis.service.settings import Settings

    settings = Settings.read(home=home)
    given = settings.notify
    urls = addresses(given.get_secret_value()) if given else ()
    place = settings.home_path()
    watcher = _Teller(as_json)
    watcher.say(f"home: {place}")
    with watcher:
        night = Nightly(place, watcher, limit_s=limit, urls=urls).run()
    for line in night.failed:
        typer.echo(f"failed: {line}", err=True)
    if as_json:
        typer.echo(json.dumps(_told(night)))
    else:
        typer.echo(f"{len(night.made)} reports made, {len(night.failed)} things failed")
    raise typer.Exit(NO if night.failed else DONE)


def _told(night: "Night") -> dict[str, Any]:
    found = night.verified
    return {
        "days": list(night.days),
        "made": night.made,
        "failed": night.failed,
        "verified": found is not None and found.is_sound,
        "head": None if found is None else found.head,
        "noticed": night.noticed,
    }


class _Teller:
    """Says each step in a line; on a terminal, how far the present one is."""

    def __init__(self, on_stderr: bool) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._on_stderr = on_stderr
        self._progress = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._task: Any = None

    def __enter__(self) -> None:
        self._progress.start()

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, line: str) -> None:
        self._drop()
        typer.echo(line, err=self._on_stderr)

    def progress(self, what: str, done: int, total: int) -> None:
        if self._task is None:
            self._task = self._progress.add_task(what)
        self._progress.update(self._task, description=what, completed=done, total=total)

    def _drop(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
