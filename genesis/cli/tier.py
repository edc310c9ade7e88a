"""`genesis tier`: where the account stands on its way, and the steps the trader takes himself."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.owed import pages_lines
from genesis.domain.account import Tier
from genesis.domain.time import SECOND, moment_words, parse_utc
from genesis.errors import TierViolation, UsageError

_HELP = """The way through the tiers.

A tier is earned by days, never set: gates are looked at every night at 00:05 UTC, then come paper
days, the ceremony and smaller sizes at first. A day's loss of more than 15 % leads down at once.
Stepping down is possible at any time, and no step here ever closes a position or moves its stop.
"""
_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
_Phrase = Annotated[
    str | None, typer.Option(help="The phrase, typed exactly; asked for where it is not given.")
]


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    tier = typer.Typer(help=_HELP, no_args_is_help=True)
    tier.command()(status)
    tier.command()(evaluate)
    tier.command()(ceremony)
    tier.command()(step_down)
    tier.command()(reset)
    app.add_typer(tier, name="tier")


def status(home: _Home = None, as_json: _Json = False) -> None:
    """Tier, mode, gates and what comes next, as the running service sees them.

    Every gate tells what is there and what it needs; what nothing can measure yet says so.
    """
    told = _path(home)
    typer.echo(json.dumps(told) if as_json else "\n".join(_status_lines(told)))


def evaluate(home: _Home = None, as_json: _Json = False) -> None:
    """What an evaluation at this moment would say. Changes nothing: the engine's own is at 00:05
    UTC. Exit code 1 when a gate does not pass.
    """
    told = _path(home)
    passed = bool(told["gates"]) and all(gate["passed"] for gate in told["gates"])
    if as_json:
        typer.echo(json.dumps({"passed": passed, "gates": told["gates"]}))
    else:
        verdict = "all gates passed" if passed else "not passed"
        lines = _gate_lines(told["gates"]) or [f"no gates lead out of {told['tier']} yet"]
        typer.echo("\n".join([*lines, f"now: {verdict}"]))
    raise typer.Exit(DONE if passed else NO)


def ceremony(phrase: _Phrase = None, home: _Home = None, as_json: _Json = False) -> None:
    """Hold the ceremony that is open: type its phrase exactly.

    After the first 48 hours of a live account it is the go-live protocol, later that of a
    promotion. Exit code 1 when none can be held now, 2 when the phrase is not exact.
    """
    path = _path(home)
    if path["mode"] == "OPENING48":
        _go_live(phrase, path, home, as_json)
        return
    if phrase is None:
        held = path["ceremony"]
        if held is None:
            raise TierViolation("no ceremony can be held now: see `genesis tier status`")
        if held["unlocks"]:
            typer.echo(f"It unlocks {', '.join(held['unlocks'])}.")
        phrase = typer.prompt(f"Type exactly: {held['phrase']}\n", prompt_suffix="> ")
    with _client(home) as client:
        told = client.post("/tier/ceremony", {"phrase": phrase})
    if not told["accepted"]:
        raise TierViolation(told["reason"])
    text = f"welcome to {told['tier']}; the mode is {told['mode']}"
    typer.echo(json.dumps(told) if as_json else text)


def _go_live(phrase: str | None, path: dict[str, Any], home: Path | None, as_json: bool) -> None:
    wanted = path["go_live"]
    if wanted is None:
        raise TierViolation(f"live trading cannot begin now. {' '.join(path['plan'])}")
    if phrase is None:
        typer.echo("It opens live trading with small positions for the first day.")
        phrase = typer.prompt(f"Type exactly: {wanted}\n", prompt_suffix="> ")
    if phrase != wanted:
        raise UsageError("the phrase is not exactly the one that is asked for")
    _ask(f"go live {phrase}", home, as_json)


def step_down(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Choose the tier below, at any time and without a reason.

    Smaller limits hold at once. Positions the lower tier does not allow keep their stops and are
    only left, in your own time; entry orders at work are cancelled. The way up begins again.
    Exit code 1 in SNIPER, the first tier.
    """
    tier = _path(home)["tier"]
    if tier == Tier.SNIPER:
        raise TierViolation(f"there is no tier below {tier}: nothing was done")
    if not yes:
        typer.confirm(f"Step down from {tier}? Nothing is sold by it.", abort=True)
    _ask("step down", home, as_json)


def reset(
    reason: Annotated[
        str | None,
        typer.Option(help="What happened, and what is different now; asked for if not given."),
    ] = None,
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """End a halt by hand: the way back from it is RECOVERY, with small sizes.

    It takes at least 24 hours (7 days in ARCHITECT), a page about what happened (the tilt page),
    reconciled books and a typed reason of 100 characters, once in 30 days; a halt you asked for
    yourself never waits for the 30 days. `genesis tier status` tells from when. Exit code 1 when
    it cannot be done now, with everything that stands against it.
    """
    if reason is None:
        reason = typer.prompt("What happened, and what is different now?\n", prompt_suffix="> ")
    _ask(f"reset {reason}", home, as_json)


def _ask(line: str, home: Path | None, as_json: bool) -> None:
    """Say a line at the operator's door; a refusal ends with its reason and exit code 1."""
    from genesis.service.moments import refused

    with _client(home) as client:
        told = client.post("/commands", {"text": line})
    if told.get("verdict") != "approved":
        raise TierViolation(refused(told))
    typer.echo(json.dumps(told) if as_json else "\n".join(told["notes"]))


def _path(home: Path | None) -> dict[str, Any]:
    with _client(home) as client:
        found: dict[str, Any] = client.get("/tier/path")
        return found


def _client(home: Path | None) -> Any:
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    return Client.of(Settings.read(home=home))


def _status_lines(told: dict[str, Any]) -> list[str]:
    since_ns = parse_utc(told["since"]) // SECOND * SECOND
    lines = [
        f"{told['tier']}/{told['mode']} since {moment_words(since_ns)}",
        *_gate_lines(told["gates"]),
        *(f"  {line}" for line in told["plan"]),
    ]
    lines += pages_lines(told["pages"])
    evaluated = told["evaluation"]
    if evaluated is not None:
        passed = "passed" if evaluated["passed"] else "did not pass"
        lines.append(f"last evaluation: {evaluated['day']} {passed}")
    lines += [f"only to be reduced: {p['quantity']} {p['symbol']}" for p in told["reduce_only"]]
    return lines


def _gate_lines(gates: list[dict[str, Any]]) -> list[str]:
    width = max((len(gate["gate"]) for gate in gates), default=0)
    return [
        f"{'ok ' if gate['passed'] else 'NO '} {gate['gate']:<{width}}  "
        f"{gate['current_value']} (needs {gate['required_value']})"
        for gate in gates
    ]
