"""What the log tells about coins, as a tax return sees it: acquired, disposed of, moved.

The account's quote currency is the money that values are counted in; every other asset is
property. A trade between two coins is a disposal of the one and an acquisition of the other. A fee
in the quote currency adds to a cost or reduces the proceeds; a fee in the coin that is bought
reduces what was received; a fee in a third asset is a disposal of that asset at its fair value.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from genesis.domain.events import AccountOpened, Event, FlowReported, OrderFilled
from genesis.domain.fills import Fill
from genesis.domain.instrument import base_of, quote_of
from genesis.domain.money import ZERO
from genesis.domain.orders import Side

OUTSIDE: Final = "outside"
"""The wallet that withdrawals go to and deposits come from."""

CONVERTED: Final = frozenset({"conversion", "dust", "fee", "reward"})
"""Kinds of flows that are no transfer: coins came or went at their fair value."""

Price = Callable[[str, int], Decimal | None]
"""(asset, UTC ns) -> quote currency per unit then; None where it is not known."""

UNKNOWN_BASIS: Final = "basis unknown, taken as 0"
UNKNOWN_VALUE: Final = "fair value unknown, taken as 0"


@dataclass(frozen=True, slots=True)
class Acquired:
    """Came in for `cost` in quote currency, fees included."""

    ts_ns: int
    wallet: str
    asset: str
    qty: Decimal
    cost: Decimal
    src: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Disposed:
    """Went for `proceeds` in quote currency, of which `fee` is still to be taken off."""

    ts_ns: int
    wallet: str
    asset: str
    qty: Decimal
    proceeds: Decimal
    fee: Decimal
    src: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """Changed its wallet, not its owner: its cost and date go with it."""

    ts_ns: int
    asset: str
    qty: Decimal
    from_wallet: str
    to_wallet: str
    src: str


Movement = Acquired | Disposed | Moved


def unpriced(asset: str, ts_ns: int) -> None:
    """Nothing is known about the value of third assets."""


def movements(
    events: Iterable[Event], price: Price = unpriced, wallet: str = "account"
) -> Iterator[Movement]:
    """The movements in recorded events of one account, in order. A fill told twice counts once."""
    return _Reader(price, wallet).read(events)


class _Reader:
    def __init__(self, price: Price, wallet: str) -> None:
        self._price = price
        self._wallet = wallet
        self._cash = "USDT"
        self._seen: set[tuple[str, int]] = set()

    def read(self, events: Iterable[Event]) -> Iterator[Movement]:
        for event in events:
            match event:
                case AccountOpened():
                    yield from self._opened(event)
                case OrderFilled(fill=fill) if (fill.symbol, fill.trade_id) not in self._seen:
                    self._seen.add((fill.symbol, fill.trade_id))
                    yield from self._fill(event.ts_ns, fill)
                case FlowReported(asset=asset) if asset != self._cash and event.amount:
                    yield self._flow(event)

    def _fill(self, ts_ns: int, fill: Fill) -> Iterator[Movement]:
        return _FillReader(fill, ts_ns, self._wallet, self._cash, self._value).read()

    def _value(self, asset: str, ts_ns: int) -> Decimal | None:
        return Decimal(1) if asset == self._cash else self._price(asset, ts_ns)

    def _opened(self, event: AccountOpened) -> Iterator[Movement]:
        """Coins of the opening came from somewhere: nobody knows for how much."""
        self._cash = event.quote
        fenced = {held.asset: held.total for held in event.ring_fenced}
        for held in event.balances:
            owned = held.total - fenced.get(held.asset, ZERO)
            if held.asset != self._cash and owned > 0:
                yield Moved(event.ts_ns, held.asset, owned, OUTSIDE, self._wallet, "opening")

    def _flow(self, event: FlowReported) -> Movement:
        qty, ts_ns, asset = abs(event.amount), event.ts_ns, event.asset
        src = f"{event.kind}:{event.ref}"
        if event.kind not in CONVERTED:
            way = (OUTSIDE, self._wallet) if event.amount > 0 else (self._wallet, OUTSIDE)
            return Moved(ts_ns, asset, qty, *way, src)
        each = self._value(asset, ts_ns)
        worth, note = (ZERO, UNKNOWN_VALUE) if each is None else (qty * each, "")
        if event.amount > 0:
            return Acquired(ts_ns, self._wallet, asset, qty, worth, src, note)
        return Disposed(ts_ns, self._wallet, asset, qty, worth, ZERO, src, note)


class _FillReader:
    """One execution, in quote currency."""

    def __init__(self, fill: Fill, ts_ns: int, wallet: str, cash: str, value: Price) -> None:
        self._fill = fill
        self._ts_ns = ts_ns
        self._wallet = wallet
        self._base, self._quote = base_of(fill.symbol), quote_of(fill.symbol)
        self._for_cash = self._quote == cash
        self._src = f"fill:{fill.symbol}:{fill.trade_id}"
        self._paid = fill.price * fill.qty
        each = value(self._quote, ts_ns)
        self._note = UNKNOWN_VALUE if each is None else ""
        self._worth = self._paid * (each or ZERO)
        self._fee, self._fee_note = self._valued_fee(each, value)

    def _valued_fee(self, quote_each: Decimal | None, value: Price) -> tuple[Decimal, str]:
        fill = self._fill
        if fill.fee_asset == self._base:
            return fill.fee * fill.price * (quote_each or ZERO), ""
        each = value(fill.fee_asset, self._ts_ns)
        if each is None:
            return ZERO, UNKNOWN_VALUE if fill.fee else ""
        return fill.fee * each, ""

    def read(self) -> Iterator[Movement]:
        fill = self._fill
        if fill.fee and fill.fee_asset not in (self._base, self._quote):
            yield self._disposed(fill.fee_asset, fill.fee, self._fee, note=self._fee_note)
        yield from self._bought() if fill.side is Side.BUY else self._sold()

    def _bought(self) -> Iterator[Movement]:
        fill = self._fill
        in_base, in_quote = fill.fee_asset == self._base, fill.fee_asset == self._quote
        cost = self._worth if in_base else self._worth + self._fee
        if not self._for_cash:
            given = self._paid + (fill.fee if in_quote else ZERO)
            yield self._disposed(self._quote, given, cost if in_quote else self._worth)
        yield self._acquired(self._base, fill.qty - (fill.fee if in_base else ZERO), cost)

    def _sold(self) -> Iterator[Movement]:
        fill = self._fill
        in_base, in_quote = fill.fee_asset == self._base, fill.fee_asset == self._quote
        given = fill.qty + (fill.fee if in_base else ZERO)
        proceeds = self._worth + (self._fee if in_base else ZERO)
        yield self._disposed(self._base, given, proceeds, self._fee)
        if not self._for_cash:
            got = self._paid - (fill.fee if in_quote else ZERO)
            yield self._acquired(self._quote, got, self._worth - (self._fee if in_quote else ZERO))

    def _acquired(self, asset: str, qty: Decimal, cost: Decimal) -> Acquired:
        return Acquired(self._ts_ns, self._wallet, asset, qty, cost, self._src, self._note)

    def _disposed(
        self,
        asset: str,
        qty: Decimal,
        proceeds: Decimal,
        fee: Decimal = ZERO,
        note: str | None = None,
    ) -> Disposed:
        told = self._note if note is None else note
        return Disposed(self._ts_ns, self._wallet, asset, qty, proceeds, fee, self._src, told)
