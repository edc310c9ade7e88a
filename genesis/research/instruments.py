"""Instruments for research by name: today's grid of a few well-known Binance spot symbols.

Venues change their filters; a backtest of another symbol, or of exact old filters, passes its own
`Instrument`.
"""

from genesis.domain.instrument import Instrument
from genesis.errors import UsageError
from genesis.wire.instruments import GRIDS, known_instrument
from genesis.wire.symbols import parse_symbol


def instrument(named: Instrument | str) -> Instrument:
    """The instrument itself, or the built-in one of that name (`BTC/USDT`, also `BTCUSDT`).

    Raises:
        UsageError: the name is not among the built-in ones.
    """
    if isinstance(named, Instrument):
        return named
    try:
        symbol = parse_symbol(named)
    except UsageError:
        symbol = named
    found = known_instrument(symbol)
    if found is None:
        raise UsageError(
            f"unknown symbol {named!r}: pass an Instrument(symbol, base, quote, price_tick, "
            f"qty_lot); built in are {', '.join(GRIDS)}"
        )
    return found
