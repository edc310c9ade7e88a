"""`genesis exchange --mirror`: the exchange of our own on the live prices of another venue."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import typer

from genesis.cli.exchange_running import on_signal, say_ready, until, venue_of


async def serve_live(
    url: str,
    symbols: str | None,
    balances: Mapping[str, Decimal],
    script: object,
    **options: Any,
) -> None:
    """Run until a signal. options: of `LoopbackExchange`.

    Raises:
        Unreachable: the venue does not answer, or tells no prices.
        ConfigError: it does not know a symbol, or an option cannot be used.
    """
    from genesis.exchange.loopback import LoopbackExchange
    from genesis.service.mirror import Mirror

    stopped = on_signal()
    async with Mirror(url, _symbols(symbols), _tell) as mirror:
        listed = {instrument.symbol: instrument for instrument in mirror.instruments}
        venue = venue_of(listed, balances)
        exchange = LoopbackExchange(venue, (), live=mirror.clock, **options)
        exchange.trouble.script(script)
        here = await exchange.start()
        listening = asyncio.create_task(mirror.show(exchange))
        try:
            await until(stopped, asyncio.create_task(mirror.until_known()))
            if not stopped.is_set():
                say_ready(here, {"mirror": mirror.url, "symbols": list(listed)})
            await until(stopped, listening)
        finally:
            listening.cancel()
            await exchange.stop()


def _symbols(text: str | None) -> tuple[str, ...]:
    from genesis.service.settings import Settings
    from genesis.wire.symbols import parse_symbol

    if text is None:
        return Settings.read().symbols
    return tuple(dict.fromkeys(parse_symbol(word) for word in text.split(",")))


def _tell(line: str) -> None:
    typer.echo(line, err=True)
