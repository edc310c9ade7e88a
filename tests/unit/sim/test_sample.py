import hashlib
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.canonical import canonical
from genesis.domain.events import BookTop, TradeTick
from genesis.domain.time import SECOND
from genesis.sim.sample import START_NS, Sample, sample_arrays, sample_market

GOLDEN = "ffc044926e0137e25b99bf5411bf411805925ca7a6951c6275cfd79e90ddd7c2"


def digest(sample: Sample) -> str:
    found = hashlib.sha256()
    for group in (sample.trades, sample.tops):
        for name in group.__slots__:
            found.update(getattr(group, name).astype("<i8").tobytes())
    return found.hexdigest()


def test_the_sample_is_the_same_everywhere() -> None:
    """A change here changes every demo, benchmark and stored sample: raise it knowingly."""
    assert digest(sample_arrays(seed=0, seconds=1800)) == GOLDEN


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**70), st.integers(1, 120), st.integers(1, 1200))
def test_a_longer_sample_begins_with_the_shorter(seed: int, short: int, more: int) -> None:
    a, b = sample_arrays(seed, seconds=short), sample_arrays(seed, seconds=short + more)
    for group in ("trades", "tops"):
        one, other = getattr(a, group), getattr(b, group)
        for name in one.__slots__:
            column = getattr(one, name)
            assert np.array_equal(column, getattr(other, name)[: len(column)])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**70))
def test_it_is_a_market(seed: int) -> None:
    whole = sample_arrays(seed, seconds=1500)
    trades, tops = whole.trades, whole.tops
    assert np.all(np.diff(tops.ts_ns) > 0)
    assert np.all(np.diff(trades.ts_ns) >= 0)
    assert np.array_equal(trades.trade_id, np.arange(1, len(trades.trade_id) + 1))
    assert np.all(tops.ask > tops.bid)
    assert np.all(tops.bid > 5_000_000)
    assert np.all(tops.bid < 7_200_000)
    assert trades.qty.min() > 0
    assert tops.ts_ns[0] >= START_NS
    assert tops.ts_ns[-1] < START_NS + 1500 * SECOND
    together = np.sort(np.concatenate([trades.arrival, tops.arrival]))
    assert np.array_equal(together, np.arange(len(together)))


def test_trades_hit_the_book_that_stands_and_never_more_than_it_holds() -> None:
    top: BookTop | None = None
    taken = {True: Decimal(0), False: Decimal(0)}
    trades = 0
    last_ns = 0
    for event in sample_market(3, seconds=300):
        assert event.ts_ns >= last_ns
        last_ns = event.ts_ns
        if isinstance(event, BookTop):
            top, taken = event, {True: Decimal(0), False: Decimal(0)}
            continue
        assert isinstance(event, TradeTick)
        assert top is not None
        trades += 1
        taken[event.buyer_is_maker] += event.qty
        assert event.price == (top.bid if event.buyer_is_maker else top.ask)
        assert taken[True] <= top.bid_qty
        assert taken[False] <= top.ask_qty
    assert trades > 1_000


def test_events_and_columns_tell_the_same() -> None:
    columns = sample_arrays(5, seconds=1100).trades
    ticks = [e for e in sample_market(5, seconds=1100) if isinstance(e, TradeTick)]
    assert [t.trade_id for t in ticks] == columns.trade_id.tolist()
    assert [int(t.price * 100) for t in ticks] == columns.price.tolist()
    assert [int(t.qty * 100_000) for t in ticks] == columns.qty.tolist()
    assert all(t.price == t.price.quantize(Decimal("0.01")) for t in ticks)


def test_seeds_differ() -> None:
    first, second = (list(sample_market(seed, seconds=5)) for seed in (1, 2))
    assert list(map(canonical, first)) != list(map(canonical, second))


@pytest.mark.parametrize(("seconds", "start_ns"), [(0, 0), (-1, 0), (1, 7)])
def test_nonsense_is_refused(seconds: int, start_ns: int) -> None:
    with pytest.raises(ValueError, match=r"empty|millisecond"):
        list(sample_market(0, start_ns, seconds))
