"""Numbers as Binance writes them: amounts as text with 8 decimals, stamps as whole numbers."""

from decimal import Decimal, InvalidOperation
from typing import Final

from genesis.domain.time import DAY, MICROSECOND, MILLISECOND

_GRAIN: Final = Decimal("0.00000001")
EARLIEST_NS: Final = 10_957 * DAY
LATEST_NS: Final = 47_482 * DAY
_MOST_CHARACTERS: Final = 28
"""As many digits as Decimal multiplies exactly by default."""
_LARGEST: Final = Decimal(10) ** 18


def parse_amount(text: object) -> Decimal:
    """A non-negative amount, exactly as written.

    Raises:
        ValueError: not text, not a number, negative, or beyond 10^18.
    """
    if not isinstance(text, str):
        raise ValueError(f"amount {text!r} is not text")
    if not text.isascii() or "_" in text or len(text) > _MOST_CHARACTERS:
        raise ValueError(f"{text!r} is not a number")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not amount.is_finite() or amount >= _LARGEST:
        raise ValueError(f"{text!r} is not a usable number")
    if amount < 0:
        raise ValueError(f"{text!r} is negative")
    return amount


def parse_positive(text: object, what: str) -> Decimal:
    """As `parse_amount`, and above 0; `what` names it in the reason."""
    amount = parse_amount(text)
    if not amount:
        raise ValueError(f"{what} is 0")
    return amount


def write_amount(amount: Decimal) -> str:
    """Text with exactly 8 decimals.

    Raises:
        ValueError: the amount is finer than that.
    """
    shown = amount.quantize(_GRAIN)
    if shown != amount:
        raise ValueError(f"{amount} has more than 8 decimals")
    return format(shown, "f")


def parse_stamp(raw: object) -> int:
    """UTC ns of a stamp in milli-, micro- or nanoseconds, told apart by its size.

    Raises:
        ValueError: not a whole number, or a moment outside the years 2000 to 2099.
    """
    if type(raw) is not int:
        raise ValueError(f"time {raw!r} is not a whole number")
    stamp_ns = raw * unit_ns(raw)
    if not EARLIEST_NS <= stamp_ns < LATEST_NS:
        raise ValueError(f"time {raw} is outside the years 2000 to 2099")
    return stamp_ns


def unit_ns(raw: int) -> int:
    """Length in ns of the unit of a stamp: 13 digits are ms, 16 are µs, 19 are ns."""
    if raw < 10**14:
        return MILLISECOND
    return MICROSECOND if raw < 10**17 else 1


def parse_whole(raw: object, what: str) -> int:
    """A non-negative whole number; `what` names it in the reason."""
    if type(raw) is not int or raw < 0:
        raise ValueError(f"{what} {raw!r} is not a whole number")
    return raw


def parse_flag(raw: object, what: str) -> bool:
    """True or false; `what` names it in the reason."""
    if not isinstance(raw, bool):
        raise ValueError(f"{what} {raw!r} is neither true nor false")
    return raw
