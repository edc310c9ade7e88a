"""Figures about closed trades."""

from decimal import Decimal as D

import pytest

from genesis.analytics import (
    NoValue,
    closed_trades,
    excursions,
    expectancy_error_usdt,
    expectancy_interval_r,
    r_of,
    seeded,
    trade_statistics,
)
from genesis.domain.outcomes import PositionClosed, PositionOpened
from genesis.domain.time import SECOND


def trade(pnl: str, risk: str = "10", held_s: int = 60) -> PositionClosed:
    return PositionClosed(
        ts_ns=1 + held_s * SECOND,
        symbol="BTC/USDT",
        opened_ns=1,
        entry_price=D(100),
        exit_price=D(101),
        qty=D(1),
        fees_usdt=D("0.2"),
        pnl_usdt=D(pnl),
        reason="signal",
        mae_usdt=D(-1),
        mfe_usdt=D(2),
        risk_usdt=D(risk),
        dust_qty=D(0),
    )


def test_figures():
    figures = trade_statistics([trade("30"), trade("-10"), trade("-5"), trade("1"), trade("0")])
    assert (figures.count, figures.wins, figures.losses) == (5, 2, 2)
    assert figures.pnl_usdt == D(16)
    assert figures.fees_usdt == D("1.0")
    assert figures.win_fraction == pytest.approx(0.4)
    assert figures.profit_factor == pytest.approx(31 / 15)
    assert figures.expectancy_usdt == pytest.approx(3.2)
    assert figures.expectancy_r == pytest.approx(0.32)
    assert figures.longest_losing_streak == 2
    assert figures.longest_winning_streak == 1
    assert figures.payoff == pytest.approx(15.5 / 7.5)
    assert figures.fees_fraction == pytest.approx(1 / 17)


def test_how_long_wins_and_losses_were_held():
    figures = trade_statistics([trade("1", held_s=10), trade("2", held_s=30), trade("-1")])
    assert (figures.hold_win_s, figures.hold_loss_s) == (20.0, 60.0)


def test_no_trades_have_no_figures_but_reasons():
    figures = trade_statistics([])
    assert figures.count == 0
    values = [getattr(figures, name) for name in figures.__slots__]
    assert sum(isinstance(value, NoValue) for value in values) == 8
    assert all(value == 0 for value in values if not isinstance(value, NoValue))


def test_without_stops_there_is_no_r():
    assert isinstance(trade_statistics([trade("1", risk="0")]).expectancy_r, NoValue)


def test_closed_trades_are_picked_in_order():
    opened = PositionOpened(1, "BTC/USDT", D(1), D(100))
    first, second = trade("1"), trade("2")
    assert closed_trades([opened, first, opened, second]) == (first, second)


def test_excursions_in_fractions_and_in_r():
    told = excursions(trade("5"))
    assert (told.mae_fraction, told.mfe_fraction) == (-0.01, 0.02)
    assert (told.mae_r, told.mfe_r) == (-0.1, 0.2)
    assert isinstance(excursions(trade("5", risk="0")).mae_r, NoValue)


def test_r_is_the_result_over_its_risk():
    assert r_of(trade("5")) == D("0.5")
    assert isinstance(r_of(trade("5", risk="0")), NoValue)


def test_only_losses_leave_nothing_that_fees_could_be_a_share_of():
    assert isinstance(trade_statistics([trade("-3")]).fees_fraction, NoValue)
    assert isinstance(trade_statistics([trade("-3")]).payoff, NoValue)


def test_the_error_of_the_expectancy():
    assert expectancy_error_usdt([D(1), D(3)]) == pytest.approx(1.0)
    assert isinstance(expectancy_error_usdt([D(1)]), NoValue)


def test_the_interval_of_the_expectancy_draws_whole_sessions():
    days = [[trade("5"), trade("-1")], [trade("-3")], [trade("2")], [trade("1", risk="0")]] * 4
    low, high = expectancy_interval_r(days, seeded(3))
    assert low < 0.075 < high
    assert (low, high) == expectancy_interval_r(days, seeded(3))
    assert isinstance(expectancy_interval_r(days[:1], seeded(3)), NoValue)
