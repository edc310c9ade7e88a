"""Trades, refusals, tilt, headroom, receipts, sessions and the days around, on a recorded home."""

from copy import copy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.events import FeedLost, FeedRestored, TicksMissed
from genesis.domain.outcomes import (
    AlertRaised,
    BreakerMoved,
    Halted,
    OrderRefused,
    PositionClosed,
    TierChanged,
    TierEvaluated,
    TiltLevelChanged,
)
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.research import TradingDay, days_of
from genesis.research.day_around import read_tier
from genesis.research.day_log import DayStep
from genesis.research.day_refusals import locks_frame
from genesis.research.ladder_odds import ladder_odds
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from tests.support.build import tick
from tests.support.day_home import DAY_1, HomeMaker, buy, close


@pytest.fixture(scope="module")
def days(days_home: Path) -> list[TradingDay]:
    return [TradingDay.of(date, days_home) for date in days_of(days_home)]


def outcomes(home: Path, kind: type) -> list:
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        steps = list(LogReader(database).read())
    finally:
        database.close()
    return [told for step in steps for told in step.outcomes if type(told) is kind]


def at(day: int, **of_day: int) -> pd.Timestamp:
    return pd.Timestamp(DAY_1 + day * DAY, tz="UTC") + pd.Timedelta(**of_day)


# -- trades ----------------------------------------------------------------------------------
def test_every_closed_trade_is_in_its_day(days: list[TradingDay], days_home: Path) -> None:
    closed = outcomes(days_home, PositionClosed)
    shown = pd.concat([day.trades for day in days], ignore_index=True)
    assert len(shown) == len(closed)
    assert shown["pnl_usdt"].tolist() == [float(trade.pnl_usdt) for trade in closed]
    assert shown["r"].tolist() == [float(t.pnl_usdt / t.risk_usdt) for t in closed]
    assert set(shown["who"]) == {"you"}
    assert (shown["mae_r"] <= 0).all() and (shown["mfe_r"] >= 0).all()
    assert {"stop", "manual"} == set(shown["reason"])
    for day in days:
        assert (day.trades["closed"].dt.date == day.date).all()


def test_the_level_at_the_entry_stands_with_the_trade(days: list[TradingDay]) -> None:
    assert days[1].trades["level"].tolist()[-1] == "CAUTION"
    assert days[1].trades["level"].tolist()[0] == "NORMAL"


def test_receipts_tell_what_was_decided_and_what_was_got(days: list[TradingDay]) -> None:
    receipts = days[1].receipts
    markets = receipts[receipts["type"] == "MARKET"]
    stops = receipts[receipts["type"] == "STOP_LOSS"]
    assert markets["decision_price"].notna().all()
    assert (markets["wait_ms"] == 0).all() and stops["wait_ms"].isna().all()
    assert (stops["slippage_bps"] >= 0).all()  # a stop sells at its price or below
    row = stops.iloc[0]
    worse = (row["decision_price"] - row["fill_price"]) / row["decision_price"] * 10_000
    assert row["slippage_bps"] == pytest.approx(worse)


# -- refusals --------------------------------------------------------------------------------
def test_refusals_by_reason(days: list[TradingDay], days_home: Path) -> None:
    codes = [refused.failures[0].code for refused in outcomes(days_home, OrderRefused)]
    shown = pd.concat([day.refusals for day in days])
    assert sorted(shown.loc[shown["stage"] != "desk", "code"]) == sorted(codes)
    grouped = days[1].refusals_by_reason.set_index("code")
    assert grouped.loc["TILT_WARNING", "count"] == 3
    assert grouped.loc["FEED_LOST", "count"] == 1
    assert grouped["count"].sum() == len(days[1].refusals)


def market(*prices: tuple[int, str]) -> list:
    return [tick(DAY_1 + minute * MINUTE + SECOND, price) for minute, price in prices]


def refused_home(home: Path, prices: list[tuple[int, str]], act: object = None) -> TradingDay:
    """A buy is refused at minute 10 because the feed is lost."""
    from genesis.domain.events import FeedLost

    maker = HomeMaker(home)
    maker.start(DAY_1)
    lost = FeedLost(DAY_1 + 9 * MINUTE, "trades", "silent")
    asked = act or buy(DAY_1 + 10 * MINUTE + 30 * SECOND, "25")
    maker.play(market(*prices), [lost, asked])
    maker.close()
    return TradingDay.of(days_of(home)[0], home)


def test_what_a_refused_trade_would_have_made(tmp_path: Path) -> None:
    prices = [(0, "60000"), (10, "60000"), (40, "60600"), (100, "60300"), (110, "61200")]
    row = refused_home(tmp_path / "h", prices).refusals.iloc[0]
    # 25 USDT at 60000, valued at 60600 after the hour: +1 %, fees of 0.1 % both ways
    qty = 25 / 60_000
    hour = qty * 600 - qty * (60_000 + 60_600) * 0.001
    day = qty * 1_200 - qty * (60_000 + 61_200) * 0.001
    assert row["hour_usdt"] == pytest.approx(hour)
    assert row["day_usdt"] == pytest.approx(day)
    assert row["hour_r"] == pytest.approx(hour / (qty * 1_200))  # the default stop is 2 % below
    assert row["note"] == ""


def test_a_refused_trade_is_left_at_its_stop(tmp_path: Path) -> None:
    prices = [(0, "60000"), (10, "60000"), (20, "58700"), (30, "63000"), (200, "64000")]
    row = refused_home(tmp_path / "h", prices).refusals.iloc[0]
    qty = 25 / 60_000
    left = qty * -1_300 - qty * (60_000 + 58_700) * 0.001
    assert row["hour_usdt"] == row["day_usdt"] == pytest.approx(left)


def test_no_price_no_estimate(tmp_path: Path) -> None:
    row = refused_home(tmp_path / "h", []).refusals.iloc[0]
    assert np.isnan(row["hour_usdt"]) and row["note"] == "no price on the tape"


def test_a_limit_below_the_market_is_not_guessed(tmp_path: Path) -> None:
    from genesis.domain.orders import OrderType

    act = buy(DAY_1 + 10 * MINUTE, type=OrderType.LIMIT, price=Decimal(59_000))
    prices = [(0, "60000"), (10, "60000"), (100, "58000")]
    row = refused_home(tmp_path / "h", prices, act).refusals.iloc[0]
    assert np.isnan(row["hour_usdt"]) and "limit below the market" in row["note"]


def test_what_was_answered_with_no_counts_too(tmp_path: Path) -> None:
    row = refused_home(tmp_path / "h", [(0, "60000")], close(DAY_1 + HOUR)).refusals.iloc[0]
    assert (row["stage"], row["code"]) == ("desk", "CLOSE")
    assert row["reason"] == "there is no open position in BTC/USDT"


def test_refused_counts_what_the_engine_counts_and_names_the_rest(
    days: list[TradingDay], tmp_path: Path
) -> None:
    act = close(DAY_1 + HOUR)
    day = refused_home(tmp_path / "h", [(0, "60000")], act)
    assert (len(day.gate_refusals), len(day.refusals)) == (0, 1)
    told = "the gate let every order pass; besides, 1 command answered with no"
    assert told in day.overview.plain
    for each in days:
        assert len(each.gate_refusals) == len(each.log.outcomes(OrderRefused))


def test_locks(days: list[TradingDay]) -> None:
    locks = days[1].locks.set_index("kind")
    assert locks.loc["feed trades", "seconds"] == 600
    tilt = days[1].tilt.interventions.iloc[0]
    assert locks.loc["tilt", "from"] == tilt["opened"]
    assert locks.loc["tilt", "to"] == tilt["ended"]
    assert days[0].locks.empty


def test_a_lock_that_changes_its_level_is_counted_once(days: list[TradingDay]) -> None:
    steps = [
        DayStep(1, hour, (at_ns := DAY_1 + hour * HOUR), at_ns, hour, 0, None, (told,), ())
        for hour, told in (
            (1, TiltLevelChanged(DAY_1, TiltLevel.NORMAL, TiltLevel.WARNING, 60, "")),
            (2, TiltLevelChanged(DAY_1, TiltLevel.WARNING, TiltLevel.LOCKED, 90, "")),
            (8, TiltLevelChanged(DAY_1, TiltLevel.LOCKED, TiltLevel.WARNING, 60, "")),
            (9, TiltLevelChanged(DAY_1, TiltLevel.WARNING, TiltLevel.CAUTION, 30, "")),
        )
    ]
    log = copy(days[0].log)
    log.steps = tuple(steps)
    locks = locks_frame(log, DAY_1 + DAY)
    assert locks["reason"].tolist() == ["tilt WARNING", "tilt LOCKED", "tilt WARNING"]
    assert (locks["seconds"] / 3_600).tolist() == [1, 6, 1]
    assert locks["to"].tolist()[:-1] == locks["from"].tolist()[1:]


def locks_of(day: TradingDay, *told: tuple[int, object]) -> pd.DataFrame:
    """Locks of a day in which nothing else happened, outcomes by the hour."""
    log = copy(day.log)
    log.steps = tuple(
        DayStep(1, hour, (at_ns := DAY_1 + hour * HOUR), at_ns, hour, 0, None, (one,), ())
        for hour, one in told
    )
    log.before = replace(log.before, tier=None, blocks=(), breakers=())
    return locks_frame(log, DAY_1 + DAY - 1)


def test_what_rests_after_a_fault_or_a_good_day_given_back_is_locked(
    days: list[TradingDay],
) -> None:
    locks = locks_of(
        days[0],
        (1, BreakerMoved(1, "SYSTEM", "orders", "OPEN", "3 orders failed", 2)),
        (2, BreakerMoved(2, "SYSTEM", "orders", "HALF_OPEN", "3 orders failed", None)),
        (3, BreakerMoved(3, "SYSTEM", "orders", "CLOSED", "3 orders failed", None)),
        (4, BreakerMoved(4, "STRATEGY", "sma_cross", "OPEN", "it lost", 5)),
        (5, BreakerMoved(5, "ACCOUNT", "tilt", "OPEN", "tilt", 5)),
        (6, AlertRaised(6, "CRITICAL", "drawdown", Decimal(50), Decimal(50))),
        (6, BreakerMoved(6, "ACCOUNT", "CRITICAL", "OPEN", "critical", 24)),
        (20, BreakerMoved(20, "ACCOUNT", "GIVE_BACK", "OPEN", "the profit fell back", 24)),
    )
    assert locks["kind"].tolist() == ["breaker orders", "drawdown", "breaker GIVE_BACK"]
    assert locks["reason"].tolist()[0] == "3 orders failed"
    assert [round(one / 3_600, 3) for one in locks["seconds"]] == [1, 18, 4]


def test_a_step_down_within_a_halt_does_not_end_the_lock(days: list[TradingDay]) -> None:
    active, halted = TierMode.ACTIVE, TierMode.HALTED
    locks = locks_of(
        days[0],
        (1, TierChanged(1, Tier.HUNTER, active, Tier.HUNTER, halted, "event 7 was changed")),
        (2, TierChanged(2, Tier.HUNTER, halted, Tier.SNIPER, halted, "the trader stepped down")),
        (5, TierChanged(5, Tier.SNIPER, halted, Tier.SNIPER, active, "it is whole again")),
    )
    (row,) = locks.itertuples()
    assert (row.kind, row.reason, row.seconds) == ("halt", "event 7 was changed", 4 * 3_600)


def test_what_stood_when_the_day_began_is_locked_from_its_start(days: list[TradingDay]) -> None:
    log = copy(days[0].log)
    active, halted = TierMode.ACTIVE, TierMode.HALTED
    log.steps = ()
    log.before = replace(
        log.before,
        tier=TierChanged(9, Tier.SNIPER, active, Tier.SNIPER, halted, "event 7 was changed"),
        newest=log.before.newest | {"Halted": Halted(5, "operator", "enough")},
        breakers=(BreakerMoved(1, "SYSTEM", "store", "OPEN", "disk full", 2),),
    )
    locks = locks_frame(log, DAY_1 + HOUR).set_index("kind")
    assert locks.loc["halt", "reason"] == "event 7 was changed"
    assert locks.loc["breaker store", "reason"] == "disk full"
    assert (locks["seconds"] == 3_600).all()


def test_prints_that_nobody_has_are_a_gap_of_the_day(tmp_path: Path) -> None:
    maker = HomeMaker(tmp_path / "h")
    maker.start(DAY_1)
    first_ns, last_ns = DAY_1 + 9 * MINUTE, DAY_1 + 9 * MINUTE + 3 * SECOND
    missed = TicksMissed(DAY_1 + 10 * MINUTE, "BTC/USDT", 7, 1_006, first_ns, last_ns, "refused")
    maker.play(market((0, "60000"), (20, "60100")), [missed])
    maker.close()
    coverage = TradingDay.of(days_of(tmp_path / "h")[0], tmp_path / "h").coverage
    (row,) = coverage.gaps[coverage.gaps["kind"] == "prints"].itertuples()
    assert (row.what, row.seconds) == ("BTC/USDT", 3)
    assert row.reason == "1,000 missed, from 7 on: refused"


def test_a_block_over_midnight_is_told_on_both_days(tmp_path: Path) -> None:
    home, midnight = tmp_path / "h", DAY_1 + DAY
    maker = HomeMaker(home)
    maker.start(DAY_1)
    ticks = [tick(DAY_1 + hour * HOUR + SECOND, "60000") for hour in (1, 20, 25, 27, 30)]
    ticks.insert(2, tick(midnight - SECOND, "60000"))
    acts = [
        FeedLost(midnight - 3 * HOUR, "book", "silent"),
        FeedLost(midnight - 2 * HOUR, "trades", "silent"),
        FeedRestored(midnight - HOUR, "book"),
        FeedRestored(midnight + 2 * HOUR, "trades"),
    ]
    maker.play(ticks, acts)
    maker.close()
    first, second = (TradingDay.of(date, home).locks for date in days_of(home))
    assert first["kind"].tolist() == ["feed book", "feed trades", "breaker feed book"]
    assert first["seconds"].tolist() == [7_200, 7_199, 60]
    row, rest = second.itertuples()
    assert (rest.kind, rest.seconds) == ("breaker feed trades", 60)
    assert (row.kind, row.reason, row.seconds) == ("feed trades", first["reason"][1], 7_200)
    assert second["from"][0] == at(1, hours=0)


# -- tilt ------------------------------------------------------------------------------------
def test_an_intervention_and_its_pages(days: list[TradingDay]) -> None:
    found = days[1].tilt.interventions
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["level"], row["words"], row["how"]) == ("WARNING", 500, "page")
    assert row["pages"] == "212 words: too_short; 547 words: accepted"
    assert row["paused_s"] == (row["ended"] - row["opened"]).total_seconds()
    assert days[1].tilt.highest[0] == days[1].tilt.scores["score"].max() >= 60
    assert len(days[1].tilt.limited) == 1


def test_contributions_add_up_to_the_score(days: list[TradingDay]) -> None:
    tilt = days[1].tilt
    assert tilt.contributions.sum(axis=1).tolist() == tilt.scores["score"].tolist()


def test_levels_cover_the_day(days: list[TradingDay]) -> None:
    levels = days[1].tilt.levels
    assert levels["level"].tolist() == ["NORMAL", "CAUTION", "WARNING", "CAUTION", "NORMAL"]
    assert (levels["from"].iloc[1:].to_numpy() == levels["to"].iloc[:-1].to_numpy()).all()


# -- limits ----------------------------------------------------------------------------------
def test_headroom_is_the_loss_over_the_limit(days: list[TradingDay]) -> None:
    day = days[1]
    used = day.headroom.used
    loss = (day.start_usdt - day.equity).clip(lower=0)
    assert np.allclose(used["daily_loss_warning"], loss / 25, equal_nan=True)
    assert np.allclose(used["daily_loss"], loss / (0.15 * day.start_usdt), equal_nan=True)
    smallest = day.headroom.smallest.set_index("limit")
    opened = (day.trades["opened"].dt.date == day.date).sum()
    assert smallest.loc["trades_today", "used"] == opened + 1  # one is still held
    assert smallest.loc["drawdown_critical", "used"] > smallest.loc["daily_loss_warning", "used"]


def test_alerts_of_the_engine_stand_beside(days: list[TradingDay]) -> None:
    assert days[0].headroom.alerts.empty


# -- coverage and the days around ------------------------------------------------------------
def test_coverage_tells_runs_and_gaps(days: list[TradingDay]) -> None:
    coverage = days[1].coverage
    assert coverage.runs["run"].tolist() == [1, 2]
    assert coverage.gaps[["kind", "seconds"]].values.tolist() == [["feed", 600], ["down", 1210]]
    assert coverage.fraction == pytest.approx(1 - 1210 / 86_400, abs=2e-4)
    boundaries = 1_440 - 21  # of bars of a minute, while the engine ran: they are on the tape, too
    assert coverage.market_events == sum(2 for _ in range(8_640 - 120)) + boundaries
    assert str(days[0].coverage) == (
        "00:00:00 to 23:59:50 UTC (100.0 % of the day), 1 run, 18,719 market events, no feed lost"
    )


def test_sessions(days: list[TradingDay]) -> None:
    sessions = days[1].sessions
    assert sessions["trades"].sum() == len(days[1].trades)
    assert sessions["tilt_events"].sum() == 1
    assert set(sessions["type"]) == {"PAPER"}
    assert sessions["pnl_usdt"].sum() == pytest.approx(days[1].trades["pnl_usdt"].sum())
    first = days[1].sessions.iloc[0]
    realised = days[1].start_usdt - float(days[0].open_positions["result_usdt"].iloc[0])
    assert first["start_usdt"] == pytest.approx(realised, abs=0.02)


def test_the_week(days: list[TradingDay]) -> None:
    week = days[2].week
    assert week["date"].dt.day.tolist() == [5, 6, 7]
    assert week["result_usdt"].tolist() == pytest.approx([d.result_usdt for d in days[:3]])
    assert week["trades"].tolist() == [len(day.trades) for day in days[:3]]
    assert days[0].month["date"].dt.day.tolist() == [5]


def test_the_engines_own_evaluation(days: list[TradingDay], days_home: Path) -> None:
    told = outcomes(days_home, TierEvaluated)
    assert [day.tier.evaluated for day in days] == [True, True, True, False]
    for day, recorded in zip(days, told, strict=False):
        gates = day.tier.gates
        assert gates["current"].tolist() == [gate.has for gate in recorded.gates]
        assert gates["passed"].tolist() == [gate.passed for gate in recorded.gates]
        assert day.tier.passed is recorded.passed
    assert days[0].tier.evaluated_at == at(1, minutes=5)


def test_odds_of_the_gates_are_those_of_the_ladder(days: list[TradingDay]) -> None:
    gates, ladder = days[0].tier.gates.set_index("gate"), ladder_odds(traders=4_000, seed=1)
    shown = gates.loc["profitable days"]
    lucky, able = (ladder.of(Tier.SNIPER, "profitable_days", kind) for kind in ("lucky", "able"))
    assert shown["false_promotion"] == pytest.approx(lucky.passes, abs=0.06)  # 3 errors of a report
    assert shown["false_block"] == pytest.approx(1 - able.passes, abs=0.06)
    assert gates.loc["days in the tier", "false_promotion"] == 0
    assert np.isnan(gates.loc["violations", "false_block"])
    again = read_tier(days[0].log).gates.set_index("gate").loc["profitable days"]
    assert again["false_promotion"] == shown["false_promotion"], "a report repeats"
