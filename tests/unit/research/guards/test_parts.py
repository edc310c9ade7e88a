"""What the guards are made of: groups of ties, what is carried, warm-ups, differences."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.events import BookTop
from genesis.domain.orders import Side
from genesis.domain.time import MINUTE, SECOND
from genesis.errors import UsageError
from genesis.research import Ticks
from genesis.research.guards.carried import carried
from genesis.research.guards.compare import count_differing, differing, first_difference
from genesis.research.guards.late import LateView
from genesis.research.guards.lookahead import known_by, spread
from genesis.research.guards.sample import sample_for
from genesis.research.guards.subject import Subject
from genesis.research.guards.ties import _said, _shuffled, groups_of
from genesis.research.guards.trace import Decision, Fault, Trace
from genesis.research.guards.warm_up import warm_up_of
from genesis.strategy import Intent
from genesis.strategy.catalog import builtin
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from tests.support.markets import START_NS, with_tops
from tests.support.planted_strategies import OfBars, Returning

NOTHING = Trace(0, (), (), "", ())


# -- ties ------------------------------------------------------------------------------------
def tied(stamps: list[int]) -> Ticks:
    count = np.arange(len(stamps))
    ts = START_NS + np.array(sorted(stamps)) * (10 * SECOND)
    return Ticks.from_arrays("BTC/USDT", ts, 100 + count, 1 + count, count % 2 == 0)


@settings(max_examples=40)
@given(stamps=st.lists(st.integers(0, 30), min_size=2, max_size=120), number=st.integers(0, 5))
def test_only_ties_inside_a_bar_change_places(stamps: list[int], number: int) -> None:
    data = tied(stamps)
    groups = groups_of(data, (MINUTE,), NOTHING)
    other = _shuffled(data, groups, number).columns
    c = data.columns
    assert (other.ts_ns == c.ts_ns).all()
    for stamp in np.unique(c.ts_ns):
        here = c.ts_ns == stamp
        assert sorted(other.prices[here]) == sorted(c.prices[here])
        assert sorted(zip(other.prices[here], other.qtys[here], strict=True)) == sorted(
            zip(c.prices[here], c.qtys[here], strict=True)
        )
    assert other.bars(MINUTE) == c.bars(MINUTE)  # opens, highs, lows, closes and volumes
    whole = replace(other, _bars={}, _closed={})
    assert (whole.prices[0], whole.prices[-1]) == (c.prices[0], c.prices[-1])
    if number == 0 and groups.count:
        start, end = groups.start[groups.movable][0], groups.end[groups.movable][0]
        assert (other.prices[start:end] == c.prices[start:end][::-1]).all()


def test_other_prices_of_fills_are_no_other_wishes() -> None:
    wish = Decision(1, False, (Intent("BTC/USDT", Side.BUY),))
    one, other = (Decision(2, False, (f"filled at {price}",)) for price in (100, 101))
    said = _said(Trace(1, (wish,), (one,), "a", ()), Trace(1, (wish,), (other,), "b", ()))
    assert said is not None and said[0] == 2 and not said[2]
    assert "the same wishes, filled otherwise" in said[1]
    assert _said(Trace(1, (wish,), (one,), "a", ()), Trace(1, (wish,), (one,), "a", ())) is None


def test_why_groups_stay_is_counted() -> None:
    data = tied([0, 0, 1, 1, 1, 2, 2, 3, 5, 5, 6, 6, 7, 7, 8])  # six stamps of 10 s to a bar
    base = Trace(1, (), (Decision(START_NS + 20 * SECOND, False, ("filled",)),), "", ())
    groups = groups_of(data, (MINUTE,), base)
    assert [int(at) for at in groups.start] == [0, 2, 5, 8, 10, 12]
    assert groups.movable.tolist() == [False, True, False, False, False, True]
    assert (groups.at_edges, groups.at_tops, groups.decided) == (3, 0, 1)


def test_trades_with_a_book_top_between_them_stay() -> None:
    data = with_tops(tied([0, 1, 1, 1, 2, 3, 3, 5, 6]))  # a top after the rows 0, 2, 4, 6 and 8
    groups = groups_of(data, (MINUTE,), NOTHING)
    assert [int(at) for at in groups.start] == [1, 5]
    assert groups.movable.tolist() == [False, True]
    assert groups.at_tops == 1


# -- what is carried -------------------------------------------------------------------------
FEATURES = {at: at % 7 for at in range(500)}
GIVEN = pd.DataFrame({"close": [1.0, 2.0, 3.0]})


class NamesGlobal(OfBars):
    name = "names_global"

    def rising(self, bar: Any, view: Any) -> bool:
        return FEATURES[bar.ts_ns % 500] > 3


class HoldsTable(OfBars):
    name = "holds_table"
    table = pd.DataFrame({"close": [1.0, 2.0, 3.0]})


@dataclass
class Deep:
    inner: Any


def outside() -> Any:
    prices = np.arange(1_000.0)

    def inside() -> float:
        return float(prices[0])

    return inside


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        (NamesGlobal(), "FEATURES (used in rising) holds a dict of 500 numbers"),
        (HoldsTable(), "HoldsTable.table holds a DataFrame of 3 rows"),
        (Returning(Deep([{"a": GIVEN}])), "it._answer.inner[…]['a'] holds a DataFrame of 3 rows"),
        (Returning(outside()), "prices (used in inside) holds an array of 1,000 values"),
        (Returning(np.arange(60)), "it._answer holds an array of 60 values"),
        (Returning(tuple(range(60))), "it._answer holds a tuple of 60 numbers"),
    ],
)
def test_data_brought_along_are_found(strategy: Any, said: str) -> None:
    assert carried(Subject(strategy), strategy) == (said,)


@pytest.mark.parametrize(
    "strategy",
    [
        SmaCross(SmaCrossParams(10, 30)),
        Returning([0] * 5_000),  # an empty window is no data
        Returning({"span": 40, "share": 0.5, "names": ["a", "b"]}),
        Returning(np.arange(9)),
        *(builtin().build(name) for name in builtin().names),
    ],
)
def test_parameters_are_no_data(strategy: Any) -> None:
    assert carried(Subject(strategy), strategy) == ()


def test_what_a_factory_makes_of_its_data_is_its_own() -> None:
    made = Returning(GIVEN)
    assert carried(Subject(lambda data: Returning(data)), made) == ()
    assert carried(Subject(lambda data: Returning(GIVEN)), made) == (
        "GIVEN (used in <lambda>) holds a DataFrame of 3 rows",
    )


# -- warm-ups --------------------------------------------------------------------------------
def saying(**told: Any) -> Any:
    return SimpleNamespace(**{"name": "x", "bar": "1m", **told})


@dataclass(frozen=True)
class Spans:
    fast: int = 3
    hold_s: int = 600
    edge_bps: int = 5_000
    seed: int = 77_777
    is_long: bool = True


@pytest.mark.parametrize(
    ("strategy", "given", "bars", "told"),
    [
        (SmaCross(SmaCrossParams(5, 12)), None, 12, "from its parameter slow"),
        (saying(params=Spans()), None, 10, "from its parameter hold_s"),
        (saying(params=Spans(), bar="5m"), None, 3, "from its parameter fast"),
        (saying(params=Spans(), bar=None), None, 10, "from its parameter hold_s"),
        (saying(warm_up_bars=7, params=Spans()), None, 7, "as it says"),
        (saying(warm_up_bars=7), 9, 9, "as given"),
        (saying(_length=8), None, 8, "from its parameter length"),
        (saying(hold_s=90), None, 2, "from its parameter hold_s"),
        (saying(), None, 30, "assumed: no parameter tells"),
    ],
)
def test_a_warm_up_is_found(strategy: Any, given: int | None, bars: int, told: str) -> None:
    need = warm_up_of(strategy, given)
    assert (need.bars, need.told) == (bars, told)
    assert need.needed == 4 * bars + max(10, bars)


def test_a_warm_up_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match=r"x\.warm_up_bars must be a whole number"):
        warm_up_of(saying(warm_up_bars=2.5))


def test_a_late_view_knows_no_bar_from_before_it_began() -> None:
    bars = [SimpleNamespace(ts_ns=(i + 1) * MINUTE, width_ns=MINUTE) for i in range(5)]
    view: Any = SimpleNamespace(bars=lambda symbol, n: bars[-n:], now_ns=77)
    late = LateView(view, 2 * MINUTE)
    assert [bar.ts_ns // MINUTE for bar in late.bars("BTC/USDT", 9)] == [3, 4, 5]
    assert late.now_ns == 77


@pytest.mark.parametrize("wanted", [SmaCross(), builtin().build("spread_capture")])
def test_the_sample_is_long_enough_and_has_ties(wanted: Any) -> None:
    need = warm_up_of(wanted)
    data = sample_for(wanted, need)
    assert len(data.columns.bars(need.width_ns).close) >= need.needed
    assert "synthetic sample" in data.source
    assert (data.tops is not None) == (BookTop in wanted.wants)
    groups = groups_of(data, (MINUTE,), NOTHING)
    assert groups.count > 1_000
    assert data.columns.prices.min() > 0
    if data.tops is not None:
        spread_of = data.tops.asks - data.tops.bids
        assert spread_of.min() >= 1 and spread_of.max() > 18_000
        before, ts_ns = data.tops.ticks_before, data.columns.ts_ns
        inside = (before > 0) & (before < len(ts_ns))
        assert inside.mean() > 0.99
        assert (ts_ns[before[inside] - 1] <= data.tops.ts_ns[inside]).all()
        assert (data.tops.ts_ns[inside] <= ts_ns[before[inside]]).all()


# -- differences -----------------------------------------------------------------------------
BUY = Intent("BTC/USDT", Side.BUY)
SELL = Intent("BTC/USDT", Side.SELL, reduces=True, why="signal")


def at(second: int, what: object, of_bar: bool = True) -> Decision:
    return Decision(second * SECOND, of_bar, (what,))


def test_the_first_difference_is_told_with_both_sides() -> None:
    ours, theirs = [at(1, BUY), at(3, SELL)], [at(1, BUY), at(2, SELL), at(3, SELL)]
    found = differing(ours, theirs)
    assert found is not None
    assert (found.at_ns, found.one, found.other) == (
        2 * SECOND, "nothing", "sell BTC/USDT (signal)",
    )  # fmt: skip
    assert differing(ours, list(ours)) is None
    assert count_differing(ours, theirs) == 1
    assert count_differing(ours, [at(1, SELL), at(3, SELL)]) == 1


def test_wishes_come_before_what_became_of_them_and_broken_runs_have_wishes_only() -> None:
    one = Trace(2, (at(1, BUY),), (at(1, SELL),), "a", ())
    other = Trace(2, (at(1, BUY),), (at(1, BUY),), "b", ())
    found = first_difference(one, other)
    assert found is not None and found.one.startswith("sell")
    broke = replace(other, faults=(Fault(9, "x", "y", ends=True),))
    assert first_difference(one, broke) is None


def test_a_bar_that_closes_at_the_cut_is_known_and_a_trade_stamped_like_it_is_not() -> None:
    kept = known_by(2 * SECOND)
    assert kept(at(1, BUY, of_bar=False)) and kept(at(2, BUY))
    assert not kept(at(2, BUY, of_bar=False)) and not kept(at(3, BUY))


@pytest.mark.parametrize(("count", "most"), [(0, 4), (3, 4), (4, 4), (100, 4), (5, 4)])
def test_a_spread_keeps_both_ends(count: int, most: int) -> None:
    found = spread(range(count), most)
    assert len(found) == min(count, most) == len(set(found))
    if count:
        assert (found[0], found[-1]) == (0, count - 1)
