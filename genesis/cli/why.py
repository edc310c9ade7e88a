"""`genesis why`: the story behind an order, or behind a refusal."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genesis.cli.exits import NO
from genesis.cli.homes import home_of
from genesis.domain.time import format_utc

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.analytics.forensics import Line, Story


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(why)


def why(
    which: Annotated[
        str | None,
        typer.Argument(
            metavar="[ORDER_KEY|CLIENT_REF|WIRE_ID]",
            help="Such as 1-7-0, the reference of a command, or g-1-7-0-0f3a… at the venue. "
            "Without one: the newest that can be asked for.",
        ),
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Tell what led to an order or a refusal, step by step, out of the log.

    Who asked and on what, tilt score and tier at that moment, every check, what was sent, what the
    venue said, fills, stop and close. Times are UTC.

    Exit code 0: told; 1: the log knows no such order; 2: the log cannot be read.
    """
    from genesis.research.why import story_of

    place = home_of(home)
    if which is None:
        _offer(place, as_json=as_json)
        return
    story = story_of(which, place)
    if story is None:
        if as_json:
            typer.echo("null")
        typer.echo(f"no such order: the log in {place} knows no {which}", err=True)
        raise typer.Exit(NO)
    typer.echo(json.dumps(_told(story)) if as_json else _timeline(story))


def _offer(home: Path, *, as_json: bool) -> None:
    """The names that can be asked for."""
    from genesis.research.why import newest

    found = newest(home)
    if as_json:
        typer.echo(json.dumps([{"time": format_utc(one.ts_ns), **asdict(one)} for one in found]))
        return
    if not found:
        typer.echo(f"nothing was approved or refused yet in {home}")
        return
    width = max(len(one.name) for one in found)
    for one in found:
        typer.echo(f"  {format_utc(one.ts_ns):<24}  {one.name:<{width}}  {one.words}")
    typer.echo(f"genesis why {found[0].name} tells what led to it")


def _told(story: "Story") -> dict[str, object]:
    told = asdict(story)
    told["lines"] = [{"time": format_utc(line.ts_ns), **asdict(line)} for line in story.lines]
    return told


def _timeline(story: "Story") -> str:
    """The date once, then time, order and words; a blank line before every new order."""
    head = " ".join(part for part in (story.asked, story.symbol) if part)
    lines = [f"{head}: {story.end}", ""]
    width = max(len(line.order) for line in story.lines)
    day, order = "", story.lines[0].order
    for line in story.lines:
        date, _, clock = format_utc(line.ts_ns).rstrip("Z").partition("T")
        if date != day:
            lines.append(date)
        elif line.what == "asked" and line.order != order:
            lines.append("")
        day, order = date, line.order
        lines.append(f"  {clock:<12}  {line.order:<{width}}  {_words(line)}")
    return "\n".join(lines)


def _words(line: "Line") -> str:
    return line.text if line.what != "asked" else f"asked by {line.text}"
