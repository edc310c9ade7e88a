"""Free and locked amounts of one account, and what a fill does to them. Money is never made here.

For every asset: what came in minus what went out equals free plus locked, to the last digit.
"""

from collections.abc import Mapping
from decimal import Decimal

from genesis.domain.account import Balance
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO, Qty
from genesis.domain.orders import OrderType, Side
from genesis.sim.fees import Discount, FeeSchedule
from genesis.sim.orders import VenueOrder, VenueRejected

INSUFFICIENT = "Account has insufficient balance for requested action."


class Wallet:
    """Balances by asset. `reserve` and `settle` keep an order's lock and the balances in step."""

    def __init__(self, balances: Mapping[str, Decimal], fees: FeeSchedule) -> None:
        self.fees = fees
        self.discount: Discount | None = None
        self._free = dict(balances)
        self._locked = dict.fromkeys(balances, ZERO)

    def balance(self, asset: str) -> Balance:
        return Balance(asset, self._free.get(asset, ZERO), self._locked.get(asset, ZERO))

    def balances(self) -> tuple[Balance, ...]:
        return tuple(self.balance(asset) for asset in self._free)

    def free(self, asset: str) -> Decimal:
        return self._free.get(asset, ZERO)

    def know(self, asset: str) -> None:
        """List the asset even while nothing of it is held."""
        self._free.setdefault(asset, ZERO)
        self._locked.setdefault(asset, ZERO)

    def cost(self, side: Side, price: Decimal, qty: Decimal) -> Decimal:
        """The most that `qty` at `price` takes: quote with its fee for a buy, base for a sell."""
        return price * qty * (ONE + self.fees.on_top(side)) if side is Side.BUY else qty

    def reserve(self, order: VenueOrder, instrument: Instrument, amount: Decimal) -> None:
        """Lock `amount` for a new order.

        Raises:
            VenueRejected: less than that is free.
        """
        asset = _paid_in(order, instrument)
        if amount > self._free[asset]:
            raise VenueRejected(-2010, INSUFFICIENT)
        self._move_to_lock(order, asset, amount)

    def set_aside(self, order: VenueOrder, instrument: Instrument, amount: Decimal) -> None:
        """Lock more for an order, of what is free."""
        self._move_to_lock(order, _paid_in(order, instrument), amount)

    def inherit(self, heir: VenueOrder, ending: VenueOrder) -> None:
        """The lock of one of a pair goes over to the other."""
        heir.locked += ending.locked
        ending.locked = ZERO

    def flow(self, asset: str, amount: Decimal) -> None:
        """Bring in (or take out, below 0) an amount that no order moved.

        Raises:
            VenueRejected: less than that is free.
        """
        self.know(asset)
        if self._free[asset] + amount < ZERO:
            raise VenueRejected(-2010, INSUFFICIENT)
        self._free[asset] += amount

    def affordable(
        self, order: VenueOrder, instrument: Instrument, price: Decimal, qty: Decimal
    ) -> Decimal:
        """`qty`, or the largest quantity on the grid that lock and free balance can pay."""
        have = order.locked + self._free[_paid_in(order, instrument)]
        if self.cost(order.side, price, qty) <= have:
            return qty
        most = instrument.fit_qty(have / self.cost(order.side, price, ONE))
        if self.cost(order.side, price, most) > have:  # the division rounded up
            most = Qty(most - instrument.qty_lot)
        return min(qty, most)

    def settle(
        self,
        order: VenueOrder,
        instrument: Instrument,
        trade_id: int,
        price: Decimal,
        qty: Decimal,
        liquidity: Liquidity,
    ) -> Fill:
        """Exchange the amounts of one fill; what the order no longer needs is free again."""
        notional, side = price * qty, order.new.side
        fee, fee_asset = self._fee(order, instrument, price, qty, liquidity)
        if side is Side.BUY:
            in_quote = fee if fee_asset == instrument.quote else ZERO
            self._pay(order, instrument.quote, notional + in_quote)
            self._free[instrument.base] += qty
            self._free[fee_asset] -= fee - in_quote
        else:
            self._pay(order, instrument.base, qty)
            self._free[instrument.quote] += notional
            self._free[fee_asset] -= fee
        order.filled_qty += qty
        order.filled_quote += notional
        self._trim(order, instrument)
        return Fill(order.new.symbol, side, trade_id, price, qty, fee, fee_asset, liquidity)

    def _fee(
        self,
        order: VenueOrder,
        instrument: Instrument,
        price: Decimal,
        qty: Decimal,
        liquidity: Liquidity,
    ) -> tuple[Decimal, str]:
        cheaper = self.discount
        if cheaper is not None:
            fee = cheaper.of(price * qty * self.fees.rate(liquidity))
            if self._free.get(cheaper.asset, ZERO) >= fee:
                return fee, cheaper.asset
        return self.fees.charge(instrument, order.side, price, qty, liquidity)

    def release(self, order: VenueOrder, instrument: Instrument) -> None:
        """Free all that is still locked for the order."""
        self._move_to_lock(order, _paid_in(order, instrument), -order.locked)

    def _pay(self, order: VenueOrder, asset: str, amount: Decimal) -> None:
        from_lock = min(order.locked, amount)
        order.locked -= from_lock
        self._locked[asset] -= from_lock
        self._free[asset] -= amount - from_lock

    def _trim(self, order: VenueOrder, instrument: Instrument) -> None:
        """A limit order that filled below its limit keeps only what the rest of it can cost."""
        limit = order.new.limit_price
        if limit is None or order.new.type is not OrderType.LIMIT or order.side is not Side.BUY:
            return
        spare = order.locked - self.cost(Side.BUY, limit, order.remaining)
        if spare > ZERO:
            self._move_to_lock(order, instrument.quote, -spare)

    def _move_to_lock(self, order: VenueOrder, asset: str, amount: Decimal) -> None:
        order.locked += amount
        self._locked[asset] += amount
        self._free[asset] -= amount


def _paid_in(order: VenueOrder, instrument: Instrument) -> str:
    return instrument.quote if order.new.side is Side.BUY else instrument.base
