"""What a filter of the venue's says against an order, in plain words. Pure.

Source of the names: binance-spot-api-docs, filters.md.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from genesis.exchange.classify import BAD_FILTER, Answer

_FAR: Final = "the price is too far from the market"
WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PRICE_FILTER": "the price is not on the venue's grid, or beyond its bounds",
        "PERCENT_PRICE": _FAR,
        "PERCENT_PRICE_BY_SIDE": _FAR,
        "LOT_SIZE": "the quantity is not on the venue's grid, or beyond its bounds",
        "MARKET_LOT_SIZE": "the quantity is not what the venue takes at the market",
        "MIN_NOTIONAL": "the order is worth less than the venue takes",
        "NOTIONAL": "the order is worth less, or more, than the venue takes",
        "ICEBERG_PARTS": "the order is cut into more parts than the venue takes",
        "MAX_NUM_ORDERS": "the venue takes no more resting orders in this symbol",
        "MAX_NUM_ALGO_ORDERS": "the venue takes no more stops in this symbol",
        "MAX_NUM_ICEBERG_ORDERS": "the venue takes no more iceberg orders in this symbol",
        "MAX_NUM_ORDER_LISTS": "the venue takes no more order lists in this symbol",
        "MAX_POSITION": "more of the coin would be held than the venue allows",
    }
)
"""The venue's name of a filter -> what is wrong with the order."""


def told(answer: Answer) -> str:
    """A refusal in one line: in our words where it names a filter, and in the venue's."""
    name = answer.message.rpartition(" ")[2]
    words = WORDS.get(name) if answer.code == BAD_FILTER else None
    return answer.told() if words is None else f"{words} ({answer.told()})"
