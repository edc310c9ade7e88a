"""A second account beside the first: its own engine and, in this process, its own exchange.

Nothing of it can leave: an order goes to a simulated exchange that is shown the same market, as in
a backtest (no latency; what takes liquidity walks the book). All of it is a fold of its stream:
the exchange, too, is what the recorded events make of it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from genesis.domain.account import Balance, Tier
from genesis.domain.commands import (
    CancelOrder,
    Command,
    DropTimer,
    RequestReconcile,
    SetTimer,
    SubmitOrder,
)
from genesis.domain.events import (
    AccountOpened,
    BookDelta,
    BookTop,
    Event,
    InstrumentReported,
    OrderEvent,
    RunEnded,
    RunStarted,
    TimerFired,
    TradeTick,
    is_market,
)
from genesis.domain.money import BPS
from genesis.domain.outcomes import PositionClosed
from genesis.domain.paper import PaperTradeReported
from genesis.domain.recorded import Recorded
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.errors import EventLogError
from genesis.rules import Rules
from genesis.service.paper_session import PaperSession
from genesis.service.readings import Readings
from genesis.service.strategies import engine_for
from genesis.service.timers import Timers
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue

_ORDER: Final = frozenset(OrderEvent.__args__)
_TRADES_KEPT: Final = 1_000
Write = Callable[[Step], None]
"""Takes a step to the stream."""


class PaperAccount:
    """One account on paper; see `take` and `restored`.

    answers: what its exchange has said and the engine has not heard yet. tier: the one it was
    opened in. ended: why its last run ended; None while one is on. trades: of strategies, closed
    since somebody took them from here.
    """

    def __init__(self, started: RunStarted, opened: AccountOpened) -> None:
        engine = engine_for(started, None)
        assert isinstance(engine, Engine)
        self.engine = engine
        self.readings = Readings()
        self.session = PaperSession()
        self.timers = Timers()
        self.answers: deque[Event] = deque()
        self.tier: Tier = engine.state.rules.tiers.opening_tier
        self.ended: str | None = None
        self.trades: deque[PaperTradeReported] = deque(maxlen=_TRADES_KEPT)
        balances = {held.asset: held.free for held in opened.balances}
        self._exchange = SimExchange(Venue({}, balances, _fees(engine.state.rules)))

    @property
    def balances(self) -> tuple[Balance, ...]:
        """As its exchange has them."""
        return self._exchange.venue.balances

    # -- as it happens -----------------------------------------------------------------------
    def take(self, event: Event, write: Write) -> Step:
        """An event: first what was due before it, last what the exchange says to it at once.

        Returns the step of the event itself.
        """
        if type(event) is not RunStarted:  # what came due while nothing ran comes after it
            self.pass_time(event.ts_ns if is_market(event) else event.ts_ns - 1, write)
        return self._happen(event, write)

    def settle(self, write: Write) -> None:
        """What the exchange has said is heard: a record may end in the middle of it."""
        while self.answers:
            write(self._fold(self.answers.popleft()))

    def pass_time(self, until_ns: int, write: Write) -> None:
        """Timers that are due fire."""
        while (due := self.timers.pop_due(until_ns)) is not None:
            self._happen(due, write)

    def _happen(self, event: Event, write: Write) -> Step:
        step = self._fold(event)
        write(step)
        self.settle(write)
        return step

    # -- as it was recorded ------------------------------------------------------------------
    def again(self, event: Event) -> None:
        """An event of the record.

        Raises:
            EventLogError: the exchange would have said something else.
        """
        if self.answers:
            said = self.answers.popleft()
            if said != event:
                raise EventLogError(f"recorded is {event}, the exchange says {said}")
        elif type(event) in _ORDER:
            raise EventLogError(f"recorded is {event}, the exchange says nothing")
        if type(event) is TimerFired and not is_market(event):
            self.timers.drop(event.key)
        self._fold(event)

    # -- one event ---------------------------------------------------------------------------
    def _fold(self, event: Event) -> Step:
        """The exchange sees the market first; what the engine wants reaches it at once."""
        if isinstance(event, TradeTick | BookTop):
            self.answers += self._exchange.on_market(event)
        elif isinstance(event, BookDelta):
            self._exchange.venue.on_market(event)
        elif isinstance(event, InstrumentReported):
            self._exchange.venue.list_instrument(event.instrument)
        elif isinstance(event, RunStarted) and self.engine.state.run:
            self.session.away(event.ts_ns - self.engine.state.now_ns)
            engine_for(event, self.engine)  # the same engine, under the rules of the next run
        self.ended = event.reason if isinstance(event, RunEnded) else None
        watched = self.session.watch(self.engine, event)
        strategies = self._strategies()
        step = self.engine.handle(event)
        self._remember(step, strategies)
        self.session.heard(self.engine, event, watched)
        self.readings.take(step)
        for command in step.commands:
            self._obey(command)
        return step

    def _strategies(self) -> Mapping[str, str]:
        """Positions of strategies, by symbol."""
        whose = self.engine.discipline.strategy_in
        found = ((held.symbol, whose(held.symbol)) for held in self.engine.view.positions)
        return {symbol: strategy for symbol, strategy in found if strategy is not None}

    def _remember(self, step: Step, strategies: Mapping[str, str]) -> None:
        for closed in step.outcomes:
            if isinstance(closed, PositionClosed) and closed.symbol in strategies:
                paid_usdt = closed.qty * closed.entry_price
                whose = strategies[closed.symbol]
                told = PaperTradeReported(closed.ts_ns, whose, closed.pnl_usdt, paid_usdt)
                self.trades.append(told)

    def _obey(self, command: Command) -> None:
        now_ns = self.engine.state.now_ns
        if isinstance(command, SubmitOrder | CancelOrder):
            self.answers += self._exchange.obey(command, now_ns)
        elif isinstance(command, SetTimer):
            self.timers.set(command.key, max(command.at_ns, now_ns))
        elif isinstance(command, DropTimer):
            self.timers.drop(command.key)
        elif isinstance(command, RequestReconcile):
            self.answers.append(self._exchange.balances(now_ns))


def restored(steps: Iterable[Recorded]) -> PaperAccount:
    """The account that a stream records; its trades are all of them, told or not.

    Raises:
        EventLogError: the stream ends before its account was opened, or cannot be continued.
    """
    begun: list[Event] = []
    account: PaperAccount | None = None
    for step in steps:
        if account is not None:
            account.again(step.event)
            continue
        begun.append(step.event)
        started = begun[0]
        if isinstance(started, RunStarted) and isinstance(step.event, AccountOpened):
            account = PaperAccount(started, step.event)
            for event in begun:
                account.again(event)
    if account is None:
        raise EventLogError("the stream ends before its account was opened")
    return account


def untold(
    trades: Iterable[PaperTradeReported], reported: Iterable[PaperTradeReported]
) -> tuple[PaperTradeReported, ...]:
    """Trades of a stream behind the last one that was reported; a crash may have held them back.

    They are reported in order, and known again by whose they were and what they brought.
    """
    closed, told = tuple(trades), 0
    for report in reported:
        same = (at for at in range(told, len(closed)) if _is_same(closed[at], report))
        told = next(same, told - 1) + 1
    return closed[told:]


def _is_same(one: PaperTradeReported, other: PaperTradeReported) -> bool:
    return replace(one, ts_ns=other.ts_ns) == other


def _fees(rules: Rules) -> FeeSchedule:
    """What the rulebook takes for granted of the venue, both ways."""
    bps = rules.risk.taker_fee_fraction * BPS
    asset = rules.execution.fee_asset
    return FeeSchedule(bps, bps, "received" if asset == "received" else "quote")
