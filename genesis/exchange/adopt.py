"""Trades of the account that no order of ours made: by hand, or by a sale with us not running.

They move money and positions like ours, so they are taken into the books. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.events import OrderFilled
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.instrument import base_of
from genesis.domain.money import ZERO
from genesis.domain.orders import Side
from genesis.exchange.compare import moved
from genesis.exchange.gateway import VenueTrade


@dataclass(frozen=True, slots=True)
class Adopted:
    """fills: oldest first. totals: per asset, moved by them. complaints: what is not taken in."""

    fills: tuple[OrderFilled, ...]
    totals: Mapping[str, Decimal]
    complaints: tuple[str, ...]


def adopt(totals: Mapping[str, Decimal], trades: Iterable[VenueTrade]) -> Adopted:
    """Take trades that are not ours into the books; such a fill's key is (0, trade id, 0).

    A sale of more than the books hold sold coins that were never ours to count.
    """
    fills: list[OrderFilled] = []
    complaints: list[str] = []
    for trade in sorted(trades, key=lambda trade: (trade.ts_ns, trade.fill.trade_id)):
        fill = trade.fill
        held = totals.get(base_of(fill.symbol), ZERO)
        if fill.side is Side.SELL and fill.qty > held:
            complaints.append(
                f"trade {fill.trade_id} of {fill.symbol} belongs to no order of ours and sold more "
                "than our books hold"
            )
            continue
        totals = moved(totals, (fill,))
        key = OrderKey(EXTERNAL_RUN, fill.trade_id, 0)
        fills.append(OrderFilled(trade.ts_ns, key, fill, recovered=True))
    return Adopted(tuple(fills), totals, tuple(complaints))
