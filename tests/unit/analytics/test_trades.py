"""Figures about closed trades."""

from decimal import Decimal as D

import pytest

from genesis.analytics import NoValue, closed_trades, trade_statistics
from genesis.domain.outcomes import PositionClosed, PositionOpened


def trade(pnl: str, risk: str = "10") -> PositionClosed:
    return PositionClosed(
        ts_ns=2,
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


def test_no_trades_have_no_figures_but_reasons():
    figures = trade_statistics([])
    assert figures.count == 0
    for value in (figures.win_fraction, figures.profit_factor, figures.expectancy_usdt):
        assert isinstance(value, NoValue)


def test_without_stops_there_is_no_r():
    assert isinstance(trade_statistics([trade("1", risk="0")]).expectancy_r, NoValue)


def test_closed_trades_are_picked_in_order():
    opened = PositionOpened(1, "BTC/USDT", D(1), D(100))
    first, second = trade("1"), trade("2")
    assert closed_trades([opened, first, opened, second]) == (first, second)
