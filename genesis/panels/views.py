"""Numbers and times as people read them. Pure: text in, text out; nothing is decided here."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Final

View = dict[str, Any]
MINUS: Final = "\u2212"
TIERS: Final = ("SNIPER", "HUNTER", "STRATEGIST", "ARCHITECT")
MODES: Final = {
    "OPENING48": "the first 48 hours: paper only",
    "GO_LIVE": "the first day live: small sizes",
    "ACTIVE": "active",
    "PAPER48": "the paper time before a promotion",
    "CEREMONY": "a ceremony waits",
    "ADJUST48": "new in this tier",
    "EMERGENCY": "after a hard day",
    "RECOVERY": "the quiet way back",
    "HALTED": "halted",
}
_MOST_DIGITS: Final = 20
_UNITS: Final = {"fraction": "%", "count": ""}


def amount(value: Any, places: int = 2) -> str:
    """`1234.5` as `1,234.50`; an em dash where there is no number."""
    number = decimal(value)
    if number is None:
        return "\u2014"
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return f"{abs(rounded) if rounded == 0 else rounded:,}".replace("-", MINUS)


def signed(value: Any, places: int = 2) -> str:
    """The same with its sign, `+` for a gain."""
    shown = amount(value, places)
    return shown if shown.startswith(MINUS) or sign(value, places) == 0 else f"+{shown}"


def sign(value: Any, places: int = 2) -> int:
    """-1, 0 or 1 of the number as it is shown."""
    number = decimal(value)
    rounded = Decimal(0) if number is None else number.quantize(Decimal(1).scaleb(-places))
    return (rounded > 0) - (rounded < 0)


def price(value: Any) -> str:
    """A price: two decimals from 1 up, else as many as it has."""
    number = decimal(value)
    if number is None or abs(number) >= 1:
        return amount(number)
    return f"{number.normalize():f}"


def quantity(value: Any) -> str:
    """A quantity in plain digits, without zeros at its end."""
    number = decimal(value)
    return "\u2014" if number is None else f"{number.normalize():,f}"


def percent(share: float | Decimal, places: int = 1) -> str:
    return f"{amount(Decimal(str(share)) * 100, places)} %"


def decimal(value: Any) -> Decimal | None:
    """The number, or None where there is none, or one that cannot be an amount."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < _MOST_DIGITS else None


def epoch_ms(iso: Any) -> int | None:
    """ISO text as ms since 1970, None where it is none."""
    try:
        return int(datetime.fromisoformat(str(iso)).timestamp() * 1000)
    except ValueError:
        return None


def clock(iso: Any) -> str:
    """`HH:MM:SS` of ISO text."""
    text = str(iso or "")
    return text[11:19] if len(text) >= 19 else "\u2014"


def stamp(iso: Any) -> str:
    """`2024-01-01 10:20` of ISO text."""
    return str(iso or "")[:16].replace("T", " ")


def remaining(limit: Mapping[str, Any]) -> str:
    """What is left of a limit in words: `12.40 of 25.00 USDT left`."""
    used, most = decimal(limit.get("used")) or Decimal(0), decimal(limit.get("limit")) or Decimal(0)
    unit = str(limit.get("unit", ""))
    if most <= 0:
        return "none for now"
    left = max(Decimal(0), most - used)
    if unit == "fraction":
        left, most = left * 100, most * 100
    places = {"USDT": 2, "fraction": 1}.get(unit, 0)
    words = f"{amount(left, places)} of {amount(most, places)} {_UNITS.get(unit, unit)}"
    return f"{words.strip()} left"


def sentence(text: Any) -> str:
    """Words of the engine as a sentence."""
    words = str(text or "").strip()
    return words[:1].upper() + words[1:]


def owed(state: Mapping[str, Any]) -> str:
    """How many pages are owed and what for, where more than an open pause waits for one."""
    pages = state.get("pages") or {}
    return str(pages.get("told", "")) if pages.get("later") else ""
