"""What is told of open positions once a service has ended."""

import pytest

from genesis.domain.events import OrderRejected
from genesis.domain.orders import OrderStatus
from genesis.service.still_held import still_held
from tests.support.engines import Bench, submits


def test_nothing_held_is_told_plainly() -> None:
    told = still_held(Bench().engine, ends_with_us=False)
    assert told == ["no position is held, and no stop is needed"]


@pytest.mark.parametrize(
    ("ends_with_us", "what_becomes_of_it"),
    [
        (False, "rests at the exchange, and works there while nothing of ours runs"),
        (True, "and the paper market stand still now; both go on at the next start"),
    ],
)
def test_a_position_is_told_with_its_stop(ends_with_us: bool, what_becomes_of_it: str) -> None:
    bench = Bench(price="60000")
    bench.open_position("60000")
    first, second = still_held(bench.engine, ends_with_us=ends_with_us)
    assert first == "still held: 0.00040959 of BTC/USDT"
    assert second.strip() == f"its stop at 58800, for 0.0004, {what_becomes_of_it}"


def test_a_stop_nobody_confirmed_and_none_at_all_are_told_as_they_are() -> None:
    bench = Bench(price="60000")
    entry = submits(bench.buy())[0]
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "60000"))
    order = bench.engine.state.execution.orders.orders[stop.key]
    assert order.status is OrderStatus.PENDING
    assert "was not confirmed" in still_held(bench.engine, ends_with_us=False)[1]
    bench.tell(OrderRejected(bench.now_ns, stop.key, "-2010", "no"))
    told = still_held(bench.engine, ends_with_us=False)
    assert "NO stop" in told[1] and "close-all --direct" in told[1]
