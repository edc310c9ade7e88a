"""What is traded in a run that is killed: acts of an operator and of the market, by a number.

An act is {"say": line} or, of the market, {"price": p} (the bid moves there) or {"print": [p, qty]}
(somebody sells so much at p). A life goes on behind the last line that the record holds.
"""

import random
from decimal import Decimal
from typing import Any, Final

BID: Final = 60_000
SPREAD: Final = 10
"""The last trade is always at the ask."""
Act = dict[str, Any]


def _typed(*lines: str) -> list[Act]:
    return [{"say": line} for line in lines]


_MANUAL: Final = _typed(
    "buy 120 usdt BTC/USDT", f"stop BTC/USDT {BID - 600}", "sell 40 usdt BTC/USDT", "close BTC/USDT"
)
"""A market entry, its stop tightened, and two exits by hand."""
_PARTIAL: Final[list[Act]] = [
    *_typed(f"buy 150 usdt BTC/USDT limit {BID + 5}"),
    {"print": [BID + 5, "0.0007"]},
    *_typed("cancel all", "close BTC/USDT 50%"),
]
"""An entry that fills in part, is cancelled, and half of what came of it sold."""
_SLICED: Final[list[Act]] = [
    *_typed("buy 280 usdt BTC/USDT iceberg"),
    {"price": BID - 2_000},
    {"price": BID},
]
"""An iceberg, whose stop then fires."""
_ADDED: Final[list[Act]] = [
    *_typed("buy 60 usdt BTC/USDT", f"buy 90 usdt BTC/USDT limit {BID + 5}"),
    {"print": [BID + 5, "1"]},
    *_typed(f"stop BTC/USDT {BID - 300}"),
    {"price": BID - 500},
    {"price": BID},
]
"""A position that is added to, and stopped out."""
_LEFT: Final = _typed("buy 100 usdt BTC/USDT", f"buy 40 usdt BTC/USDT limit {BID - 500}")
"""So it ends: a position with its stop, and an entry that rests."""


EPISODES: Final = (_MANUAL, _PARTIAL, _SLICED, _ADDED)


def script(number: int) -> list[Act]:
    """The acts of a run; a line's `ref` is its number. The first scripts are one episode each, all
    others have every episode, in an order of their own.
    """
    episodes = list(EPISODES)
    random.Random(number).shuffle(episodes)
    if number < len(EPISODES):
        episodes = [EPISODES[number]]
    acts = [act for episode in [*episodes, _LEFT] for act in episode]
    return [{**act, "ref": f"act-{number}"} for number, act in enumerate(acts)]


def last_trade(act: Act) -> Decimal:
    """The price that a trade is to be seen at before the act of the market is over."""
    return Decimal(act["print"][0]) if "print" in act else Decimal(act["price"] + SPREAD)
