"""How a new version begins: warm on kept bars, with what the old one learned, or with nothing."""

from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.events import BarClosed
from genesis.domain.time import MINUTE
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from genesis.strategy.sniper.spread_capture import SpreadCapture
from genesis.strategy.succession import begin
from tests.support.strategy_contract import SYMBOL, FakeView, wishes


def bars(closes: list[int], width_ns: int = MINUTE) -> list[BarClosed]:
    return [
        BarClosed(i * width_ns, SYMBOL, width_ns, *(D(close),) * 4, D(1))
        for i, close in enumerate(closes, start=1)
    ]


@settings(max_examples=60)
@given(
    closes=st.lists(st.integers(90, 110), min_size=12, max_size=60),
    at=st.integers(5, 40),
    fast=st.integers(1, 3),
)
def test_what_begins_warm_wishes_as_if_it_had_run_all_along(closes, at: int, fast: int) -> None:
    """The oracle: the new version told all bars from the first one on."""
    told = bars(closes)
    at = min(at, len(told) - 1)
    params = SmaCrossParams(fast, fast + 2)
    whole = wishes(SmaCross(params), told)
    new = SmaCross(params)
    said = begin(new, SmaCross(), told[:at], FakeView())
    assert said == f"it begins warm, on {at} bars of 1m"
    since_ns = told[at].ts_ns
    assert wishes(new, told[at:]) == [wish for wish in whole if wish[0] >= since_ns]


def test_bars_of_another_width_are_not_its_own() -> None:
    said = begin(SmaCross(SmaCrossParams(bar="5m")), SmaCross(), bars([1, 2, 3]), FakeView())
    assert said == "it begins with nothing: no bar of 5m was kept"


def test_what_wants_no_bars_begins_with_nothing() -> None:
    said = begin(SpreadCapture(), SpreadCapture(), bars([1, 2, 3]), FakeView())
    assert said == "it begins with nothing: it wants no bars, and nothing else is kept"


class Heiress(SmaCross):
    """Takes over a number."""

    learned = 0

    def succeed(self, before: object) -> None:
        self.learned = before.learned + 1  # type: ignore[attr-defined]

    def on_event(self, event: object, view: object) -> tuple[()]:
        pytest.fail("it is not told bars: it took over")


def test_one_that_declares_it_takes_over_what_was_learned() -> None:
    new, before = Heiress(), Heiress()
    before.learned = 41
    assert begin(new, before, bars([1, 2]), FakeView()) == (
        "it took over what the one before had learned"
    )
    assert (new.learned, before.learned) == (42, 41)
