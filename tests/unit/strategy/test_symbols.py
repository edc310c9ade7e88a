"""Names of several symbols, and the moment at which all of them are known."""

from decimal import Decimal as D

import pytest

from genesis.domain.events import BarClosed
from genesis.strategy.symbols import Moment, listed

A, B = "BTC/USDT", "ETH/USDT"


def bar(at: int, symbol: str) -> BarClosed:
    return BarClosed(at, symbol, 1, D(1), D(1), D(1), D(1), D(1))


def test_names_keep_their_order_and_lose_their_spaces():
    assert listed(" ETH/USDT ,BTC/USDT", 2, 2) == (B, A)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("BTC/USDT", "must name 2, not 1"),
        ("BTC/USDT,BTC/USDT", "differ from each other"),
        ("BTC/USDT,ETHUSDT", "not 'ETHUSDT'"),
        ("BTC/USDT,", "not ''"),
        ("BTC/USDT,ETH/", "not 'ETH/'"),
        ("BTC/USDT,ETH/USDT/X", "not 'ETH/USDT/X'"),
        ("BTC/USDT,ETH /USDT", "not 'ETH /USDT'"),
    ],
)
def test_what_is_no_list_of_symbols_says_so(text, said):
    with pytest.raises(ValueError, match=said):
        listed(text, 2, 2)


def test_a_moment_is_told_once_with_its_last_bar_in_named_order():
    moment = Moment((A, B))
    first, second = bar(1, B), bar(1, A)
    assert moment.add(first) == ()
    assert moment.add(second) == (second, first)


def test_a_moment_that_stays_incomplete_is_forgotten():
    moment = Moment((A, B))
    moment.add(bar(1, A))
    assert moment.add(bar(2, B)) == (), "A is still to come"
    assert moment.add(bar(1, B)) == (), "it comes too late"
    assert [one.ts_ns for one in moment.add(bar(2, A))] == [2, 2]
