"""Executions of our orders."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from genesis.domain.orders import Side
from genesis.domain.quick import quick


class Liquidity(StrEnum):
    MAKER = "MAKER"
    TAKER = "TAKER"


@quick
@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. `qty` is gross base, `fee` is in `fee_asset` (base, quote or a third one)."""

    symbol: str
    side: Side
    trade_id: int
    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Liquidity
