"""Discipline observes: risk, tilt and tier take every event in and say what it means."""

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from genesis.domain.account import MarketState, TiltLevel
from genesis.domain.approval import Verdict
from genesis.domain.commands import Command
from genesis.domain.edits import RulesEdited
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    Event,
    FeedLost,
    FeedRestored,
    FlowReported,
    HealthReported,
    JournalAssessed,
    OperatorActed,
    OrderFilled,
    RulesChanged,
    RunStarted,
    TimerFired,
    VenueStatus,
)
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.outcomes import (
    AlertRaised,
    CommandAnswered,
    Halted,
    Outcome,
    PositionClosed,
    TierChanged,
)
from genesis.domain.paper import PaperDayReported, PaperLaneReported, RecoverySessionDone
from genesis.domain.slicing import OrderReceipt
from genesis.domain.time import utc_day
from genesis.engine.acts import Acts, has_fallen
from genesis.engine.breaking import Breaking
from genesis.engine.bypass import Bypass
from genesis.engine.course import NO_OVERRIDES, Course
from genesis.engine.keeping import NOTHING, Keeping, Kept
from genesis.engine.marks import Marks
from genesis.engine.rule_edits import PENDING, VERSION, RuleEdits
from genesis.engine.rulebook import Editor
from genesis.engine.tier_acts import STEPS, TierActs
from genesis.engine.verdicts import OPERATOR, Verdicts
from genesis.engine.wakes import DAY_TIMER, EVALUATION_TIMER, Wakes
from genesis.execution.draft import Draft
from genesis.execution.order_book import ORDER_EVENTS
from genesis.risk.blocks import FEED, RECONCILE, STARTING, VENUE
from genesis.risk.drawdown import DAILY_LOSS
from genesis.tilt.actions import BadAction
from genesis.tilt.caution import Wish

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView


class Discipline:
    """Turns events into facts about the trader and his limits."""

    def __init__(
        self, state: "EngineState", view: "EngineView", editor: Editor | None = None
    ) -> None:
        self._state = state
        self._view = view
        self.edits = RuleEdits(state, view, editor)
        self._acts = Acts(state, view)
        self.keeping = Keeping(state, self._acts, self.edits)
        self._timers = Wakes(state, self.edits, self.keeping)
        self._course = Course(state, view)
        self._tier_acts = TierActs(state, view)
        self._breaking = Breaking(state, view)
        self._marks = Marks(state, view)
        self._verdicts = Verdicts(state, self._acts, self._course, self._tilted)
        self._opened = self._timers_stale = False
        self._resuming = self._was_locked = False
        self._own_symbols: set[str] = set()
        self._bypass = Bypass(state, view, self._course, self._acts, self._own_symbols)

    # -- observing ---------------------------------------------------------------------------
    def observe(self, event: Event, moved: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
        """Facts that follow from an event and from the positions it moved."""
        self._was_locked = self._state.tilt.state.level is TiltLevel.LOCKED
        facts: list[Outcome] = []
        kind = type(event)
        if isinstance(event, OrderFilled):
            self._filled(event)
        elif kind not in ORDER_EVENTS:
            facts += (*self._react(event), *self._kept(self.keeping.heard(event)))
        if broken := self._breaking.heard(event):
            facts += self._broken(broken)
        if moved:
            self._course.moved(moved)
            if isinstance(event, OrderFilled):
                self._marks.filled(event)
        if passed := self._bypass.heard(event, moved):
            facts += self._tilted(passed)
        for outcome in moved:
            if isinstance(outcome, PositionClosed):
                facts += self._closed(outcome)
                facts += self._broken(self._breaking.closed(outcome))
        is_due = moved or kind is TimerFired or (kind is BalanceReported and self._is_proven)
        if self._opened and is_due:
            facts += self.marked()
        if isinstance(event, TimerFired):
            facts += self._tilted(self._state.tilt.tick(self._state.now_ns))
            facts += self._stepped(self._course.time_passed())
            # after the marks: a loss of this instant goes first
            if event.key == EVALUATION_TIMER and not self._resuming:
                facts += self._stepped(self._course.evaluated(event.ts_ns))
            facts += self._edited(self.edits.told(facts) or self.edits.due(event.ts_ns))
        return tuple(facts)

    def seen(self, symbol: str, high: Decimal) -> None:
        """A span of ticks went by up to `high`: the peak of equity may have moved."""
        self._marks.seen(symbol, high)

    def strategy_in(self, symbol: str) -> str | None:
        """Whose position in the symbol it is; None: no strategy's."""
        return self._breaking.strategy_in(symbol)

    def concluded(self, outcomes: list[Outcome]) -> tuple[Outcome, ...]:
        """What all that came of an event means for gates, and for rules that wait."""
        for told in outcomes:
            if isinstance(told, OrderReceipt):
                self._course.sliced(told)
        edited = self.edits.told(outcomes)
        return self._edited(edited) if edited else ()

    def _edited(self, facts: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
        """Other rules may hold, or wait: so may the times at which things are looked at."""
        if facts:
            self._timers_stale = True
        return facts

    def judged(self, pairs: list[tuple[Draft, Verdict]]) -> tuple[Outcome, ...]:
        """The gate's refusals of the operator's wishes are acts of his, too."""
        return self._verdicts.judged(pairs, was_locked=self._was_locked)

    def _tilted(self, facts: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
        """The detector took something in: when it wants to be woken may have changed."""
        self._timers_stale = True
        return (*facts, *self._course.disturbed(facts), *self._breaking.told(facts))

    def _stepped(
        self, facts: tuple[Outcome, ...], loss: AlertRaised | None = None
    ) -> tuple[Outcome, ...]:
        """The tier may have moved: so may the times at which it is looked at."""
        if facts:
            self._timers_stale = True
        for fact in facts:
            if isinstance(fact, TierChanged):
                self._state.tilt.detector.tier_changed(fact, has_fallen=has_fallen(fact))
        told = self._tier_acts.entered(facts, loss)
        return (*facts, *told, *self._breaking.stepped(facts))

    def _broken(self, facts: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
        """A breaker moved: it wants to be woken, and may end a promotion."""
        if not facts:
            return ()
        self._timers_stale = True
        return (*facts, *self._stepped(self._course.disturbed(facts)))

    @property
    def _is_proven(self) -> bool:
        """Did a breach wait for a report of the balance?"""
        return self._state.risk.drawdown.is_confirming or self._state.books.is_confirming

    def _blocked(self, facts: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
        return (*facts, *self._stepped(self._course.disturbed(facts))) if facts else ()

    def timers(self) -> tuple[Command, ...]:
        """Timers that must be set or dropped after this step."""
        if not self._opened or not (self._timers_stale or self.keeping.asks):
            return ()
        self._timers_stale = self.keeping.asks = False
        return self._timers.commands()

    # -- what an event means -----------------------------------------------------------------
    def _react(self, event: Event) -> tuple[Outcome, ...]:
        state = self._state
        match event:
            case OperatorActed():
                return self._operator(event)
            case JournalAssessed():
                self._tier_acts.page(event, is_taken=state.tilt.pages_due > 0)
                return self._tilted(state.tilt.journal(event))
            case PaperDayReported():
                self._tier_acts.lane(event)
            case PaperLaneReported() | RecoverySessionDone():
                self._tier_acts.lane(event)
                return self._tilted(state.tilt.lane(event))
            case TimerFired(key=key):
                self._timers.asked.pop(key, None)
                self._timers_stale = True
                return self._new_day(event.ts_ns) if key == DAY_TIMER else ()
            case AccountOpened():
                return self._open(event)
            case RunStarted():
                self._timers.asked.clear()  # a new process has no timers yet
                self._timers_stale = True
                if state.rules.execution.slicing is not None:
                    state.tiers.history.knows_icebergs()
                self._resuming = state.rules.tiers.course is not None
                midnight = () if self._resuming else self._missed_midnight(event.ts_ns)
                edited = self.edits.started(event)
                waits = state.risk.block(event.ts_ns, STARTING, "not reconciled yet")
                return (*edited, *waits, *midnight)
            case RulesChanged():
                return self._rules_wanted(event)
            case FlowReported(asset=asset, amount=amount) if asset == state.ledger.quote:
                state.tiers.history.flow(event.ts_ns, amount)
                state.risk.drawdown.flowed(self._view.equity_usdt, state.ledger.flows_usdt)
                deposit = self._acts.deposit(event)
                return self._tilted(state.tilt.observe(deposit)) if amount > 0 else ()
            case BalanceReported():
                started = state.risk.block(event.ts_ns, STARTING, None)
                reason = None if event.clean else event.complaint or "balances differ"
                blocked = self._blocked(state.risk.block(event.ts_ns, RECONCILE, reason))
                return (*started, *blocked, *self._resumed(event))
            case FeedLost():
                reason = f"{event.stream} is silent"
                return state.risk.block(event.ts_ns, FEED + event.stream, reason)
            case FeedRestored():
                return state.risk.block(event.ts_ns, FEED + event.stream, None)
            case VenueStatus():
                calm = state.market.status is MarketState.NORMAL
                reason = None if calm else event.reason or event.status
                return state.risk.block(event.ts_ns, VENUE, reason)
            case HealthReported():
                failed = event.detail or event.status if event.status == "failed" else None
                told = self._blocked(state.risk.block(event.ts_ns, event.component, failed))
                return told + self._stepped(self._tier_acts.record(event))
        return ()

    def _open(self, event: AccountOpened) -> tuple[Outcome, ...]:
        self._opened = self._timers_stale = True
        equity = self._view.equity_usdt
        self._state.risk.drawdown.open(equity)
        opened = (*self._state.tiers.opened(event), *self._new_day(event.ts_ns))
        return (*opened, *self._marks.begun())

    def _missed_midnight(self, ts_ns: int) -> tuple[Outcome, ...]:
        """Nothing ran at 00:00 UTC: the day begins with what is known now."""
        slept = self._opened and utc_day(ts_ns) > self._state.risk.drawdown.day
        return self._new_day(ts_ns) if slept else ()

    def _resumed(self, report: BalanceReported) -> tuple[Outcome, ...]:
        """The account is known to be as the venue has it: what was missed is made up for.

        Not before: a fill that nobody saw belongs to the day that was open then.
        """
        if not self._resuming or not self._opened or not report.clean:
            return ()
        self._resuming = False
        midnight = self._missed_midnight(report.ts_ns)
        passed = self._tilted(self._state.tilt.tick(self._state.now_ns))
        passed += self._stepped(self._course.time_passed())
        return (*midnight, *passed, *self._stepped(self._course.evaluated(report.ts_ns)))

    def _new_day(self, ts_ns: int) -> tuple[Outcome, ...]:
        state, equity = self._state, self._view.equity_usdt
        flows, rules = state.ledger.flows_usdt, state.rules.risk
        state.tiers.history.begin(utc_day(ts_ns), equity, flows)
        edited = self._edited(self.edits.day_ended(ts_ns))
        started = state.risk.drawdown.start_day(ts_ns, equity, flows, state.limits, rules)
        return (*edited, started)

    def _rules_wanted(self, event: RulesChanged) -> tuple[Outcome, ...]:
        """To loosen them is an act of the trader, unless it came with another version."""
        facts = self._edited(self.edits.wanted(event))
        is_looser = any(isinstance(fact, RulesEdited) and fact.what == PENDING for fact in facts)
        if not is_looser or event.reason == VERSION:
            return facts
        return (*facts, *self._tilted(self._state.tilt.observe(self._acts.loosened())))

    def _kept(self, kept: Kept) -> tuple[Outcome, ...]:
        """The record, the code and counted refusals: facts as any other."""
        if kept is NOTHING:
            return ()
        blocked, stepped = self._blocked(kept.blocked), self._stepped(kept.stepped)
        tilted = self._tilted(kept.tilted) if kept.tilted else ()
        return (*blocked, *stepped, *self._spread(kept.halted), *tilted, *kept.told)

    def marked(self) -> tuple[Outcome, ...]:
        """Judge the equity of this moment."""
        if not self._marks.are_asked:
            return ()
        facts = self._marks.judged()
        return self._spread(facts) if facts else ()

    def _spread(self, facts: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
        """Let halts and daily losses reach the tier machine."""
        more: list[Outcome] = []
        for fact in facts:
            more.append(fact)
            if isinstance(fact, Halted):
                more += self._stepped(self._state.tiers.halted(fact))
                more += self._tilted(self._state.tilt.halted(fact))
            elif isinstance(fact, AlertRaised) and fact.alert == DAILY_LOSS:
                more += self._stepped(self._tier_acts.daily_loss(fact), fact)
            else:
                more += self._stepped(self._course.disturbed((fact,)))
            more += self._tilted(self._breaking.heeded(fact))
            more += self._broken(self._breaking.told((fact,)))
        return tuple(more)

    # -- the operator ------------------------------------------------------------------------
    def _operator(self, event: OperatorActed) -> tuple[Outcome, ...]:
        if event.verb == "ceremony":
            return self._ceremony(event)
        if event.verb == "override":
            return self._override(event)
        if event.verb in STEPS:
            return self._tier_step(event)
        if event.verb == "style":
            return self._course.style(event)
        try:
            facts = self._acted(event)
        except BadAction as problem:  # nothing of it is remembered, and no risk is added by it
            if event.verb == "trade" and event.side is Side.BUY:
                told = problem.message
                return (CommandAnswered(event.ts_ns, event.client_ref, event.verb, False, told),)
            facts = ()
        if event.verb == "halt":
            halted = Halted(event.ts_ns, OPERATOR, event.reason or "halted by the operator")
            self._state.risk.drawdown.halted = halted
            facts += (halted, *self._stepped(self._state.tiers.halted(halted)))
            facts += self._broken(self._breaking.told((halted,)))
        return facts

    def _acted(self, event: OperatorActed) -> tuple[Outcome, ...]:
        """An act is scored; to ask again, in time, for what was put off is the same act."""
        if self._is_repeated(event):
            return ()
        return self._tilted(self._state.tilt.observe(self._acts.asked(event)))

    def _is_repeated(self, event: OperatorActed) -> bool:
        if event.verb != "trade" or event.side is not Side.BUY or event.symbol is None:
            return False
        kind = event.order_type or OrderType.MARKET
        wish = Wish(event.symbol, kind, event.amount_usdt, event.qty)
        return self._state.tilt.is_repeated(wish, self._state.now_ns)

    def _ceremony(self, event: OperatorActed) -> tuple[Outcome, ...]:
        answered, reason = self._course.ceremony(event)
        action = self._acts.asked(replace(event, reason=reason))
        return (*self._stepped(answered), *self._tilted(self._state.tilt.observe(action)))

    def _tier_step(self, event: OperatorActed) -> tuple[Outcome, ...]:
        answered, scored = self._tier_acts.asked(event)
        facts = self._stepped(answered)
        if scored is None:
            return facts
        return (*facts, *self._tilted(self._state.tilt.observe(self._acts.asked(scored))))

    def _override(self, event: OperatorActed) -> tuple[Outcome, ...]:
        verdict = self._course.verdict(event)
        if verdict is None:
            ref, verb = event.client_ref, event.verb
            return (CommandAnswered(self._state.now_ns, ref, verb, False, NO_OVERRIDES),)
        action = self._acts.asked(replace(event, reason=verdict))
        return self._tilted(self._course.override(event, verdict, action))

    def _filled(self, event: OrderFilled) -> None:
        """Remember which positions are the operator's own."""
        order = self._state.execution.orders.orders.get(event.key)
        if order is None:
            return
        request = order.request
        if request.purpose is Purpose.ENTRY and request.source == OPERATOR:
            self._own_symbols.add(request.symbol)
            self._state.tilt.traded(request.symbol, event.ts_ns)

    def _closed(self, closed: PositionClosed) -> tuple[Outcome, ...]:
        if closed.symbol not in self._own_symbols:
            return ()  # a strategy's trade says nothing about the trader
        self._own_symbols.remove(closed.symbol)
        return self._tilted(self._state.tilt.observe(self._acts.closed(closed)))
