"""Grids of a few well-known Binance spot symbols, as of today.

For markets that come without filters: recordings, samples, backtests by name. A venue's own
filters always win where it tells them.
"""

from decimal import Decimal
from typing import Final

from genesis.domain.instrument import Instrument, base_of, quote_of

GRIDS: Final = {
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

MIN_NOTIONAL: Final = Decimal(5)


def known_instrument(symbol: str) -> Instrument | None:
    """The built-in instrument of that symbol (`BTC/USDT`), or None."""
    grid = GRIDS.get(symbol)
    return None if grid is None else on_grid(symbol, Decimal(grid[0]), Decimal(grid[1]))


def on_grid(symbol: str, price_tick: Decimal, qty_lot: Decimal) -> Instrument:
    """An instrument of that grid under Binance's usual smallest notional."""
    return Instrument(
        symbol,
        base_of(symbol),
        quote_of(symbol),
        price_tick,
        qty_lot,
        min_notional_usdt=MIN_NOTIONAL,
        min_qty=qty_lot,
    )
