"""Verbs of the running service: run, status, halt, close-all, settings, doctor."""

import asyncio
import json
import shlex
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.limits import limits_lines
from genesis.cli.line import line_lines
from genesis.cli.owed import pages_lines
from genesis.cli.ready import control_line
from genesis.domain.approval import told_once
from genesis.domain.time import moment_words, parse_utc
from genesis.errors import Unreachable, UsageError

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
    try:
        asyncio.run(service.run())
    finally:
        for line in service.still_held:
            say(line)


def status(home: _Home = None, as_json: _Json = False) -> None:
    """What the running service says about itself and the account."""
    with _client(home) as client:
        told = {
            "health": client.get("/health"),
            "account": client.get("/account/status"),
            "tilt": client.get("/tilt/status"),
            "positions": client.get("/positions"),
            "orders": client.get("/orders"),
            "sliced": client.get("/orders/sliced"),
            "locks": client.get("/locks"),
            "rules": client.get("/rules"),
            "headroom": client.get("/headroom"),
        }
    typer.echo(json.dumps(told) if as_json else _status_text(told))
    raise typer.Exit(NO if told["health"]["status"] == "unhealthy" else DONE)


_LONGEST: Final = 500
"""Characters that can be said in a line: a longer reason is cut, and halts all the same."""


def halt(
    reason: Annotated[str, typer.Option(help="Why; it is kept beside the halt.")] = "",
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Stop taking new risk. Positions keep their stops and may be reduced.

    The way back (`genesis tier reset`) takes a day, a page and a written reason.
    """
    with _client(home) as client:
        told = client.post("/commands", {"text": f"halt {reason}"[:_LONGEST]})
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
    """Leave every position at the market. Exit code 1 when something stays open.

    With --direct at the venue itself, from what the account holds there: entries are cancelled,
    positions are sold in order of their priority, what was held before the account was opened
    stays, and what cannot be sold keeps its stop. A live home needs GENESIS_API_KEY and
    GENESIS_API_SECRET for it, a paper home the GENESIS_VENUE_URL of its exchange.
    """
    if direct:
        from genesis.service.direct import close_everything
        from genesis.service.settings import Settings

        most = Decimal(str(max_slippage_percent))
        closing = close_everything(Settings.read(home=home), most, sells_all_held=sell_all_held)
        told = asyncio.run(closing)
    else:
        told = _asked_to_close(max_slippage_percent, home)
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


def doctor(
    home: _Home = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the venue, too: key, clock, symbols, account.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Look whether a service could start here. Exit code 1 when something is wrong.

    With --live also whether real money could be traded: nothing is ordered, only asked.
    """
    from genesis.service.doctor import examine, examine_live
    from genesis.service.settings import Settings

    given = Settings.read(home=home)
    found = examine(given, is_live=live)
    if live:
        found += asyncio.run(examine_live(given))
    if as_json:
        typer.echo(json.dumps([{"what": f.what, "ok": f.ok, "detail": f.detail} for f in found]))
    else:
        for each in found:
            typer.echo(f"{'ok ' if each.ok else 'NO '} {each.what}: {each.detail}")
    raise typer.Exit(DONE if all(each.ok for each in found) else NO)


def _asked_to_close(max_slippage_percent: float, home: Path | None) -> Any:
    body = {"confirmation": "CLOSE ALL POSITIONS", "max_slippage_percent": max_slippage_percent}
    try:
        with _client(home) as client:
            return client.post("/emergency/close-all", body)
    except Unreachable as problem:
        raise Unreachable(f"{problem.message}; {_directly(home)}", problem.code) from None


def _directly(home: Path | None) -> str:
    """How to close without a service, as a command that can be copied."""
    from genesis.service.settings import Settings

    settings = Settings.read(home=home)
    is_named = settings.venue_url is not None or settings.api_key is not None
    named = "" if is_named else "GENESIS_VENUE_URL=URL "
    place = shlex.quote(str(settings.home_path()))
    return (
        "to close at the venue itself, with no service running: "
        f"`{named}genesis close-all --direct --home {place}`"
    )


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
        *line_lines(told["health"].get("line")),
        *_wrong_lines(told["health"].get("components", {}), told["locks"]),
    ]
    lines += [
        f"position   {p['quantity']} {p['symbol']} at {_usdt(p['entry_price'])}, "
        f"result {_result(p['pnl_dollars'])} USDT, {stop_words(p)}"
        for p in told["positions"]
    ]
    lines += [
        f"order      {o['side']} {o['quantity']} {o['symbol']} {o['type']}{_at(o)} {o['status']}"
        for o in told["orders"]
    ]
    lines += [
        f"in parts   {o['algorithm']} {o['side']} {o['filled']} of {o['quantity']} {o['symbol']}, "
        f"{o['sent']} of {o['slices']} sent"
        for o in told["sliced"]
    ]
    for lock in told_once(told["locks"]):
        until = f", over {lock['when']}" if lock.get("when") else ""
        lines.append(f"no entries {lock['code']}: {lock['reason']}{until}")
    lines += [f"pages      {line}" for line in pages_lines(tilt["pages"])]
    lines += limits_lines(told["headroom"])
    return "\n".join([*lines, *_rules_lines(told["rules"])])


def stop_words(position: dict[str, Any]) -> str:
    stop, refused = position.get("stop"), position.get("stop_refused")
    if stop is None:
        return "without a stop"
    return f"stop {stop}" if refused is None else f"stop {stop} NOT PLACED: {refused}"


def _wrong_lines(components: dict[str, str], locks: list[dict[str, Any]]) -> list[str]:
    """Parts that are not well, unless a lock says the same; why new risk waits the locks say."""
    said = {"ok", *(lock["reason"] for lock in locks)}
    return [
        f"not well   {name.replace('_', ' ')}: {problem}"
        for name, problem in components.items()
        if name != "new_risk" and problem not in said
    ]


def _rules_lines(rules: dict[str, Any]) -> list[str]:
    """What waits to get looser, and what was to."""
    until = rules["pending_until"]
    from_then = "" if until is None else f", from {moment_words(parse_utc(until))}"
    lines = [
        f"rule       {edit['field']} {edit['old']} -> {edit['new']}{from_then}"
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
    return "\n".join([text, *told["errors"], *told.get("notes", ())])
