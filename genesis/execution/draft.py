"""What would be sent now, before the gate has sized and judged it."""

from decimal import Decimal
from typing import NamedTuple

from genesis.domain.account import Tier
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.slicing import Algorithm


class Draft(NamedTuple):
    """A child order to be judged.

    At most one of `qty` (base) and `amount_usdt` is given; with neither the gate sizes.
    `strategy_tier` is the tier of the strategy that wishes it (None: the operator). `cancel` names
    a working entry that is to be cancelled instead. `algorithm`: it is to be sent in slices, over
    `over_ns` where it lasts; `parent` and `slice`: it is one of these slices. `replaces`: the
    resting order whose place it takes, in one request. `joins`: of a stop the entry that brings it
    along.
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
    algorithm: Algorithm | None = None
    over_ns: int | None = None
    parent: OrderKey | None = None
    slice: int = 0
    replaces: OrderKey | None = None
    joins: OrderKey | None = None

    @property
    def is_parent(self) -> bool:
        """Is it to be approved as a whole, and sent in slices?"""
        return self.algorithm is not None and self.parent is None
