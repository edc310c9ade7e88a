"""Sessions of the trader: where they begin and end, and what they hold."""

from decimal import Decimal as D

import pytest

from genesis.analytics import Opening, SessionType, sessions
from genesis.domain.account import Balance, Tier, TierMode, TiltLevel
from genesis.domain.events import (
    AccountOpened,
    FlowReported,
    OperatorActed,
    RunEnded,
    RunStarted,
    TimerFired,
)
from genesis.domain.outcomes import (
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    PositionClosed,
    PositionOpened,
    TierChanged,
)
from genesis.domain.time import MINUTE
from genesis.engine.step import Step
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from tests.support.recorded_home import record_home

LIVE = Opening("acct", D(500))


def acted(minute, *outcomes, **fields):
    given = {"kind": "COMMAND", **fields}
    return Step(OperatorActed(minute * MINUTE, **given), outcomes)


def passed(minute, *outcomes):
    return Step(TimerFired(minute * MINUTE, "day"), outcomes)


def opened(symbol="BTC/USDT"):
    return PositionOpened(0, symbol, D(1), D(100))


def closed(minute, pnl, mae="-1", symbol="BTC/USDT"):
    return PositionClosed(
        minute * MINUTE, symbol, 0, D(100), D(101), D(1), D("0.1"), D(pnl), "signal", D(mae), D(1),
        D(10), D(0),
    )  # fmt: skip


def test_half_an_hour_of_silence_ends_a_session_of_a_flat_account():
    found = sessions([acted(0), acted(29), acted(60)], LIVE)
    assert [(s.started_ns // MINUTE, s.ended_ns) for s in found] == [(0, 29 * MINUTE), (60, None)]


def test_money_at_work_keeps_it_open():
    steps = [acted(0, opened()), passed(90, closed(90, "3")), acted(100), acted(200)]
    found = sessions(steps, LIVE)
    assert [s.started_ns // MINUTE for s in found] == [0, 100, 200]
    assert [s.total_trades for s in found] == [1, 0, 0]


@pytest.mark.parametrize(
    "end",
    [
        acted(10, kind="SESSION_END"),
        Step(RunEnded(10 * MINUTE, 1, "closed")),
    ],
)
def test_an_explicit_end_ends_it(end):
    found = sessions([acted(0), end, acted(12)], LIVE)
    assert [(s.started_ns // MINUTE, s.ended_ns) for s in found] == [(0, 10 * MINUTE), (12, None)]
    assert sessions([end], LIVE) == ()


@pytest.mark.parametrize(
    "begin",
    [
        acted(10, kind="SESSION_START"),
        acted(10, session_id="b"),
        Step(RunStarted(10 * MINUTE, 2, "r", "", "", "", "")),
    ],
)
def test_a_new_beginning_ends_the_one_before(begin):
    found = sessions([acted(0, session_id="a"), begin, acted(12)], LIVE)
    assert len(found) == 2
    assert found[0].ended_ns == 0


def test_trades_balances_and_the_deepest_fall():
    steps = [
        acted(0, opened()),
        passed(1, closed(1, "5")),
        passed(2, closed(2, "-2", mae="-8")),
        passed(3, closed(3, "0")),
        Step(FlowReported(4 * MINUTE, "USDT", D(100), "deposit", "x")),
        passed(5, closed(5, "-1")),
    ]
    (one,) = sessions(steps, LIVE)
    assert (one.starting_balance, one.ending_balance) == (D(500), D(602))
    assert (one.total_trades, one.winning_trades, one.losing_trades) == (4, 1, 2)
    assert one.max_drawdown == 8
    assert one.account_id == "acct"
    assert len(one.trades) == 4


def test_a_deposit_hides_no_fall():
    steps = [
        acted(0, opened()),
        passed(1, closed(1, "-5")),
        Step(FlowReported(2 * MINUTE, "USDT", D(100), "deposit", "x")),
        passed(3, closed(3, "-5", mae="-5")),
    ]
    assert sessions(steps, LIVE)[0].max_drawdown == 10


def intervention(words=500):
    return InterventionOpened(0, TiltLevel.WARNING, "paused", words)


def test_an_intervention_counts_once_and_the_next_session_is_a_recovery():
    steps = [
        acted(0, intervention(), intervention(0)),
        acted(40, LimitedHourStarted(40 * MINUTE, D("0.5"), 100 * MINUTE)),
        acted(80),
        acted(120),
    ]
    found = sessions(steps, LIVE)
    assert [s.tilt_events_count for s in found] == [1, 0, 0, 0]
    recovery, normal = SessionType.RECOVERY, SessionType.NORMAL
    assert [s.session_type for s in found] == [normal, recovery, recovery, normal]


def test_the_limited_hour_may_end_early():
    hour = LimitedHourStarted(0, D("0.5"), 600 * MINUTE)
    steps = [acted(0, hour), passed(5, LimitedHourEnded(5)), acted(60)]
    assert [s.session_type for s in sessions(steps, LIVE)][1] is SessionType.NORMAL


@pytest.mark.parametrize(
    ("mode", "is_paper", "kind"),
    [
        (TierMode.ACTIVE, False, "NORMAL"),
        (TierMode.ACTIVE, True, "PAPER"),
        (TierMode.PAPER48, False, "PAPER"),
        (TierMode.RECOVERY, True, "RECOVERY"),
        (TierMode.EMERGENCY, False, "RECOVERY"),
    ],
)
def test_the_type_follows_the_account_and_its_mode(mode, is_paper, kind):
    changed = TierChanged(0, Tier.SNIPER, TierMode.ACTIVE, Tier.SNIPER, mode, "")
    found = sessions([passed(0, changed), acted(1)], Opening("a", is_paper=is_paper))
    assert found[0].session_type == kind


def test_the_account_is_learned_from_its_opening():
    balances = (Balance("USDT", D(400), D(100)), Balance("BTC", D(1), D(0)))
    first = Step(AccountOpened(0, "me", "loopback", True, "USDT", balances))
    (one,) = sessions([first, acted(1)])
    assert (one.account_id, one.starting_balance) == ("me", 500)
    assert one.session_id == sessions([first, acted(1)])[0].session_id
    assert len(one.session_id) == 36


def test_a_recorded_home(tmp_path):
    record_home(tmp_path)
    database = Database.open(tmp_path / DATABASE_NAME, read_only=True)
    try:
        steps = list(LogReader(database).read())
    finally:
        database.close()
    found = sessions(steps)
    assert len(found) == 2  # two runs
    assert all(s.session_type in ("PAPER", "RECOVERY") for s in found)
    trades = [o for s in steps for o in s.outcomes if isinstance(o, PositionClosed)]
    assert sum(s.total_trades for s in found) == len(trades) > 0
    assert found[1].starting_balance == found[0].ending_balance
    assert found[-1].ending_balance == 500 + sum(t.pnl_usdt for t in trades)
