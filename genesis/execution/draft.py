"""What would be sent now, before the gate has sized and judged it."""

from decimal import Decimal
from typing import NamedTuple

from genesis.domain.account import Tier
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderType, Purpose, Side


class Draft(NamedTuple):
    """A child order to be judged.

    At most one of `qty` (base) and `amount_usdt` is given; with neither the gate sizes.
    `strategy_tier` is the tier of the strategy that wishes it (None: the operator). `cancel` names
    a working entry that is to be cancelled instead.
    """

    symbol: str
    side: Side
    type: OrderType
    purpose: Purpose
    qty: Decimal | None = None
    amount_usdt: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    post_only: bool = False
    stop_plan: Decimal | None = None
    cancel: OrderKey | None = None
    source: str = ""
    strategy: str | None = None
    strategy_tier: Tier | None = None
    client_ref: str | None = None
    why: str = ""
