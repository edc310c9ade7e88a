"""Exact amounts: `Decimal` wherever something is decided or owed; this is the only rounding.

Binary floats never enter here: they belong to statistics, and come back into money only
through `round_down`, which can only make an amount smaller.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, NewType

Price = NewType("Price", Decimal)
"""Quote currency per one unit of base."""
Qty = NewType("Qty", Decimal)
"""Amount of the base asset."""
Usdt = NewType("Usdt", Decimal)
"""Amount of the quote currency."""

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
BPS: Final = Decimal(10_000)
CONTEXT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
"""For `localcontext`, where sums must come out as recorded: ccxt changes that of its caller."""


def round_down(x: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `x` (towards minus infinity). Exact."""
    rest = x % step  # has the sign of x
    return x - rest - (step if rest < 0 else ZERO)


def round_up(x: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` that is not below `x`. Exact."""
    rest = x % step
    return x - rest + (step if rest > 0 else ZERO)


def notional_usdt(price: Decimal, qty: Decimal) -> Usdt:
    """Value of `qty` at `price`."""
    return Usdt(price * qty)


def bps(a: Decimal, b: Decimal) -> Decimal:
    """How far `a` lies above `b`, in basis points of `b`."""
    return (a - b) / b * BPS


def fraction(part: Decimal, whole: Decimal) -> Decimal:
    """`part / whole`, and 0 where there is no whole."""
    return part / whole if whole else ZERO


def text(x: Decimal) -> str:
    """The one canonical text of an amount: plain digits, no exponent, no trailing zeros."""
    if not x:
        return "0"
    shown = format(x, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
