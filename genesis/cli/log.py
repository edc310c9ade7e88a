"""`genesis verify`: is the record whole, and do its events still lead to its decisions?"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.homes import home_of
from genesis.domain.recorded import Recorded
from genesis.engine.replay import Replay, replay

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.store.chain import Break
    from genesis.store.reader import LogReader


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(verify)


def verify(
    home: Annotated[
        Path | None, typer.Option(help="The home to check; default: GENESIS_HOME, or `data/`.")
    ] = None,
) -> None:
    """Check the event log's hash chain, then run its events again and compare every decision.

    The last line is JSON: verified, decision_digest, events, first_difference.
    Exit code 0: the same; 1: it differs, or the chain is broken; 2: it cannot be read.
    """
    from genesis.service.broken_lanes import first_new_break
    from genesis.store.database import DATABASE_NAME, Database
    from genesis.store.reader import LogReader

    path = home_of(home) / DATABASE_NAME
    database = Database.open(path, read_only=True)
    try:
        reader = LogReader(database)
        broken = first_new_break(reader)
        raise typer.Exit(_tell_broken(path, broken) if broken else _tell(_again(reader)))
    finally:
        database.close()


def _again(reader: "LogReader") -> Replay:
    """All streams run again that were not left behind.

    Digest and number of events are those of the account's own.
    """
    from genesis.service.broken_lanes import known_words, left_behind
    from genesis.service.code_of_log import CodeOfLog
    from genesis.service.strategies import engine_for
    from genesis.store.steps import MAIN

    code = CodeOfLog()
    with _progress(reader.extent().steps) as seen:
        found = replay(reader.read(), engine_for, seen, begins=code.see)
    older = None if found.first_difference is None else code.words(found.first_difference.step)
    for line in (*known_words(reader), *([older] if older else ())):
        typer.echo(line)
    passed_over = {MAIN, *left_behind(reader)}
    for stream in (name for name in reader.streams() if name not in passed_over):
        first = replay(reader.read(stream), engine_for).first_difference
        if found.first_difference is None and first is not None:
            named = replace(first, place=f"stream {stream}, {first.place}")
            found = replace(found, first_difference=named)
    return found


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[Recorded], None]]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("running the events again", total=steps)

        def seen(recorded: Recorded) -> None:
            if recorded.step % 1_000 == 0:
                progress.update(task, completed=recorded.step)

        yield seen


def _tell(found: Replay) -> int:
    first = found.first_difference
    typer.echo(f"{found.events} events run again: " + (str(first) if first else "no difference"))
    return _last_line(found.digest, found.events, asdict(first) if first else None)


def _tell_broken(path: Path, broken: "Break") -> int:
    from genesis.service.broken_lanes import found_words
    from genesis.store.steps import MAIN

    if broken.stream != MAIN:
        typer.echo(
            f"{path}: {found_words(broken)}: the next start leaves it behind, as `genesis recover` "
            "does now; the account itself is not touched by it"
        )
        return _last_line(None, 0, broken._asdict())
    typer.echo(
        f"{path}: the chain is broken at row {broken.seq} of {broken.table}, stream "
        f"{broken.stream}: {broken.reason}: `genesis recover` goes on from what is sound"
    )
    return _last_line(None, 0, broken._asdict())


def _last_line(digest: str | None, events: int, first: dict[str, object] | None) -> int:
    line = {
        "verified": first is None,
        "decision_digest": digest,
        "events": events,
        "first_difference": first,
    }
    typer.echo(json.dumps(line))
    return DONE if first is None else NO
