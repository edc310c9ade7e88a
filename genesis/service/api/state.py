"""The engine's state in the shapes of the contract. Read only; amounts are text."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.approval import Failure
from genesis.domain.canonical import plain
from genesis.domain.ids import OrderKey
from genesis.domain.money import text
from genesis.domain.orders import Order
from genesis.domain.outcomes import PositionClosed
from genesis.domain.time import format_utc
from genesis.engine.engine import Engine
from genesis.execution.parents import Parent
from genesis.positions.ledger import Position
from genesis.risk.blocks import VENUE
from genesis.service.api.answers import failure_shape
from genesis.service.api.discipline_shapes import DisciplineShapes
from genesis.service.api.headroom import headroom
from genesis.service.api.owed import pages_owed
from genesis.service.clock import Clock
from genesis.service.moments import moment_ns, when
from genesis.service.readings import Readings
from genesis.service.trail import Trail
from genesis.tiers.features import available_features

_HUNDRED = Decimal(100)
_TWO_PLACES = Decimal("0.01")


def account_uuid(account_id: str) -> str:
    """The account's id as the contract wants it; only those of recorded homes are other words."""
    try:
        return str(UUID(account_id))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, f"genesis:{account_id}"))


class Shapes:
    """Answers from one engine and its readings."""

    def __init__(
        self,
        engine: Engine,
        readings: Readings,
        clock: Clock,
        symbols: tuple[str, ...],
        wire_ids: Mapping[OrderKey, str],
        trail: Trail,
        run: int,
        speed: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._trail = trail
        self._run = run
        self._speed = speed
        self._wire_ids = wire_ids
        self._readings = readings
        self._clock = clock
        self._symbols = symbols
        self.discipline = DisciplineShapes(engine, readings, clock, trail.tilt_made)

    # -- the whole ---------------------------------------------------------------------------
    def snapshot(self) -> dict[str, Any]:
        """Everything a face needs to start."""
        day_start = self._engine.state.risk.drawdown.day_equity_usdt
        return {
            **self.tick(),
            "account": self.account(),
            "counts": self.counts(),
            "run": self._run,
            "history": self._trail.equity(),
            "tilt_history": self._trail.tilt(),
            "day_start_equity": text(day_start),
        }

    def tick(self) -> dict[str, Any]:
        """The part that moves."""
        state, view = self._engine.state, self._engine.view
        scored = state.tilt.score(self._clock.now_ns())
        until_ns = self._readings.limited_until_ns
        return {
            **self.beat(),
            "seq": self._readings.events,
            "venue": self.venue(),
            "halted": self.is_halted,
            "equity": text(view.equity_usdt),
            "free": text(view.free_usdt),
            "tilt": scored.score,
            "level": self.tilt_level.value,
            "contributions": dict(scored.contributions),
            "tier": self.tier,
            "mode": state.tiers.state.mode.value,
            "prices": {s: _amount(view.price(s)) for s in self._symbols},
            "gates": self.gates(),
            "positions": self.positions(),
            "orders": self.orders(),
            "locks": self.locks(),
            "headroom": self.headroom(),
            "limited_until": None if until_ns is None else format_utc(until_ns),
            "intervention": self.intervention(),
            "override": self.override(),
            "pages": pages_owed(self._engine),
        }

    def beat(self) -> dict[str, Any]:
        """Venue time, and how many of its seconds pass in a second of the wall."""
        return {"t": format_utc(self._clock.now_ns()), "speed": self._speed()}

    def venue(self) -> dict[str, Any]:
        """How the venue is, with its own words where it is not well."""
        state = self._engine.state
        return {"status": state.market.status.value, "reason": state.risk.blocks.get(VENUE, "")}

    @property
    def is_halted(self) -> bool:
        state = self._engine.state
        return state.risk.drawdown.halted is not None or (state.tiers.state.mode is TierMode.HALTED)

    def counts(self) -> dict[str, Any]:
        readings = self._readings
        return {
            "events": readings.events,
            "orders": readings.orders,
            "fills": readings.fills,
            "refusals": dict(sorted(readings.refusals.items())),
        }

    @property
    def tilt_level(self) -> TiltLevel:
        return self._engine.state.tilt.state.level

    # -- the contract's answers --------------------------------------------------------------
    @property
    def account_id(self) -> str:
        return account_uuid(self._engine.state.ledger.account_id)

    @property
    def tier(self) -> str:
        return self._engine.view.tier.value

    def account(self) -> dict[str, Any]:
        state, view = self._engine.state, self._engine.view
        held = state.tiers.state
        table = state.rules.tiers
        mine = available_features(held.tier, table)
        every = frozenset().union(*(features.names for features in table.features.values()))
        return {
            "account_id": self.account_id,
            "balance": text(view.equity_usdt),
            "free": text(view.free_usdt),
            "tier": held.tier.value,
            "mode": held.mode.value,
            "tier_started_at": format_utc(held.tier_since_ns),
            "gates_passed": [gate["gate"] for gate in self.gates() if gate["passed"]],
            "locked_features": sorted(every - mine),
            "balances": {a: text(qty) for a, qty in sorted(state.ledger.balances.items())},
        }

    def tilt(self) -> dict[str, Any]:
        return self.discipline.tilt()

    def intervention(self) -> dict[str, Any] | None:
        return self.discipline.intervention()

    def override(self) -> dict[str, Any]:
        """What is left of the other way out of an intervention."""
        return self.discipline.override()

    def gates(self) -> list[dict[str, Any]]:
        return self.discipline.gates()

    def tier_config(self) -> dict[str, Any]:
        return self.discipline.tier_config()

    # -- positions, orders, fills ------------------------------------------------------------
    def positions(self) -> list[dict[str, Any]]:
        return [self._open_position(position) for position in self._engine.view.positions]

    def closed_positions(self) -> list[dict[str, Any]]:
        return [self._closed_position(closed) for closed in self._readings.closed]

    def _open_position(self, position: Position) -> dict[str, Any]:
        mark = self._engine.view.mark(position.symbol)
        pnl = position.realized_usdt
        if mark is not None:
            pnl += position.unrealized_usdt(mark)
        protector = self._engine.state.execution.protector
        return {
            "position_id": self._position_id(position.symbol, position.opened_ns),
            "symbol": position.symbol,
            "side": "LONG",
            "entry_price": text(position.entry_price),
            "quantity": text(position.qty),
            "mark": _amount(mark),
            "stop": _amount(protector.stops.get(position.symbol)),
            "stop_refused": protector.bare.get(position.symbol),
            "pnl_dollars": text(pnl),
            "pnl_percent": _percent(pnl, position.entry_usdt),
            "opened_at": format_utc(position.opened_ns),
            "closed_at": None,
        }

    def _closed_position(self, closed: PositionClosed) -> dict[str, Any]:
        return {
            "position_id": self._position_id(closed.symbol, closed.opened_ns),
            "symbol": closed.symbol,
            "side": "LONG",
            "entry_price": text(closed.entry_price),
            "exit_price": text(closed.exit_price),
            "quantity": text(closed.qty),
            "pnl_dollars": text(closed.pnl_usdt),
            "pnl_percent": _percent(closed.pnl_usdt, closed.entry_price * closed.qty),
            "fees": text(closed.fees_usdt),
            "reason": closed.reason,
            "opened_at": format_utc(closed.opened_ns),
            "closed_at": format_utc(closed.ts_ns),
        }

    def _position_id(self, symbol: str, opened_ns: int) -> str:
        return str(uuid5(NAMESPACE_URL, f"genesis:{self.account_id}/{symbol}/{opened_ns}"))

    def orders(self) -> list[dict[str, Any]]:
        working = self._engine.state.execution.orders.all_working()
        return [_order(order, self._wire_ids.get(order.key)) for order in working]

    def sliced(self) -> list[dict[str, Any]]:
        """Orders that go to the venue slice by slice, while they are under way."""
        running = self._engine.state.execution.parents.running
        return [_sliced(parent) for parent in running.values()]

    def fills(self, limit: int) -> list[dict[str, Any]]:
        newest = list(self._readings.made)[-limit:]
        return [
            {
                "order_key": str(made.key),
                "at": format_utc(made.ts_ns),
                "recovered": made.recovered,
                **plain(made.fill),
            }
            for made in reversed(newest)
        ]

    # -- what holds the trader back ----------------------------------------------------------
    def locks(self) -> list[dict[str, Any]]:
        """Everything that refuses new risk now, with its end where that is known."""
        gate = self._engine.gate
        wishers = (None, *(strategy.name for strategy in self._engine.desk.strategies))
        found = {
            (failure.code, failure.reason): failure
            for wisher in wishers
            for symbol in self._symbols
            for failure in gate.forbids(symbol, wisher)
        }
        return [self._lock(failure) for failure in found.values()]

    def _lock(self, failure: Failure) -> dict[str, Any]:
        return {**failure_shape(failure), "when": self._when(failure.until_ns)}

    def _when(self, until_ns: int | None) -> str | None:
        return when(until_ns, self._clock.now_ns(), self._speed())

    def headroom(self) -> dict[str, Any]:
        """How much may still be put at risk."""
        told = headroom(self._engine)
        asked = told["confirmation"]
        for wish in () if asked is None else asked["waiting"]:
            wish["when"] = self._when(moment_ns(wish["until"], "until"))
        return told

    def closed_trades(self) -> tuple[PositionClosed, ...]:
        return tuple(self._readings.closed)


def _sliced(parent: Parent) -> dict[str, Any]:
    return {
        "order_key": str(parent.key),
        "symbol": parent.wish.symbol,
        "side": parent.wish.side.value,
        "algorithm": parent.algorithm.value.lower(),
        "quantity": text(parent.tally.qty),
        "filled": text(parent.tally.filled_qty),
        "sent": parent.tally.sent,
        "slices": len(parent.slices),
        "source": parent.wish.source,
        "started_at": format_utc(parent.tally.started_ns),
    }


def _order(order: Order, wire_id: str | None) -> dict[str, Any]:
    request = order.request
    return {
        "order_key": str(order.key),
        "client_order_id": wire_id,
        "exchange_order_id": order.exchange_order_id,
        "symbol": request.symbol,
        "side": request.side.value,
        "type": request.type.value,
        "purpose": request.purpose.value,
        "status": order.status.value,
        "quantity": text(request.qty),
        "filled": text(order.filled_qty),
        "limit_price": _amount(request.limit_price),
        "stop_price": _amount(request.stop_price),
        "source": request.source,
        "placed_at": format_utc(order.placed_ns),
    }


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else text(value)


def _percent(part: Decimal, whole: Decimal) -> float:
    return float((part / whole * _HUNDRED).quantize(_TWO_PLACES)) if whole else 0.0
