"""Verbs of the running service: run, status, halt, close-all, settings, doctor."""

import asyncio
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.ready import control_line
from genesis.errors import UsageError

_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(run)
    app.command()(status)
    app.command()(halt)
    app.command("close-all")(close_all)
    app.command()(settings)
    app.command()(doctor)


def run(
    mode: Annotated[str, typer.Option(help="paper or live.")],
    home: _Home = None,
    venue_url: Annotated[str | None, typer.Option(help="Venue; paper: on loopback only.")] = None,
    port: Annotated[int | None, typer.Option(help="Control API; 0 takes a free one.")] = None,
    symbols: Annotated[str | None, typer.Option(help="Such as BTC/USDT,ETH/USDT.")] = None,
    strategies: Annotated[str | None, typer.Option(help="Names, comma separated.")] = None,
    rules: Annotated[str | None, typer.Option(help="Rulebook: a name or a file.")] = None,
    seed: Annotated[str, typer.Option(help="Seed of everything that is drawn.")] = "0",
    detach: Annotated[
        bool, typer.Option("--detach", help="Go on without this terminal; ended by `stop`.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Run the trading service until Ctrl-C. `--json` prints one line when it is ready."""
    from genesis.service.settings import Settings

    given = Settings.read(
        home=home,
        venue_url=venue_url,
        port=port,
        symbols=symbols,
        strategies=strategies,
        rules=rules,
    )

    if detach:
        from genesis.cli.detached import start
        from genesis.service.home import Home

        place = Home.open(given.home_path())
        options = {
            "--mode": mode,
            "--home": place.path,
            "--venue-url": venue_url,
            "--port": port,
            "--symbols": symbols,
            "--strategies": strategies,
            "--rules": rules,
            "--seed": seed,
        }
        said = [f"{name}={value}" for name, value in options.items() if value is not None]
        start(place, said, as_json=as_json)
        return

    from genesis.service.bootstrap import Mode, build  # heavy: after the first refusals

    if mode not in tuple(Mode):
        raise UsageError(f"--mode {mode!r} is unknown: it is {' or '.join(Mode)}")

    def say(line: str) -> None:
        typer.echo(line, err=as_json)

    say(f"home: {given.home_path()}")
    service = build(given, mode, seed=seed, say=say)
    service.progress = _progress

    def ready(facts: dict[str, Any]) -> None:
        typer.echo(json.dumps(facts) if as_json else control_line(facts))
        sys.stdout.flush()

    service.on_ready = ready
    asyncio.run(service.run())


def status(home: _Home = None, as_json: _Json = False) -> None:
    """What the running service says about itself and the account."""
    with _client(home) as client:
        told = {
            "health": client.get("/health"),
            "account": client.get("/account/status"),
            "tilt": client.get("/tilt/status"),
            "positions": client.get("/positions"),
            "orders": client.get("/orders"),
            "locks": client.get("/locks"),
            "rules": client.get("/rules"),
        }
    typer.echo(json.dumps(told) if as_json else _status_text(told))
    raise typer.Exit(NO if told["health"]["status"] == "unhealthy" else DONE)


def halt(
    reason: Annotated[str, typer.Option(help="Why, in at least ten characters.")],
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Stop taking new risk, for good. Positions keep their stops and may be reduced.

    The way back comes with a later version; until then trade on with a fresh home.
    """
    with _client(home) as client:
        body = {"reason": reason, "confirmation": "HALT TRADING NOW"}
        told = client.post("/emergency/halt", body)
    typer.echo(json.dumps(told) if as_json else "; ".join(told["notes"]))


def close_all(
    max_slippage_percent: Annotated[
        float,
        typer.Option(min=0, max=100, help="Leave alone what would sell this far below the price."),
    ] = 1.0,
    direct: Annotated[
        bool,
        typer.Option("--direct", help="Sell at the venue itself, with no service running."),
    ] = False,
    sell_all_held: Annotated[
        bool,
        typer.Option(
            "--sell-all-held",
            help="With --direct, where the event log cannot be read: sell what may have been held "
            "before the account was opened, too.",
        ),
    ] = False,
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Leave every position at the market. Exit code 1 when something stays open."""
    if direct:
        from genesis.service.direct import close_everything
        from genesis.service.settings import Settings

        most = Decimal(str(max_slippage_percent))
        closing = close_everything(Settings.read(home=home), most, sells_all_held=sell_all_held)
        told = asyncio.run(closing)
    else:
        with _client(home) as client:
            body = {
                "confirmation": "CLOSE ALL POSITIONS",
                "max_slippage_percent": max_slippage_percent,
            }
            told = client.post("/emergency/close-all", body)
    typer.echo(json.dumps(told) if as_json else _closed_text(told))
    raise typer.Exit(NO if told["errors"] else DONE)


def settings(home: _Home = None, as_json: _Json = False) -> None:
    """Every setting, its value and where it comes from; secrets are masked."""
    from genesis.service.settings import Settings, show

    shown = show(Settings.read(home=home), {"home"} if home is not None else ())
    if as_json:
        typer.echo(json.dumps({s.name: {"value": s.value, "source": s.source} for s in shown}))
        return
    width = max(len(each.name) for each in shown)
    for each in shown:
        typer.echo(
            f"{each.name:<{width}}  {each.value or '-':<28}  {each.source:<11}  {each.about}"
        )


def doctor(home: _Home = None, as_json: _Json = False) -> None:
    """Look whether a service could start here. Exit code 1 when something is wrong."""
    from genesis.service.doctor import examine
    from genesis.service.settings import Settings

    found = examine(Settings.read(home=home))
    if as_json:
        typer.echo(json.dumps([{"what": f.what, "ok": f.ok, "detail": f.detail} for f in found]))
    else:
        for each in found:
            typer.echo(f"{'ok ' if each.ok else 'NO '} {each.what}: {each.detail}")
    raise typer.Exit(DONE if all(each.ok for each in found) else NO)


def _client(home: Path | None) -> Any:
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    return Client.of(Settings.read(home=home))


def _progress(done: int, total: int) -> None:
    typer.echo(f"{done} of {total} steps", err=True)


def _status_text(told: dict[str, Any]) -> str:
    account, tilt = told["account"], told["tilt"]
    lines = [
        f"service    {told['health']['status']}, up {told['health']['uptime_seconds']} s",
        f"account    {account['tier']}/{account['mode']}, equity {_usdt(account['balance'])} USDT, "
        f"free {_usdt(account['free'])} USDT",
        f"tilt       {tilt['tilt_score']} {tilt['tilt_level']}",
    ]
    lines += [
        f"position   {p['quantity']} {p['symbol']} at {_usdt(p['entry_price'])}, "
        f"result {_result(p['pnl_dollars'])} USDT, stop {p['stop'] or 'not placed yet'}"
        for p in told["positions"]
    ]
    lines += [
        f"order      {o['side']} {o['quantity']} {o['symbol']} {o['type']}{_at(o)} {o['status']}"
        for o in told["orders"]
    ]
    for lock in told["locks"]:
        until = f", until {lock['until']}" if lock["until"] else ""
        lines.append(f"no entries {lock['code']}: {lock['reason']}{until}")
    return "\n".join([*lines, *_rules_lines(told["rules"])])


def _rules_lines(rules: dict[str, Any]) -> list[str]:
    """What waits to get looser, and what was to."""
    lines = [
        f"rule       {edit['field']} {edit['old']} -> {edit['new']}, from {rules['pending_until']}"
        for edit in rules["pending"]
    ]
    cancelled = rules["cancelled"]
    if cancelled is not None:
        names = ", ".join(edit["field"] for edit in cancelled["edits"])
        lines.append(f"rule       stays as it is ({cancelled['reason']}): {names}")
    return lines


def _usdt(amount: str) -> str:
    return f"{Decimal(amount):.2f}"


def _result(amount: str) -> str:
    return f"{Decimal(amount):+.4f}"


def _at(order: dict[str, Any]) -> str:
    price = order.get("limit_price") or order.get("stop_price")
    return f" at {price}" if price else ""


def _closed_text(told: dict[str, Any]) -> str:
    result = "result" if told["total_pnl"] is not None else "proceeds"
    amount = told["total_pnl"] if told["total_pnl"] is not None else told["proceeds"]
    shown = amount if amount is None else f"{_result(str(amount))} USDT"
    text = f"{told['positions_closed']} closed, {result} {shown}"
    return "\n".join([text, *told["errors"]])
