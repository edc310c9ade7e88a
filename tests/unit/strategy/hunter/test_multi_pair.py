"""Several symbols at once: the best fall first, one wish for each, whatever order they come in."""

from decimal import Decimal as D

import pytest

from genesis.domain.events import BarClosed
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Order, OrderRequest, OrderType, Purpose, Side
from genesis.domain.time import MINUTE
from genesis.positions.ledger import Position
from genesis.strategy.hunter.multi_pair import MultiPair, MultiPairParams
from tests.support.strategy_contract import FakeView, check_contract, check_together, course, wishes

A, B, C = SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
CALM = [1000, 1002, 998, 1001, 999, 1000, 1001, 999]
WIDTH = 5 * MINUTE


def bar(moment: int, symbol: str, close: object) -> BarClosed:
    price = D(str(close))
    return BarClosed(moment * WIDTH, symbol, WIDTH, price, price, price, price, D(1))


def market(*rows: tuple[object, object, object]) -> list[BarClosed]:
    """A calm past of all three, then these closes."""
    all_rows = [*((close,) * 3 for close in CALM), *rows]
    return [
        bar(i, symbol, close)
        for i, row in enumerate(all_rows, start=1)
        for symbol, close in zip(SYMBOLS, row, strict=True)
        if close is not None
    ]


def made(**given: object) -> MultiPair:
    return MultiPair(MultiPairParams(**({"bars": 8, "hold_bars": 4, "places": 2} | given)))


def bought(strategy: MultiPair, *rows, view: FakeView | None = None) -> list[str]:
    return [w.symbol for _, w in wishes(strategy, market(*rows), view) if not w.reduces]


def test_contract():
    rows = [(1000 - 15 * (i % 20 == 9), 1000 + i % 3, 1001 - 20 * (i % 16 == 9)) for i in range(80)]
    check_contract(made, market(*rows), SYMBOLS, has_stops=True)
    check_together(made, market(*rows))


def test_the_best_of_them_enter_first_and_no_more_than_there_are_places():
    assert bought(made(), (990, 985, 988)) == [B, C]
    assert bought(made(places=1), (990, 985, 988)) == [B]
    assert bought(made(places=3), (990, 985, 988)) == [B, C, A]
    assert bought(made(), (1000, 999, 988)) == [C]


def test_equals_enter_in_the_order_in_which_they_are_named():
    assert bought(made(), (990, 990, 990)) == [A, B]
    assert bought(made(symbols="SOL/USDT,ETH/USDT,BTC/USDT"), (990, 990, 990)) == [C, B]


def test_a_moment_in_which_one_did_not_trade_brings_no_entry():
    assert bought(made(), (990, None, 1000)) == []


def test_what_is_held_or_works_takes_a_place():
    view = FakeView()
    view.holding = {A: Position(A, D(1), D(990), 9 * WIDTH)}
    assert bought(made(), (990, 985, 988), view=view) == [B]
    request = OrderRequest(A, Side.BUY, OrderType.LIMIT, D(1), Purpose.ENTRY, D(1))
    view = FakeView()
    view.working = (Order(OrderKey(1, 1), request, 0),)
    assert bought(made(), (990, 985, 988), view=view) == [], "a working entry in each"


def test_a_place_that_is_left_is_free_at_the_next_moment():
    """A is bought and at its mean when B falls: whatever was filled meanwhile, B has to wait."""
    rows = [(985, 1000, 1000), (1005, 985, 1000), (1000, 1000, 985)]
    assert course(made(places=1), market(*rows)) == [
        (9, Side.BUY, A),
        (10, Side.SELL, A),
        (11, Side.BUY, C),
    ]


def test_each_is_left_at_its_own_bar_though_others_are_silent():
    rows = [(985, 1000, 1000), (1005, None, None)]
    assert course(made(), market(*rows)) == [(9, Side.BUY, A), (10, Side.SELL, A)]


def test_other_symbols_and_late_bars_are_not_its_business():
    told, fell = market((1000, 1000, 1000)), [bar(10, symbol, 990) for symbol in SYMBOLS]
    plain = wishes(made(), [*told, *fell])
    assert len(plain) == 2
    for stray in (bar(8, A, 1), bar(9, "XRP/USDT", 1), bar(10, "XRP/USDT", 1)):
        assert wishes(made(), [*told, stray, *fell]) == plain


@pytest.mark.parametrize(
    "wrong",
    [{"places": 0}, {"places": 4}, {"symbols": A}, {"symbols": ",".join("UVWXYZ")}, {"bars": 0}],
)
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=r"places|symbols|bars"):
        MultiPairParams(**wrong)
