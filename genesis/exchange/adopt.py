"""Trades of the account that no order of ours made: by hand, or by a sale with us not running.

They move money and positions like ours, so they are taken into the books. Who sells coins that
were never ours to count brings money in, and makes no gain of ours. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.events import OrderFilled
from genesis.domain.fills import Fill
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.instrument import base_of, quote_of
from genesis.domain.money import ZERO
from genesis.domain.orders import Side
from genesis.exchange.compare import moved
from genesis.exchange.flows import CONVERSION, Told, trade_ref
from genesis.exchange.gateway import VenueFlow, VenueTrade


@dataclass(frozen=True, slots=True)
class Adopted:
    """fills: oldest first. totals: per asset, moved by them. flows: ring-fenced coins that were
    sold. left: trades that are neither.
    """

    fills: tuple[OrderFilled, ...]
    totals: Mapping[str, Decimal]
    flows: tuple[VenueFlow, ...] = ()
    left: tuple[VenueTrade, ...] = ()

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is not taken in."""
        return tuple(
            f"trade {trade.fill.trade_id} of {trade.fill.symbol} belongs to no order of ours and "
            "sold more than our books hold"
            for trade in self.left
        )


def adopt(
    totals: Mapping[str, Decimal],
    trades: Iterable[VenueTrade],
    ring: Mapping[str, Decimal] | None = None,
    told: Told | None = None,
) -> Adopted:
    """Take trades that are not ours into the books; such a fill's key is (0, trade id, 0).

    ring: ring-fenced coins, which somebody may sell. told: flows that the log has.
    """
    fills: list[OrderFilled] = []
    flows: list[VenueFlow] = []
    left: list[VenueTrade] = []
    fenced, known = dict(ring or {}), told or {}
    for trade in sorted(trades, key=lambda trade: (trade.ts_ns, trade.fill.trade_id)):
        fill = trade.fill
        base = base_of(fill.symbol)
        if (trade_ref(fill.symbol, fill.trade_id), base) in known:
            flows += _converted(trade)
        elif fill.side is Side.BUY or fill.qty <= totals.get(base, ZERO):
            totals = moved(totals, (fill,))
            key = OrderKey(EXTERNAL_RUN, fill.trade_id, 0)
            fills.append(OrderFilled(trade.ts_ns, key, fill, recovered=True))
        elif fill.qty <= fenced.get(base, ZERO):
            fenced[base] -= fill.qty
            flows += _converted(trade)
        else:
            left.append(trade)
    return Adopted(tuple(fills), totals, tuple(flows), tuple(left))


def _converted(trade: VenueTrade) -> list[VenueFlow]:
    """A sale of coins that are not ours: they went, and money came."""
    fill = trade.fill
    return [
        VenueFlow(trade.ts_ns, asset, qty, CONVERSION, trade_ref(fill.symbol, fill.trade_id))
        for asset, qty in _legs(fill).items()
    ]


def _legs(fill: Fill) -> dict[str, Decimal]:
    legs = {base_of(fill.symbol): -fill.qty, quote_of(fill.symbol): fill.qty * fill.price}
    legs[fill.fee_asset] = legs.get(fill.fee_asset, ZERO) - fill.fee
    return legs
