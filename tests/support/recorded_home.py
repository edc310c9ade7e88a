"""A home with a log: two runs of the real engine over a small market, a trader and a kind venue."""

from collections.abc import Iterator
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
    OperatorActed,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    RunEnded,
    RunStarted,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.instrument import Instrument
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.time import SECOND
from genesis.engine.digest import DecisionDigest
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.rules import load
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from tests.support.build import BTC, tick

T0 = 1_723_075_200 * SECOND
BALANCES = (Balance("USDT", Decimal("500.00"), Decimal(0)),)


def record_home(home: Path, instrument: Instrument = BTC) -> str:
    """Write the log; the decision digest of what was decided while it was written."""
    rulebooks = [load("sniper"), load("research")]
    engine = Engine(rulebooks[0], seed="7")
    digest = DecisionDigest()
    with EventLog.open(home / DATABASE_NAME) as log:
        numbers = count(1)
        for run, rules in enumerate(rulebooks, 1):
            engine.set_rules(rules)
            start = T0 + run * 600 * SECOND
            started = RunStarted(
                start, run, rules.name, rules.text, rules.sha256, "c" * 64, "7", ("BTC/USDT",)
            )
            waiting: list[Event] = [started, *_run(run, start, instrument)]
            while waiting:
                event = waiting.pop(0)
                step = engine.handle(event)
                digest.add(step)
                _append(log, run, next(numbers), step)
                waiting[:0] = _venue(step)
    return digest.hexdigest()


def _run(run: int, start: int, instrument: Instrument) -> Iterator[Event]:
    if run == 1:
        yield AccountOpened(start, "paper", "loopback", True, "USDT", BALANCES)
        yield InstrumentReported(start, instrument)
    yield BalanceReported(start, BALANCES)
    for second in range(120):
        at = start + second * SECOND
        price = Decimal(55_000) + (second * 37) % 91 - 2 * second
        yield tick(at, price.quantize(Decimal("0.01")), qty="0.00100", trade_id=run * 1000 + second)
        if second % 15 == 10:
            yield OperatorActed(
                at, "ORDER_SUBMIT", f"ref-{run}-{second}", "trade", "BTC/USDT",
                Side.BUY, OrderType.MARKET, amount_usdt=Decimal("20.50"), session_id="s",
            )  # fmt: skip
        if second % 30 == 12:
            yield OperatorActed(
                at, "STOP_MODIFY", None, "stop", "BTC/USDT", stop_new=Decimal("54000.55"),
                session_id="s",
            )  # fmt: skip
        if second % 30 == 20:
            yield OperatorActed(at, "ORDER_SUBMIT", None, "close", "BTC/USDT", session_id="s")
    yield RunEnded(start + 120 * SECOND, run, "closed")


def _venue(step: Step) -> Iterator[Event]:
    """Accepts everything, fills market orders and cancels at once."""
    for command in step.commands:
        if isinstance(command, CancelOrder):
            yield OrderCancelled(command.ts_ns, command.key)
        if isinstance(command, SubmitOrder):
            now, key, request = command.ts_ns, command.key, command.request
            yield OrderAccepted(now, key, f"x{key}")
            if request.purpose is not Purpose.PROTECT:
                price = Decimal("55001.10")
                fee = (request.qty * price / 1000).quantize(Decimal("0.00000001"))
                yield OrderFilled(
                    now, key,
                    Fill(
                        "BTC/USDT", request.side, 10_000 + key.n, price, request.qty, fee, "USDT",
                        Liquidity.TAKER,
                    ),
                )  # fmt: skip


def _append(log: EventLog, run: int, number: int, step: Step) -> None:
    wire_ids = tuple(
        f"g-{run}-{command.key.n}-{command.key.slice}-{log.head[:16]}"
        if isinstance(command, SubmitOrder)
        else None
        for command in step.commands
    )
    log.append(
        LogEntry(run, number, step.event, T0 + number, step.outcomes, step.commands, wire_ids)
    )
