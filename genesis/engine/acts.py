"""What the detector of tilt is told of the trader: his acts, without their content."""

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from genesis.domain.account import MarketState, TierMode
from genesis.domain.events import FlowReported, OperatorActed
from genesis.domain.fills import Fill
from genesis.domain.orders import Order
from genesis.domain.outcomes import PositionClosed, TierChanged
from genesis.risk.sizing import position_cap_usdt
from genesis.tiers.transitions import DAILY_LOSS_REASON
from genesis.tilt.actions import UserAction

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

_REASONS: Final = MappingProxyType(
    {"stop": "stop_loss", "target": "take_profit", "signal": "signal"}
)
"""Why a position was left, as the detector calls it; all else was by hand."""


def has_fallen(fact: TierChanged) -> bool:
    """Did a loss of the day lead to it? What a halt begins with may be the trader's own words."""
    halts = fact.mode is TierMode.HALTED and fact.old_mode is not TierMode.HALTED
    return fact.reason == DAILY_LOSS_REASON and not halts


class Acts:
    """Makes acts of events, at the engine's time."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view

    def asked(self, event: OperatorActed) -> UserAction:
        """The act behind what the operator asked for."""
        return self._action(
            event.kind,
            session_id=event.session_id,
            seq=event.seq,
            symbol=event.symbol,
            side=event.side,
            size_fraction=self._size_fraction(event),
            latency_ms=event.latency_ms,
            keys=event.keys,
            backspaces=event.backspaces,
            parse_ok=event.parse_ok,
            checklist_done=event.checklist_done,
            dwell_ms=event.dwell_ms,
            stop_old=event.stop_old,
            stop_new=event.stop_new,
            entry=event.entry,
            pnl_r=event.pnl_r,
            reason=event.reason,
            reduces_risk=event.reduces_risk,
            market_state=event.market_state or self._market_state(event.symbol),
        )

    def refused(self, symbol: str, code: str) -> UserAction:
        """What he asked for was refused, for the reason of this code."""
        return self._action("ORDER_REJECTED", symbol=symbol, reason=code)

    def deposit(self, event: FlowReported) -> UserAction:
        """Money came in, and may be reported later than that."""
        return self._action("DEPOSIT", done_us=event.ts_ns // 1_000)

    def bought_outside(self, fill: Fill) -> UserAction:
        """He bought at the venue itself, where no gate made it smaller."""
        cap = position_cap_usdt(self._view.equity_usdt, self._state.limits)
        paid = fill.qty * fill.price
        return self._action(
            "ORDER_SUBMIT",
            symbol=fill.symbol,
            side=fill.side,
            size_fraction=paid / cap if cap else None,
            market_state=self._market_state(fill.symbol),
        )

    def stop_removed(self, order: Order) -> UserAction:
        """A stop was cancelled at the venue itself."""
        held = self._view.position(order.request.symbol)
        return self._action(
            "STOP_REMOVE",
            symbol=order.request.symbol,
            stop_old=order.request.stop_price,
            entry=None if held is None else held.entry_price,
        )

    def loosened(self) -> UserAction:
        """He wants looser rules."""
        return self._action("RULE_EDIT", reason="loosen")

    def coded(self) -> UserAction:
        """The code is another one than before."""
        return self._action("RULE_EDIT", reason="code")

    def closed(self, closed: PositionClosed) -> UserAction:
        """A position of his own has ended."""
        return self._action(
            "POSITION_CLOSED",
            symbol=closed.symbol,
            reason=_REASONS.get(closed.reason, "manual"),
            pnl_r=closed.pnl_usdt / closed.risk_usdt if closed.risk_usdt else None,
        )

    def _market_state(self, symbol: str | None) -> MarketState | None:
        """A rough market is rough for everybody: haste in it says less of the trader."""
        if symbol is None or self._state.rules.market is None:
            return None
        return self._view.state(symbol)

    def _size_fraction(self, event: OperatorActed) -> Decimal | None:
        """Requested notional over the tier's cap of the day."""
        if event.size_fraction is not None or event.verb != "trade" or event.symbol is None:
            return event.size_fraction
        cap = position_cap_usdt(self._view.equity_usdt, self._state.limits)
        price = event.price or self._view.price(event.symbol)
        asked = event.amount_usdt
        if asked is None and event.qty is not None and price is not None:
            asked = event.qty * price
        return asked / cap if asked is not None and cap else None

    def _action(self, kind: str, **given: Any) -> UserAction:
        session = given.pop("session_id", None) or ""
        return UserAction(ts_us=self._state.now_ns // 1_000, kind=kind, session_id=session, **given)
