"""`genesis recover`, what it takes over from the rest: the time, the halt, and an earlier fork."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import Tier, TiltLevel
from genesis.domain.events import FlowReported, JournalAssessed, OperatorActed, RunStarted
from genesis.domain.keeping import Carried, Counted, LogForked
from genesis.domain.outcomes import Halted, TiltLevelChanged
from genesis.domain.time import DAY, HOUR
from genesis.engine.engine import Engine
from genesis.service.clock import wall_ns
from genesis.service.home import Home
from genesis.service.recovering import _measured_by
from genesis.service.second_log import SecondLog
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from tests.support.engines import T0, Bench
from tests.unit.cli.test_recover_cli import broken_home, meddle, past, ran
from tests.unit.engine.test_forked_account import LOOSER, want

PAGE = "a" * 64
Told = pytest.CaptureFixture[str]


def forked(home: Path) -> LogForked:
    with EventLog.open(home / DATABASE_NAME) as log:
        *_, last = log.read()
    assert isinstance(last.event, LogForked)
    return last.event


def engine(home: Path) -> Engine:
    found = past(home).engine
    assert found is not None
    return found


def recovered(home: Path, capsys: Told) -> Engine:
    code, out, err = ran(capsys, "recover", "--yes", "--json", "--home", str(home))
    assert code == 0, err
    assert json.loads(out)["recovered"]
    return engine(home)


def two_days(bench: Bench) -> None:
    bench.later(2 * DAY / 10**9)
    bench.act("close_all", reduces_risk=True, symbol=None)


# -- the time --------------------------------------------------------------------------------
def last_ns(home: Path) -> int:
    fork = forked(home)
    assert fork.carried is not None and not fork.carried.has_venue
    assert fork.ts_ns == fork.sound_ns
    return fork.carried.last_ns


def test_without_a_venue_no_time_passes_by_a_stamp_of_the_rest(
    tmp_path: Path, capsys: Told
) -> None:
    """It stands in a part that was changed: it tells which days the rest knows of, and no more."""
    home = broken_home(tmp_path / "home", rest=two_days)
    engine = recovered(home, capsys)
    assert last_ns(home) - forked(home).ts_ns > 2 * DAY - HOUR
    assert engine.state.now_ns == forked(home).ts_ns
    now_ns = T0 + 3 * DAY
    engine.handle(RunStarted(now_ns, 2, "", "", engine.state.rules.sha256, "code", "seed"))
    assert engine.state.tiers.state.tier_since_ns == T0 + now_ns - forked(home).ts_ns


def test_a_stamp_that_is_still_to_come_is_not_believed(tmp_path: Path, capsys: Told) -> None:
    home = broken_home(tmp_path / "home", rest=two_days)
    far_ns = wall_ns() + 1000 * DAY
    meddle(home, f"UPDATE events SET ts_ns = {far_ns} WHERE seq = (SELECT max(seq) FROM events)")
    recovered(home, capsys)
    assert 2 * DAY - HOUR < last_ns(home) - T0 < 3 * DAY


def test_the_plain_log_tells_the_time_and_his_halt_but_takes_the_place_of_no_loss(
    tmp_path: Path, capsys: Told
) -> None:
    home = broken_home(tmp_path / "home", rest=lost)
    late_ns = T0 + 5 * DAY
    second = SecondLog(Home(home).second_log_file)
    act = OperatorActed(late_ns, "halt", verb="halt", reason="me")
    second.append(LogEntry(1, 1000, act, 0))
    second.append(LogEntry(1, 1001, JournalAssessed(late_ns, PAGE, 600, True, "accepted"), 0))
    second.close()
    state = recovered(home, capsys).state
    fork = forked(home)
    assert last_ns(home) == late_ns
    assert (fork.halted, fork.halted_by) == ("drawdown reached 75 USDT", "drawdown")
    assert not state.tiers.halts.is_own
    assert state.tilt.pages_used == {PAGE}
    assert past(home).readings.accepted_pages == {PAGE}


# -- what the sound part tells of the rest ---------------------------------------------------
def test_the_rest_is_measured_by_the_sound_part() -> None:
    bench = Bench(cash="2000")
    before = _measured_by(bench.engine)
    assert (before.was_halted, before.account.waits) == (False, False)
    bench.tell(FlowReported(bench.now_ns, "USDT", Decimal(100), "deposit", "1"))
    want(bench, f"{LOOSER}\ntilt.override.lock_max_s = {30 * 86_400}")
    assert _measured_by(bench.engine).account.waits
    bench.act("halt", reason="me", symbol=None, reduces_risk=True)
    assert not _measured_by(bench.engine).was_halted
    bench.engine.state.tiers.halted(Halted(bench.now_ns, "drawdown", "enough"))
    found = _measured_by(bench.engine)
    assert (found.was_halted, found.sound_tier) == (True, Tier.SNIPER)
    assert found.longest_ns == 30 * DAY
    assert (found.account.top_usdt, found.account.quote) == (2100, "USDT")


# -- an earlier fork -------------------------------------------------------------------------
def lost(bench: Bench) -> None:
    """As after a fork that carried a halt, a pause and a page."""
    counted = Counted(violations_ns=(bench.now_ns,))
    carried = Carried(lost=True, counted=counted)
    bench.tell(
        LogForked(
            bench.now_ns,
            "x",
            "why",
            bench.now_ns,
            halted="drawdown reached 75 USDT",
            halted_by="drawdown",
            was_paused=True,
            carried=carried,
        )
    )


def test_to_damage_a_log_twice_forgets_nothing(tmp_path: Path, capsys: Told) -> None:
    home = broken_home(tmp_path / "home", rest=lost)
    first = recovered(home, capsys).state
    assert first.risk.drawdown.halted is not None
    meddle(
        home,
        "UPDATE events SET body = replace(body, 'status', 'statue') WHERE seq = "
        "(SELECT min(seq) FROM events WHERE body LIKE '%\"status\"%' AND role = 'event')",
        # what the first fork led to cannot be read either: its own event is what is left
    )
    meddle(home, f"UPDATE events SET body = '' WHERE kind IN {DECIDED}")
    again = recovered(home, capsys).state
    assert again.risk.drawdown.halted is not None
    assert again.risk.drawdown.halted.source == "drawdown"
    assert not again.tiers.halts.is_own
    assert again.tilt.state.level is TiltLevel.LOCKED
    assert again.tiers.history.violations_since(0) == 1
    assert ran(capsys, "verify", "--home", str(home))[0] == 0


DECIDED = (Halted.__name__, TiltLevelChanged.__name__)


# -- words -----------------------------------------------------------------------------------
def test_a_halt_of_the_rest_is_told_as_one_and_not_as_a_strategy_that_rests(
    tmp_path: Path, capsys: Told
) -> None:
    home = broken_home(tmp_path / "home", halted=True)
    behind = "seq > (SELECT max(seq) FROM events WHERE body LIKE '%statue%')"
    meddle(home, f"UPDATE events SET ts_ns = {wall_ns() + DAY} WHERE {behind}")
    found = recovered(home, capsys)
    codes = {failure.code for failure in found.gate.forbids("BTC/USDT")}
    assert "STRATEGY_RESTS" not in codes and "TRADING_HALTED" in codes
