"""Made-up markets have the truth they are said to have, are the same again, and refuse nonsense."""

import numpy as np
import pytest

from genesis.domain.time import HOUR, SECOND
from genesis.errors import UsageError
from genesis.research import Bars, Ticks
from genesis.research.made_up import START_NS, fallen, noise, swings, together, trends
from genesis.research.made_up_books import calm_book, falling_book, triangle


def moves(bars: Bars) -> np.ndarray:
    return np.diff(np.log(bars.columns.closes * float(bars.columns.price_step)))


def over(bars: Bars, hours: int) -> float:
    """Variance of moves over so many bars, over that many times that of one bar: 1 on a walk."""
    path = np.concatenate(([0.0], np.cumsum(moves(bars))))
    wide = path[hours:] - path[:-hours]
    return float(wide.var() / (hours * moves(bars).var()))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_has_no_memory_trends_last_and_swings_come_back(seed: int):
    assert 0.8 < over(noise(730, seed), 12) < 1.2
    assert over(trends(730, seed), 12) > 1.3
    assert over(swings(730, seed), 12) < 0.75


def test_a_move_of_an_hour_is_sixty_basis_points_whatever_the_width():
    for width, bars in (("5m", 12), ("1h", 1), ("4h", 0.25)):
        sigma = moves(noise(200, 3, width)).std() * np.sqrt(bars) * 1e4
        assert sigma == pytest.approx(60, rel=0.08)


def test_bars_follow_upon_each_other_without_a_hole():
    c = noise(3).columns
    assert c.open_ts_ns.tolist() == [START_NS + i * HOUR for i in range(72)]
    assert c.opens[1:].tolist() == c.closes[:-1].tolist()
    assert (c.highs >= np.maximum(c.opens, c.closes)).all()
    assert (c.lows <= np.minimum(c.opens, c.closes)).all()


def test_the_same_seed_is_the_same_market_and_another_one_another_symbol():
    one, again, other = noise(5, 4), noise(5, 4), noise(5, 5)
    assert one.columns.closes.tolist() == again.columns.closes.tolist()
    assert one.columns.closes.tolist() != other.columns.closes.tolist()
    names = [bars.instrument.symbol for bars in (noise(1), one, other)]
    assert names == ["NOISE/USDT", "NOISE4/USDT", "NOISE5/USDT"]


def test_what_falls_together_falls_in_the_same_bars_and_stays_there():
    each = fallen(8, names=("ONE", "TWO"))
    steps = [np.flatnonzero(moves(bars) < -0.02) for bars in each]
    assert steps[0].tolist() == steps[1].tolist()
    assert len(steps[0]) == 4
    assert all(over(bars, 12) > 0.8 for bars in each)


def test_two_of_one_cause_stay_together_and_part_when_told_to():
    def apart(pair: tuple[Bars, Bars]) -> np.ndarray:
        logs = [np.log(bars.columns.closes * 0.01) for bars in pair]
        return logs[0] - logs[1]

    assert np.abs(apart(together(12))).max() < 0.02
    parted = apart(together(12, part=0.02))
    assert parted[-50:].mean() == pytest.approx(3 * np.log(0.98), abs=0.01)
    low = together(12, fall=0.4)[1].columns
    assert low.closes[-1] / low.opens[0] == pytest.approx(0.6, abs=0.1)


def test_a_book_has_its_spread_and_its_trades_hit_it():
    ticks = calm_book(10, spread_bps=20)
    trades, tops = ticks.columns, ticks.tops
    assert tops is not None
    width = (tops.asks - tops.bids) / (tops.asks + tops.bids) * 2e4
    assert width == pytest.approx(20, abs=2.5)
    assert np.array_equal(trades.prices, np.where(trades.buyer_is_maker, tops.bids, tops.asks))
    assert np.array_equal(tops.ticks_before, np.arange(len(tops.bids)))
    assert np.diff(tops.ts_ns).tolist() == [SECOND] * (len(tops.bids) - 1)


def test_sellers_press_a_calm_book_down_and_it_comes_back():
    def mids(ticks: Ticks) -> np.ndarray:
        assert ticks.tops is not None
        return (ticks.tops.bids + ticks.tops.asks) / 200

    calm = calm_book(30)
    low = mids(calm) < 99.8
    assert calm.columns.buyer_is_maker[low].mean() > 0.85
    assert abs(mids(calm)[-600:].mean() / 100 - 1) < 0.003
    assert mids(falling_book(30, fall=0.1))[-60:].mean() == pytest.approx(90, abs=1)


@pytest.mark.parametrize("follows", [True, False])
def test_a_leg_of_the_triangle_lags_or_the_others_come_back(follows: bool):
    one, two, cross = triangle(follows=follows)
    assert [t.instrument.symbol for t in (one, two, cross)] == ["ONE/USDT", "TWO/USDT", "ONE/TWO"]
    gaps = np.log(two.tops.asks / one.tops.asks)
    late = gaps[60:68]
    assert np.abs(late).min() > 0.005
    assert abs(gaps[75]) < 0.002
    moved = abs(np.log(one.tops.asks[75] / one.tops.asks[55]))
    assert moved > 0.005 if follows else moved < 0.002


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: noise(0),
        lambda: noise(1, width="1x"),
        lambda: trends(lasting_bars=0.5),
        lambda: swings(pull=1),
        lambda: together(part=1),
        lambda: calm_book(0),
        lambda: falling_book(fall=1),
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(UsageError):
        wrong()
