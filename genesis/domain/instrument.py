"""What can be traded, on which grid, and the smallest amounts the venue takes."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from genesis.domain.money import ZERO, Price, Qty, round_down


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable symbol and the venue's filters for it.

    Prices are multiples of `price_tick`, quantities multiples of `qty_lot`
    (`market_lot` for market orders, where the venue sets a coarser one; 0 = the same).
    `suspended` is the venue's own word, such as HALT, while it does not trade the symbol.
    `can_replace`: it takes one order away and places another in one request. `can_attach`: an entry
    may bring along the order that sells what it buys.
    """

    symbol: str
    base: str
    quote: str
    price_tick: Decimal
    qty_lot: Decimal
    min_notional_usdt: Decimal = ZERO
    min_qty: Decimal = ZERO
    max_qty: Decimal = Decimal("Infinity")
    market_lot: Decimal = ZERO
    max_market_qty: Decimal = Decimal("Infinity")
    suspended: str = ""
    can_replace: bool = False
    can_attach: bool = False

    def to_ticks(self, p: Decimal) -> int:
        """Price as a whole number of ticks. Raises ValueError off the grid."""
        return _whole(p, self.price_tick, self.symbol, "price")

    def from_ticks(self, i: int) -> Price:
        """Whole number of ticks as a price."""
        return Price(self.price_tick * i)

    def to_lots(self, q: Decimal) -> int:
        """Quantity as a whole number of lots. Raises ValueError off the grid."""
        return _whole(q, self.qty_lot, self.symbol, "quantity")

    def from_lots(self, i: int) -> Qty:
        """Whole number of lots as a quantity."""
        return Qty(self.qty_lot * i)

    def fit_qty(self, q: Decimal, *, market: bool = False) -> Qty:
        """The largest quantity the grid allows that is not above `q`."""
        coarser = market and self.market_lot > self.qty_lot
        return Qty(round_down(q, self.market_lot if coarser else self.qty_lot))

    def fit_price(self, p: Decimal) -> Price:
        """The largest price on the grid that is not above `p`."""
        return Price(round_down(p, self.price_tick))


def _whole(x: Decimal, step: Decimal, symbol: str, what: str) -> int:
    count, rest = divmod(x, step)
    if rest:
        raise ValueError(f"{symbol}: {what} {x} is not a multiple of {step}")
    return int(count)


@cache
def base_of(symbol: str) -> str:
    """`BTC` of `BTC/USDT`."""
    return symbol.partition("/")[0]


@cache
def quote_of(symbol: str) -> str:
    """`USDT` of `BTC/USDT`."""
    return symbol.partition("/")[2]
