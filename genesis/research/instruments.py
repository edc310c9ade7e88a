"""Instruments for research by name: today's grid of a few well-known Binance spot symbols.

Venues change their filters; a backtest of another symbol, or of exact old filters, passes its own
`Instrument`.
"""

from decimal import Decimal
from typing import Final

from genesis.domain.instrument import Instrument, base_of, quote_of
from genesis.errors import UsageError
from genesis.wire.symbols import parse_symbol

_GRIDS: Final = {
    "BTC/USDT": ("0.01", "0.00001"),
    "ETH/USDT": ("0.01", "0.0001"),
    "BNB/USDT": ("0.01", "0.001"),
    "SOL/USDT": ("0.01", "0.001"),
    "XRP/USDT": ("0.0001", "0.1"),
    "ADA/USDT": ("0.0001", "0.1"),
    "DOGE/USDT": ("0.00001", "1"),
    "TRX/USDT": ("0.0001", "0.1"),
    "LTC/USDT": ("0.01", "0.001"),
    "LINK/USDT": ("0.01", "0.01"),
    "BTC/USDC": ("0.01", "0.00001"),
    "ETH/USDC": ("0.01", "0.0001"),
    "BTC/FDUSD": ("0.01", "0.00001"),
}
"""symbol: (price tick, quantity lot)."""

_MIN_NOTIONAL: Final = Decimal(5)


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
    grid = _GRIDS.get(symbol)
    if grid is None:
        raise UsageError(
            f"unknown symbol {named!r}: pass an Instrument(symbol, base, quote, price_tick, "
            f"qty_lot); built in are {', '.join(_GRIDS)}"
        )
    tick, lot = grid
    return Instrument(
        symbol,
        base_of(symbol),
        quote_of(symbol),
        Decimal(tick),
        Decimal(lot),
        min_notional_usdt=_MIN_NOTIONAL,
        min_qty=Decimal(lot),
    )
