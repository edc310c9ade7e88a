"""The fold of steps that faces ask."""

from genesis.domain.events import OrderFilled
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Side
from genesis.engine.step import Step
from genesis.service.readings import Readings
from tests.support.build import fill


def test_a_fill_told_twice_counts_once() -> None:
    readings = Readings()
    told = OrderFilled(1, OrderKey(1, 1), fill(Side.BUY, "0.001", "60000", "0.01", "USDT", 7))
    for _ in range(2):
        readings.take(Step(told))
    assert readings.fills == len(readings.made) == 1
    assert readings.adopted == set()


def test_a_trade_past_us_is_remembered_as_adopted() -> None:
    readings = Readings()
    sale = fill(Side.SELL, "0.001", "60000", "0.01", "USDT", 8)
    readings.take(Step(OrderFilled(1, OrderKey(0, 8), sale, recovered=True)))
    assert readings.adopted == {("BTC/USDT", 8)}
    assert readings.fills == 1
