"""The venue's symbols and ours: `BTCUSDT` is `BTC/USDT`."""

import re
from itertools import pairwise
from typing import Final

from genesis.errors import UsageError

_COMMON: Final = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "BTC", "ETH", "BNB")
QUOTES: Final = (
    *_COMMON,
    *("USDP", "USD1", "DAI", "USD", "TRX", "XRP", "DOGE"),
    *("EUR", "GBP", "TRY", "BRL", "AUD", "JPY", "ARS", "MXN", "PLN", "ZAR", "UAH", "RUB"),
)
"""Quote assets of Binance spot. The longest one that a symbol ends with is its quote."""

_BY_LENGTH: Final = sorted(QUOTES, key=len, reverse=True)
_OURS: Final = re.compile(r"[A-Z0-9]+/[A-Z0-9]+")
_VENUE: Final = re.compile(r"[A-Z0-9]+")
_WORDS: Final = re.compile(r"[A-Za-z0-9]+")


def from_venue(text: str) -> str:
    """`BTC/USDT` of `BTCUSDT` or `btcusdt`.

    Raises:
        UsageError: it does not end with a known quote asset.
    """
    symbol = _split(text.upper())
    if symbol is None:
        raise UsageError(f"symbol {text!r} is unknown: write it with a slash, such as BTC/USDT")
    return symbol


def to_venue(symbol: str) -> str:
    """`BTCUSDT` of `BTC/USDT`."""
    return symbol.replace("/", "")


def parse_symbol(text: str) -> str:
    """Our symbol from what a person typed: `BTC/USDT`, `btc/usdt`, `BTC-USDT` or `BTCUSDT`.

    Raises:
        UsageError: it is none of these.
    """
    typed = text.strip().upper().replace("-", "/").replace("_", "/")
    return typed if _OURS.fullmatch(typed) else from_venue(typed)


def symbols_in_name(name: str) -> tuple[str, ...]:
    """The symbols that a file name may stand for, such as `spot_btcusdt_20240808-trades.csv.gz`."""
    words = [word.upper() for word in _WORDS.findall(name)]
    joined = [symbol for symbol in map(_split, words) if symbol and _is_likely(symbol)]
    pairs = [(base, quote) for base, quote in pairwise(words) if quote in QUOTES]
    known = [pair for pair in pairs if pair[0] in QUOTES]
    return tuple(dict.fromkeys(joined or map("/".join, known or pairs)))


def _is_likely(symbol: str) -> bool:
    """Keeps plain words such as `industry` from being taken for a symbol."""
    base, _, quote = symbol.partition("/")
    return base in QUOTES or quote in _COMMON


def _split(text: str) -> str | None:
    if not _VENUE.fullmatch(text):
        return None
    for quote in _BY_LENGTH:
        if text.endswith(quote) and len(text) > len(quote):
            return f"{text[: -len(quote)]}/{quote}"
    return None
