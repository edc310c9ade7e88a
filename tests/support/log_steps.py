"""Steps to log, and a process that logs them until it is killed or its disk is full.

    python -m tests.support.log_steps DATABASE [LIMIT_BYTES]

appends steps for ever and prints the number of every step it was told is durable; with a limit on
the size of its files it ends by printing what it was told when the disk refused.
"""

import resource
import sys
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path

from genesis.domain.commands import SetTimer, SubmitOrder
from genesis.domain.events import Event, OrderAccepted, TimerFired, TradeTick
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.domain.outcomes import OrderApproved
from genesis.errors import EventLogError
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry

T0 = 1_723_075_200_000_000_000


def tick_step(step: int, run: int = 1) -> LogEntry:
    """A market event that changed nothing."""
    price = Decimal(55_000) + step % 7
    event = TradeTick(T0 + step, "BTC/USDT", step, price, Decimal("0.00100"), step % 2 == 0)
    return LogEntry(run, step, event, T0 + step)


def order_step(step: int, run: int = 1, event: Event | None = None) -> LogEntry:
    """An event that led to an order: one outcome, two commands, one wire id."""
    request = OrderRequest(
        "BTC/USDT", Side.BUY, OrderType.MARKET, Decimal("0.00037"), Purpose.ENTRY, why="öffnen"
    )
    key = OrderKey(run, step)
    return LogEntry(
        run,
        step,
        event or OrderAccepted(T0 + step, key, str(step)),
        T0 + step,
        (OrderApproved(T0 + step, key, request, (("max_position_usdt", Decimal(25)),)),),
        (SubmitOrder(T0 + step, key, request), SetTimer("watch", T0 + step + 1)),
        (f"g-{run}-{step}-0-0123456789abcdef", None),
    )


def market_order_step(step: int, run: int = 1) -> LogEntry:
    """A market event that led to an order."""
    return order_step(step, run, tick_step(step).event)


def bar_step(step: int, run: int = 1) -> LogEntry:
    return LogEntry(run, step, TimerFired(T0 + step, "bar:BTC/USDT:60000000000"), T0 + step)


def mixed(first: int = 1, run: int = 1) -> Iterator[LogEntry]:
    """Ticks, with an order at every fifth step and one on a tick at every seventh."""
    for step in count(first):
        if step % 5 == 0:
            yield order_step(step, run)
        elif step % 7 == 0:
            yield market_order_step(step, run)
        else:
            yield tick_step(step, run)


def main(path: str, limit: int | None) -> None:
    with EventLog.open(Path(path)) as log:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        for entry in mixed(log.last_step + 1, log.last_run + 1):
            future = log.append(entry)
            try:
                if entry.commands:
                    print(future.result(), flush=True)
            except EventLogError as problem:
                print("waiter:", problem)
                break
        try:
            log.append(tick_step(1))
        except EventLogError as problem:
            print("refused:", problem)
        print("failed:", log.failed is not None)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
