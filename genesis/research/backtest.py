"""One strategy through a recorded market: the engine, the gate and the rules that trade live."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Final

from genesis.domain.account import Balance, Tier
from genesis.domain.events import (
    AccountOpened,
    BookTop,
    Event,
    InstrumentReported,
    OrderFilled,
    RunStarted,
    TradeTick,
)
from genesis.domain.money import CONTEXT, ZERO
from genesis.domain.time import parse_width
from genesis.engine.engine import Engine
from genesis.engine.rulebook import Rules
from genesis.engine.step import Step
from genesis.errors import DataError, UsageError
from genesis.research.bars import Bars
from genesis.research.result import BacktestResult, Setup
from genesis.research.setup import (
    BINANCE_FEES,
    Fees,
    Moment,
    Number,
    latency_of,
    positive,
    rules_of,
    span_ns,
    taker_fill,
)
from genesis.research.strategies import prepared
from genesis.research.ticks import Ticks
from genesis.sim.columns import BarSource, Source, TickSource
from genesis.sim.driver import run
from genesis.sim.exchange import SimExchange
from genesis.sim.latency import Latency
from genesis.sim.venue import Venue
from genesis.strategy import Strategy

Progress = Callable[[int], None]
"""Told the venue time (UTC ns) that the run has reached, now and then."""

_TELL_EVERY: Final = 512


def backtest(
    strategy: str | Strategy,
    data: Ticks | Bars | str,
    *,
    start: Moment | None = None,
    end: Moment | None = None,
    params: Mapping[str, object] | None = None,
    rules: str | Path | Rules = "sniper",
    fill: str = "next_tick",
    cash: Number = Decimal("500"),
    qty: Number | None = None,
    stop_fraction: Number | None = None,
    fees: Fees = BINANCE_FEES,
    latency: Latency | tuple[int, int, int] | None = None,
    seed: int | str = 0,
    home: str | Path | None = None,
    every_tick: bool = False,
    progress: Progress | None = None,
) -> BacktestResult:
    """Run a strategy over recorded data.

    strategy: a name from the catalog (with `params`), or an object (copied). data: Ticks, Bars
    (with fill `next_open`), or a symbol of the tick store in `home`. start, end: [start, end),
    ISO 8601 text, a datetime or UTC ns. rules: a rulebook's name, file or object. cash: starting
    quote. qty: base per entry; None lets the gate size. stop_fraction: distance of the protective
    stop below the entry; None leaves it to the rules (`research` has none). latency: ms of feed,
    entry and response.

    fill: `bar_close` (at the closed bar's last price, stamped with its end), `next_tick` (first
    tick at or after the decision and its latency), `book` (walks the recorded book), `next_open`
    (bars only). A protective stop fills at the price of the first later tick that touches it.
    every_tick: feed each tick to the engine instead of skipping; the same decisions, slower.

    Raises:
        UsageError: unknown strategy, parameter, symbol or fill, or values out of range.
        DataError: no data in the span. ConfigError: rules that cannot be used.
    """
    market = _market(data, start, end, home)
    wish = None if qty is None else positive(qty, "qty")
    trader = prepared(strategy, params, wish)
    book, schedule = rules_of(rules, fees, stop_fraction)
    money = positive(cash, "cash")
    source = _source(market, trader, fill, book)
    instrument = market.instrument
    venue = Venue(
        {instrument.symbol: instrument}, {instrument.quote: money}, schedule, taker_fill(fill)
    )
    exchange = SimExchange(venue, latency_of(latency))
    engine = Engine(book, [trader], seed=str(seed))
    opening = _opening(engine, market, exchange, book, trader, money)
    if isinstance(data, str) and trader.tier.rank >= Tier.STRATEGIST.rank:
        opening += _usual_volume(home, data, opening[0].ts_ns, book)
    with _collector_paused(), localcontext(CONTEXT):
        steps = run(engine, source, exchange, opening=opening, every_tick=every_tick)
        decided, executions = _collect(steps, progress)
    width = None if trader.bar is None else parse_width(trader.bar)
    return BacktestResult(
        Setup(trader.name, instrument, book.name, fill, money, width, str(seed)),
        market.columns,
        decided,
        executions,
        engine.view.positions,
        tuple(engine.state.execution.orders.orders.values()),
        market.gaps if isinstance(market, Ticks) else (),
    )


def _market(
    data: Ticks | Bars | str, start: Moment | None, end: Moment | None, home: str | Path | None
) -> Ticks | Bars:
    first, last = span_ns(start, end)
    if isinstance(data, str):
        from genesis.research.store import TickStore

        market: Ticks | Bars = TickStore(home).ticks(data, start, end)
    else:
        market = data.between(first, last)
    if not len(market):
        raise DataError(
            f"there is no data of {market.instrument.symbol} in the span asked for "
            "(`genesis ticks list` shows what the store holds)"
        )
    return market


def _source(market: Ticks | Bars, trader: Strategy, fill: str, book: Rules) -> Source:
    """The data as the driver takes it, if it has what strategy, fill and rules need."""
    if isinstance(market, Bars):
        if fill != "next_open":
            raise UsageError(f"bars have no ticks to fill {fill!r} at: use fill='next_open'")
        _check_bars(market, trader)
        return BarSource(market.columns)
    if fill == "next_open":
        raise UsageError("fill 'next_open' is for Bars; ticks fill 'next_tick' or 'bar_close'")
    if market.tops is None and (fill == "book" or BookTop in trader.wants):
        who = "fill 'book'" if fill == "book" else f"strategy {trader.name}"
        raise UsageError(
            f"{who} needs a recorded book, and this data has trades only; import a capture of the "
            "combined stream (genesis ticks import)"
        )
    widths = () if trader.bar is None else (parse_width(trader.bar),)
    if book.market is not None:
        widths = (*widths, book.market.states.width_ns)
    return TickSource(market.columns, widths, market.tops, TradeTick in trader.wants)


def _check_bars(market: Bars, trader: Strategy) -> None:
    if trader.bar is None or trader.wants & {TradeTick, BookTop}:
        raise UsageError(f"strategy {trader.name} wants more than bars: give it Ticks")
    if parse_width(trader.bar) != market.columns.width_ns:
        raise UsageError(
            f"strategy {trader.name} wants bars of {trader.bar}, the data has another width"
        )


def _opening(
    engine: Engine,
    market: Ticks | Bars,
    exchange: SimExchange,
    book: Rules,
    trader: Strategy,
    cash: Decimal,
) -> tuple[Event, ...]:
    """What every run is told first: who it is, what it owns, what it may trade."""
    instrument = market.instrument
    stamps = market.columns.ts_ns if isinstance(market, Ticks) else market.columns.open_ts_ns
    at_ns = int(stamps[0])
    return (
        RunStarted(
            at_ns,
            1,
            book.name,
            book.text,
            book.sha256,
            code_sha256="",
            seed=engine.seed,
            symbols=(instrument.symbol,),
            strategies=(trader.name,),
        ),
        AccountOpened(
            at_ns,
            "backtest",
            "simulated",
            is_paper=True,
            quote=instrument.quote,
            balances=(Balance(instrument.quote, cash, ZERO),),
        ),
        InstrumentReported(at_ns, instrument),
        exchange.balances(at_ns),
    )


def _usual_volume(
    home: str | Path | None, symbol: str, first_ns: int, book: Rules
) -> tuple[Event, ...]:
    """What the store knows from before the span: VWAP orders follow it, without looking ahead."""
    from genesis.service.home import resolve_home
    from genesis.service.usual_volume import usual_volumes

    slicing = book.execution.slicing
    if slicing is None:
        return ()
    place = resolve_home(None if home is None else Path(home))
    return tuple(usual_volumes(place, (symbol,), first_ns, slicing.profile_days))


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
    for count, step in enumerate(steps):
        event, outcomes, commands = step
        if outcomes or commands:
            decided.append(step)
        if type(event) is OrderFilled:
            executions.append(event)
        if progress is not None and count % _TELL_EVERY == 0:
            progress(event.ts_ns)
    return tuple(decided), tuple(executions)
