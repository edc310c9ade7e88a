"""The engine: one event through the flow. Pure: same state and same event give the same step."""

from collections.abc import Sequence
from decimal import Decimal

from genesis.domain.approval import Approved, Refused, Verdict
from genesis.domain.commands import Command
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    BarClosed,
    BookDelta,
    BookTop,
    Event,
    FlowReported,
    OperatorActed,
    OrderEvent,
    OrderFilled,
    RunStarted,
    TimerFired,
    TradeTick,
    is_market,
)
from genesis.domain.ids import EXTERNAL_RUN
from genesis.domain.keeping import StopAdopted
from genesis.domain.money import ZERO
from genesis.domain.orders import Purpose
from genesis.domain.outcomes import CommandAnswered, OrderApproved, OrderRefused, Outcome
from genesis.engine.desk import Desk, widths_of
from genesis.engine.discipline import Discipline
from genesis.engine.gate import Gate
from genesis.engine.rulebook import Editor, Rules
from genesis.engine.state import EngineState
from genesis.engine.step import NO_WATCH, Step, Watch
from genesis.engine.together import Alerts
from genesis.engine.view import EngineView
from genesis.engine.watch import watch
from genesis.execution.draft import Draft
from genesis.strategy.base import Strategy

EXTERNAL = "external"
_ORDER_EVENTS = frozenset(OrderEvent.__args__)
_MARKET = frozenset({TradeTick, BookTop, BookDelta, BarClosed})


class Engine:
    """Market data, positions, discipline, strategies, gate and execution around one state."""

    def __init__(
        self,
        rules: Rules,
        strategies: Sequence[Strategy] = (),
        *,
        seed: str = "0",
        editor: Editor | None = None,
    ) -> None:
        """editor: splits wanted rules; without one the engine keeps those it has."""
        self.seed = seed
        self.state = EngineState(rules, widths_of(strategies))
        self.view = EngineView(self.state)
        self.gate = Gate(self.state, self.view)
        self.discipline = Discipline(self.state, self.view, editor)
        self.together = Alerts(self.state, self.view)
        self.desk = Desk(self.state, self.view, self.gate, strategies)

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths in ns of the bars that strategies and rules need, smallest first."""
        return self.state.market.widths

    def handle(self, event: Event) -> Step:
        """One event through the flow."""
        state = self.state
        if event.ts_ns > state.now_ns:
            state.now_ns = event.ts_ns
        bar = state.market.apply(event)  # Market Data: the bus delivered it, in order
        told = event if bar is None else self._closed_bar(bar)
        kind = type(told)
        if kind in _MARKET:
            facts: tuple[Outcome, ...] = state.market.moved if kind is BarClosed else ()
            if state.ledger.positions:
                facts += self._marked(told)
                if kind is BarClosed and len(state.ledger.positions) > 1:
                    facts += self.together.judged()
            wishes = self.desk.wishes(kind, told)
            if not (facts or wishes):
                return Step(event)
        elif kind is TimerFired and is_market(told):
            return Step(event)  # nothing traded in this width: there is no bar
        else:
            moved = self._positions(kind, told)  # Positions: fills reach the ledger first
            facts = moved + self.discipline.observe(told, moved)  # Risk, Tilt, Tiers observe
            if moved:
                facts += self.together.judged()
            wishes = self.desk.wishes(kind, told)  # Strategies and the operator: one door
        if isinstance(told, OperatorActed) and not _is_answered(facts):
            asked = self.desk.operator(told)
            if isinstance(asked, Draft):
                wishes = (*wishes, asked)
            elif asked is not None:
                facts = (*facts, asked)
        execution = state.execution
        drafts = execution.plan(told, facts, wishes, self.view)  # what would be sent NOW
        if drafts or facts or execution.has_commands:
            return self._decide(event, facts, drafts)
        return Step(event, (), self.discipline.timers())

    def _decide(self, event: Event, facts: tuple[Outcome, ...], drafts: Sequence[Draft]) -> Step:
        """The gate judges every child order at send time; only the approved leave."""
        state = self.state
        self.gate.open_step()
        pairs: list[tuple[Draft, Verdict]] = []
        commands: list[Command] = []
        outcomes: list[Outcome] = list(facts)
        for draft in drafts:  # one by one: an approval uses room the next one no longer has
            verdict = self.gate.judge(draft)
            pairs.append((draft, verdict))
            counted, is_told = self.discipline.keeping.answered(draft, verdict)
            outcomes += counted
            if is_told:
                outcomes.append(self._verdict(draft, verdict))
            commands += state.execution.send((verdict,), self.gate.vouches, state.now_ns)
        outcomes += self.discipline.judged(pairs)
        outcomes += self.discipline.concluded(outcomes)
        if state.execution.has_commands:
            commands += state.execution.send((), self.gate.vouches, state.now_ns)
        commands += self.discipline.timers()
        return Step(event, tuple(outcomes), tuple(commands))

    def _verdict(self, draft: Draft, verdict: Verdict) -> Outcome:
        now_ns = self.state.now_ns
        if isinstance(verdict, Refused):
            return OrderRefused(
                now_ns,
                draft.symbol,
                draft.side,
                draft.source,
                draft.client_ref,
                verdict.failures,
                verdict.until_ns,
            )
        self._count(verdict)
        return OrderApproved(
            now_ns, verdict.key, verdict.request, verdict.limits_used, verdict.notes
        )

    def _count(self, approved: Approved) -> None:
        request = approved.request
        if request.purpose is Purpose.ENTRY:
            self.state.risk.count_entry(self.state.now_ns, approved.key)
        elif request.purpose is Purpose.PROTECT and request.stop_price is not None:
            position = self.state.ledger.positions.get(request.symbol)
            if position is not None:
                distance = position.entry_price - request.stop_price
                self.state.ledger.risk(request.symbol, max(ZERO, distance) * position.entry_qty)

    # -- market and positions ----------------------------------------------------------------
    def _closed_bar(self, bar: BarClosed) -> BarClosed:
        self.state.market.apply(bar)
        return bar

    def _marked(self, event: Event) -> tuple[Outcome, ...]:
        """The short way of the market: positions are valued, limits are looked at."""
        if isinstance(event, TradeTick):
            self.state.ledger.mark(event.symbol, event.price, event.price)
        return self.discipline.marked()

    def _positions(self, kind: type, event: Event) -> tuple[Outcome, ...]:
        state = self.state
        if kind in _ORDER_EVENTS:
            if isinstance(event, OrderFilled) and event.key.run == EXTERNAL_RUN:
                return self._external_fill(event)
            return self._order_event(event) if state.execution.apply(event) else ()
        if isinstance(event, AccountOpened):
            state.ledger.open(event)
        elif isinstance(event, FlowReported):
            state.ledger.flow(event)
        elif isinstance(event, RunStarted):
            state.run, state.orders_born = event.run, 0
            state.execution.begin_run()
        elif isinstance(event, BalanceReported):
            state.execution.reconciled()
        elif isinstance(event, StopAdopted):
            state.execution.adopt_stop(event.symbol, event.price)
        return ()

    def _order_event(self, event: Event) -> tuple[Outcome, ...]:
        assert isinstance(event, OrderEvent)
        state = self.state
        order = state.execution.orders.orders[event.key]
        symbol = order.request.symbol
        moved: tuple[Outcome, ...] = ()
        if isinstance(event, OrderFilled):
            moved = state.ledger.fill(event.fill, event.ts_ns)
        price = event.fill.price if isinstance(event, OrderFilled) else self.view.price(symbol)
        return moved + self._settled(symbol, price, order.request.why.partition(":")[0])

    def _external_fill(self, event: OrderFilled) -> tuple[Outcome, ...]:
        """A trade of the account that no order of ours made: it counts like any other."""
        fill = event.fill
        if not self.state.ledger.is_news(fill):
            return ()
        moved = self.state.ledger.fill(fill, event.ts_ns)
        self.state.execution.touch(fill.symbol)
        return moved + self._settled(fill.symbol, fill.price, EXTERNAL)

    def _settled(self, symbol: str, price: Decimal | None, reason: str) -> tuple[Outcome, ...]:
        """The position's end, if nothing is left of it and nothing is under way."""
        state = self.state
        instrument, held = state.market.instruments.get(symbol), state.ledger.positions.get(symbol)
        if instrument is None or held is None or state.execution.orders.is_busy(symbol):
            return ()
        worth = price or held.entry_price  # what has no price yet is not worth nothing
        closed = state.ledger.settle(symbol, instrument, worth, state.now_ns, reason)
        return () if closed is None else (closed,)

    # -- for drivers that skip ---------------------------------------------------------------
    def watch(self, symbol: str) -> Watch:
        """Prices of the symbol at which a tick may change more than marks."""
        return watch(self.state, self.view, symbol) if self.state.ledger.positions else NO_WATCH

    def skip(self, symbol: str, ts_ns: int, high: Decimal, low: Decimal, last: Decimal) -> None:
        """Marks of a span of ticks that touched nothing.

        `high` and `low` are the extremes of the span, `last` its latest price, `ts_ns` its stamp.
        """
        state = self.state
        state.now_ns = max(state.now_ns, ts_ns)
        state.market.skip(symbol, ts_ns, last)
        if symbol in state.ledger.positions:
            state.ledger.mark(symbol, high, low)
            self.discipline.seen(symbol, high)

    # -- between runs ------------------------------------------------------------------------
    def set_rules(self, rules: Rules) -> None:
        """The next run is under these rules (given with its RunStarted event)."""
        self.state.set_rules(rules)

    def set_strategies(self, strategies: Sequence[Strategy]) -> None:
        """The next run has these; one of the same name goes on with what it learned."""
        self.desk.set_strategies(strategies)
        self.state.market.want(widths_of(self.desk.strategies))


def _is_answered(facts: tuple[Outcome, ...]) -> bool:
    return any(isinstance(fact, CommandAnswered) for fact in facts)
