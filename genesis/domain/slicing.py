"""Orders that are sent in slices: what they are called; and the receipt of any order."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from genesis.domain.ids import OrderKey
from genesis.domain.orders import Side
from genesis.domain.quick import quick


class Algorithm(StrEnum):
    """How a parent order is cut: hidden, over time, or as the day's volume goes."""

    ICEBERG = "iceberg"
    TWAP = "twap"
    VWAP = "vwap"

    @property
    def feature(self) -> str:
        """What a tier calls it that unlocks it."""
        return _FEATURES[self]

    @property
    def lasts(self) -> bool:
        """Does one say over how long it is sent?"""
        return self is not Algorithm.ICEBERG


_FEATURES: Final[Mapping[Algorithm, str]] = MappingProxyType(
    {
        Algorithm.ICEBERG: "iceberg_hunter",
        Algorithm.TWAP: "twap_hunter",
        Algorithm.VWAP: "vwap_strategist",
    }
)


@dataclass(frozen=True, slots=True)
class VolumeProfileReported:
    """How much of a symbol usually trades in each slot of a UTC day (an event, from outside).

    volumes: base per slot of `slot_ns`, the first begins at 00:00. days: so many were averaged.
    """

    ts_ns: int
    symbol: str
    slot_ns: int
    volumes: tuple[Decimal, ...]
    days: int


@dataclass(frozen=True, slots=True)
class ParentStarted:
    """A parent order was approved as a whole (an outcome): each slice is judged when it is sent.

    key: of its first slice; the others count on from there. qty: base, the sum of `slices`.
    arrival_mid: the market's middle at this moment. walk_price: what one order for all of it would
    have paid on average, as far as the book is known. until_ns: when the last slice is due.
    """

    ts_ns: int
    key: OrderKey
    symbol: str
    side: Side
    algorithm: str
    qty: Decimal
    slices: tuple[Decimal, ...]
    arrival_mid: Decimal
    walk_price: Decimal
    until_ns: int
    source: str
    client_ref: str | None = None
    limits_used: tuple[tuple[str, Decimal], ...] = ()
    notes: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class OrderReceipt:
    """What came of an order that was sent in slices, or whole (an outcome).

    algorithm: one of `Algorithm`, or `market` or `limit`. ended: complete, short, impact, late,
    refused, rejected, stopped or restart; of one that was sent whole its status; `reason` in words.
    average_price, slippage_bps (against arrival_mid, + is worse): None where nothing filled.
    slippage_usdt: the same in quote. paid_usdt: for the fills, fees included; what a sale brought.
    single_usdt: what one market order for as much would have paid, or brought, at the start, by
    walk_price and the taker's fee. saved_usdt: the difference, + is better than the single order.
    """

    ts_ns: int
    key: OrderKey
    symbol: str
    side: Side
    algorithm: str
    source: str
    client_ref: str | None
    started_ns: int
    qty: Decimal
    filled_qty: Decimal
    slices: int
    slices_sent: int
    arrival_mid: Decimal
    walk_price: Decimal
    average_price: Decimal | None
    slippage_bps: Decimal | None
    slippage_usdt: Decimal
    fees_usdt: Decimal
    paid_usdt: Decimal
    single_usdt: Decimal
    saved_usdt: Decimal
    ended: str
    reason: str
