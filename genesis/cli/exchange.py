"""`genesis exchange`: a Binance-compatible exchange on 127.0.0.1, played from recorded markets."""

import asyncio
import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from genesis.cli.homes import home_of
from genesis.cli.moments import span
from genesis.domain.events import Event
from genesis.domain.time import DAY, SECOND
from genesis.errors import DataError, UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.domain.instrument import Instrument
    from genesis.exchange.loopback import LoopbackExchange, OpenFeed

_BALANCES: Final = ("USDT=500",)
_FEE_BPS: Final = Decimal(10)
_SAMPLE_S: Final = DAY // SECOND
_SAMPLE: Final = "synthetic sample"
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
) -> None:
    """Play a recorded market as a Binance-compatible exchange on 127.0.0.1, with play money.

    Prints one JSON line with the URL when it is ready, and runs until Ctrl-C. After the feed's
    end it stays up. Without --api-key and --api-secret the account has the built-in pair
    genesis-loopback-key, genesis-loopback-secret. At speed 1 recvWindow is enforced.
    """
    from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, Keys

    held = read_balances(balance or _BALANCES)
    feeds = _feeds(feed or (), symbol, start, end, sample=sample)
    keys = Keys(api_key or DEFAULT_API_KEY, api_secret or DEFAULT_API_SECRET)
    built = build(feeds, held, keys=keys, speed=speed, hold=hold, loop=loop, port=port)
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
    from genesis.sim.fees import FeeSchedule
    from genesis.sim.venue import Venue

    fees = FeeSchedule(_FEE_BPS, _FEE_BPS, truncated=True)
    venue = Venue(_listed(feeds), balances, fees)
    return LoopbackExchange(venue, feeds, **options)  # type: ignore[arg-type]


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


def _feeds(
    paths: Sequence[Path],
    symbol: str | None,
    start: str | None,
    end: str | None,
    *,
    sample: bool,
) -> "list[OpenFeed]":
    if sum((bool(paths), symbol is not None, sample)) != 1:
        raise UsageError("name one market to play: --feed FILE, --symbol S or --sample")
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
    from genesis.research.instruments import instrument

    listed: dict[str, Instrument] = {}
    for open_feed in feeds:
        for symbol, inferred in listed_in(open_feed()).items():
            try:
                listed[symbol] = instrument(symbol)
            except UsageError:
                listed[symbol] = inferred
    if not listed:
        raise DataError("the feeds hold no trade and no book: name another file, symbol or span")
    return listed


async def _serve(exchange: "LoopbackExchange", told: Mapping[str, object]) -> None:
    """Run until a signal, or until the feed breaks off."""
    stopped = asyncio.Event()
    running = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        running.add_signal_handler(name, stopped.set)
    url = await exchange.start()
    print(json.dumps({"url": url, **told}), flush=True)
    stop = asyncio.create_task(stopped.wait())
    play = asyncio.create_task(exchange.played())
    try:
        await asyncio.wait((stop, play), return_when=asyncio.FIRST_COMPLETED)
        if play.done():
            play.result()
            await stop
    finally:
        stop.cancel()
        play.cancel()
        await exchange.stop()
