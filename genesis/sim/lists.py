"""Order lists: orders of which one cancels, triggers, or pays for the other.

OCO: a pair; one moves, the other ends. OTO: pending orders (one, or an OCO pair) that are placed
once the working order is fully filled. OPO is an OTO whose pending orders sell what was received.
An order of a list that ends takes the rest of the list with it. Pure.

Source: binance-spot-api-docs, "Order lists" (rest-api.md) and "One Pays the Other" (faqs/opo.md).
Received base is kept for the pending order as it comes in; the fee of the working order is paid
from what was free before where that suffices, from the received amount otherwise.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from genesis.domain.money import ZERO
from genesis.domain.orders import OrderStatus, OrderType, Side
from genesis.sim.floor import Floor, Market
from genesis.sim.orders import NewOrder, Phase, Report, ReportKind, VenueOrder, VenueRejected
from genesis.sim.wallet import INSUFFICIENT

MAX_NUM_ORDER_LISTS: Final = 20
BAD_PRICES: Final = "The relationship of the prices for the orders is not correct."
_ENDINGS: Final = {
    ReportKind.CANCELLED: OrderStatus.CANCELLED,
    ReportKind.EXPIRED: OrderStatus.EXPIRED,
    ReportKind.REJECTED: OrderStatus.EXPIRED,
}
"""How an order of a list ended -> how the rest of it ends."""


class Contingency(StrEnum):
    OCO = "OCO"
    OTO = "OTO"


class NewList(NamedTuple):
    """A list as it reaches the venue.

    legs: the pair of an OCO, or the one or two pending orders of an OTO.
    pays_on: OPO; the legs have no quantity, they sell what `working` bought.
    """

    client_id: str
    symbol: str
    legs: tuple[NewOrder, ...]
    working: NewOrder | None = None
    pays_on: bool = False

    @property
    def contingency(self) -> Contingency:
        return Contingency.OCO if self.working is None else Contingency.OTO

    @property
    def orders(self) -> tuple[NewOrder, ...]:
        return self.legs if self.working is None else (self.working, *self.legs)


@dataclass(slots=True)
class OrderList:
    """The venue's record of a list. `version` rises with every change of its status."""

    list_id: int
    client_id: str
    symbol: str
    placed_ns: int
    updated_ns: int
    legs: tuple[VenueOrder, ...]
    working: VenueOrder | None = None
    pays_on: bool = False
    is_done: bool = False
    version: int = 1

    @property
    def contingency(self) -> Contingency:
        return Contingency.OCO if self.working is None else Contingency.OTO

    @property
    def orders(self) -> tuple[VenueOrder, ...]:
        return self.legs if self.working is None else (self.working, *self.legs)


class OrderLists:
    """All lists of the account. `check` refuses an order as the venue would at this moment."""

    def __init__(self, floor: Floor, check: Callable[[NewOrder, Decimal, Market], None]) -> None:
        self.all: dict[int, OrderList] = {}
        self.open: dict[int, OrderList] = {}
        self._floor, self._check = floor, check

    def place(self, found: OrderList, now_ns: int) -> Iterator[Report]:
        """Take in a checked list; its pending orders wait.

        Raises:
            VenueRejected: the balance does not suffice for all of it; nothing has changed.
        """
        market = self._floor.market(found.symbol)
        self._afford(found, market)
        self.all[found.list_id] = self.open[found.list_id] = found
        if found.working is None:
            _pair(found.legs)
            for leg in found.legs:
                yield from self._floor.enter(leg, market, now_ns)
            return
        if not found.pays_on:
            self._lock(found.legs, market)
        entering = self._floor.enter(found.working, market, now_ns)
        yield next(entering)
        for leg in found.legs:
            leg.phase, leg.status = Phase.PENDING, OrderStatus.PENDING
            yield self._floor.admit(leg, market, now_ns)
        yield from entering

    def follow(self, reports: Sequence[Report]) -> list[Report]:
        """What follows for lists from what happened to their orders."""
        if not self.open:
            return []
        self._set_aside(reports)
        followed: list[Report] = []
        waiting = deque(reports)
        while waiting:
            report = waiting.popleft()
            found = self.open.get(report.order.list_id)
            if found is not None:
                later = [*self._after(report, found)]
                followed += later
                waiting += later
        return followed

    # -- inside ------------------------------------------------------------------------------
    def _after(self, report: Report, found: OrderList) -> Iterator[Report]:
        order, ts_ns = report.order, report.ts_ns
        if report.kind in _ENDINGS:
            yield from self._end_rest(order, found, _ENDINGS[report.kind], ts_ns)
        elif order is found.working and report.status is OrderStatus.FILLED:
            found.version, found.updated_ns = found.version + 1, ts_ns
            yield from self._activate(found, ts_ns)
        if all(each.phase is Phase.ENDED for each in found.orders) and not found.is_done:
            found.is_done, found.version, found.updated_ns = True, found.version + 1, ts_ns
            del self.open[found.list_id]

    def _end_rest(
        self, order: VenueOrder, found: OrderList, status: OrderStatus, ts_ns: int
    ) -> Iterator[Report]:
        """The other pending orders, the other one of a pair; never one that came in its place."""
        rival, order.rival = order.rival, None
        for other in found.orders:
            waits = other.phase is Phase.PENDING or other is found.working
            if other.phase is not Phase.ENDED and (waits or other is rival):
                other.rival = None
                yield self._floor.end(other, status, ts_ns)

    def _activate(self, found: OrderList, ts_ns: int) -> Iterator[Report]:
        market = self._floor.market(found.symbol)
        instrument, wallet = market.instrument, self._floor.wallet
        kept = sum((leg.locked for leg in found.legs), ZERO)
        for leg in found.legs:
            if found.pays_on:
                is_market = leg.new.type is OrderType.MARKET
                leg.qty = instrument.fit_qty(kept, market=is_market)
            wallet.release(leg, instrument)
        _pair(found.legs)
        for leg in found.legs:
            if leg.phase is Phase.PENDING:  # not ended by the leg before it
                yield from self._place_now(leg, market, ts_ns)

    def _place_now(self, leg: VenueOrder, market: Market, ts_ns: int) -> Iterator[Report]:
        leg.phase, leg.status = Phase.RESTING, OrderStatus.OPEN
        try:
            self._check(leg.new._replace(qty=leg.qty), leg.qty, market)
            yield from self._floor.enter(leg, market, ts_ns)
        except VenueRejected as no:
            leg.status = OrderStatus.PENDING
            yield self._floor.end(leg, OrderStatus.REJECTED, ts_ns, no.message)

    def _set_aside(self, reports: Iterable[Report]) -> None:
        """Keep what working orders of OPO lists received for those that will sell it."""
        received: dict[int, tuple[Decimal, Decimal]] = {}
        for report in reports:
            found = self.open.get(report.order.list_id)
            if found and found.pays_on and report.order is found.working and report.fill:
                fill, base = report.fill, self._floor.market(found.symbol).instrument.base
                qty, fee = received.get(found.list_id, (ZERO, ZERO))
                in_base = fill.fee if fill.fee_asset == base else ZERO
                received[found.list_id] = (qty + fill.qty, fee + in_base)
        for list_id, (qty, fee) in received.items():
            found = self.open[list_id]
            instrument, wallet = self._floor.market(found.symbol).instrument, self._floor.wallet
            was_free = wallet.free(instrument.base) - (qty - fee)
            kept = qty if was_free >= fee else qty - fee
            wallet.set_aside(found.legs[0], instrument, kept)

    def _lock(self, legs: Sequence[VenueOrder], market: Market) -> None:
        """The dearest of the pending orders; only one of them will ever need it."""
        dearest = max(legs, key=lambda leg: self._floor.needs(leg, market))
        amount = self._floor.needs(dearest, market)
        self._floor.wallet.reserve(dearest, market.instrument, amount)

    def _afford(self, found: OrderList, market: Market) -> None:
        """Binance locks for pending orders too, except for those that the working order pays."""
        needed: dict[str, Decimal] = {}
        dearest = max(found.legs, key=lambda leg: self._floor.needs(leg, market))
        parts = [] if found.pays_on else [dearest]
        for order in (*parts, *((found.working,) if found.working else ())):
            instrument = market.instrument
            asset = instrument.quote if order.side is Side.BUY else instrument.base
            needed[asset] = needed.get(asset, ZERO) + self._floor.needs(order, market)
        for asset, amount in needed.items():
            if amount > self._floor.wallet.free(asset):
                raise VenueRejected(-2010, INSUFFICIENT)


def check_prices(new: NewList, last: Decimal | None) -> None:
    """Is the last price between the two orders of an OCO? Raises VenueRejected: -2010."""
    if new.working is not None or last is None:
        return
    for leg in new.legs:
        is_limit = leg.stop_price is None
        price = leg.limit_price if is_limit else leg.stop_price
        assert price is not None
        is_above = is_limit is (leg.side is Side.SELL)
        if price <= last if is_above else price >= last:
            raise VenueRejected(-2010, BAD_PRICES)


def _pair(legs: Sequence[VenueOrder]) -> None:
    if len(legs) == 2:
        first, second = legs
        first.rival, second.rival = second, first
