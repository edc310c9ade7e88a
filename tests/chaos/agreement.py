"""Our log against the venue's own ledger, to the last fill."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import OrderFilled, RunStarted
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderStatus
from genesis.engine.engine import Engine
from genesis.engine.replay import Replayable, replay
from genesis.service.strategies import engine_for
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from genesis.store.steps import LoggedStep
from tests.chaos.composed import projections, protected, resting_sells, sellable

D = Decimal
_STATUS = {
    "NEW": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.PARTIAL,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELLED,
    "EXPIRED": OrderStatus.EXPIRED,
    "PENDING_NEW": OrderStatus.PENDING,
    "REJECTED": OrderStatus.REJECTED,
}
_NOWHERE = (OrderStatus.NEVER_PLACED, OrderStatus.REJECTED)
"""How an order of ours stands that the venue has never seen."""


class Trade(NamedTuple):
    """An execution, as either side writes it down."""

    wire_id: str
    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_asset: str


class Record(NamedTuple):
    """A home's log: its steps, the engine that they make, the ids that its orders left with."""

    steps: list[LoggedStep]
    engine: Engine
    wire_ids: dict[OrderKey, str]


def agree(home: Path, truth: dict[str, Any], believed: dict[str, Any]) -> None:
    """Nothing lost, nothing doubled, all protected, and the log alone says the same.

    believed: the projections of the last process that lived.
    """
    record = read(home)
    assert projections(record.engine, record.wire_ids) == believed, "the log tells another story"
    _orders(record, truth)
    _trades(record, truth)
    _money(record, truth)
    stopped = sum(resting_sells(truth["orders"]), D(0))
    assert sellable(record.engine) == stopped == protected(record.engine), "a position is naked"


def read(home: Path) -> Record:
    """The whole record, run again: its decisions are those that were written down."""
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        steps = list(LogReader(database).read())
    finally:
        database.close()
    made: list[Engine] = []

    def engine_of(started: RunStarted, engine: Replayable | None) -> Replayable:
        found = engine_for(started, engine)
        assert isinstance(found, Engine)
        made.append(found)
        return found

    again = replay(steps, engine_of)
    assert again.first_difference is None, str(again.first_difference)
    return Record(steps, made[-1], dict(_sent(steps)))


def _sent(steps: list[LoggedStep]) -> Iterator[tuple[OrderKey, str]]:
    for step in steps:
        for command, wire_id in zip(step.commands, step.wire_ids, strict=True):
            if isinstance(command, SubmitOrder):
                assert wire_id is not None
                yield command.key, wire_id


def _orders(record: Record, truth: dict[str, Any]) -> None:
    placed = Counter(row["clientOrderId"] for row in truth["orders"])
    assert max(placed.values(), default=0) <= 1, "an order was placed twice"
    commanded = Counter(key for key, _ in _sent(record.steps))
    assert max(commanded.values(), default=0) <= 1, "an order was sent twice"
    ours = record.engine.state.execution.orders.orders
    by_id = {wire_id: ours[key] for key, wire_id in record.wire_ids.items()}
    assert len(by_id) == len(record.wire_ids)
    for row in truth["orders"]:
        assert row["clientOrderId"] in by_id, f"our log never sent {row['clientOrderId']}"
        order = by_id.pop(row["clientOrderId"])
        told = (order.status, order.filled_qty)
        theirs = (_STATUS[row["status"]], D(row["executedQty"]))
        assert told == theirs, f"{row['clientOrderId']}: ours {told}, theirs {theirs}; {order}"
        # its number comes with its acceptance, which a fill of all of it may overtake
        assert order.exchange_order_id in (None, str(row["orderId"])), row["clientOrderId"]
    for wire_id, order in by_id.items():
        assert order.status in _NOWHERE and not order.filled_qty, wire_id


def _trades(record: Record, truth: dict[str, Any]) -> None:
    """A fill may be told twice, by an answer and a comparison; it is taken once."""
    names = {str(row["orderId"]): row["clientOrderId"] for row in truth["orders"]}
    theirs = {
        row["id"]: Trade(
            names[str(row["orderId"])],
            D(row["price"]),
            D(row["qty"]),
            D(row["commission"]),
            row["commissionAsset"],
        )
        for row in truth["trades"]
    }
    assert len(theirs) == len(truth["trades"])
    told = [step.event for step in record.steps if isinstance(step.event, OrderFilled)]
    ours = {
        (event.fill.trade_id, event.key): Trade(
            record.wire_ids.get(event.key, "none of ours"),
            event.fill.price,
            event.fill.qty,
            event.fill.fee,
            event.fill.fee_asset,
        )
        for event in told
    }
    assert {trade_id: trade for (trade_id, _), trade in ours.items()} == theirs
    assert len(ours) == len(theirs), "a trade was told of two orders"


def _money(record: Record, truth: dict[str, Any]) -> None:
    theirs = {row["asset"]: D(row["free"]) + D(row["locked"]) for row in truth["balances"]}
    ours = record.engine.state.ledger.balances
    assert {a: q for a, q in ours.items() if q} == {a: q for a, q in theirs.items() if q}
