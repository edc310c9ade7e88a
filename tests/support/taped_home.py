"""A home where a strategy trades on taped bars: its orders' causes stand on the tape only."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count
from pathlib import Path

from genesis.domain.account import Balance
from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    Event,
    InstrumentReported,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    RunEnded,
    RunStarted,
    TimerFired,
    bar_timer_key,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.orders import Purpose, Side
from genesis.domain.time import MINUTE, SECOND
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.exchange.wire_id import compose
from genesis.rules import load
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from tests.support.build import BTC, tick

T0 = 1_723_075_200 * SECOND
FEE = Decimal("0.001")
SWING: Sequence[int] = (100, 101, 102, 103, 102, 101, 100, 99, 100, 101, 102)


def record_taped_home(home: Path, closes: Iterable[int] = SWING, fee_asset: str = "quote") -> None:
    """One run of `sma_cross` (1 against 2 bars) over these closes of minutes, in hundreds.

    fee_asset: `quote`, or a third asset whose trades are then on the tape at 600, too.
    """
    rules = load("research")
    engine = Engine(rules, [SmaCross(SmaCrossParams(1, 2))], seed="1")
    with EventLog.open(home / DATABASE_NAME) as log:
        numbers = count(1)
        for first in _events(rules, closes, fee_asset):
            waiting = [first]
            while waiting:
                step = engine.handle(waiting.pop(0))
                _append(log, next(numbers), step)
                waiting[:0] = _venue(step, fee_asset)


def _events(rules, closes: Iterable[int], fee_asset: str) -> Iterable[Event]:
    cash = (Balance("USDT", Decimal(100_000), Decimal(0)),)
    yield RunStarted(T0, 1, rules.name, rules.text, rules.sha256, "c" * 64, "1", ("BTC/USDT",))
    yield AccountOpened(T0, "paper", "loopback", True, "USDT", cash)
    yield InstrumentReported(T0, BTC)
    yield BalanceReported(T0, cash)
    for minute, close in enumerate(closes):
        at = T0 + minute * MINUTE
        yield tick(at + SECOND, close * 100, trade_id=minute)
        if fee_asset != "quote":
            other = tick(at + 2 * SECOND, 600, trade_id=minute)
            yield type(other)(other.ts_ns, f"{fee_asset}/USDT", minute, *_rest(other))
        yield TimerFired(at + MINUTE, bar_timer_key("BTC/USDT", MINUTE))
    yield RunEnded(T0 + 60 * MINUTE, 1, "closed")


def _rest(told) -> tuple[Decimal, Decimal, bool]:
    return told.price, told.qty, told.buyer_is_maker


def _venue(step: Step, fee_asset: str) -> Iterable[Event]:
    for command in step.commands:
        if isinstance(command, CancelOrder):
            yield OrderCancelled(command.ts_ns, command.key)
        if isinstance(command, SubmitOrder):
            yield OrderAccepted(command.ts_ns, command.key, f"x{command.key}")
            if command.request.purpose is not Purpose.PROTECT:
                yield _filled(command, fee_asset)


def _filled(command: SubmitOrder, fee_asset: str) -> OrderFilled:
    request, price = command.request, Decimal(10_000)
    if request.side is Side.SELL:
        price += 100
    fee = request.qty * price * FEE
    asset = "USDT" if fee_asset == "quote" else fee_asset
    fill = Fill(
        request.symbol, request.side, command.key.n, price, request.qty,
        fee if fee_asset == "quote" else fee / 600, asset, Liquidity.TAKER,
    )  # fmt: skip
    return OrderFilled(command.ts_ns, command.key, fill)


def _append(log: EventLog, number: int, step: Step) -> None:
    wire_ids = tuple(
        compose(command.key, log.head) if isinstance(command, SubmitOrder) else None
        for command in step.commands
    )
    log.append(LogEntry(1, number, step.event, T0 + number, step.outcomes, step.commands, wire_ids))
