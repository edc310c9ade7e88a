"""The product's parts that trade on one home, put together as the service does, without faces."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from genesis.domain.events import OperatorActed
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderStatus, Side
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.conduct import Conduct
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.resolve import Bound
from genesis.exchange.venue import venue_at
from genesis.rules import Rules, load
from genesis.service.clock import VenueClock
from genesis.service.connecting import open_gateway
from genesis.service.operator import Door
from genesis.service.reconciling import PERIOD_S
from genesis.service.restart import fold_second_log, remember
from genesis.service.second_log import SecondLog
from genesis.service.strategies import new_engine
from genesis.service.trading import Terms, Trading
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from tests.support.build import BTC
from tests.support.patience import PATIENCE_MS, PATIENCE_S
from tests.support.simex import EAGER, FEARLESS

SYMBOL = "BTC/USDT"
BOUND = Bound(
    recv_window_ms=2_000, clock_tolerance_ms=200, engine_timeout_ms=500, visibility_ms=150
)
"""Of venue time: at the speed that is traded at here, a seventh of a second of ours."""
_UNDER_WAY = (OrderStatus.PENDING, OrderStatus.UNRESOLVED)
_RESTLESS = ("reconcile", "feed")


@cache
def rules() -> Rules:
    return load(Path(__file__).with_name("trading.toml"))


@dataclass(frozen=True)
class Composed:
    """Trading on one home."""

    log: EventLog
    trading: Trading
    gateway: BinanceGateway
    clock: VenueClock

    @property
    def engine(self) -> Engine:
        return self.trading.engine

    async def type(self, line: str, ref: str) -> Step:
        """What an operator types; the step once it is durable."""
        act = Door((SYMBOL,)).read(line, self.clock.now_ns())
        return await self.trading.tell(replace(act, client_ref=ref))

    def refs(self) -> set[str]:
        """Of the operator's acts that the record held when this process began."""
        found = (step.event for step in self.log.read())
        return {act.client_ref for act in found if isinstance(act, OperatorActed)}

    def unrest(self) -> str:
        """What is under way; empty: nothing is."""
        state, runner = self.engine.state, self.trading.runner
        orders = state.execution.orders
        waits = [
            order
            for order in orders.all_working()
            if order.cancel_asked or (order.status in _UNDER_WAY and not orders.is_to_come(order))
        ]
        if waits or runner.is_busy:
            return f"{[(str(o.key), o.status.value) for o in waits]} are under way"
        if state.execution.parents.running:
            return f"{list(state.execution.parents.running)} is bought in slices"
        blocks = {n: why for n, why in state.risk.blocks.items() if n.startswith(_RESTLESS)}
        if blocks:
            return f"the books are to be compared: {blocks}"
        needed, stopped = sellable(self.engine), protected(self.engine)
        return "" if needed == stopped else f"{needed} held, {stopped} protected"

    async def calm(self) -> None:
        """Wait until nothing is under way, and nothing comes of it."""
        end, quiet = time.monotonic() + PATIENCE_S, 0
        while quiet < 2:
            unrest = self.unrest()
            quiet = 0 if unrest else quiet + 1
            assert time.monotonic() < end, f"no rest: {unrest}"
            await asyncio.sleep(0.004)

    def price(self) -> Decimal | None:
        return self.engine.view.price(SYMBOL)


def sellable(engine: Engine) -> Decimal:
    """What of the position can be sold, and has to be protected."""
    position, price = engine.view.position(SYMBOL), engine.view.price(SYMBOL)
    if position is None or price is None:
        return Decimal(0)
    qty = BTC.fit_qty(position.qty, market=True)
    return qty if qty * price >= BTC.min_notional_usdt else Decimal(0)


def protected(engine: Engine) -> Decimal:
    """What resting orders would sell; a stop that comes with its entry rests only then."""
    orders = engine.state.execution.orders
    resting = [order for order in orders.sells(SYMBOL) if not orders.is_to_come(order)]
    return sum((order.remaining_qty for order in resting), Decimal(0))


def projections(engine: Engine, wire_ids: dict[OrderKey, str]) -> dict[str, Any]:
    """What is believed of the account, as plain JSON."""
    ledger, orders = engine.state.ledger, engine.state.execution.orders
    position = engine.view.position(SYMBOL)
    return {
        "balances": {asset: str(qty) for asset, qty in sorted(ledger.balances.items()) if qty},
        "position": None if position is None else str(position.qty),
        "orders": {
            wire_ids[key]: [order.status.value, str(order.filled_qty), sorted(order.trade_ids)]
            for key, order in orders.orders.items()
        },
    }


def resting_sells(rows: list[dict[str, Any]]) -> Iterator[Decimal]:
    """What each order that rests at the venue would sell."""
    for row in rows:
        if row["side"] == Side.SELL.value and row["status"] in ("NEW", "PARTIALLY_FILLED"):
            yield Decimal(row["origQty"]) - Decimal(row["executedQty"])


@asynccontextmanager
async def trading_on(
    home: Path,
    url: str,
    *,
    log_type: type[EventLog] = EventLog,
    bound: Bound = BOUND,
    conduct: Conduct = FEARLESS,
    reconcile_s: float = PERIOD_S,
) -> AsyncIterator[Composed]:
    """Opened, not started: `trading.start()` is the first thing to be done."""
    log = log_type.open(home / DATABASE_NAME)
    second = SecondLog(home / "second-log.jsonl")
    past = remember(log, lambda done, total: None)
    fold_second_log(log, second, past)
    clock = VenueClock(start_ns=past.last_ns)
    gateway = BinanceGateway(
        venue_at(url),
        DEFAULT_API_KEY,
        DEFAULT_API_SECRET,
        (SYMBOL,),
        now_ns=clock.now_ns,
        elapsed_ns=clock.elapsed_ns,
        bound=bound,
        timeout_ms=int(PATIENCE_MS),
        patience=EAGER,
        conduct=conduct,
    )
    await open_gateway(gateway, clock, past.last_ns)
    engine = past.engine or new_engine(rules(), (), "0")
    if past.is_new:
        engine.set_rules(rules())
    engine.set_strategies(())
    held = engine.state.rules
    terms = Terms((SYMBOL,), (), held, rules(), "0", "code", True, url, "USDT", reconcile_s)
    trading = Trading(terms, log, second, past, clock, gateway, engine, 5.0)
    try:
        yield Composed(log, trading, gateway, clock)
    finally:
        await trading.abandon()
        await gateway.close()
        second.close()
        log.close()
