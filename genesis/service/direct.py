"""Leave every position from the venue's own account, with nothing of ours running."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
    RunStarted,
)
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO, text
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.errors import ConfigError, EventLogError, ExchangeError
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.venue import require_loopback, venue_at
from genesis.exchange.wire_id import compose, key_of
from genesis.service.clock import VenueClock
from genesis.service.connecting import open_gateway
from genesis.service.settings import Settings
from genesis.store.codec import decode
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader

_WHY = "closed by hand"
_HUNDRED = Decimal(100)


async def close_everything(
    settings: Settings,
    max_slippage_percent: Decimal | None = None,
    *,
    sells_all_held: bool = False,
) -> dict[str, Any]:
    """Cancel our resting orders of the symbols and sell what is held of them.

    The symbols are those of the settings and of the last run. Coins that were held before the
    account was opened stay. Where the event log cannot tell which they are, only entries are
    cancelled and nothing is sold, unless `sells_all_held`.
    A symbol whose bid is further below its last trade than `max_slippage_percent` is left as it
    is, its stop too, and named among the errors; None sells at any price.

    Raises:
        ConfigError: no venue is named, or it is not on loopback.
        ExchangeError: the venue does not answer.
    """
    if settings.venue_url is None:
        raise ConfigError("name the venue in GENESIS_VENUE_URL: our own exchange ends with us")
    require_loopback(settings.venue_url)
    clock = VenueClock()
    key, secret = settings.venue_keys(DEFAULT_API_KEY, DEFAULT_API_SECRET)
    recorded = _recorded(settings.home_path() / DATABASE_NAME)
    gateway = BinanceGateway(
        venue_at(settings.venue_url),
        key,
        secret,
        settings.symbols,
        now_ns=clock.now_ns,
        elapsed_ns=clock.elapsed_ns,
    )
    await open_gateway(gateway, clock)
    try:
        closing = _Closing(gateway, clock, recorded, max_slippage_percent, sells_all_held)
        return await closing.run()
    finally:
        await gateway.close()


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What the event log of a home tells of its account, each part or why it does not.

    symbols: of the last run. fenced: what was held before the account was opened.
    """

    symbols: tuple[str, ...] | str
    fenced: Mapping[str, Decimal] | str


class _Closing:
    def __init__(
        self,
        gateway: BinanceGateway,
        clock: VenueClock,
        recorded: _Recorded,
        max_slippage_percent: Decimal | None,
        sells_all_held: bool,
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._fenced = {} if isinstance(recorded.fenced, str) else recorded.fenced
        self._doubt = recorded.fenced if isinstance(recorded.fenced, str) else None
        if sells_all_held:
            self._doubt = None
        self._most_percent = max_slippage_percent
        self._errors: list[str] = []
        self._traded: tuple[str, ...] = ()
        if isinstance(recorded.symbols, str):
            self._errors.append(f"only the symbols of the settings: {recorded.symbols}")
        else:
            self._traded = recorded.symbols
        self._proceeds = ZERO
        self._closed = 0

    async def run(self) -> dict[str, Any]:
        for number, instrument in enumerate(await self._instruments(), 1):
            try:
                if await self._may_be_fenced(instrument) or await self._slips(instrument):
                    continue
                await self._cancel_ours(instrument.symbol)
                await self._sell(number, instrument)
            except ExchangeError as problem:
                self._errors.append(f"{instrument.symbol}: {problem.message}")
        return {
            "positions_closed": self._closed,
            "total_pnl": None,
            "proceeds": text(self._proceeds),
            "errors": self._errors,
        }

    async def _instruments(self) -> list[Instrument]:
        """Those of the settings, and those of the last run that the venue still knows."""
        found = [*await self._gateway.instruments(self._gateway.symbols)]
        for symbol in self._traded:
            if symbol not in self._gateway.symbols:
                try:
                    found += await self._gateway.instruments((symbol,))
                except (ConfigError, ExchangeError) as problem:
                    self._errors.append(f"{symbol} of the last run: {problem.message}")
        return found

    async def _may_be_fenced(self, instrument: Instrument) -> bool:
        """Is something held of which nobody can tell whose it is? Then only entries are left."""
        if self._doubt is None or not await self._sellable(instrument, with_locked=True):
            return False
        await self._cancel_ours(instrument.symbol, with_stops=False)
        self._errors.append(
            f"{instrument.symbol}: what is held is left as it is, its stop too: nothing tells "
            "which of it was held before the account was opened (--sell-all-held sells all of it): "
            f"{self._doubt}"
        )
        return True

    async def _slips(self, instrument: Instrument) -> bool:
        """Is there something to sell, and the bid further below the last trade than allowed?"""
        if self._most_percent is None or not await self._sellable(instrument, with_locked=True):
            return False
        symbol = instrument.symbol
        bid, last = await self._gateway.bid_and_last(symbol)
        below = (last - bid) / last * _HUNDRED if last else ZERO
        if below <= self._most_percent:
            return False
        self._errors.append(
            f"{symbol}: left as it is, its stop too: the bid is {below:.2f} % below the last "
            f"trade, and at most {text(self._most_percent)} % is allowed (--max-slippage-percent)"
        )
        return True

    async def _cancel_ours(self, symbol: str, *, with_stops: bool = True) -> None:
        for order in await self._gateway.open_orders(symbol):
            key = key_of(order.wire_id)
            if key is not None and (with_stops or order.stop_price is None):
                await self._gateway.cancel(key, order.wire_id, symbol)

    async def _sellable(self, instrument: Instrument, *, with_locked: bool = False) -> Decimal:
        """What is held of a symbol's base, as far as the venue takes it; 0: too little."""
        base = instrument.base
        held = {b.asset: b.total if with_locked else b.free for b in await self._gateway.balances()}
        ours = held.get(base, ZERO) - self._fenced.get(base, ZERO)
        qty = instrument.fit_qty(ours, market=True)
        return qty if qty >= instrument.min_qty else ZERO

    async def _sell(self, number: int, instrument: Instrument) -> None:
        qty = await self._sellable(instrument)
        if qty <= ZERO:
            return
        now_ns = self._clock.now_ns()
        key = OrderKey(0, number, 0)
        wire_id = compose(key, sha256(str(now_ns).encode()).hexdigest())
        request = OrderRequest(
            instrument.symbol, Side.SELL, OrderType.MARKET, qty, Purpose.EXIT, why=_WHY
        )
        events = await self._gateway.submit(SubmitOrder(now_ns, key, request), wire_id)
        if any(isinstance(event, OrderUnresolved) for event in events):
            events = await self._gateway.resolve(key, wire_id, instrument.symbol, now_ns)
        fills = [event.fill for event in events if isinstance(event, OrderFilled)]
        self._proceeds += sum((fill.price * fill.qty for fill in fills), ZERO)
        sold = sum((fill.qty for fill in fills), ZERO)
        self._closed += sold >= qty
        for event in events:
            if isinstance(event, OrderRejected):
                self._errors.append(f"{instrument.symbol}: {event.reason}")
        if fills and sold < qty:
            self._errors.append(f"{instrument.symbol}: {text(qty - sold)} are still held")


def _recorded(path: Path) -> _Recorded:
    """Read by kind: a row that was changed elsewhere hides nothing."""
    try:
        database = Database.open(path, read_only=True)
    except EventLogError as problem:
        return _Recorded(problem.message, problem.message)
    try:
        reader = LogReader(database)
        return _Recorded(_symbols(reader), _fenced(reader, path))
    finally:
        database.close()


def _symbols(reader: LogReader) -> tuple[str, ...] | str:
    """Its row need not be sound: what is sold of a symbol is decided by the fence."""
    try:
        rows = reader.recent(1, kind=RunStarted.__name__)
        started = [decode(row.kind, row.v, row.body) for row in rows]
    except EventLogError as problem:
        return problem.message
    return tuple(symbol for one in started for symbol in one.symbols)


def _fenced(reader: LogReader, path: Path) -> dict[str, Decimal] | str:
    try:
        rows = reader.of_kinds((AccountOpened.__name__,))
        opened = [decode(row.kind, row.v, row.body) for row in rows]
    except EventLogError as problem:
        return problem.message
    if not opened:
        return f"{path}: no account was opened here"
    return {held.asset: held.total for held in opened[0].ring_fenced}
