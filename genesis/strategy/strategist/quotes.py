"""Where to quote: the bid and the ask around a price that leans against what is held.

The simple form of Avellaneda & Stoikov (2008), in basis points of the mid, for a trader who may
hold but not owe:

    reservation = -held * risk_aversion * variance
    half spread = risk_aversion * variance / 2 + ln(1 + risk_aversion / decay) / risk_aversion

held: in quotes. variance: of the mid over the horizon, in square basis points. decay: how fast
fills become rarer with distance, per basis point (arrival ~ exp(-decay * distance)).
"""

from collections import deque
from decimal import Decimal
from math import fsum, log1p
from typing import Final, NamedTuple

from genesis.domain.events import BookTop
from genesis.domain.money import BPS, ONE
from genesis.domain.time import SECOND

_TWO: Final = Decimal(2)
_GRAIN: Final = Decimal("0.0001")


class Quotes(NamedTuple):
    """Prices that stand from `set_ns` on, for what was held then (base).

    width_bps: between them. is_bid_on: is the bid to rest at all?
    """

    bid: Decimal
    ask: Decimal
    width_bps: Decimal
    is_bid_on: bool
    held_qty: Decimal
    set_ns: int


def mid(top: BookTop) -> Decimal:
    return (top.bid + top.ask) / _TWO


def distances_bps(
    held: float, variance_bps2: float, risk_aversion: float, decay: float, least_half: Decimal
) -> tuple[Decimal, Decimal]:
    """How far the bid lies below the mid and the ask above it, in basis points.

    least_half: half of the spread, at the least, so that it pays its costs.
    """
    lean = held * risk_aversion * variance_bps2
    half = risk_aversion * variance_bps2 / 2 + log1p(risk_aversion / decay) / risk_aversion
    wide = max(Decimal(half).quantize(_GRAIN), least_half)
    leaning = Decimal(lean).quantize(_GRAIN)
    return wide + leaning, wide - leaning


def around(price: Decimal, below_bps: Decimal, above_bps: Decimal) -> tuple[Decimal, Decimal]:
    """Bid and ask at these distances from the mid."""
    return price * (ONE - below_bps / BPS), price * (ONE + above_bps / BPS)


class Moves:
    """The last `n` moves of the mid, from second to second of the clock: how much it varies."""

    __slots__ = ("_moves", "_price", "_seen_ns")

    def __init__(self, n: int) -> None:
        self._moves: deque[float] = deque(maxlen=n)
        self._price: Decimal | None = None
        self._seen_ns = 0

    def add(self, price: Decimal, now_ns: int) -> None:
        """Take the mid in; only the first of a second counts. Longer gaps count per second.

        Seconds are the clock's: what is counted does not hang on when the counting began.
        """
        passed_ns = now_ns - self._seen_ns
        if self._price is not None and now_ns // SECOND == self._seen_ns // SECOND:
            return
        if self._price is not None:
            move_bps = float((price - self._price) / self._price * BPS)
            self._moves.append(move_bps * move_bps * SECOND / passed_ns)
        self._price, self._seen_ns = price, now_ns

    @property
    def variance_bps2(self) -> float | None:
        """Mean square move per second, in square basis points; None before there are `n`."""
        if len(self._moves) < (self._moves.maxlen or 0):
            return None
        return fsum(self._moves) / len(self._moves)
