"""`genesis exchange`: a Binance-compatible exchange on 127.0.0.1, played from recorded markets."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from genesis.cli.exchange_running import on_signal, say_ready, until, venue_of
from genesis.cli.homes import home_of
from genesis.cli.moments import span
from genesis.domain.events import Event
from genesis.domain.time import DAY, HOUR, SECOND
from genesis.errors import DataError, UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.domain.instrument import Instrument
    from genesis.exchange.loopback import LoopbackExchange, OpenFeed

_BALANCES: Final = ("USDT=500",)
_SAMPLE_S: Final = DAY // SECOND
_SAMPLE: Final = "synthetic sample"
_FAULT_ODDS: Final = 0.05
_CONNECTION_HOURS: Final = 24.0
_MOST: Final = Decimal(10) ** 15
"""Of one asset in the account; more has no place in the venue's messages."""


def register(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(exchange)


def exchange(
    feed: Annotated[
        list[Path] | None,
        typer.Option(help="A capture or trade archive to play; may be given several times."),
    ] = None,
    symbol: Annotated[
        str | None, typer.Option(help="Play what the tick store holds of this symbol.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="With --symbol: from this UTC time.")] = None,
    end: Annotated[str | None, typer.Option(help="With --symbol: up to this UTC time.")] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Play the synthetic sample market.")
    ] = False,
    mirror: Annotated[
        str | None,
        typer.Option(
            metavar="binance|URL",
            help="Live prices: this venue's public streams, without a key; --symbol names whose "
            "(several with commas; default: GENESIS_SYMBOLS). No order is sent there.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 = a free one.")
    ] = 0,
    speed: Annotated[float, typer.Option(help="Venue seconds per second.")] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the feed's end.")] = False,
    hold: Annotated[
        bool, typer.Option("--hold", help="Wait for the first subscription to a market stream.")
    ] = False,
    api_key: Annotated[str | None, typer.Option(help="The account's API key.")] = None,
    api_secret: Annotated[str | None, typer.Option(help="The account's API secret.")] = None,
    balance: Annotated[
        list[str] | None,
        typer.Option(help="ASSET=AMOUNT the account starts with; default USDT=500."),
    ] = None,
    faults: Annotated[
        Path | None, typer.Option(help="A JSON script of what shall go wrong.")
    ] = None,
    fault_seed: Annotated[
        int | None, typer.Option(help="Let dice with this seed decide what goes wrong.")
    ] = None,
    fault_odds: Annotated[
        float, typer.Option(help="With --fault-seed: share of requests and events, 0 to 1.")
    ] = _FAULT_ODDS,
    connection_hours: Annotated[
        float, typer.Option(help="After so long a WebSocket connection is ended.")
    ] = _CONNECTION_HOURS,
) -> None:
    """Play a market as a Binance-compatible exchange on 127.0.0.1, with play money.

    Prints one JSON line with the URL when it is ready, and runs until Ctrl-C. After the feed's
    end it stays up. Without --api-key and --api-secret the account has the built-in pair
    genesis-loopback-key, genesis-loopback-secret. At speed 1 recvWindow is enforced.

    Deposits, withdrawals, orders made by hand, suspensions, bans and faults are made to happen
    while it runs by POST to `/__genesis__/flow`, `order`, `cancel`, `symbol`, `key`, `ban`, `fault`
    """
    from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, Keys, Lines

    held = read_balances(balance or _BALANCES)
    keys = Keys(api_key or DEFAULT_API_KEY, api_secret or DEFAULT_API_SECRET)
    if not 0 < connection_hours <= _CONNECTION_HOURS:
        raise UsageError(f"--connection-hours is above 0 and at most {_CONNECTION_HOURS:g}")
    lines = Lines(life_s=connection_hours * HOUR / SECOND)
    script = _script(faults, fault_seed, fault_odds)
    if mirror is not None:
        from genesis.cli.exchange_mirror import serve_live

        if feed or sample or start or end or loop or hold or speed != 1:
            raise UsageError(
                "--mirror shows a live market: --feed, --sample, --start, --end, --speed, --loop "
                "and --hold do not go with it"
            )
        asyncio.run(serve_live(mirror, symbol, held, script, keys=keys, lines=lines, port=port))
        return
    feeds = _feeds(feed or (), symbol, start, end, sample=sample)
    options = {"keys": keys, "lines": lines, "hold": hold, "loop": loop, "port": port}
    built = build(feeds, held, speed=speed, **options)
    built.trouble.script(script)
    told = {"feed": _SAMPLE if sample else symbol or [str(path) for path in feed or ()]}
    asyncio.run(_serve(built, told))


def build(
    feeds: "Sequence[OpenFeed]",
    balances: Mapping[str, Decimal],
    **options: object,
) -> "LoopbackExchange":
    """The exchange over these feeds, listing the symbols they begin with.

    Raises:
        DataError: a feed cannot be read.
        ConfigError: an option cannot be used.
    """
    from genesis.exchange.loopback import LoopbackExchange

    return LoopbackExchange(venue_of(_listed(feeds), balances), feeds, **options)  # type: ignore[arg-type]


def read_balances(given: Sequence[str]) -> dict[str, Decimal]:
    """`ASSET=AMOUNT` texts. Raises UsageError: one of them is not."""
    held: dict[str, Decimal] = {}
    for text in given:
        asset, _, amount = text.partition("=")
        try:
            held[asset.strip().upper()] = found = Decimal(amount)
        except InvalidOperation:
            found = Decimal("NaN")
        if not asset.strip().isalnum() or not found.is_finite() or not 0 <= found <= _MOST:
            raise UsageError(
                f"balance {text!r} is not ASSET=AMOUNT, such as USDT=500, of at most {_MOST:,}"
            )
    return held


def _script(path: Path | None, seed: int | None, odds: float) -> object:
    """What shall go wrong, as the exchange reads it. Raises UsageError."""
    script: object = {}
    if path is not None:
        try:
            script = json.loads(path.read_text())
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise UsageError(f"{path} is no JSON: {error}") from None
    if seed is not None and isinstance(script, dict):
        script = {**script, "plan": {"seed": seed, "requests": odds, "events": odds}}
    return script


def _feeds(
    paths: Sequence[Path],
    symbol: str | None,
    start: str | None,
    end: str | None,
    *,
    sample: bool,
) -> "list[OpenFeed]":
    if sum((bool(paths), symbol is not None, sample)) != 1:
        raise UsageError(
            "name one market to play: --feed FILE, --symbol S or --sample; or --mirror binance"
        )
    if symbol is None and (start or end):
        raise UsageError("--start and --end go with --symbol")
    if paths:
        from genesis.store.feeds import open_feed

        return [lambda path=path: open_feed(path) for path in paths]  # type: ignore[misc]
    if symbol is not None:
        return [_stored(symbol, start, end)]
    from genesis.sim.sample import sample_market

    return [lambda: sample_market(seconds=_SAMPLE_S)]


def _stored(symbol: str, start: str | None, end: str | None) -> "OpenFeed":
    from genesis.store.ticks.tick_store import TickStore
    from genesis.wire.symbols import parse_symbol

    store, named = TickStore(home_of(None)), parse_symbol(symbol)
    wanted = span(start, end)

    def events() -> Iterator[Event]:
        return store.events(named, *wanted)

    return events


def _listed(feeds: "Sequence[OpenFeed]") -> "dict[str, Instrument]":
    from genesis.exchange.loopback.listing import listed_in
    from genesis.wire.instruments import known_instrument

    listed: dict[str, Instrument] = {}
    for open_feed in feeds:
        for symbol, inferred in listed_in(open_feed()).items():
            listed[symbol] = known_instrument(symbol) or inferred
    if not listed:
        raise DataError("the feeds hold no trade and no book: name another file, symbol or span")
    return listed


async def _serve(exchange: "LoopbackExchange", told: Mapping[str, object]) -> None:
    """Run until a signal, or until the feed breaks off."""
    stopped = on_signal()
    url = await exchange.start()
    say_ready(url, told)
    try:
        await until(stopped, asyncio.create_task(exchange.played()))
        await stopped.wait()
    finally:
        await exchange.stop()
