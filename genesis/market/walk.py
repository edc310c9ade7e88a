"""What an order would pay if it took the book as it is known."""

from collections.abc import Iterable
from decimal import Decimal

from genesis.domain.events import Level
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import Side


def walk_price(
    rows: Iterable[Level], side: Side, qty: Decimal, last: Decimal | None, slip: Decimal
) -> Decimal | None:
    """Average price of taking `qty` with an order of `side`: the sum of price * part over qty.

    rows: of the other side, best first. What they do not show is assumed to be the fraction `slip`
    worse than the last of them, or than the last trade where there are none. None: nothing is
    known.
    """
    left, paid, worst = qty, ZERO, last
    for price, there in rows:
        part = min(left, there)
        paid, left, worst = paid + part * price, left - part, price
        if not left:
            return paid / qty
    if worst is None:
        return None
    beyond = worst * (ONE + slip if side is Side.BUY else ONE - slip)
    return (paid + left * beyond) / qty
