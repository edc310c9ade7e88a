"""POSITIONS: fills to positions and money, exact by asset.

Balances are kept per asset as the venue keeps them: a fee is taken in the asset it was charged
in. What is left of a position and cannot be sold (below the lot or the venue's minimum) is dust:
it keeps its cost, does not count as a position, and joins the next position of its symbol.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from genesis.domain.events import AccountOpened, FlowReported
from genesis.domain.fills import Fill
from genesis.domain.instrument import Instrument, base_of, quote_of
from genesis.domain.money import ZERO
from genesis.domain.orders import Side
from genesis.domain.outcomes import PositionChanged, PositionClosed, PositionOpened
from genesis.domain.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class Position:
    """A net long holding of one symbol.

    `qty` is what is held now (net of fees charged in base), `cost_usdt` what that cost,
    `entry_price` the average price of the entry fills, `risk_usdt` what its first stop risks.
    """

    symbol: str
    qty: Decimal
    cost_usdt: Decimal
    opened_ns: int
    entry_qty: Decimal = ZERO
    entry_usdt: Decimal = ZERO
    exit_qty: Decimal = ZERO
    exit_usdt: Decimal = ZERO
    realized_usdt: Decimal = ZERO
    fees_usdt: Decimal = ZERO
    risk_usdt: Decimal = ZERO

    @property
    def entry_price(self) -> Decimal:
        return self.entry_usdt / self.entry_qty

    @property
    def exit_price(self) -> Decimal:
        return self.exit_usdt / self.exit_qty if self.exit_qty else ZERO

    def unrealized_usdt(self, mark: Decimal) -> Decimal:
        return self.qty * mark - self.cost_usdt


@dataclass(slots=True)
class Excursion:
    """Highest and lowest price seen while a position was open."""

    high: Decimal
    low: Decimal


@dataclass(frozen=True, slots=True)
class Dust:
    """A remainder too small to sell, with what it cost."""

    qty: Decimal
    cost_usdt: Decimal


DUST = "dust"
"""Reason of a position that ended without anything sold."""

Moved = PositionOpened | PositionChanged | PositionClosed


class Ledger:
    """Balances, positions and dust of one account in one quote currency."""

    def __init__(self) -> None:
        self.quote = "USDT"
        self.account_id = ""
        self.opened_ns: int | None = None
        self.balances: dict[str, Decimal] = {}
        self.positions: dict[str, Position] = {}
        self.excursions: dict[str, Excursion] = {}
        self.dust: dict[str, Dust] = {}
        self.fees: dict[str, Decimal] = {}
        self.flows_usdt = ZERO
        self.last_trade_ids: dict[str, int] = {}
        self._external: dict[str, set[int]] = {}

    # -- what moves it -----------------------------------------------------------------------
    def open(self, event: AccountOpened) -> None:
        self.account_id, self.quote, self.opened_ns = event.account_id, event.quote, event.ts_ns
        fenced = {balance.asset: balance.total for balance in event.ring_fenced}
        for balance in event.balances:
            owned = balance.total - fenced.get(balance.asset, ZERO)
            if owned:
                self.balances[balance.asset] = owned

    def flow(
        self, event: FlowReported, price: Callable[[str], Decimal | None] = lambda symbol: None
    ) -> tuple[Moved, ...]:
        """Money in or out; the positions it made smaller.

        Coins that are not traded with are none of the ledger's. Coins that leave are taken from
        dust first, then from positions, at what they cost; what they are worth at `price` (of a
        symbol; None: at cost) leaves equity as a flow, and is no result.
        """
        if event.fenced:
            return ()
        self._add(event.asset, event.amount)
        if event.asset == self.quote:
            self.flows_usdt += event.amount
            return ()
        left, moved = -event.amount, []
        for symbol in sorted({*self.dust, *self.positions}):
            if base_of(symbol) == event.asset and left > ZERO:
                worth = price(symbol)
                left -= self._dust_left(symbol, left, worth)
                gone, found = self._position_left(symbol, left, worth, event.ts_ns)
                left -= gone
                moved += found
        return tuple(moved)

    def _dust_left(self, symbol: str, qty: Decimal, worth: Decimal | None) -> Decimal:
        """Dust went without a sale; how much."""
        dust = self.dust.get(symbol, Dust(ZERO, ZERO))
        gone = min(qty, dust.qty)
        if not gone:
            return ZERO
        cost = dust.cost_usdt * gone / dust.qty
        self.dust[symbol] = Dust(dust.qty - gone, dust.cost_usdt - cost)
        self.flows_usdt -= cost if worth is None else gone * worth
        return gone

    def _position_left(
        self, symbol: str, qty: Decimal, worth: Decimal | None, ts_ns: int
    ) -> tuple[Decimal, list[Moved]]:
        """A part of a position went without a sale; how much, and what is left."""
        held = self.positions.get(symbol)
        if held is None or qty <= ZERO or not held.qty:
            return ZERO, []
        gone = min(qty, held.qty)
        cost = held.cost_usdt * gone / held.qty
        new = replace(held, qty=held.qty - gone, cost_usdt=held.cost_usdt - cost)
        self.positions[symbol] = new
        self.flows_usdt -= cost if worth is None else gone * worth
        return gone, [PositionChanged(ts_ns, symbol, new.qty, new.entry_price)]

    def is_news(self, fill: Fill) -> bool:
        """A fill made outside of Genesis: has it been counted already?"""
        seen = self._external.setdefault(fill.symbol, set())
        if fill.trade_id in seen:
            return False
        seen.add(fill.trade_id)
        return True

    def has_external(self, fill: Fill) -> bool:
        """Was it counted as made outside of Genesis?"""
        return fill.trade_id in self._external.get(fill.symbol, ())

    def fill(self, fill: Fill, ts_ns: int) -> tuple[Moved, ...]:
        """One execution; the position it opened or changed. Closing is decided by `settle`."""
        base, quote = base_of(fill.symbol), quote_of(fill.symbol)
        signed = fill.qty if fill.side is Side.BUY else -fill.qty
        self._add(base, signed)
        self._add(quote, -signed * fill.price)
        self._add(fill.fee_asset, -fill.fee)
        self.fees[fill.fee_asset] = self.fees.get(fill.fee_asset, ZERO) + fill.fee
        if fill.trade_id >= self.last_trade_ids.get(fill.symbol, -1):
            self.last_trade_ids[fill.symbol] = fill.trade_id
        moved = self._buy(fill, ts_ns) if fill.side is Side.BUY else self._sell(fill, ts_ns)
        return () if moved is None else (moved,)

    def _add(self, asset: str, amount: Decimal) -> None:
        self.balances[asset] = self.balances.get(asset, ZERO) + amount

    def _buy(self, fill: Fill, ts_ns: int) -> Moved:
        base_fee, quote_fee = _fee_split(fill)
        old = self.positions.get(fill.symbol)
        if old is None:
            dust = self.dust.pop(fill.symbol, Dust(ZERO, ZERO))
            old = Position(fill.symbol, dust.qty, dust.cost_usdt, ts_ns)
            self.excursions[fill.symbol] = Excursion(fill.price, fill.price)
        paid = fill.qty * fill.price
        new = Position(
            old.symbol,
            old.qty + fill.qty - base_fee,
            old.cost_usdt + paid + quote_fee,
            old.opened_ns,
            old.entry_qty + fill.qty,
            old.entry_usdt + paid,
            old.exit_qty,
            old.exit_usdt,
            old.realized_usdt,
            old.fees_usdt + quote_fee + base_fee * fill.price,
            old.risk_usdt,
        )
        opened = fill.symbol not in self.positions
        self.positions[fill.symbol] = new
        kind = PositionOpened if opened else PositionChanged
        return kind(ts_ns, fill.symbol, new.qty, new.entry_price)

    def _sell(self, fill: Fill, ts_ns: int) -> Moved | None:
        base_fee, quote_fee = _fee_split(fill)
        old = self.positions.get(fill.symbol)
        if old is None:
            self._sell_dust(fill, base_fee)
            return None
        gone = fill.qty + base_fee
        cost = old.cost_usdt if gone >= old.qty else old.cost_usdt * gone / old.qty
        proceeds = fill.qty * fill.price
        new = Position(
            old.symbol,
            max(ZERO, old.qty - gone),
            old.cost_usdt - cost,
            old.opened_ns,
            old.entry_qty,
            old.entry_usdt,
            old.exit_qty + fill.qty,
            old.exit_usdt + proceeds,
            old.realized_usdt + proceeds - quote_fee - cost,
            old.fees_usdt + quote_fee + base_fee * fill.price,
            old.risk_usdt,
        )
        self.positions[fill.symbol] = new
        return PositionChanged(ts_ns, fill.symbol, new.qty, new.entry_price)

    def _sell_dust(self, fill: Fill, base_fee: Decimal) -> None:
        dust = self.dust.get(fill.symbol, Dust(ZERO, ZERO))
        left = max(ZERO, dust.qty - fill.qty - base_fee)
        cost = dust.cost_usdt * left / dust.qty if dust.qty else ZERO
        self.dust[fill.symbol] = Dust(left, cost)

    def settle(
        self, symbol: str, instrument: Instrument, price: Decimal, ts_ns: int, reason: str
    ) -> PositionClosed | None:
        """Close the position if nothing is left that could be sold at `price`; else None.

        To be asked when no order of the symbol is working. A position that was never more than
        dust ends with nothing sold and no result.
        """
        position = self.positions.get(symbol)
        if position is None:
            return None
        left = instrument.fit_qty(position.qty, market=True)
        if left and left >= instrument.min_qty and left * price >= instrument.min_notional_usdt:
            return None
        del self.positions[symbol]
        if position.qty:
            self.dust[symbol] = Dust(position.qty, position.cost_usdt)
        entry, seen = position.entry_price, self.excursions.pop(symbol)
        return PositionClosed(
            ts_ns,
            symbol,
            position.opened_ns,
            entry,
            position.exit_price,
            position.exit_qty,
            position.fees_usdt,
            position.realized_usdt,
            reason if position.exit_qty else DUST,
            min(ZERO, (seen.low - entry) * position.entry_qty),
            max(ZERO, (seen.high - entry) * position.entry_qty),
            position.risk_usdt,
            position.qty,
        )

    def mark(self, symbol: str, high: Decimal, low: Decimal) -> None:
        """Prices seen while the position was open."""
        seen = self.excursions.get(symbol)
        if seen is not None:
            if high > seen.high:
                seen.high = high
            if low < seen.low:
                seen.low = low

    def risk(self, symbol: str, risk_usdt: Decimal) -> None:
        """Remember what the first stop of the position risks (for R)."""
        old = self.positions.get(symbol)
        if old is None or old.risk_usdt:
            return
        self.positions[symbol] = Position(
            old.symbol,
            old.qty,
            old.cost_usdt,
            old.opened_ns,
            old.entry_qty,
            old.entry_usdt,
            old.exit_qty,
            old.exit_usdt,
            old.realized_usdt,
            old.fees_usdt,
            risk_usdt,
        )

    # -- what it tells -----------------------------------------------------------------------
    @property
    def cash_usdt(self) -> Decimal:
        return self.balances.get(self.quote, ZERO)

    def holdings(self, symbol: str) -> Decimal:
        """Everything held of a symbol's base: position and dust."""
        position, dust = self.positions.get(symbol), self.dust.get(symbol)
        return (position.qty if position else ZERO) + (dust.qty if dust else ZERO)


def _fee_split(fill: Fill) -> tuple[Decimal, Decimal]:
    """(fee in base, fee in quote); a third asset is neither and is kept in its own balance."""
    if fill.fee_asset == base_of(fill.symbol):
        return fill.fee, ZERO
    if fill.fee_asset == quote_of(fill.symbol):
        return ZERO, fill.fee
    return ZERO, ZERO
