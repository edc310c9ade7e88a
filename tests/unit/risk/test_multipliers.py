"""The smallest multiplier holds, is never above the whole, and keeps its name."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genesis.risk.multipliers import WHOLE, Multiplier, percent, smallest

shares = st.decimals(0, 1, places=3)


@given(st.lists(shares, max_size=6))
def test_i20_minimum_not_product(given_shares) -> None:
    made = [Multiplier(share, f"N{n}", "because") for n, share in enumerate(given_shares)]
    holds = smallest(made)
    assert holds.share == min([*given_shares, Decimal(1)])
    assert 0 <= holds.share <= 1
    if holds.share < 1:
        assert holds is next(one for one in made if one.share == holds.share)
    else:
        assert holds is WHOLE


def test_shares_are_told_in_percent() -> None:
    assert [percent(Decimal(x)) for x in ("0.5", "0.25", "0.125", "1", "0", "0.10")] == [
        "50 %",
        "25 %",
        "12.5 %",
        "100 %",
        "0 %",
        "10 %",
    ]
