"""What a fill costs, and in which asset."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final, Literal

from genesis.domain.fills import Liquidity
from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO
from genesis.domain.orders import Side

_PER_BPS: Final = Decimal("0.0001")
_GRAIN: Final = Decimal("0.00000001")
FeeAsset = Literal["received", "quote"]


@dataclass(frozen=True, slots=True)
class Discount:
    """Fees paid in a third asset at `factor` of their amount, while enough of it is free.

    price: what one of `asset` is worth, in quote.
    """

    asset: str
    price: Decimal
    factor: Decimal = Decimal("0.75")

    def of(self, fee_in_quote: Decimal) -> Decimal:
        """The fee in `asset`, to 8 decimals."""
        return (fee_in_quote * self.factor / self.price).quantize(_GRAIN, ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Maker and taker rates in basis points of what a fill brings in.

    asset: `received`, as Binance takes it (base on a buy, quote on a sell), or `quote`.
    truncated: cut the fee to 8 decimals, as Binance's own amounts are; otherwise it is exact.
    """

    maker_bps: Decimal
    taker_bps: Decimal
    asset: FeeAsset = "received"
    truncated: bool = False

    def rate(self, liquidity: Liquidity) -> Decimal:
        """Fee as a fraction."""
        bps = self.maker_bps if liquidity is Liquidity.MAKER else self.taker_bps
        return bps * _PER_BPS

    def charge(
        self,
        instrument: Instrument,
        side: Side,
        price: Decimal,
        qty: Decimal,
        liquidity: Liquidity,
    ) -> tuple[Decimal, str]:
        """Fee and fee asset of one fill."""
        in_base = side is Side.BUY and self.asset == "received"
        fee = (qty if in_base else price * qty) * self.rate(liquidity)
        if self.truncated:
            fee = fee.quantize(_GRAIN, ROUND_DOWN)
        return fee, instrument.base if in_base else instrument.quote

    def on_top(self, side: Side) -> Decimal:
        """The largest fee, as a fraction of the notional, that is paid beside what a fill costs."""
        if side is Side.SELL or self.asset == "received":
            return ZERO
        return max(self.maker_bps, self.taker_bps) * _PER_BPS
