"""Filters of a symbol beyond grid, sizes and counts: how far from the market, how much at most.

Source: binance-spot-api-docs, filters.md.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import OrderType, Side
from genesis.sim.orders import NewOrder, VenueRejected
from genesis.wire.orders import amount

_LARGEST: Final = Decimal(9_000_000)


@dataclass(frozen=True, slots=True)
class Filters:
    """Multipliers of the average price of the last five minutes.

    by_side: PERCENT_PRICE_BY_SIDE; otherwise PERCENT_PRICE, with the multipliers of bids.
    """

    bid_up: Decimal = Decimal(5)
    bid_down: Decimal = Decimal("0.2")
    ask_up: Decimal = Decimal(5)
    ask_down: Decimal = Decimal("0.2")
    by_side: bool = True
    max_notional: Decimal = _LARGEST

    def told(self) -> dict[str, Any]:
        """The price filter as exchangeInfo has it."""
        if not self.by_side:
            return {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": _factor(self.bid_up),
                "multiplierDown": _factor(self.bid_down),
                "avgPriceMins": 5,
            }
        return {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": _factor(self.bid_up),
            "bidMultiplierDown": _factor(self.bid_down),
            "askMultiplierUp": _factor(self.ask_up),
            "askMultiplierDown": _factor(self.ask_down),
            "avgPriceMins": 5,
        }

    def check(self, new: NewOrder, average: Decimal) -> None:
        """Raises VenueRejected: -1013, too far from `average` (0: unknown), or worth too much."""
        if new.type is OrderType.MARKET:
            return
        price = new.limit_price or new.stop_price or ZERO
        if price * (new.qty or ONE) > self.max_notional:
            raise VenueRejected(-1013, "Filter failure: NOTIONAL")
        if not average or new.limit_price is None:
            return
        is_ask = self.by_side and new.side is Side.SELL
        up, down = (self.ask_up, self.ask_down) if is_ask else (self.bid_up, self.bid_down)
        if not average * down <= new.limit_price <= average * up:
            name = "PERCENT_PRICE_BY_SIDE" if self.by_side else "PERCENT_PRICE"
            raise VenueRejected(-1013, f"Filter failure: {name}")

    def notional(self, smallest: Decimal) -> dict[str, Any]:
        return {
            "filterType": "NOTIONAL",
            "minNotional": amount(smallest),
            "applyMinToMarket": True,
            "maxNotional": amount(self.max_notional),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        }


def _factor(x: Decimal) -> str:
    return format(x, "f")
