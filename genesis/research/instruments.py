"""Instruments for research by name: today's grid of a few well-known Binance spot symbols.

Venues change their filters; a backtest of another symbol, or of exact old filters, passes its own
`Instrument`.
"""

from decimal import Decimal

from genesis.domain.instrument import Instrument
from genesis.errors import UsageError
from genesis.wire.instruments import GRIDS, known_instrument
from genesis.wire.symbols import parse_symbol


def instrument(named: Instrument | str) -> Instrument:
    """The instrument itself, or the built-in one of that name (`BTC/USDT`, also `BTCUSDT`).

    Raises:
        UsageError: the name is not among the built-in ones, or the instrument has no grid.
    """
    if isinstance(named, Instrument):
        _check_grid(named)
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


def _check_grid(known: Instrument) -> None:
    for name in ("price_tick", "qty_lot"):
        step: object = getattr(known, name)
        if not (isinstance(step, Decimal) and step.is_finite() and step > 0):
            raise UsageError(
                f"{known.symbol} has no {name}: it is {step!r} and must be a Decimal above 0; take "
                "it from the filters in the venue's exchange information"
            )
