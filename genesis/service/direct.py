"""Leave every position from the venue's own account, with nothing of ours running."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Final, TypeVar

from genesis.domain.events import CancelRejected
from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO, text
from genesis.domain.orders import Side
from genesis.errors import ConfigError, ExchangeError, Unreachable
from genesis.exchange.gateway import Gateway, VenueOrder
from genesis.exchange.instruments import NO_STOPS
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.venue import is_loopback, require_loopback, venue_at
from genesis.exchange.venues import gateway_at
from genesis.exchange.wire_id import key_of
from genesis.market.walk import walk_price
from genesis.service.account_record import AccountRecord, read_account
from genesis.service.clock import VenueClock
from genesis.service.connecting import open_gateway
from genesis.service.leaving import Held, Leaving
from genesis.service.live import account_at
from genesis.service.running import engine_process
from genesis.service.settings import Settings
from genesis.tiers.held import Held as Weighed
from genesis.tiers.held import priority_scores

T = TypeVar("T")
_HUNDRED: Final = Decimal(100)
_PAUSES_S: Final = (0.25, 0.5, 1.0)
"""Before what the venue did not answer is asked again."""


async def close_everything(
    settings: Settings,
    max_slippage_percent: Decimal | None = None,
    *,
    sells_all_held: bool = False,
) -> dict[str, Any]:
    """Cancel our resting orders of the symbols and sell what is held of them.

    The account is the one that the settings name: of a live home at Binance itself where they name
    no venue. The symbols are those of the settings and of the last run; entries are cancelled
    first, in all of them. Coins that were held before the account was opened stay. Where the event
    log cannot tell which they are, nothing is sold, unless `sells_all_held`. A symbol whose
    sale, through the book as it is now, would bring more than `max_slippage_percent` less than its
    last trade is left as it is, its stop too, and named among the errors; None sells at any price.

    Returns positions_closed, total_pnl (None: nobody here knows it), proceeds, errors (what is
    open yet and why) and notes (what stays by its nature, and who runs meanwhile).

    Raises:
        ConfigError: no venue is named, it is not on loopback for paper, or it refuses the key.
        ExchangeError: the venue does not answer.
    """
    clock, home = VenueClock(), settings.home_path()
    record = read_account(home)
    gateway = await _opened(settings, record, clock)
    try:
        closing = _Closing(gateway, clock, record, max_slippage_percent, sells_all_held)
        closing.meet(engine_process(home))
        return await closing.run(settings.symbols)
    finally:
        await gateway.close()


async def _opened(settings: Settings, record: AccountRecord, clock: VenueClock) -> Gateway:
    """The way to the account. Symbols are asked for later, one by one: one may be unknown."""
    for pause_s in (*_PAUSES_S, None):
        gateway = _account(settings.model_copy(update={"symbols": ()}), record, clock)
        try:
            await open_gateway(gateway, clock)
        except Unreachable as problem:
            if pause_s is None:
                raise Unreachable(
                    f"nothing is closed: the venue {gateway.venue.rest} does not answer "
                    f"({problem.message})"
                ) from problem
            await asyncio.sleep(pause_s)
        else:
            return gateway
    raise AssertionError("the last attempt answers or raises")


def _account(settings: Settings, record: AccountRecord, clock: VenueClock) -> Gateway:
    """Real money only where the home does not say that it plays, and a key is given."""
    url = settings.venue_url
    may_be_live = record.is_paper is False or settings.api_key is not None
    if not is_loopback(url) and record.is_paper is not True and may_be_live:
        return account_at(settings, clock)
    if url is None:
        raise ConfigError(
            "name the venue in GENESIS_VENUE_URL: our own exchange ends with us (for an account at "
            "Binance itself set GENESIS_API_KEY and GENESIS_API_SECRET)"
        )
    require_loopback(url)
    key, secret = settings.venue_keys(DEFAULT_API_KEY, DEFAULT_API_SECRET)
    return gateway_at(
        venue_at(url),
        key,
        secret,
        settings.symbols,
        now_ns=clock.now_ns,
        elapsed_ns=clock.elapsed_ns,
    )


class _Closing:
    def __init__(
        self,
        gateway: Gateway,
        clock: VenueClock,
        record: AccountRecord,
        max_slippage_percent: Decimal | None,
        sells_all_held: bool,
    ) -> None:
        self._gateway = gateway
        fenced = {} if isinstance(record.fenced, str) else dict(record.fenced)
        self._leaving = Leaving(gateway, clock, fenced)
        self._doubt = record.fenced if isinstance(record.fenced, str) else None
        if sells_all_held:
            self._doubt = None
        self._most_percent = max_slippage_percent
        self._errors: list[str] = []
        self._notes: list[str] = []
        self._traded: tuple[str, ...] = ()
        if isinstance(record.symbols, str):
            self._errors.append(f"only the symbols of the settings: {record.symbols}")
        else:
            self._traded = record.symbols
        self._proceeds = ZERO
        self._closed = 0

    def meet(self, process: int | None) -> None:
        """Another engine is at work on this home, or hangs."""
        if process is not None:
            self._notes.append(
                f"a service of this home still runs (process {process}): it places stops again and "
                f"may trade; `genesis close-all` asks it to close, `kill {process}` ends it"
            )

    async def run(self, symbols: tuple[str, ...]) -> dict[str, Any]:
        held = [
            found
            for instrument in await self._instruments(symbols)
            if (found := await self._told(instrument.symbol, self._look(instrument))) is not None
        ]
        for one in _by_priority(held):
            await self._told(one.symbol, self._leave(one))
        return {
            "positions_closed": self._closed,
            "total_pnl": None,
            "proceeds": text(self._proceeds),
            "errors": self._errors,
            "notes": self._notes,
        }

    async def _told(self, symbol: str, work: Awaitable[T]) -> T | None:
        """What fails in one symbol holds up no other."""
        try:
            return await work
        except ExchangeError as problem:
            self._errors.append(f"{symbol}: {problem.message}")
            return None

    async def _instruments(self, symbols: tuple[str, ...]) -> list[Instrument]:
        """Those of the settings and of the last run that the venue knows."""
        found: list[Instrument] = []
        for symbol in dict.fromkeys((*symbols, *self._traded)):
            try:
                found += await _insisted(lambda: self._gateway.instruments((symbol,)))  # noqa: B023
            except (ConfigError, ExchangeError) as problem:
                whose = "" if symbol in symbols else " of the last run"
                self._errors.append(f"{symbol}{whose}: {problem.message}")
        return found

    # -- looking -----------------------------------------------------------------------------
    async def _look(self, instrument: Instrument) -> Held:
        """What is held, once no entry can add to it."""
        symbol = instrument.symbol
        orders = await self._gateway.open_orders(symbol)
        ours = [order for order in orders if key_of(order.wire_id) is not None]
        for entry in ours:
            if entry.stop_price is None:
                await self._cancel_entry(entry)
        amount, _ = await self._leaving.balance(instrument)
        _, last = await self._gateway.bid_and_last(symbol) if amount > ZERO else (ZERO, ZERO)
        stops = [order for order in ours if order.stop_price is not None]
        stops.sort(key=lambda stop: stop.stop_price or ZERO, reverse=True)
        return Held(instrument, amount, last, tuple(stops))

    async def _cancel_entry(self, entry: VenueOrder) -> None:
        events = await self._leaving.cancel(entry)
        if isinstance(events[-1], CancelRejected):
            told = f"entry {entry.wire_id} may still rest"
            self._errors.append(f"{entry.symbol}: {told}: {events[-1].reason}")

    # -- leaving -----------------------------------------------------------------------------
    async def _leave(self, held: Held) -> None:
        if not held.qty:
            await self._tidy(held)
            return
        reason = self._may_be_fenced(held) or _suspended(held) or await self._slips(held)
        if reason is not None:
            self._errors.append(f"{held.symbol}: {reason}")
            return
        left = await self._leaving.leave(held)
        self._proceeds += left.proceeds
        if left.problem is not None:
            self._errors.append(f"{held.symbol}: {left.problem}")
            return
        self._closed += 1
        ours, _ = await self._leaving.balance(held.instrument)
        self._tell_dust(held.instrument, ours)

    async def _tidy(self, held: Held) -> None:
        """Nothing to sell: stops that are left over go, unless they say that there is something."""
        if held.stops and held.ours <= ZERO:
            self._errors.append(
                f"{held.symbol}: a stop of ours rests, and no more {held.instrument.base} are held "
                "than before the account was opened: nothing is sold, and the stop stays. Look at "
                "the venue what became of them"
            )
            return
        for stop in held.stops:
            await self._leaving.cancel(stop)
        self._tell_dust(held.instrument, held.ours)

    def _tell_dust(self, instrument: Instrument, ours: Decimal) -> None:
        if ours > ZERO:
            least = f"{text(instrument.min_notional_usdt)} {instrument.quote}"
            self._notes.append(
                f"{text(ours)} {instrument.base} stay: dust, the venue takes no order below {least}"
            )

    def _may_be_fenced(self, held: Held) -> str | None:
        """Is something held of which nobody can tell whose it is? Then only entries are left."""
        if self._doubt is None:
            return None
        return (
            "what is held is left as it is, its stop too: nothing tells which of it was held "
            "before the account was opened (--sell-all-held sells all of it): "
            f"{self._doubt}"
        )

    async def _slips(self, held: Held) -> str | None:
        """Would selling all of it now, through the book, cost more than is allowed?"""
        if self._most_percent is None:
            return None
        book = await self._gateway.depth(held.symbol)
        paid = walk_price(book.bids, Side.SELL, held.qty, held.last, slip=ONE) or ZERO
        below = (held.last - paid) / held.last * _HUNDRED if held.last else ZERO
        if below <= self._most_percent:
            return None
        return (
            f"left as it is, its stop too: sold now it would bring {below:.2f} % less than at the "
            f"last trade, and at most {text(self._most_percent)} % is allowed "
            "(--max-slippage-percent)"
        )


def _suspended(held: Held) -> str | None:
    """A sale would be refused, and the stop be gone meanwhile."""
    word = held.instrument.suspended
    if word in ("", NO_STOPS):
        return None
    return f"left as it is, its stop too: the venue does not trade it now ({word})"


def _by_priority(held: list[Held]) -> list[Held]:
    """As an emergency is left: the larger share of what is lost at the stops first, then of what
    is at work. One without a stop may lose all of it.
    """
    weighed = [Weighed(one.symbol, 0, one.qty * one.last, _risk(one)) for one in held]
    scores = priority_scores(weighed, ())
    return sorted(held, key=lambda one: (-scores[one.symbol], one.symbol))


def _risk(held: Held) -> Decimal:
    stop = held.stops[0].stop_price if held.stops else None
    return held.qty * max(held.last - (stop or ZERO), ZERO)


async def _insisted(ask: Callable[[], Awaitable[T]]) -> T:
    for pause_s in _PAUSES_S:
        try:
            return await ask()
        except Unreachable:
            await asyncio.sleep(pause_s)
    return await ask()
