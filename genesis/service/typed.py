"""What can be typed: told to who asks, and compared with a line that was not understood.

A line that was not understood is a slip, as haste makes them: `help` shows what can be typed. What
asks for less risk never is one, however it was spelled.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from genesis.domain.instrument import base_of, quote_of

_LESS_RISK: Final = frozenset({"close", "sell", "cancel", "stop", "halt", "step"})
_SMALL: Final = (
    *("go", "limit", "stop", "all", "half", "down", "live"),
    *("iceberg", "twap", "vwap", "over"),
)
_NEAR: Final = 0.66
"""How alike a mistyped word is to the one that was meant; 1 is the same word."""


def asks_for_less(text: str) -> bool:
    """Does a line ask for less risk, as far as its first word tells?"""
    words = text.lower().split(maxsplit=1)
    return bool(words) and words[0] in _LESS_RISK


class Typed:
    """The words of one run. names: every accepted spelling of its symbols."""

    def __init__(self, verbs: Iterable[str], names: Mapping[str, str]) -> None:
        self._names = names
        units = {unit for symbol in names.values() for unit in (base_of(symbol), quote_of(symbol))}
        self._words = sorted({word.lower() for word in (*verbs, *_SMALL, *names, *units)})

    def is_slip(self, text: str) -> bool:
        """Does a line that was not understood say something of how it was typed?"""
        words = _plain(text).split()
        return bool(words) and not {words[0], self.meant(words[0])} & _LESS_RISK

    def meant(self, word: str) -> str | None:
        """The word of ours that is nearest to a mistyped one; None: none is near."""
        return next(iter(get_close_matches(word, self._words, 1, _NEAR)), None)

    @property
    def help(self) -> tuple[str, ...]:
        """What can be typed, a line for each thing."""
        symbol = next(iter(self._names.values()))
        unit, base = quote_of(symbol).lower(), base_of(symbol).lower()
        name = base if base.upper() in self._names else _plain(symbol)
        return (
            f"buy 20 {unit} {name}, or buy 0.001 {base} {symbol.lower()}; limit PRICE and stop "
            "PRICE may come behind it",
            f"close {name}, close {name} 50%, sell 10 {unit} {name}, close all: at the market",
            f"stop {name} PRICE: moves the stop of a position; it lies below the price",
            f"buy 300 {unit} {name} iceberg, or twap over 30, or vwap over 30: sent in slices, "
            "over so many minutes; stop PRICE may come behind it",
            "cancel all: cancels entry orders; stops stay",
            "halt, or halt REASON: no new risk from here on; positions keep their stops",
            "status: the account in one line",
            "step down, reset REASON, go live PHRASE: steps of the tier",
            "style REASON: you will trade differently from now on",
        )


def _plain(text: str) -> str:
    """As symbols are compared, in small letters."""
    return text.lower().replace("/", "").replace("-", "")
