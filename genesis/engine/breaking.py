"""Breakers of the risk engine, as events bring them about."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from genesis.domain.account import TierMode
from genesis.domain.events import (
    Event,
    FeedLost,
    FeedRestored,
    HealthReported,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
    RunStarted,
    TimerFired,
)
from genesis.domain.ids import OrderKey
from genesis.domain.keeping import LogForked
from genesis.domain.money import ZERO
from genesis.domain.orders import NOT_SENT, OF_STRATEGY, Purpose
from genesis.domain.outcomes import AlertRaised, BreakerMoved, Outcome, PositionClosed, TierChanged
from genesis.domain.paper import PaperTradeReported
from genesis.engine.tier_acts import RECORD
from genesis.risk.blocks import STARTING
from genesis.risk.drawdown import CRITICAL, DAILY_LOSS
from genesis.risk.sizing import sizing_capital
from genesis.risk.trips import DAY_ENDERS
from genesis.tiers.transitions import OWN_RESET_REASON, RESTORED_REASON

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

_RECOVERED: Final = "the log was recovered and goes on from its sound part"
_HIS_LIMITS: Final = frozenset({DAILY_LOSS, *DAY_ENDERS})


class Breaking:
    """Takes orders, faults, limits and closed trades to the breakers and the streak."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view
        self._owners: dict[str, str] = {}
        """Who opened the position of a symbol: the source of its first entry."""

    def heard(self, event: Event) -> tuple[BreakerMoved, ...]:
        """What an event from outside does to the breakers."""
        risk, now_ns = self._state.risk, self._state.now_ns
        rules = risk.rules.breakers
        match event:
            case TimerFired():
                return risk.breakers.tick(now_ns)
            case OrderFilled(key=key):
                self._filled(key)
                return risk.trips.order_went_well(now_ns, key)
            case OrderAccepted(key=key):
                return risk.trips.order_went_well(now_ns, key)
            case OrderRejected(key=key, reason=why) if self._is_fault(key, event.code):
                return risk.trips.order_failed(now_ns, key, why, rules)
            case OrderUnresolved(key=key, reason=why):
                return risk.trips.order_failed(now_ns, key, why, rules)
            case OrderRejected(key=key) | OrderCancelled(key=key) | OrderExpired(key=key):
                risk.breakers.drop_probe(key)
            case HealthReported(component=part, status="failed"):
                return risk.trips.faulty(now_ns, part, event.detail or event.status, rules)
            case HealthReported(component=part, status="ok"):
                return risk.trips.healed(now_ns, part)
            case LogForked(carried=carried):
                healed = risk.trips.healed(now_ns, RECORD, _RECOVERED)
                rest = () if carried is None else carried.breakers
                return (*healed, *risk.trips.carried(now_ns, rest))
            case FeedLost(stream=stream) if STARTING not in risk.blocks:
                risk.trips.feed_lost(now_ns, stream)
            case FeedRestored(stream=stream):
                return risk.trips.feed_restored(now_ns, stream, rules)
            case PaperTradeReported():
                return risk.paper_trade(now_ns, event.strategy, event.pnl_usdt, event.paid_usdt)
            case RunStarted():
                risk.trips.begin_run()
        return ()

    def strategy_in(self, symbol: str) -> str | None:
        """Whose position in the symbol it is; None: no strategy's."""
        owner = self._owners.get(symbol, "")
        return owner.removeprefix(OF_STRATEGY) if owner.startswith(OF_STRATEGY) else None

    def closed(self, closed: PositionClosed) -> tuple[BreakerMoved, ...]:
        """A trade ended: the streak, and the strategy whose trade it was."""
        strategy = self.strategy_in(closed.symbol)
        self._owners.pop(closed.symbol, None)
        if not closed.qty:
            return ()  # nothing was sold: no trade
        state = self._state
        capital = max(ZERO, sizing_capital(self._view.equity_usdt, state.limits))
        risk_usdt = state.limits.risk_fraction * capital
        paid_usdt = closed.qty * closed.entry_price
        return state.risk.trade_closed(
            closed.ts_ns, closed.pnl_usdt, strategy, risk_usdt, paid_usdt
        )

    def told(self, facts: Iterable[Outcome]) -> tuple[BreakerMoved, ...]:
        """Facts of the account that open or close a breaker."""
        risk = self._state.risk
        return tuple(
            moved for fact in facts for moved in risk.trips.told(fact, risk.rules.breakers)
        )

    def heeded(self, fact: Outcome) -> tuple[Outcome, ...]:
        """What tilt makes of a limit that his trading reached.

        What fails on our side or the venue's is not his doing, and is not told.
        """
        if not isinstance(fact, AlertRaised) or fact.alert not in _HIS_LIMITS:
            return ()
        is_critical = fact.alert == CRITICAL
        return self._state.tilt.limit_reached(fact, is_critical=is_critical)

    def stepped(self, facts: Iterable[Outcome]) -> tuple[BreakerMoved, ...]:
        """A tier is entered, or a halt by a loss was reset: falls count from here."""
        moved: tuple[BreakerMoved, ...] = ()
        drawdown, flows = self._state.risk.drawdown, self._state.ledger.flows_usdt
        for fact in facts:
            if not isinstance(fact, TierChanged):
                continue
            if fact.reason == RESTORED_REASON:
                continue  # the record is whole again: what was lost before is lost still
            if fact.old_mode is TierMode.HALTED and fact.mode is not TierMode.HALTED:
                if fact.reason == OWN_RESET_REASON and self._state.rules.tiers.interruptions.halts:
                    drawdown.halted = None  # what was lost before his own halt is lost still
                else:
                    drawdown.reset(self._view.equity_usdt, flows)
                moved += self._state.risk.trips.halt_ended(fact.ts_ns)
            elif fact.tier is not fact.old_tier:
                drawdown.new_peak(self._view.equity_usdt, flows)
        return moved

    def _is_fault(self, key: OrderKey, code: str) -> bool:
        """Is it a sign of trouble that this order was rejected?

        Stops may be overtaken by the market and post-only orders may have found a taker. What our
        own line held back never left: whatever held it back is told by itself.
        """
        rules = self._state.risk.rules.breakers
        if code == NOT_SENT and rules is not None and not rules.counts_unsent:
            return False
        order = self._state.execution.orders.orders.get(key)
        return order is not None and not order.request.reduces and not order.request.post_only

    def _filled(self, key: OrderKey) -> None:
        order = self._state.execution.orders.orders.get(key)
        if order is not None and order.request.purpose is Purpose.ENTRY:
            self._owners.setdefault(order.request.symbol, order.request.source)
