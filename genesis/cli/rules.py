"""`genesis rules`: the rules in force, and how to change them without bending them in the heat."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.cli import rulebooks
from genesis.cli.exits import DONE, NO
from genesis.domain.time import moment_words, parse_utc
from genesis.errors import Unreachable, UsageError

_HELP = """The rules in force, and how to change them.

What makes a rule stricter holds at once. What loosens one holds after a wait (seven days, unless
`[edits]` says more), and only if all stays calm: a tilt WARNING, a losing day of more than 2 % or
a breaker (not that of a silent feed) in between cancels it. Phrases of ceremonies, the hour of the
evaluation and the like are locked.
An edited file is not obeyed because it was edited: its difference to the rules in force is split
in the same way at the next start. What holds is written in the event log, not in a file.
"""
_ASLEEP = (
    "no service runs here: what waits begins to wait when it is proposed, and only if nothing "
    "stands against it then (a halt, a tilt WARNING, a breaker, a losing day)"
)
_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
_Section = Annotated[
    str | None, typer.Argument(help="A part of them, such as `risk`, `tiers` or `tilt.levels`.")
]
_Wanted = Annotated[str, typer.Argument(help="A rulebook: a name, or the path of a .toml file.")]


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    rules = typer.Typer(help=_HELP, no_args_is_help=True)
    rules.command()(show)
    rules.command()(diff)
    rules.command()(propose)
    rulebooks.add_to(rules)
    app.add_typer(rules, name="rules")


def show(section: _Section = None, home: _Home = None, as_json: _Json = False) -> None:
    """The rules in force with where they come from, and what waits until when.

    Read from the event log, whether a service runs or not. In a new home it is what the settings
    name. With a SECTION, such as `risk.pace` or `tilt.levels`, its values with their units.
    """
    held = _held(home)
    if section is not None:
        _show_section(held, section, as_json)
        return
    if as_json:
        typer.echo(json.dumps(held.told()))
        return
    typer.echo(held.rules.text, nl=False)
    typer.echo("\n".join(["", *(f"# {line}" for line in held.lines())]))


def diff(wanted: _Wanted, home: _Home = None, as_json: _Json = False) -> None:
    """What of a rulebook would hold now, what later, and what never. Changes nothing.

    A running service is asked, so that it is what `propose` would lead to at this moment. Exit code
    1 when there is a difference.
    """
    from genesis.rules import load

    text, held = load(wanted).text, _held(home)
    running = _running(home)
    if running is None:
        told = _split(held, text)
    else:
        with running as client:
            told = client.post("/rules/diff", {"text": text})
    is_same = not (told["now"] or told["later"] or told["never"])
    lines = [f"home: {held.home}", *_answer(told)]
    if running is None and told["later"]:
        lines.append(_ASLEEP)
    typer.echo(json.dumps(told) if as_json else "\n".join(lines))
    raise typer.Exit(DONE if is_same else NO)


def propose(
    wanted: _Wanted,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, for scripts.")] = False,
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Ask the running service for these rules: the seven days count from this moment.

    With no service running, start it with `genesis run --rules PATH`: the difference is split in
    the same way at its start. A new proposal takes the place of the one that waits. Where asking
    would count as a sign of tilt, you are asked first. Exit code 1 when something of it never
    holds, or you said no.
    """
    from genesis.rules import load

    text = load(wanted).text
    with _client(home) as client:
        if not yes and sys.stdin.isatty():
            _ask_first(client.post("/rules/diff", {"text": text}), as_json=as_json)
        told = client.post("/rules", {"text": text})
    if "what" not in told:
        raise UsageError(str(told))
    typer.echo(json.dumps(told) if as_json else "\n".join(_answer(told)))
    raise typer.Exit(NO if told["never"] else DONE)


def _ask_first(foreseen: dict[str, Any], *, as_json: bool) -> None:
    """Where to ask says something of the trader, he hears it before and may leave it."""
    if not foreseen.get("sign"):
        return
    typer.echo("\n".join(_answer(foreseen)), err=as_json)
    if not typer.confirm("Ask for it all the same?", err=as_json):
        raise typer.Exit(NO)


def _split(held: Any, text: str) -> dict[str, Any]:
    """The difference as the rules alone tell it, with no engine to ask."""
    from genesis.rules.edits import split

    found = split(held.rules, text)
    parts = {"now": found.now, "later": found.later, "never": found.never}
    told: dict[str, Any] = {
        name: [{"field": e.path, "old": e.old, "new": e.new, "why": e.why} for e in edits]
        for name, edits in parts.items()
    }
    return {**told, "later_from": None, "sign": None}


def _answer(told: dict[str, Any]) -> list[str]:
    """What becomes of each field, in words."""
    from_ = told["later_from"]
    later = f"later, from {moment_words(parse_utc(from_))} on" if from_ else "later"
    hindered = [edit for edit in told["never"] if edit.get("again")]
    lines = [
        *_lines("now", told["now"]),
        *_lines(later, told["later"]),
        *_lines("not now, propose it anew later", hindered),
        *_lines("never", [edit for edit in told["never"] if edit not in hindered]),
    ]
    if told["sign"]:
        lines.append(f"{told['sign']}, and counts in the score")
    return lines or ["these are the rules in force"]


def _show_section(held: Any, section: str, as_json: bool) -> None:
    """The values of one section."""
    from genesis.rules.sections import rows

    found = rows(held.rules.text, section)
    if as_json:
        values = {row.place: {"value": row.value, "told": row.told} for row in found}
        typer.echo(json.dumps({"section": section, "values": values}))
        return
    width = max((len(row.place) for row in found), default=0)
    lines = [f"{row.place:<{width}}  {row.told}" for row in found]
    typer.echo("\n".join([f"# {section} of {held.rules.name}, {held.source}", *lines]))


def _lines(when: str, edits: list[dict[str, str]]) -> list[str]:
    from genesis.domain.edits import RuleEdit
    from genesis.rules.change_words import change_words

    return [
        f"{when}: {words}" + (f" ({edit['why']})" if edit["why"] else "")
        for edit in edits
        for words in change_words(RuleEdit(edit["field"], edit["old"], edit["new"]))
    ]


def _held(home: Path | None) -> Any:
    from genesis.service.rules_held import rules_held
    from genesis.service.settings import Settings

    return rules_held(Settings.read(home=home))


def _running(home: Path | None) -> Any:
    """The client of the service that runs; None where none does."""
    try:
        return _client(home)
    except Unreachable:
        return None


def _client(home: Path | None) -> Any:
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    return Client.of(Settings.read(home=home))
