"""What a home remembers: engine, timers, wire ids, and the plain log folded back."""

from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import Balance
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    Event,
    HealthReported,
    InstrumentReported,
    OperatorActed,
    OrderRejected,
    RunStarted,
)
from genesis.domain.orders import OrderType, Side
from genesis.domain.time import MINUTE
from genesis.engine.engine import Engine
from genesis.engine.replay import replay
from genesis.rules import load
from genesis.service.recorder import Recorder
from genesis.service.restart import Remembered, fold_second_log, remember
from genesis.service.second_log import SecondLog
from genesis.service.strategies import engine_for, strategies_of
from genesis.store.event_log import EventLog
from tests.support.build import BTC, tick

T0 = 1_700_000_000_000_000_000
RULES = load("sniper")


def quiet(done: int, total: int) -> None:
    return


class Home:
    """A home written by an engine and a recorder, as the runner does it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "genesis.db"
        self.second = SecondLog(folder / "second-log.jsonl")
        self.log = EventLog.open(self.path)
        self.engine = Engine(RULES)
        self.recorder = Recorder(self.log, self.second, run=1, last_step=0)
        self.now_ns = T0
        started = RunStarted(T0, 1, RULES.name, RULES.text, RULES.sha256, "code", "0")
        for event in (started, InstrumentReported(T0, BTC), self._account()):
            self.tell(event)
        self.tell(BalanceReported(T0, ()))
        self.tell(tick(T0, "60000"))

    def _account(self) -> AccountOpened:
        held = (
            Balance("ETH", Decimal(1), Decimal(0)),
            Balance("USDT", Decimal(500), Decimal(0)),
        )
        return AccountOpened(T0, "acc", "venue", True, "USDT", held, held[:1])

    def tell(self, event: Event) -> tuple[str | None, ...]:
        step = self.engine.handle(event)
        return self.recorder.record(step)[1]

    def buy(self, ref: str) -> tuple[str | None, ...]:
        self.now_ns += 1_000_000_000
        return self.tell(
            OperatorActed(
                self.now_ns,
                "ORDER_SUBMIT",
                client_ref=ref,
                verb="trade",
                symbol="BTC/USDT",
                side=Side.BUY,
                order_type=OrderType.MARKET,
                amount_usdt=Decimal(20),
            )
        )

    def close(self) -> None:
        self.second.close()
        self.log.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def reopened(home: Home) -> tuple[EventLog, Remembered]:
    home.close()
    log = EventLog.open(home.path)
    return log, remember(log, quiet)


def test_a_new_home_remembers_nothing(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "genesis.db") as log:
        past = remember(log, quiet)
    assert past.engine is None
    assert past.last_ns == 0


def test_engine_ids_timers_and_references_come_back(home: Home) -> None:
    wire_ids = home.buy("r1")
    log, past = reopened(home)
    with log:
        assert past.engine is not None
        assert past.engine.view.equity_usdt == home.engine.view.equity_usdt == 500
        [order] = past.engine.state.execution.orders.all_working()
        assert past.wire_ids[order.key] in wire_ids
        assert past.readings.refs == {"r1"}
        assert past.readings.orders == 1
        assert past.readings.ring_fenced == {"ETH": Decimal(1)}
        assert past.last_ns == home.now_ns
        assert past.timers.next_ns() is not None  # the day's timer


def test_another_run_may_have_other_strategies(home: Home) -> None:
    home.buy("r1")
    log, past = reopened(home)
    with log:
        assert past.engine is not None
        past.engine.set_strategies(strategies_of(["sma_cross"]))
        [first] = past.engine.desk.strategies
        assert past.engine.widths == (MINUTE,)
        past.engine.set_strategies(strategies_of(["sma_cross", "spread_capture"]))
        kept, added = past.engine.desk.strategies
        assert kept is first, "a strategy that stays goes on with what it learned"
        assert added.name == "spread_capture"
        past.engine.set_strategies([])
        assert past.engine.desk.strategies == ()


def test_the_plain_log_is_folded_back_and_the_whole_record_verifies(home: Home) -> None:
    home.buy("r1")
    home.log.flush().result()
    home.recorder.take_over(RuntimeError("disk gone"))
    [key] = [order.key for order in home.engine.state.execution.orders.all_working()]
    home.tell(HealthReported(home.now_ns, "store", "failed", "disk gone"))
    home.tell(OrderRejected(home.now_ns, key, "NOT_SENT", "not sent"))
    log, past = reopened(home)
    second = SecondLog(home.second.path)
    with log:
        before = log.last_step
        assert fold_second_log(log, second, past) == 2
        assert log.last_step == before + 2
        assert fold_second_log(log, second, past) == 0  # it was set aside
        assert past.engine is not None
        assert past.engine.state.risk.blocks == home.engine.state.risk.blocks
        assert list(past.engine.state.execution.orders.all_working()) == []
        found = replay(log.read(), engine_for)
        assert found.first_difference is None
        assert found.events == before + 2


def test_steps_that_did_reach_the_log_are_not_folded_twice(home: Home) -> None:
    home.buy("r1")
    home.log.flush().result()
    last = home.recorder.last_step
    lie = Recorder(home.log, home.second, run=1, last_step=last - 1)
    lie.take_over(RuntimeError("the answer was lost"))
    lie.record(home.engine.handle(HealthReported(home.now_ns, "store", "ok")))
    log, past = reopened(home)
    with log:
        assert fold_second_log(log, SecondLog(home.second.path), past) == 0
