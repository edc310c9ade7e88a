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
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderType, Side
from genesis.domain.time import MINUTE
from genesis.engine.engine import Engine
from genesis.engine.replay import replay
from genesis.errors import EventLogError
from genesis.rules import load, parse
from genesis.service.recorder import Recorder
from genesis.service.restart import Remembered, fold_second_log, remember
from genesis.service.second_log import SecondLog
from genesis.service.strategies import engine_for, strategies_of
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
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


def test_a_home_is_new_until_its_account_was_opened(tmp_path: Path) -> None:
    """The first start may have ended between RunStarted and AccountOpened."""
    with EventLog.open(tmp_path / "genesis.db") as log:
        started = RunStarted(T0, 1, RULES.name, RULES.text, RULES.sha256, "code", "0")
        step = Engine(RULES).handle(started)
        log.append(LogEntry(1, 1, started, 0, step.outcomes, step.commands)).result()
        past = remember(log, quiet)
    assert past.engine is not None
    assert past.is_new


def test_a_home_with_an_account_is_not_new(home: Home) -> None:
    log, past = reopened(home)
    with log:
        assert not past.is_new


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


def test_a_run_that_lived_in_the_plain_log_alone_keeps_its_number_and_rules(home: Home) -> None:
    """Else the next run would have the same number, and give its orders the same keys."""
    other = parse(RULES.text.replace('"sniper"', '"other"'))
    home.log.flush().result()
    home.recorder = Recorder(home.log, home.second, run=2, last_step=home.log.last_step)
    home.recorder.take_over(RuntimeError("disk gone"))
    home.engine.set_rules(other)
    home.tell(RunStarted(T0 + 1, 2, other.name, other.text, other.sha256, "code", "0"))
    home.tell(BalanceReported(T0 + 1, ()))
    [wire_id] = filter(None, home.buy("r2"))
    log, past = reopened(home)
    with log:
        before = log.last_step
        assert fold_second_log(log, SecondLog(home.second.path), past) == 3
        assert (log.last_run, log.last_step) == (2, before + 3)
        assert past.engine is not None
        assert past.engine.state.run == 2
        assert past.engine.state.rules.name == "other"
        assert past.wire_ids[OrderKey(2, 1, 0)] == wire_id
        assert [step.run for step in log.read()][-3:] == [2, 2, 2]
        assert replay(log.read(), engine_for).first_difference is None


def test_a_home_whose_first_run_lived_in_the_plain_log_alone(tmp_path: Path) -> None:
    second = SecondLog(tmp_path / "second-log.jsonl")
    started = RunStarted(T0, 1, RULES.name, RULES.text, RULES.sha256, "code", "0")
    second.append(LogEntry(1, 1, started, 0))
    with EventLog.open(tmp_path / "genesis.db") as log:
        past = remember(log, quiet)
        assert fold_second_log(log, second, past) == 1
        assert log.last_run == 1
        assert past.engine is not None and past.is_new


def test_a_plain_log_of_another_home_is_not_set_aside(tmp_path: Path) -> None:
    second = SecondLog(tmp_path / "second-log.jsonl")
    second.append(LogEntry(3, 40, HealthReported(T0, "store", "failed"), 0))
    with EventLog.open(tmp_path / "genesis.db") as log:
        past = remember(log, quiet)
        with pytest.raises(EventLogError, match="step 40 of run 3"):
            fold_second_log(log, second, past)
    assert second.path.is_file()


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
