"""The engine: one event through the flow. Pure: same state and same event give the same step."""

from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

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
from genesis.domain.fills import Fill
from genesis.domain.ids import EXTERNAL_RUN
from genesis.domain.keeping import StopAdopted, StrategySwapped
from genesis.domain.money import ZERO
from genesis.domain.orders import Order, OrderRequest, OrderStatus, Purpose
from genesis.domain.outcomes import CommandAnswered, OrderApproved, OrderRefused, Outcome
from genesis.engine.desk import Desk, widths_of
from genesis.engine.discipline import Discipline
from genesis.engine.gate import Gate
from genesis.engine.rulebook import Editor, Rules
from genesis.engine.state import EngineState
from genesis.engine.step import NO_WATCH, Step, Watch
from genesis.engine.swaps import Maker, Swaps
from genesis.engine.together import Alerts
from genesis.engine.view import EngineView
from genesis.engine.watch import watch
from genesis.execution.draft import Draft
from genesis.execution.order_book import ORDER_EVENTS
from genesis.positions.ledger import Position
from genesis.risk.blocks import STARTING
from genesis.strategy.base import Strategy

EXTERNAL = "external"
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
        maker: Maker | None = None,
    ) -> None:
        """editor: splits wanted rules; without one the engine keeps those it has. maker: makes
        strategies that are swapped in; without one none is.
        """
        self.seed = seed
        self.state = EngineState(rules, widths_of(strategies))
        self.view = EngineView(self.state)
        self.gate = Gate(self.state, self.view)
        self.discipline = Discipline(self.state, self.view, editor)
        self.together = Alerts(self.state, self.view)
        self.desk = Desk(self.state, self.view, self.gate, strategies)
        self._swaps = Swaps(self.state, self.view, self.desk, self.discipline.keeping, maker)
        self._movers: dict[type, Callable[[Any], tuple[Outcome, ...]]] = {
            **dict.fromkeys(ORDER_EVENTS, self._order_event),
            OrderFilled: self._order_filled,
            AccountOpened: self._opened,
            FlowReported: self._flow,
            RunStarted: self._run_started,
            BalanceReported: self._reconciled,
            StopAdopted: self._stop_adopted,
        }
        """What moves orders, positions and money, and how."""

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
                if isinstance(told, TradeTick):
                    state.ledger.mark(told.symbol, told.price, told.price)
                facts += self.discipline.marked()  # positions are valued, limits are looked at
                if len(state.ledger.positions) > 1 and kind is BarClosed:
                    facts += self.together.judged()
            wishes = self.desk.wishes(kind, told)
            if not (facts or wishes):
                return Step(event)
        elif kind is TimerFired and is_market(told):
            return Step(event)  # nothing traded in this width: there is no bar
        else:
            mover = self._movers.get(kind)
            moved = () if mover is None else mover(told)  # Positions: fills reach the ledger first
            seen = self.desk.as_scored(told) if isinstance(told, OperatorActed) else told
            facts = moved + self.discipline.observe(seen, moved)  # Risk, Tilt, Tiers observe
            if isinstance(told, StrategySwapped):
                facts += (self._swaps.asked(told),)
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
        outcomes: list[Outcome] = [*facts, *state.execution.parents.take_told()]
        waiting = deque(drafts)
        while waiting:  # one by one: an approval uses room the next one no longer has
            draft = waiting.popleft()
            verdict = self.gate.judge(draft)
            pairs.append((draft, verdict))
            counted, is_told = self.discipline.keeping.answered(draft, verdict)
            outcomes += counted
            if is_told and not (draft.is_parent and isinstance(verdict, Approved)):
                outcomes.append(self._verdict(draft, verdict))
            along = state.execution.brought_along(draft, verdict, self.view)
            both = [verdict] if along is None else [verdict, self.gate.judge(along)]
            if along is not None:
                pairs.append((along, both[1]))
                outcomes.append(self._verdict(along, both[1]))
            commands += state.execution.send(both, self.gate.vouches, state.now_ns)
            told, slices = state.execution.judged(draft, verdict, self.view)
            outcomes += told
            waiting.extendleft(slices)
        if pairs:
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
        elif request.purpose is Purpose.PROTECT:
            self._risk(request)

    def _risked(self, order: Order) -> None:
        """Is all of an entry bought that brought its stop along?"""
        is_entry = order.request.purpose is Purpose.ENTRY
        if is_entry and order.joins is not None and order.status is OrderStatus.FILLED:
            self._risk(self.state.execution.orders.orders[order.joins].request)

    def _risk(self, stop: OrderRequest) -> None:
        position = self.state.ledger.positions.get(stop.symbol)
        if position is not None and stop.stop_price is not None:
            distance = position.entry_price - stop.stop_price
            self.state.ledger.risk(stop.symbol, max(ZERO, distance) * position.entry_qty)

    # -- market and positions ----------------------------------------------------------------
    def _closed_bar(self, bar: BarClosed) -> BarClosed:
        self.state.market.take(bar)
        return bar

    def _opened(self, event: AccountOpened) -> tuple[Outcome, ...]:
        self.state.ledger.open(event)
        return ()

    def _run_started(self, event: RunStarted) -> tuple[Outcome, ...]:
        state = self.state
        state.run, state.orders_born = event.run, 0
        state.execution.begin_run(event.seed)
        return ()

    def _reconciled(self, event: BalanceReported) -> tuple[Outcome, ...]:
        state = self.state
        state.execution.reconciled()
        if self._awaits_books:
            for symbol in state.ledger.positions:
                state.execution.touch(symbol)
        return ()

    def _stop_adopted(self, event: StopAdopted) -> tuple[Outcome, ...]:
        self.state.execution.adopt_stop(event.symbol, event.price)
        return ()

    def _order_event(self, event: OrderEvent) -> tuple[Outcome, ...]:
        """An order of ours moved: nothing was bought or sold, but a position may have ended."""
        order = self.state.execution.apply(event, awaits_books=self._awaits_books)
        return () if order is None else self._ended(order, None)

    def _order_filled(self, event: OrderFilled) -> tuple[Outcome, ...]:
        if event.key.run == EXTERNAL_RUN:
            return self._external_fill(event)
        state, fill = self.state, event.fill
        order = state.execution.apply(event, awaits_books=self._awaits_books)
        if order is None:
            return ()
        moved = () if self._is_booked(fill) else state.ledger.fill(fill, event.ts_ns)
        self._risked(order)
        return moved + self._ended(order, fill.price)

    def _ended(self, order: Order, price: Decimal | None) -> tuple[Outcome, ...]:
        """The end of the position that an order belonged to. price: of its fill, else the last."""
        state, symbol, why = self.state, order.request.symbol, order.request.why
        if symbol not in state.ledger.positions:
            return ()
        if state.rules.execution.without_gap:  # the one that ends last need not have sold
            why = state.execution.protector.left_by.get(symbol, why)
        worth = self.view.price(symbol) if price is None else price
        return self._settled(symbol, worth, why.partition(":")[0])

    def _external_fill(self, event: OrderFilled) -> tuple[Outcome, ...]:
        """A trade of the account that no order of ours made: it counts like any other."""
        fill = event.fill
        if self._is_ours(fill) or not self.state.ledger.is_news(fill):
            return ()
        moved = self.state.ledger.fill(fill, event.ts_ns)
        if not self._awaits_books:
            self.state.execution.touch(fill.symbol)
        return moved + self._settled(fill.symbol, fill.price, EXTERNAL)

    def _is_booked(self, fill: Fill) -> bool:
        """Was this fill of ours told before, as one that no order of ours made?"""
        return self._trades_once and self.state.ledger.has_external(fill)

    def _is_ours(self, fill: Fill) -> bool:
        """Was this trade told before, as a fill of an order of ours?"""
        orders = self.state.execution.orders.orders.values()
        return self._trades_once and any(
            fill.trade_id in order.trade_ids and fill.symbol == order.request.symbol
            for order in orders
        )

    @property
    def _trades_once(self) -> bool:
        return self.state.rules.execution.trades_once

    def _flow(self, event: FlowReported) -> tuple[Outcome, ...]:
        """Money came or went; of a position that went with it, what is left is looked after."""
        moved = self.state.ledger.flow(event, self.view.mark)
        ended: tuple[Outcome, ...] = ()
        for fact in moved:
            self.state.execution.touch(fact.symbol)
            ended += self._settled(fact.symbol, self.view.price(fact.symbol), EXTERNAL)
        return (*moved, *ended)

    @property
    def _awaits_books(self) -> bool:
        """Is it the start, at which all that happened meanwhile is told one by one?"""
        state = self.state
        return state.rules.execution.stops_after_books and STARTING in state.risk.blocks

    def _settled(self, symbol: str, price: Decimal | None, reason: str) -> tuple[Outcome, ...]:
        """The position's end, if nothing is left of it and nothing is under way."""
        state = self.state
        instrument, held = state.market.instruments.get(symbol), state.ledger.positions.get(symbol)
        if instrument is None or held is None or self._is_going_on(symbol, held):
            return ()
        worth = price or held.entry_price  # what has no price yet is not worth nothing
        closed = state.ledger.settle(symbol, instrument, worth, state.now_ns, reason)
        return () if closed is None else (closed,)

    def _is_going_on(self, symbol: str, held: Position) -> bool:
        """May an order that works be part of this trade? An entry is not, once it was left."""
        orders = self.state.execution.orders
        if self.state.rules.execution.trades_apart and held.exit_qty:
            return bool(orders.sells(symbol))
        return orders.is_busy(symbol)

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
