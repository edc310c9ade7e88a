"""An order that was given up shows up on the user stream: told, taken in, and new risk waits."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from genesis.domain.events import Event, HealthReported, OrderAccepted, OrderRejected
from genesis.domain.orders import OrderStatus, OrderType
from genesis.exchange.resolve import NEVER_PLACED
from genesis.service import reconciling
from genesis.service.reconciling import Reconciling
from tests.support.clocks import VirtualClock
from tests.support.engines import T0, Bench, submits

BLOCK = "reconciliation"


class Part:
    """Reconciliation beside a bench; a comparison finds what it is told to find."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.bench = Bench(price="60000")
        self.is_asked = 0
        patch.setattr(reconciling, "reconcile", self._reconcile)
        unused, clock = cast("Any", None), VirtualClock(T0)
        engine = self.bench.engine
        self.part = Reconciling(
            unused, engine, clock, (), {}, unused, self._tell, self._report, 60.0
        )

    async def _reconcile(self, *_: object, **__: object) -> Any:
        self.is_asked += 1
        return SimpleNamespace(events=(), is_clean=True, has_asked_flows=False, strays=())

    async def _tell(self, event: Event) -> None:
        self.bench.tell(event)

    def _report(self, component: str, status: str, detail: str) -> None:
        self.bench.tell(HealthReported(self.bench.now_ns, component, status, detail))

    def stream(self, event: Event) -> None:
        """As the service does it: the part looks before the engine has handled the event."""
        self.part.heard(event)

    def given_up(self) -> Any:
        (entry,) = submits(self.bench.buy("25"))
        self.bench.tell(OrderRejected(self.bench.now_ns, entry.key, NEVER_PLACED, ""))
        return entry


def test_its_fill_blocks_new_risk_until_the_books_were_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    it = Part(monkeypatch)
    entry = it.given_up()
    accepted = OrderAccepted(it.bench.now_ns, entry.key, "x1")
    it.stream(accepted)
    it.bench.tell(accepted)
    assert BLOCK in it.bench.engine.state.risk.blocks
    (stop,) = submits(it.bench.fill(entry, "60000"))  # it is ours, and protected
    assert stop.request.type is OrderType.STOP_LOSS
    assert asyncio.run(it.part._try())
    assert it.is_asked == 1
    assert BLOCK not in it.bench.engine.state.risk.blocks


def test_an_order_that_lives_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Part(monkeypatch)
    (entry,) = submits(it.bench.buy("25"))
    it.stream(OrderAccepted(it.bench.now_ns, entry.key, "x1"))
    assert BLOCK not in it.bench.engine.state.risk.blocks


def test_what_was_given_up_lately_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Part(monkeypatch)
    entry = it.given_up()
    it.part._wire_ids = {entry.key: "g-1-1-0-0123456789abcdef"}
    orders = it.bench.engine.state.execution.orders.orders
    assert orders[entry.key].status is OrderStatus.NEVER_PLACED
    assert [each.wire_id for each in it.part._watched(orders.values())] == [
        "g-1-1-0-0123456789abcdef"
    ]
    orders[entry.key].ended_ns = T0 - 2 * 86_400 * 10**9
    assert it.part._watched(orders.values()) == ()


@pytest.mark.parametrize("is_clean", [True, False])
def test_what_is_not_explained_is_looked_at_again_soon(
    monkeypatch: pytest.MonkeyPatch, is_clean: bool
) -> None:
    it = Part(monkeypatch)
    it.part.found = cast("Any", SimpleNamespace(is_clean=is_clean))
    assert it.part._pause_s() == (60.0 if is_clean else 15.0)


def test_the_histories_are_asked_for_at_a_start_on_a_hint_and_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    it = Part(monkeypatch)
    clock = cast("VirtualClock", it.part._clock)
    assert it.part._flows_due()
    it.part._flows_asked_ns, it.part._is_hinted = clock.elapsed_ns(), False
    assert not it.part._flows_due()
    it.part.request("100 USDT came or went without a trade")
    assert not it.part._flows_due()  # the venue counts: not so soon again
    clock.seen("test", T0 + 16 * 10**9)
    assert it.part._flows_due()
    it.part._is_hinted = False
    clock.seen("test", T0 + 601 * 10**9)
    assert it.part._flows_due()
