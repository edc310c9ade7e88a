from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.instrument import Instrument, base_of, quote_of

BTC = Instrument(
    "BTC/USDT",
    "BTC",
    "USDT",
    price_tick=Decimal("0.01"),
    qty_lot=Decimal("0.00001"),
    min_notional_usdt=Decimal(5),
    market_lot=Decimal("0.001"),
)
ODD = Instrument("ODD/USDT", "ODD", "USDT", price_tick=Decimal("0.05"), qty_lot=Decimal(25))
instruments = st.sampled_from([BTC, ODD])
counts = st.integers(-(10**15), 10**15)
amounts = st.decimals(min_value=0, max_value=10**9, places=12)


@given(instruments, counts)
def test_ticks_and_lots_are_exact_both_ways(instrument: Instrument, count: int) -> None:
    assert instrument.to_ticks(instrument.from_ticks(count)) == count
    assert instrument.to_lots(instrument.from_lots(count)) == count


@given(instruments, counts, st.decimals("0.0000001", "0.000009", places=9))
def test_off_the_grid_is_an_error_that_names_the_symbol(
    instrument: Instrument, count: int, off: Decimal
) -> None:
    with pytest.raises(ValueError, match=instrument.symbol):
        instrument.to_ticks(instrument.from_ticks(count) + off)
    with pytest.raises(ValueError, match="quantity"):
        instrument.to_lots(instrument.from_lots(count) + off)


@given(instruments, amounts, st.booleans())
def test_a_fitted_quantity_is_on_the_grid_and_never_more(
    instrument: Instrument, wish: Decimal, market: bool
) -> None:
    fitted = instrument.fit_qty(wish, market=market)
    lot = max(instrument.qty_lot, instrument.market_lot) if market else instrument.qty_lot
    assert fitted <= wish < fitted + lot
    assert fitted % lot == 0
    assert instrument.from_lots(instrument.to_lots(fitted)) == fitted


@given(instruments, amounts)
def test_a_fitted_price_is_on_the_grid_and_never_more(
    instrument: Instrument, wish: Decimal
) -> None:
    fitted = instrument.fit_price(wish)
    assert fitted <= wish < fitted + instrument.price_tick
    assert instrument.from_ticks(instrument.to_ticks(fitted)) == fitted


def test_the_seeds_vector() -> None:
    assert BTC.fit_qty(Decimal(25) / Decimal("67453")) == Decimal("0.00037")
    assert BTC.fit_qty(Decimal("0.0019"), market=True) == Decimal("0.001")


def test_base_and_quote_of_a_symbol() -> None:
    assert (base_of("BTC/USDT"), quote_of("BTC/USDT")) == ("BTC", "USDT")
