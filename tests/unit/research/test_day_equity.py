"""Equity by the minute is what the engine itself says when its events are run again."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genesis.domain.events import FlowReported, RunStarted
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.research import TradingDay, days_of
from genesis.research.day_equity import drawdown_frame, exact_equity, underwater
from genesis.service.strategies import engine_for
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.event_log import LEASE_SUFFIX
from genesis.store.lease import Lease
from genesis.store.reader import LogReader
from genesis.store.steps import LoggedStep
from tests.support.day_home import DAY_1, HomeMaker, buy, calm_acts, close, waves


def recorded(home: Path) -> Iterator[LoggedStep]:
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        yield from LogReader(database).read()
    finally:
        database.close()


def replayed(home: Path, moments_ns: list[int]) -> dict[int, Decimal]:
    """The engine's own equity after all events stamped before each moment."""
    found: dict[int, Decimal] = {}
    waiting, engine = sorted(moments_ns), None
    for step in recorded(home):
        while waiting and engine is not None and step.ts_ns >= waiting[0]:
            at_ns = waiting.pop(0)
            engine.state.now_ns = max(engine.state.now_ns, at_ns)
            found[at_ns] = engine.view.equity_usdt
        if isinstance(step.event, RunStarted):
            engine = engine_for(step.event, engine)
        engine.handle(step.event)
    for at_ns in waiting:
        engine.state.now_ns = max(engine.state.now_ns, at_ns)
        found[at_ns] = engine.view.equity_usdt
    return found


def assert_equals_replay(home: Path) -> int:
    days = [TradingDay.of(date, home) for date in days_of(home)]
    ours: dict[int, Decimal] = {}
    for day in days:
        moments = day.market.moments_ns[1:]
        ours |= dict(zip(moments, list(exact_equity(day.book, day.market))[1:], strict=True))
    theirs = replayed(home, list(ours))
    assert ours == theirs
    return len(ours)


def test_every_minute_of_every_day_equals_a_replay(days_home: Path) -> None:
    # three days over midnights with open positions, a second run, a feed lost
    assert assert_equals_replay(days_home) > 3 * 1400


def test_with_flows_strategies_and_trades_only_tapes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    maker = HomeMaker(home, strategies=("sma_cross",))
    maker.start(DAY_1 + 22 * HOUR)
    flows = [
        FlowReported(DAY_1 + 23 * HOUR, "USDT", Decimal("120.5"), "deposit", "a"),
        FlowReported(DAY_1 + 26 * HOUR, "USDT", Decimal("-40"), "withdrawal", "b"),
        FlowReported(DAY_1 + 26 * HOUR, "BNB", Decimal("0.3"), "deposit", "c"),
    ]
    market = waves(DAY_1 + 22 * HOUR + 1, DAY_1 + 28 * HOUR, 7 * SECOND)
    maker.play(market, flows)
    maker.close()
    assert assert_equals_replay(home) > 300
    first, second = (TradingDay.of(date, home) for date in days_of(home))
    assert first.flows_usdt == 120.5
    assert second.flows_usdt == -40
    assert second.result_usdt == pytest.approx(second.end_usdt - second.start_usdt + 40)
    assert set(first.trades["who"]) | set(second.trades["who"]) == {"sma_cross"}


def test_the_close_is_what_the_engine_wrote_down(days_home: Path) -> None:
    for date in days_of(days_home)[:3]:
        assert TradingDay.of(date, days_home).tie_out_usdt == 0.0


def test_the_day_begins_with_the_equity_of_midnight(days_home: Path) -> None:
    one, two, *_ = days_of(days_home)
    first, second = TradingDay.of(one, days_home), TradingDay.of(two, days_home)
    assert second.equity.iloc[0] == second.start_usdt == first.equity.iloc[-1]
    assert first.open_positions["symbol"].tolist() == ["BTC/USDT"]
    assert first.equity.index[0] == pd.Timestamp(DAY_1, tz="UTC")
    assert first.equity.index[-1] == pd.Timestamp(DAY_1 + DAY, tz="UTC")
    assert len(first.equity) == 1441


def test_equity_is_unknown_while_nothing_ran(days_home: Path) -> None:
    day = TradingDay.of(days_of(days_home)[1], days_home)
    down = day.equity.between_time("14:01", "14:20")
    assert down.isna().all() and len(down) == 20
    assert day.equity.between_time("14:21", "23:59").notna().all()


def test_a_crash_is_found_by_what_the_run_last_saw(tmp_path: Path) -> None:
    home = tmp_path / "home"
    maker = HomeMaker(home)
    maker.start(DAY_1 + HOUR)
    maker.play(waves(DAY_1 + HOUR, DAY_1 + 2 * HOUR, 5 * SECOND), [buy(DAY_1 + 90 * MINUTE)])
    maker.start(DAY_1 + DAY + 3 * HOUR)  # no word of an end before it
    maker.play(waves(DAY_1 + DAY + 3 * HOUR, DAY_1 + DAY + 4 * HOUR, 5 * SECOND))
    maker.stop()
    maker.close()
    assert_equals_replay(home)
    first, second = (TradingDay.of(date, home) for date in days_of(home))
    (end,) = first.coverage.gaps.to_dict("records")
    assert (end["kind"], end["reason"]) == ("down", "ended without a word")
    assert end["from"] == pd.Timestamp(DAY_1 + 2 * HOUR - 5 * SECOND, tz="UTC")
    assert end["to"] == pd.Timestamp(DAY_1 + DAY, tz="UTC")
    assert "01:00:00 to 01:59:55" in str(first.coverage)
    gap = second.coverage.gaps.iloc[0]
    assert (gap["kind"], gap["reason"]) == ("down", "ended without a word")
    assert gap["from"] == pd.Timestamp(DAY_1 + DAY, tz="UTC")
    assert gap["to"] == pd.Timestamp(DAY_1 + DAY + 3 * HOUR, tz="UTC")
    assert second.start_usdt == first.end_usdt  # the last known prices hold
    assert second.equity.iloc[0] == second.start_usdt  # the high that falls count from
    assert second.underwater.deepest_usdt >= second.start_usdt - second.equity.min()
    assert second.trades[["who", "reason"]].to_numpy().tolist() == [["you", "stop"]]


def test_a_day_that_goes_on_has_not_ended_without_a_word(tmp_path: Path) -> None:
    home = tmp_path / "home"
    maker = HomeMaker(home)
    maker.start(DAY_1)
    maker.play(waves(DAY_1, DAY_1 + HOUR, MINUTE))
    maker.close()
    running = Lease.take(home / f"{DATABASE_NAME}{LEASE_SUFFIX}")
    assert TradingDay.of(days_of(home)[0], home).coverage.gaps.empty
    running.release()
    assert not TradingDay.of(days_of(home)[0], home).coverage.gaps.empty


def test_a_day_without_trades(tmp_path: Path) -> None:
    home = tmp_path / "home"
    maker = HomeMaker(home)
    maker.start(DAY_1)
    maker.play(waves(DAY_1, DAY_1 + 2 * HOUR, MINUTE))
    maker.close()
    day = TradingDay.of(days_of(home)[0], home)
    assert set(day.equity) == {500.0}
    assert day.underwater.deepest_usdt == 0.0
    for table in (day.trades, day.receipts, day.refusals, day.locks, day.open_positions):
        assert table.empty
    assert day.tilt.interventions.empty and day.sessions.empty
    assert "no trade was closed" in str(day.overview)


def test_no_market_at_all(tmp_path: Path) -> None:
    home = tmp_path / "home"
    maker = HomeMaker(home)
    maker.start(DAY_1)
    maker.close()
    day = TradingDay.of(days_of(home)[0], home)
    assert day.coverage.market_events == 0
    assert day.end_usdt == day.start_usdt == 500


def test_the_drawdown_of_a_known_path() -> None:
    at = pd.date_range("2024-08-05", periods=7, freq="min", tz="UTC")
    equity = pd.Series([100.0, 104.0, 101.0, 104.0, 103.0, 99.0, np.nan], index=at)
    frame = drawdown_frame(equity, [0.0] * 7)
    assert frame["fall_usdt"].tolist()[:6] == [0, 0, 3, 0, 1, 5]
    found = underwater(frame)
    assert found.deepest_usdt == 5 and found.deepest_at == at[5]
    assert found.deepest_fraction == pytest.approx(5 / 104)
    assert (found.longest_from, found.longest_minutes) == (at[3], 3)
    assert found.total_minutes == 2 + 3


def test_money_that_came_is_no_rise() -> None:
    at = pd.date_range("2024-08-05", periods=3, freq="min", tz="UTC")
    frame = drawdown_frame(pd.Series([100.0, 148.0, 147.0], index=at), [0.0, 50.0, 50.0])
    assert frame["fall_usdt"].tolist() == [0, 2, 3]


def test_a_position_over_two_midnights(tmp_path: Path) -> None:
    home = tmp_path / "home"
    maker = HomeMaker(home)
    start = DAY_1 + 20 * HOUR
    maker.start(start)
    acts = [*calm_acts(DAY_1)[:0], buy(start + HOUR), close(start + 31 * HOUR)]
    maker.play(waves(start, start + 32 * HOUR, MINUTE, tops=True), acts)
    maker.close()
    assert_equals_replay(home)
    days = [TradingDay.of(date, home) for date in days_of(home)]
    assert [len(day.trades) for day in days] == [0, 0, 1]
    assert days[2].trades["who"].tolist() == ["you"]
    assert days[1].book.start.open == {"BTC/USDT"}
