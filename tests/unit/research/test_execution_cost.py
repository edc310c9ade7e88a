"""What a market order cost, part by part, worked out by hand."""

from collections.abc import Sequence

import numpy as np
import pytest

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.orders import Side
from genesis.domain.time import MINUTE, SECOND
from genesis.errors import UsageError
from genesis.research import Bars, Fees, Ticks, backtest, execution_cost
from genesis.research.demo_orders import made_up_market
from genesis.strategy import Intent, View
from tests.support.markets import START_NS, with_tops


class InAndOut:
    """In at the first minute, out at the third."""

    name, tier, bar, wants = "in_and_out", Tier.SNIPER, "1m", frozenset({BarClosed})

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        assert isinstance(event, BarClosed)
        minute = (event.ts_ns - START_NS) // MINUTE
        if minute not in (1, 3):
            return ()
        return (Intent(event.symbol, Side.BUY if minute == 1 else Side.SELL, reduces=minute == 3),)


def rising() -> Ticks:
    """A price that rises by 0.1 a second from 100, in a book 0.4 wide that stands every second."""
    stamps = START_NS + np.arange(500) * SECOND // 2
    price = 100.0 + np.arange(500) // 2 / 10
    return with_tops(
        Ticks.from_arrays("BTC/USDT", stamps, price, np.ones(500), np.zeros(500, bool))
    )


ASKED = {"rules": "research", "cash": 10_000, "qty": 2, "fees": Fees(10, 10)}


def test_the_parts_by_hand() -> None:
    """Decided at 60 s on the book of 59 s (middle 105.9); 2.5 s later that of 62 s stands."""
    result = backtest(InAndOut(), rising(), fill="book", latency=(500, 2_000, 0), **ASKED)
    cost = execution_cost(result)
    bought, sold = cost.table.itertuples()
    assert (bought.side, sold.side) == ("BUY", "SELL")
    assert bought.spread_bps == pytest.approx(0.2 / 105.9 * 1e4)
    assert bought.delay_bps == pytest.approx(0.3 / 105.9 * 1e4)
    assert (bought.walk_bps, bought.fee_bps) == (pytest.approx(0.0), pytest.approx(10.0))
    assert bought.traded == pytest.approx(2 * 106.4)
    assert sold.spread_bps == pytest.approx(0.2 / 117.9 * 1e4)
    assert sold.delay_bps == pytest.approx(-0.3 / 117.9 * 1e4)  # it rose: the wait paid
    for row in (bought, sold):
        parts = row.spread_bps + row.delay_bps + row.walk_bps + row.fee_bps
        assert row.total_bps == pytest.approx(parts)
    assert cost.paid == pytest.approx(0.4 * 2 + 0.001 * 2 * (106.4 + 118.0), rel=0.01)


def test_a_fill_that_is_not_of_the_book_shows_beside_it() -> None:
    """`next_tick` takes the print at 60 s, which lies in the middle of its book."""
    result = backtest(InAndOut(), rising(), fill="next_tick", **ASKED)
    bought = next(execution_cost(result).table.itertuples())
    assert bought.spread_bps + bought.delay_bps + bought.walk_bps == pytest.approx(
        (106.0 / 105.9 - 1.0) * 1e4
    )


def test_it_shows_itself() -> None:
    result = backtest(InAndOut(), rising(), fill="book", **ASKED)
    cost = execution_cost(result)
    assert [trace.name for trace in cost.plot().data] == ["spread", "delay", "walk", "fee"]
    assert "2 market orders" in repr(cost)
    total = cost.mean_bps
    assert total["total"] == pytest.approx(sum(total[part] for part in list(total)[:-1]))


def test_what_cannot_be_split_is_refused() -> None:
    plain = Ticks(rising().columns)
    with pytest.raises(UsageError, match="no book of BTC/USDT"):
        execution_cost(backtest(InAndOut(), plain, **ASKED))
    idle = backtest("sma_cross", made_up_market(120), fill="book")
    with pytest.raises(UsageError, match="no market order filled"):
        execution_cost(idle)
    opened = START_NS + np.arange(9) * MINUTE
    flat = [100.0] * 9
    bars = Bars.from_arrays("BTC/USDT", opened, flat, flat, flat, flat, [1.0] * 9)
    with pytest.raises(UsageError, match="no book"):
        execution_cost(backtest(InAndOut(), bars, fill="next_open", **ASKED))
