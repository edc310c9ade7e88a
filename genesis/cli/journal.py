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
    from collections.abc import Sequence

    from genesis.store.database import Database
    from genesis.store.forgetting import Closed, Forgotten
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

    By its hashes a page that is handed in again is still seen. Logs that were set aside are gone
    through, too; backups made before still hold the texts. An unfinished page is kept, unless
    --drafts is given.

    Exit code 0: done; 1: you said no, or a log that was set aside could not be opened.
    """
    from genesis.service.clock import wall_ns
    from genesis.store.forgetting import Closed, forget_set_aside, forget_texts

    before_ns = moment(before, "--before")
    database = _opened(home)
    try:
        asked = "Delete the texts for good?" if before is None else f"Delete texts before {before}?"
        if not yes and not typer.confirm(asked):
            raise typer.Exit(NO)
        drafts_ns = wall_ns() if drafts else None
        done = forget_texts(database, before_ns, drafts_ns)
    finally:
        database.close()
    aside = list(forget_set_aside(database.path, before_ns, drafts_ns))
    closed = [each for each in aside if isinstance(each, Closed)]
    others = [each for each in aside if not isinstance(each, Closed)]
    told = (done, others, closed)
    typer.echo(json.dumps(_as_json(*told)) if as_json else _words(*told))
    raise typer.Exit(NO if closed else DONE)


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


def _as_json(
    done: "Forgotten", others: "Sequence[Forgotten]", closed: "Sequence[Closed]"
) -> dict[str, object]:
    return {
        "home": str(done.path.parent),
        "pages": done.pages,
        "drafts": done.drafts,
        "unfinished": done.unfinished,
        "set_aside": {each.path.name: each.pages for each in others},
        "not_cut": [each.path.name for each in (done, *others) if not each.is_cut],
        "not_opened": {each.path.name: each.why for each in closed},
    }


def _words(done: "Forgotten", others: "Sequence[Forgotten]", closed: "Sequence[Closed]") -> str:
    deleted = _count(done.pages, "text")
    lines = [f"{done.path.parent}: {deleted} deleted; dates, words, verdicts and hashes stay"]
    if done.drafts:
        lines.append(f"{_count(done.drafts, 'unfinished page')} deleted")
    if done.unfinished:
        kept = _count(done.unfinished, "unfinished page")
        lines.append(f"{kept} kept: give --drafts to delete it, too")
    lines += [f"{each.path.name}: {_count(each.pages, 'text')} deleted" for each in others]
    lines += [
        f"{each.path.name} was being read: its write-ahead file holds them until nobody does"
        for each in (done, *others)
        if not each.is_cut
    ]
    lines += [f"still holds its texts: {each.why}" for each in closed]
    lines.append("backups made before still hold what was deleted here")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
