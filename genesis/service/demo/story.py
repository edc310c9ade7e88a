"""Decisions of the engine as short lines for people who watch."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

Message = dict[str, Any]


def line_of(message: Message) -> str | None:
    """What a message of the event stream tells a watcher, or None."""
    tell = _LINES.get(str(message.get("kind")))
    return None if tell is None else tell(message)


def _opened(message: Message) -> str:
    return f"filled: {message['qty']} {message['symbol']} at {_price(message)}; a stop rests below"


def _closed(message: Message) -> str:
    how = "stopped out" if message["reason"] == "stop" else "flat again"
    return f"{how} at {message['exit_price']}: {Decimal(message['pnl_usdt']):+.2f} USDT"


def _level(message: Message) -> str:
    return f"tilt is {message['new']} now ({message['reason']})"


def _limited(message: Message) -> str:
    share = Decimal(message["multiplier"]) * 100
    return f"the limited hour begins: {share:.0f} % sizes for an hour"


def _tier(message: Message) -> str:
    moved = message["tier"] != message["old_tier"]
    way = f"{message['old_tier']} to {message['tier']}" if moved else message["tier"]
    return f"tier: {way}, {message['mode']} ({message['reason']})"


def _price(message: Message) -> str:
    return f"{Decimal(message['entry_price']):.2f}"


_LINES: Final[dict[str, Callable[[Message], str]]] = {
    "PositionOpened": _opened,
    "PositionClosed": _closed,
    "TiltLevelChanged": _level,
    "TierChanged": _tier,
    "LimitedHourStarted": _limited,
    "LimitedHourEnded": lambda _: "the limited hour is over",
    "Halted": lambda message: f"halted: {message['reason']}",
}
