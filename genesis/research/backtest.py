"""One strategy through a recorded market: the engine, the gate and the rules that trade live."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from genesis.domain.account import Balance, Tier
from genesis.domain.events import (
    AccountOpened,
    Event,
    InstrumentReported,
    OrderFilled,
    RunStarted,
)
from genesis.domain.instrument import Instrument
from genesis.domain.money import CONTEXT, ZERO
from genesis.domain.time import parse_width
from genesis.engine.engine import Engine
from genesis.engine.rulebook import Rules
from genesis.engine.step import Step
from genesis.errors import DataError, UsageError
from genesis.research.bars import Bars
from genesis.research.failing import CALL_S, strategies_watched
from genesis.research.markets import Market, first_ns, source_of
from genesis.research.result import BacktestResult, Setup
from genesis.research.setup import (
    BINANCE_FEES,
    Fees,
    Moment,
    Number,
    latency_of,
    positive,
    queue_of,
    rules_of,
    span_ns,
    taker_fill,
)
from genesis.research.strategies import traders_of
from genesis.research.ticks import Ticks
from genesis.sim.driver import run
from genesis.sim.exchange import SimExchange
from genesis.sim.latency import AnyLatency
from genesis.sim.venue import Venue
from genesis.strategy import Strategy

if TYPE_CHECKING:
    from genesis.analytics.values import NoValue
    from genesis.research.latency_model import LatencyModel
    from genesis.research.queue_model import QueueModel

Progress = Callable[[int], None]
"""Told the venue time (UTC ns) that the run has reached, now and then."""

_TELL_EVERY: Final = 512


def backtest(
    strategy: str | Strategy | Sequence[str | Strategy],
    data: Market | str | Sequence[Market | str],
    *,
    start: Moment | None = None,
    end: Moment | None = None,
    params: Mapping[str, Any] | None = None,
    rules: str | Path | Rules = "sniper",
    fill: str = "next_tick",
    queue: "str | Number | QueueModel | NoValue" = "conservative",
    cash: Number = Decimal("500"),
    qty: Number | None = None,
    stop_fraction: Number | None = None,
    fees: Fees = BINANCE_FEES,
    latency: "AnyLatency | LatencyModel | NoValue | tuple[int, int, int] | None" = None,
    seed: int | str = 0,
    home: str | Path | None = None,
    every_tick: bool = False,
    progress: Progress | None = None,
    call_s: float | None = CALL_S,
) -> BacktestResult:
    """Run a strategy, or several beside each other, over recorded data.

    strategy: a name from the catalog (with `params`), or an object (copied); of several names,
    `params` holds those of each by its name. data: Ticks, Bars (with fill `next_open`), or a symbol
    of the tick store in `home`; or several of them, one a symbol, all ticks or all bars: cash and
    figures are in the quote of the first, and what has another quote can only be looked at. start,
    end: [start, end), ISO 8601 text, a datetime or UTC ns. rules: a rulebook's name, file or
    object. cash: starting quote. qty: base per entry; None lets the gate size. stop_fraction:
    distance of the protective stop below the entry; None leaves it to the rules (`research` has
    none). latency: ms of feed, entry and response; a `SampledLatency`, of which every message
    draws by the seed, or a model fitted to own orders.

    fill: `bar_close` (at the closed bar's last price, stamped with its end), `next_tick` (first
    tick at or after the decision and its latency), `book` (walks the recorded book), `next_open`
    (bars only). A protective stop fills at the price of the first later tick that touches it.
    queue: who fills before our resting order at its price: `conservative` (all that was displayed
    there when it came to rest), `optimistic` (nobody), a share of it from 0 to 1, or a model fitted
    to own orders (`fit_execution`); the truth lies between the first two (`both_queues`).
    every_tick: feed each tick to the engine instead of skipping; the same decisions, slower.
    call_s: seconds one call into a strategy may take (watched in the main thread only); None: as
    long as it likes, and what it raises comes as it is.

    Raises:
        UsageError: unknown strategy, parameter, symbol or fill, values out of range, or a strategy
            that trades a symbol of another quote.
        DataError: no data in the span. ConfigError: rules that cannot be used.
        StrategyFailed: a strategy raised, did not come back, or wished for what means nothing;
            there is no result then, not even of a part.
    """
    markets = markets_of(data, start, end, home)
    wish = None if qty is None else positive(qty, "qty")
    traders = traders_of(strategy, params, wish)
    book, schedule = rules_of(rules, fees, stop_fraction)
    money = positive(cash, "cash")
    sources = [source_of(market, traders, fill, book) for market in markets]
    instruments = tuple(market.instrument for market in markets)
    quote = instruments[0].quote
    listed = {instrument.symbol: instrument for instrument in instruments}
    place = queue_of(queue)
    venue = Venue(
        listed,
        {quote: money},
        schedule,
        taker_fill(fill),
        place.queue,
        queue_share=place.share,
    )
    exchange = SimExchange(venue, latency_of(latency))
    engine = Engine(book, traders, seed=str(seed))
    opening = _opening(engine, markets, exchange, book, traders, money)
    if any(trader.tier.rank >= Tier.STRATEGIST.rank for trader in traders):
        opening += _usual_volumes(home, _stored(data), opening[0].ts_ns, book)
    with _collector_paused(), localcontext(CONTEXT), strategies_watched(call_s):
        steps = run(engine, sources, exchange, opening=opening, every_tick=every_tick)
        decided, executions = _collect(steps, progress)
    _check_quotes(executions, instruments)
    widths = [parse_width(trader.bar) for trader in traders if trader.bar is not None]
    return BacktestResult(
        Setup(
            ", ".join(trader.name for trader in traders),
            instruments,
            book.name,
            fill,
            place.name,
            money,
            min(widths, default=None),
            str(seed),
            tuple(traders),
            book.text,
            schedule,
            exchange.latency,
        ),
        tuple(market.columns for market in markets),
        decided,
        executions,
        engine.view.positions,
        tuple(engine.state.execution.orders.orders.values()),
        tuple(market.gaps if isinstance(market, Ticks) else () for market in markets),
        tuple(market.tops if isinstance(market, Ticks) else None for market in markets),
    )


def markets_of(
    data: Market | str | Sequence[Market | str],
    start: Moment | None,
    end: Moment | None,
    home: str | Path | None,
) -> list[Market]:
    """One a symbol, each with data in the span.

    Raises:
        UsageError, DataError: as `backtest`.
    """
    asked = [data] if isinstance(data, Ticks | Bars | str) else list(data)
    if not asked:
        raise UsageError("there is no data: pass Ticks, Bars or a symbol, or several of them")
    markets = [_market(one, start, end, home) for one in asked]
    if len({type(market) for market in markets}) > 1:
        raise UsageError("ticks and bars do not go together: pass ticks only, or bars only")
    symbols = [market.instrument.symbol for market in markets]
    for symbol in symbols:
        if symbols.count(symbol) > 1:
            raise UsageError(f"{symbol} is given twice: pass each symbol's data once")
    return markets


def _market(
    data: Market | str, start: Moment | None, end: Moment | None, home: str | Path | None
) -> Market:
    first, last = span_ns(start, end)
    if isinstance(data, str):
        from genesis.research.store import TickStore

        market: Market = TickStore(home).ticks(data, start, end)
    else:
        market = data.between(first, last)
    if not len(market):
        raise DataError(
            f"there is no data of {market.instrument.symbol} in the span asked for "
            "(`genesis ticks list` shows what the store holds)"
        )
    return market


def _opening(
    engine: Engine,
    markets: Sequence[Market],
    exchange: SimExchange,
    book: Rules,
    traders: Sequence[Strategy],
    cash: Decimal,
) -> tuple[Event, ...]:
    """What every run is told first: who it is, what it owns, what it may trade."""
    instruments = [market.instrument for market in markets]
    quote, at_ns = instruments[0].quote, min(map(first_ns, markets))
    return (
        RunStarted(
            at_ns,
            1,
            book.name,
            book.text,
            book.sha256,
            code_sha256="",
            seed=engine.seed,
            symbols=tuple(instrument.symbol for instrument in instruments),
            strategies=tuple(trader.name for trader in traders),
        ),
        AccountOpened(
            at_ns,
            "backtest",
            "simulated",
            is_paper=True,
            quote=quote,
            balances=(Balance(quote, cash, ZERO),),
        ),
        *(InstrumentReported(at_ns, instrument) for instrument in instruments),
        exchange.balances(at_ns),
    )


def _check_quotes(executions: Sequence[OrderFilled], instruments: tuple[Instrument, ...]) -> None:
    """Raises UsageError: money of two kinds was added up."""
    quote = instruments[0].quote
    others = {one.symbol for one in instruments if one.quote != quote}
    traded = sorted(others & {event.fill.symbol for event in executions})
    if traded:
        raise UsageError(
            f"{', '.join(traded)} was traded, and the account counts in {quote}: a symbol of "
            "another quote can be looked at only; leave it out, or name the symbols to trade"
        )


def _stored(data: object) -> tuple[str, ...]:
    """The symbols that come from the tick store."""
    asked = data if isinstance(data, Sequence) and not isinstance(data, str) else [data]
    return tuple(one for one in asked if isinstance(one, str))


def _usual_volumes(
    home: str | Path | None, symbols: tuple[str, ...], first_ns: int, book: Rules
) -> tuple[Event, ...]:
    """What the store knows from before the span: VWAP orders follow it, without looking ahead."""
    from genesis.service.home import resolve_home
    from genesis.service.usual_volume import usual_volumes

    slicing = book.execution.slicing
    if slicing is None or not symbols:
        return ()
    place = resolve_home(None if home is None else Path(home))
    return tuple(usual_volumes(place, symbols, first_ns, slicing.profile_days))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Python's cycle collector finds nothing in a run and would look at it again and again.

    What the run made joins the oldest generation unseen (freeze and unfreeze do that at once).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:
            gc.freeze()
            gc.unfreeze()
        if was_on:
            gc.enable()


def _collect(
    steps: Iterator[Step], progress: Progress | None
) -> tuple[tuple[Step, ...], tuple[OrderFilled, ...]]:
    """Keep the steps that decided something, and every fill."""
    decided: list[Step] = []
    executions: list[OrderFilled] = []
    for step in steps if progress is None else _telling(steps, progress):
        event, outcomes, commands = step
        if outcomes or commands:
            decided.append(step)
        if type(event) is OrderFilled:
            executions.append(event)
    return tuple(decided), tuple(executions)


def _telling(steps: Iterator[Step], progress: Progress) -> Iterator[Step]:
    for count, step in enumerate(steps):
        yield step
        if count % _TELL_EVERY == 0:
            progress(step.event.ts_ns)
