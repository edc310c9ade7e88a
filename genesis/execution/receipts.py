"""What came of an order, sent in slices or whole, in figures."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from genesis.domain.fills import Fill
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import base_of, quote_of
from genesis.domain.money import BPS, ONE, ZERO, round_down
from genesis.domain.orders import Side
from genesis.domain.slicing import OrderReceipt
from genesis.execution.draft import Draft

COMPLETE: Final = "complete"
_GRAIN: Final = Decimal("1e-8")


class Ending(NamedTuple):
    """How a parent ended, and why in words."""

    how: str
    reason: str


@dataclass(slots=True)
class Tally:
    """What is counted of a parent order while it is under way.

    qty: approved, base. walk_price: what one order for all of it would have paid on average when
    it began. fees_usdt: those in base at the price of their fill; those in a third asset are not
    known in quote and count 0 (the ledger has them).
    """

    started_ns: int
    qty: Decimal
    arrival_mid: Decimal
    walk_price: Decimal
    taker_fee_fraction: Decimal
    sent: int = 0
    filled_qty: Decimal = ZERO
    filled_usdt: Decimal = ZERO
    fees_usdt: Decimal = ZERO

    def fill(self, fill: Fill) -> None:
        self.filled_qty += fill.qty
        self.filled_usdt += fill.qty * fill.price
        if fill.fee_asset == quote_of(fill.symbol):
            self.fees_usdt += fill.fee
        elif fill.fee_asset == base_of(fill.symbol):
            self.fees_usdt += fill.fee * fill.price

    def ending(self) -> Ending:
        """Of a parent whose slices have all ended well."""
        if self.filled_qty >= self.qty:
            return Ending(COMPLETE, "")
        return Ending("short", "the gate made slices smaller, or one never reached the venue")


def receipt(
    key: OrderKey, wish: Draft, slices: int, tally: Tally, ending: Ending, now_ns: int
) -> OrderReceipt:
    """The figures of an order that ended, sent in slices or whole.

    slippage_bps = (average - arrival) / arrival in 1e-4; single = filled * walk_price * (1 + taker
    fee); saved = single - paid. Of a sale the differences are turned round, and fees are taken off.
    Divided amounts are rounded down to 1e-8.
    """
    is_sale = wish.side is Side.SELL
    filled, arrival = tally.filled_qty, tally.arrival_mid
    at_arrival = filled * arrival
    fees, fee = tally.fees_usdt, tally.taker_fee_fraction
    if is_sale:
        slipped, paid = at_arrival - tally.filled_usdt, tally.filled_usdt - fees
        single = filled * tally.walk_price * (ONE - fee)
        saved = paid - single
    else:
        slipped, paid = tally.filled_usdt - at_arrival, tally.filled_usdt + fees
        single = filled * tally.walk_price * (ONE + fee)
        saved = single - paid
    return OrderReceipt(
        now_ns,
        key,
        wish.symbol,
        wish.side,
        (wish.algorithm or wish.type).lower(),
        wish.source,
        wish.client_ref,
        tally.started_ns,
        tally.qty,
        filled,
        slices,
        tally.sent,
        arrival,
        tally.walk_price,
        round_down(tally.filled_usdt / filled, _GRAIN) if filled else None,
        round_down(slipped / at_arrival * BPS, _GRAIN) if filled else None,
        round_down(slipped, _GRAIN),
        round_down(fees, _GRAIN),
        round_down(paid, _GRAIN),
        round_down(single, _GRAIN),
        round_down(saved, _GRAIN),
        ending.how,
        ending.reason,
    )
