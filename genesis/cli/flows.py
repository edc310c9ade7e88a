"""`genesis flows`: money that came or went without a trade, and what no list explains."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from genesis.cli.exits import DONE, NO
from genesis.errors import UsageError

_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
_KINDS: Final = ("deposit", "withdrawal", "transfer", "conversion", "reward", "fee")

_flows = typer.Typer(
    help="Money that came or went without a trade, and what no list of the venue explains.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.add_typer(_flows, name="flows")


@_flows.command("list")
def flows_list(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 100,
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Deposits, withdrawals, conversions and transfers that the books know, newest first.

    They are read from the venue's own lists. They move equity and are no result: no loss, no
    gain, and nothing towards a promotion for 30 days. Coins other than the account's currency are
    ring-fenced: outside equity, sizes and limits.

    Exit code 1 when the venue has something that no list explains; `genesis flows explain` shows
    it. Until it is explained no new risk is taken; stops stay and closing works.
    """
    with _client(home) as client:
        told = client.get("/flows", limit=str(limit))
        compared = client.get("/flows/unexplained")
    told = [flow for flow in told if float(flow["amount"])]
    if as_json:
        typer.echo(json.dumps(told))
    else:
        typer.echo("\n".join([*_lines(told), *_open_lines(compared)]))
    raise typer.Exit(NO if compared["differences"] else DONE)


@_flows.command("explain")
def flows_explain(
    asset: Annotated[
        str | None, typer.Argument(help="The asset, such as USDT; without it: what is open.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option(help="The difference exactly as it was told, such as -12.5.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help=f"What it was: {', '.join(_KINDS)}.")] = None,
    note: Annotated[str, typer.Option(help="In your words; kept in the log.")] = "",
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Say what a difference to the venue is, where none of the venue's lists tells.

    - `genesis flows explain` shows what is open, and how to explain it

    - `genesis flows explain USDT --amount 12.5 --kind reward --note "referral"` takes it in

    The books are compared once more before: where the difference is another one by then, nothing
    is taken. It costs nothing: no tier, no lock, no reset. Money that comes in counts as any
    deposit does. What is explained is told once and stays in the log.

    Exit code 1 when something is open, or the books still differ afterwards.
    """
    with _client(home) as client:
        if asset is None:
            found = client.get("/flows/unexplained")
            _say(found, _open_lines(found) or ["nothing is open: the books agree"], as_json)
            raise typer.Exit(DONE if found["clean"] else NO)
        body = _body(asset, amount, kind, note)
        told = client.post("/flows/explain", body)
        if "flows" not in told:
            raise UsageError(str(told.get("detail", told)))
    _say(told, [*_lines(told["flows"]), *_open_lines(told, "the books agree")], as_json)
    raise typer.Exit(DONE if told["clean"] else NO)


def _body(asset: str, amount: str | None, kind: str | None, note: str) -> dict[str, Any]:
    if amount is None or kind is None:
        raise UsageError(
            "say how much and what it was, such as --amount 12.5 --kind deposit; "
            "`genesis flows explain` shows what is open"
        )
    if kind not in _KINDS:
        raise UsageError(f"--kind {kind!r} is none of {', '.join(_KINDS)}")
    return {"asset": asset.upper(), "amount": amount, "kind": kind, "note": note}


def _say(told: dict[str, Any], lines: list[str], as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else "\n".join(lines))


def _lines(flows: list[dict[str, Any]]) -> list[str]:
    if not flows:
        return ["no money came or went without a trade"]
    wide = max(len(flow["amount"]) for flow in flows)
    return [
        f"{flow['at'][:19].replace('T', ' ')}  {flow['amount']:>{wide}} {flow['asset']:<5} "
        f"{flow['kind']:<10}  {flow['note'] or flow['ref']}{_fenced(flow)}"
        for flow in flows
    ]


def _fenced(flow: dict[str, Any]) -> str:
    return "  (ring-fenced)" if flow["fenced"] else ""


def _open_lines(compared: dict[str, Any], otherwise: str | None = None) -> list[str]:
    """What blocks new risk, and how a difference is explained."""
    lines = [f"open: {complaint}" for complaint in compared["complaints"]]
    lines += [
        f"  say what it was: genesis flows explain {each['asset']} --amount {each['amount']} "
        "--kind KIND"
        for each in compared["differences"]
    ]
    return lines or ([otherwise] if otherwise else [])


def _client(home: Path | None) -> Any:
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    return Client.of(Settings.read(home=home))
