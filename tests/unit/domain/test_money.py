from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.money import bps, fraction, notional_usdt, round_down, round_up, text

amounts = st.decimals(
    min_value=-(10**9), max_value=10**9, places=12, allow_nan=False, allow_infinity=False
)
steps = st.sampled_from([Decimal(s) for s in ("1", "0.00001", "0.01", "0.05", "0.25", "5", "100")])
long_quotients = st.builds(
    lambda a, b: Decimal(a) / Decimal(b), st.integers(1, 10**9), st.integers(1, 10**6)
)


@given(amounts | long_quotients, steps)
def test_round_down_is_the_nearest_multiple_from_below(x: Decimal, step: Decimal) -> None:
    down = round_down(x, step)
    assert down <= x < down + step
    assert down % step == 0


@given(amounts | long_quotients, steps)
def test_round_up_is_the_nearest_multiple_from_above(x: Decimal, step: Decimal) -> None:
    up = round_up(x, step)
    assert up - step < x <= up
    assert up % step == 0


@pytest.mark.parametrize("step", ["1", "0.01", "0.05", "0.03", "0.25", "5"])
def test_a_hair_below_a_multiple_never_rounds_up_to_it(step: str) -> None:
    below = Decimal(step) * 3 - Decimal("1e-26")
    assert round_down(below, Decimal(step)) == Decimal(step) * 2
    above = Decimal(step) * 3 + Decimal("1e-26")
    assert round_up(above, Decimal(step)) == Decimal(step) * 4


@given(amounts, steps)
def test_rounding_twice_changes_nothing(x: Decimal, step: Decimal) -> None:
    down = round_down(x, step)
    assert round_down(down, step) == down == round_up(down, step)


def test_negative_amounts_round_towards_minus_infinity() -> None:
    assert round_down(Decimal("-0.015"), Decimal("0.01")) == Decimal("-0.02")
    assert round_up(Decimal("-0.015"), Decimal("0.01")) == Decimal("-0.01")


def test_notional_bps_and_fraction_by_hand() -> None:
    assert notional_usdt(Decimal("67453.21"), Decimal("0.00037")) == Decimal("24.9576877")
    assert bps(Decimal("101"), Decimal("100")) == 100
    assert bps(Decimal("99.5"), Decimal("100")) == -50
    assert fraction(Decimal(1), Decimal(8)) == Decimal("0.125")
    assert fraction(Decimal(5), Decimal(0)) == 0


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1.10", "1.1"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1E-8", "0.00000001"),
        ("-0", "0"),
        ("0.000", "0"),
        ("-2.50", "-2.5"),
        ("1234567890123456789012345678", "1234567890123456789012345678"),
    ],
)
def test_text_by_hand(amount: str, shown: str) -> None:
    assert text(Decimal(amount)) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_text_keeps_the_exact_value_in_plain_digits(x: Decimal) -> None:
    assert Decimal(text(x)) == x
    assert "E" not in text(x).upper()


@given(amounts, st.integers(0, 12))
def test_equal_amounts_have_one_text(x: Decimal, zeros: int) -> None:
    longer = Decimal(f"{x:f}" + ("" if "." in f"{x:f}" else ".") + "0" * zeros)
    assert longer == x
    assert text(longer) == text(x)
