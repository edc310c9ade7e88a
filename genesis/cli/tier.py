"""`genesis tier`: where the account stands on its way, and the ceremony of a promotion."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.cli.exits import DONE, NO
from genesis.errors import TierViolation

_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
_Phrase = Annotated[
    str | None, typer.Option(help="The phrase, typed exactly; asked for where it is not given.")
]


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    tier = typer.Typer(help="The way through the tiers.", no_args_is_help=True)
    tier.command()(status)
    tier.command()(evaluate)
    tier.command()(ceremony)
    app.add_typer(tier, name="tier")


def status(home: _Home = None, as_json: _Json = False) -> None:
    """Tier, mode, gates and what comes next, as the running service sees them."""
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

    Exit code 1 when none can be held now, 2 when the phrase is not exact.
    """
    if phrase is None:
        held = _path(home)["ceremony"]
        if held is None:
            raise TierViolation("no ceremony can be held now: see `genesis tier status`")
        typer.echo(f"It unlocks {', '.join(held['unlocks'])}.")
        phrase = typer.prompt(f"Type exactly: {held['phrase']}\n", prompt_suffix="> ")
    with _client(home) as client:
        told = client.post("/tier/ceremony", {"phrase": phrase})
    if not told["accepted"]:
        raise TierViolation(told["reason"])
    text = f"welcome to {told['tier']}; the mode is {told['mode']}"
    typer.echo(json.dumps(told) if as_json else text)


def _path(home: Path | None) -> dict[str, Any]:
    with _client(home) as client:
        found: dict[str, Any] = client.get("/tier/path")
        return found


def _client(home: Path | None) -> Any:
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    return Client.of(Settings.read(home=home))


def _status_lines(told: dict[str, Any]) -> list[str]:
    lines = [
        f"{told['tier']}/{told['mode']} since {told['since']}",
        *_gate_lines(told["gates"]),
        *(f"  {line}" for line in told["plan"]),
    ]
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
