"""`genesis journal`: what is known of the pages you wrote, and how to make their texts go away."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.homes import home_of
from genesis.cli.moments import moment
from genesis.domain.time import format_utc
from genesis.errors import EventLogError

if TYPE_CHECKING:  # heavy: imported when a verb runs
    from genesis.store.database import Database
    from genesis.store.journal import Entry

_HELP = """The pages you wrote during interventions.

Their texts are yours alone: they lie in a table of their own in the home, and no log, report,
notebook or score ever holds a word of them.
"""
_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    journal = typer.Typer(help=_HELP, no_args_is_help=True)
    journal.command("list")(list_pages)
    journal.command()(forget)
    app.add_typer(journal, name="journal")


def list_pages(home: _Home = None, as_json: _Json = False) -> None:
    """Dates, words and verdicts of your pages, oldest first; never their texts."""
    from genesis.store.journal import Journal

    database = _opened(home)
    try:
        entries = Journal(database).entries()
    finally:
        database.close()
    if as_json:
        typer.echo(json.dumps([_told(entry) for entry in entries]))
    else:
        typer.echo("\n".join(map(_line, entries)) or "no page was written yet")


def forget(
    before: Annotated[
        str | None,
        typer.Option(help="Only pages handed in before this day or moment (UTC).", metavar="DATE"),
    ] = None,
    drafts: Annotated[
        bool, typer.Option("--drafts", help="Unfinished pages, too, whatever their date.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Delete the texts of your pages. Dates, words, verdicts and hashes stay.

    By its hashes a page that is handed in again is still seen. Backups made before still hold the
    texts. An unfinished page is kept, unless --drafts is given.

    Exit code 0: done; 1: you said no.
    """
    from genesis.service.clock import wall_ns
    from genesis.store.journal import Journal

    before_ns = moment(before, "--before")
    database = _opened(home)
    try:
        journal = Journal(database)
        asked = "Delete the texts for good?" if before is None else f"Delete texts before {before}?"
        if not yes and not typer.confirm(asked):
            raise typer.Exit(NO)
        pages = journal.forget(before_ns)
        done = journal.forget_drafts(wall_ns()) if drafts else 0
        left = journal.unfinished()
    finally:
        database.close()
    told = {"home": str(database.path.parent), "pages": pages, "drafts": done, "unfinished": left}
    typer.echo(json.dumps(told) if as_json else _words(pages, done, left, database.path.parent))
    raise typer.Exit(DONE)


def _opened(home: Path | None) -> "Database":
    """The database of a home that exists; an older one is brought up to date by it."""

    from genesis.store.database import DATABASE_NAME, Database

    path = home_of(home) / DATABASE_NAME
    if not path.is_file():
        raise EventLogError(f"{path}: there is no event log here: name the right home")
    return Database.open(path)


def _told(entry: "Entry") -> dict[str, object]:
    return {
        "at": format_utc(entry.ts_ns),
        "words": entry.words,
        "verdict": entry.verdict,
        "text_kept": entry.is_kept,
    }


def _line(entry: "Entry") -> str:
    words = "? words" if entry.words is None else f"{entry.words} words"
    kept = "text kept" if entry.is_kept else "text forgotten"
    return f"{format_utc(entry.ts_ns)}  {words}  {entry.verdict or 'no verdict'}  {kept}"


def _words(pages: int, drafts: int, left: int, home: Path) -> str:
    lines = [f"{home}: {_count(pages, 'text')} deleted; dates, words, verdicts and hashes stay"]
    lines += [f"{_count(drafts, 'unfinished page')} deleted"] if drafts else []
    if left:
        lines.append(f"{_count(left, 'unfinished page')} kept: give --drafts to delete it, too")
    lines.append("backups made before still hold what was deleted here")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
