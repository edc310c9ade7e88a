"""Walking forward: what is judged knew nothing of it, and every look is counted."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from genesis.analytics import NoValue
from genesis.domain.time import HOUR, MINUTE
from genesis.errors import DataError, StrategyFailed, UsageError
from genesis.research import (
    Bars,
    Fees,
    Instrument,
    WalkForward,
    backtest,
    sweep,
    trial_count,
    trials,
    walk_forward,
)
from genesis.strategy.sma_cross import SmaCross
from tests.support.markets import START_NS, wandering_ticks
from tests.support.walking import (
    FREE,
    OneHour,
    Straddler,
    jumping_hours,
    noise_bars,
    rising_hours,
    wave_bars,
)

GRID = {"fast": [3, 8], "slow": [5, 20]}
ASKED: dict[str, Any] = {**FREE, "finalists": 0}


def walked(market: Any, **asked: Any) -> WalkForward:
    given = {"train": "100m", "test": "50m", **ASKED, **asked}
    return walk_forward("sma_cross", market, GRID, **given)


@pytest.fixture(scope="module")
def market() -> Bars:
    return noise_bars(340, 2)


@pytest.fixture
def found(market: Bars) -> WalkForward:
    return walked(market, purge="10m", embargo="5m", fees=Fees(10, 10))


# -- what is judged --------------------------------------------------------------------------
def test_each_window_is_the_best_of_its_past_run_on_what_followed(
    market: Bars, found: WalkForward
) -> None:
    assert len(found) == 4
    for step in found.steps:
        one = step.window
        past = market.between(one.train_from_ns, one.train_to_ns)
        chosen = sweep("sma_cross", past, GRID, **{**ASKED, "fees": Fees(10, 10)}).best
        assert step.params == {"fast": chosen["fast"], "slow": chosen["slow"]}
        assert step.promised.return_fraction == chosen["return_fraction"]
        judged = step.judged.trades
        assert (judged["entry_ts_ns"] >= one.test_from_ns).all()
        assert (judged["exit_ts_ns"] < one.test_to_ns).all()
    assert found.left_ns == 35 * MINUTE
    cut_off = sum(len(step.judged.positions) for step in found.steps)
    assert found.table["trades"].sum() == len(found.trades) + cut_off > cut_off > 0
    assert found.metrics["trades"] == found.table["trades"].sum()


def test_the_whole_is_the_product_of_its_parts(found: WalkForward) -> None:
    parts = [1 + step.kept_fraction for step in found.steps]
    assert found.equity.iloc[-1] == pytest.approx(np.prod(parts), rel=1e-12)
    assert np.prod(1 + found.returns) == pytest.approx(np.prod(parts), rel=1e-12)
    assert found.metrics["return_fraction"] == pytest.approx(np.prod(parts) - 1)
    stamps = found.equity.index.to_numpy()
    assert (np.diff(stamps) == MINUTE).all(), "no moment is judged twice, none is left out"
    assert stamps[0] == found.steps[0].window.test_from_ns + MINUTE
    assert stamps[-1] == found.steps[-1].window.test_to_ns
    assert found.table["kept_fraction"].tolist() == [part - 1 for part in parts]


def test_what_is_still_held_is_sold_and_the_fee_paid(found: WalkForward) -> None:
    held = [step for step in found.steps if step.judged.positions]
    assert held, "else nothing is tested"
    for step in found.steps:
        run = step.judged
        left = float(run.equity.iloc[-1])
        left -= (
            sum(float(p.qty) * run.last_prices["BTC/USDT"].__float__() for p in run.positions) / 1e3
        )
        assert 1 + step.kept_fraction == pytest.approx(left / 1_000, rel=1e-12)


def test_the_strategy_is_warm_when_it_is_judged() -> None:
    """A wave of 40 bars and averages of up to 20: cold, it would miss much of 50 bars."""
    warm, cold = walked(wave_bars(340)), walked(wave_bars(340), warm_up_bars=0)
    bars = [len(step.judged.equity) for step in warm.steps]
    assert bars == [50 + step.params["slow"] for step in warm.steps]
    assert {len(step.judged.equity) for step in cold.steps} == {50}
    first = warm.steps[0].judged
    ran = backtest(
        "sma_cross", wave_bars(340).between(None, START_NS + 150 * MINUTE),
        params=warm.steps[0].params, **FREE,
    )  # fmt: skip
    later = ran.trades[ran.trades["entry_ts_ns"] >= START_NS + 100 * MINUTE]
    assert first.trades["entry_ts_ns"].tolist() == later["entry_ts_ns"].tolist()


def test_anchored_choices_know_everything_before(market: Bars) -> None:
    rolling, anchored = walked(market), walked(market, anchored=True)
    assert [s.window.test_from_ns for s in rolling.steps] == [
        s.window.test_from_ns for s in anchored.steps
    ]
    assert {s.window.train_from_ns for s in anchored.steps} == {START_NS}
    last = anchored.steps[-1]
    whole = sweep("sma_cross", market.between(None, last.window.train_to_ns), GRID, **ASKED).best
    assert last.promised.return_fraction == whole["return_fraction"]
    assert rolling.steps[-1].promised.return_fraction != whole["return_fraction"]
    assert "anchored" in repr(anchored)


def test_the_steadiest_may_be_chosen_instead(market: Bars) -> None:
    found = walked(market, choose="steadiest")
    for step in found.steps:
        past = market.between(step.window.train_from_ns, step.window.train_to_ns)
        row = sweep("sma_cross", past, GRID, **ASKED).steadiest()
        assert step.params == {"fast": row["fast"], "slow": row["slow"]}


def test_ticks_are_walked_in_the_engine_and_by_the_rules() -> None:
    ticks = wandering_ticks(9_000, agility=4, gaps=False)
    found = walk_forward(
        SmaCross, ticks, {"fast": [2], "slow": [4, 7]}, train="30m", test="15m", rules="sniper",
        cash=2_000,
    )  # fmt: skip
    assert len(found) == 3
    assert len(found.trades)
    assert found.left_ns == 0, "a minute that began counts as one"
    stamps = found.equity.index.to_numpy()
    assert (np.diff(stamps) > 0).all()
    assert stamps[0] > found.steps[0].window.test_from_ns
    assert stamps[-1] <= found.steps[-1].window.test_to_ns


def test_the_same_question_gives_the_same_answer(market: Bars, found: WalkForward) -> None:
    again = walked(market, purge="10m", embargo="5m", fees=Fees(10, 10))
    pd.testing.assert_series_equal(found.equity, again.equity)
    assert [s.judged.decision_digest for s in found.steps] == [
        s.judged.decision_digest for s in again.steps
    ]


# -- what may not be known -------------------------------------------------------------------
def test_a_choice_that_knew_its_judge_would_earn_and_an_honest_one_does_not() -> None:
    """Each hour pays whoever was told to hold in it, and later hours pay more."""
    market, grid = rising_hours(5), {"hour": [0, 1, 2, 3, 4]}
    found = walk_forward(OneHour, market, grid, train="1h", test="1h", **ASKED)
    assert [step.params["hour"] for step in found.steps] == [0, 1, 2, 3]
    assert (found.table["promised_per_day"] > 0).all()
    assert found.metrics["return_fraction"] == 0
    assert len(found.trades) == 0
    told = backtest(OneHour(OneHour.Params(3)), market, **FREE)
    assert told.metrics["return_fraction"] > 0.01


@pytest.mark.parametrize("anchored", [False, True])
def test_a_position_is_not_carried_across_the_line(anchored: bool) -> None:
    """All that is earned lies between the last minute of a window and the first of the next."""
    market = jumping_hours(5)
    whole = backtest(Straddler(), market, **FREE)
    assert whole.metrics["return_fraction"] > 0.003
    found = walk_forward(
        Straddler, market, {"hour": [0]}, train="1h", test="1h", anchored=anchored, **ASKED
    )
    assert found.metrics["return_fraction"] <= 0


# -- calibration -----------------------------------------------------------------------------
def rates(seeds: range) -> tuple[np.ndarray, np.ndarray]:
    """(promised, kept) a day in every window of walks through noise."""
    tables = [pd.DataFrame(walked(noise_bars(700, 50 + seed)).table) for seed in seeds]
    found = pd.concat(tables)
    return found["promised_per_day"].to_numpy(), found["kept_per_day"].to_numpy()


def calibrated(promised: np.ndarray, kept: np.ndarray) -> None:
    error = kept.std(ddof=1) / np.sqrt(len(kept))
    assert abs(kept.mean()) < 3 * error, "noise keeps nothing"
    assert promised.mean() > 3 * promised.std(ddof=1) / np.sqrt(len(promised)), "yet it promises"


def test_noise_promises_and_keeps_nothing() -> None:
    calibrated(*rates(range(3)))


@pytest.mark.long
def test_noise_keeps_nothing_in_many_walks() -> None:
    promised, kept = rates(range(60))
    calibrated(promised, kept)
    assert abs(kept.mean() / promised.mean()) < 0.25


def test_an_edge_that_is_there_is_kept() -> None:
    found = walked(wave_bars(900), train="400m", test="100m")
    assert isinstance(found.efficiency, float)
    assert 0.9 < found.efficiency < 1.2
    assert found.metrics["won_windows"] == len(found) == 5


def test_efficiency_is_kept_over_promised_a_day(found: WalkForward) -> None:
    paid = walked(wave_bars(340))
    promised = sum(s.promised.return_fraction for s in paid.steps) / len(paid) / (100 / 1440)
    kept = sum(s.kept_fraction for s in paid.steps) / len(paid) / (50 / 1440)
    assert promised > 0
    assert paid.efficiency == pytest.approx(kept / promised)
    assert isinstance(found.efficiency, NoValue), "at 10 bps nothing earned where it was chosen"


# -- what is counted -------------------------------------------------------------------------
def test_every_trial_and_every_look_is_a_row(market: Bars) -> None:
    found = walked(market, finalists=1, progress=lambda done, total: None)
    rows = pd.DataFrame(trials("sma_cross"))
    assert rows["kind"].value_counts().to_dict() == {"screen": 12, "engine": 12, "holdout": 4}
    looks = rows[rows["kind"] == "holdout"]
    assert set(looks["sweep"]) == {found.name}
    assert looks["value"].tolist() == found.table["kept_fraction"].tolist()
    for (_, row), step in zip(looks.iterrows(), found.steps, strict=True):
        assert row["first_ns"] == step.window.test_from_ns
        assert row["last_ns"] == step.window.test_to_ns - MINUTE
        assert row["params"] == {**step.params, "bar": "1m"}
    assert (found.counted.runs, found.counted.peeks) == (28, 4)
    again = walked(market)
    assert again.counted.peeks == 8 == trial_count("sma_cross", "BTC/USDT").peeks


def test_a_walk_that_breaks_leaves_the_looks_that_were_taken(market: Bars) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        walked(market, progress=stop)
    assert trial_count("sma_cross", "BTC/USDT").peeks == 2


def test_values_may_come_from_anywhere_once(market: Bars) -> None:
    grid: Any = {"fast": (value for value in (3, 8)), "slow": np.array([5, 20])}
    found = walk_forward("sma_cross", market, grid, train="100m", test="50m", **ASKED)
    assert found.axes == {"fast": (3, 8), "slow": (5, 20)}
    assert [step.params for step in found.steps] == [step.params for step in walked(market).steps]


def test_progress_counts_windows(market: Bars) -> None:
    told: list[tuple[int, int]] = []
    walked(market, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


# -- bad input -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"choose": "luckiest"}, "unknown choice 'luckiest': known are best, steadiest"),
        ({"metric": "luck"}, "unknown metric 'luck'"),
        ({"warm_up_bars": -1}, "warm_up_bars must be a whole number"),
        ({"warm_up_bars": 2.5}, "warm_up_bars must be a whole number"),
        ({"train": "a week"}, "train must be a length"),
        ({"purge": "100m"}, "leaves nothing of the 100m"),
        ({"test": "90s"}, "whole number of bars"),
        ({"colour": 1}, "sweep has no argument 'colour'"),
        ({"search": "guess"}, "unknown search"),
        ({"start": "2024-01-02", "end": "2024-01-01"}, "is not before end"),
    ],
)
def test_what_cannot_be_asked(market: Bars, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        walked(market, **asked)
    assert len(trials()) == 0


def test_other_things_that_cannot_be_walked(market: Bars, tmp_path: Path) -> None:
    given: dict[str, Any] = {"train": "1h", "test": "1h", **ASKED}
    with pytest.raises(UsageError, match="one market is walked at a time"):
        walk_forward("sma_cross", [market], GRID, **given)
    with pytest.raises(UsageError, match="a URL names no instrument"):
        walk_forward("sma_cross", "s3://bucket/bars", GRID, **given)
    with pytest.raises(UsageError, match="unknown strategy 'wizard'"):
        walk_forward("wizard", market, GRID, **given)
    with pytest.raises(UsageError, match="a sweep makes its strategies itself"):
        walk_forward(SmaCross(), market, GRID, **given)
    with pytest.raises(UsageError, match="no parameter 'speed'"):
        walk_forward("sma_cross", market, {"speed": [1]}, **given)
    with pytest.raises(UsageError, match="no combination of the grid"):
        walk_forward("sma_cross", market, {"fast": [9], "slow": [5]}, **given)
    with pytest.raises(DataError, match=r"cover 0\.04 days, and one window needs 0\.08"):
        walk_forward("sma_cross", noise_bars(60, 1), GRID, **given)
    with pytest.raises(DataError, match="no data of BTC/USDT in the span"):
        walk_forward("sma_cross", market, GRID, start="2030-01-01", **given)
    with pytest.raises(UsageError, match="no ticks of BTC/USDT"):
        walk_forward("sma_cross", "BTC/USDT", GRID, home=tmp_path, **given)


def test_a_hole_in_the_data_is_named_before_anything_is_tried() -> None:
    c = noise_bars(400, 1).columns
    kept = np.r_[0:100, 330:400]
    step = float(c.price_step)
    holed = Bars.from_arrays(
        "BTC/USDT", c.open_ts_ns[kept], *(x[kept] * step for x in (c.opens, c.highs, c.lows)),
        c.closes[kept] * step, np.ones(len(kept)),
    )  # fmt: skip
    with pytest.raises(DataError, match="window 1 has no data to judge on"):
        walked(holed)
    assert len(trials()) == 0


def test_what_a_strategy_raises_is_told_with_its_window(market: Bars) -> None:
    class Broken(OneHour):
        name = "broken"

        def on_event(self, event: Any, view: Any) -> Any:
            if event.ts_ns > START_NS + 2 * HOUR:
                raise ValueError("a line is wrong")
            return ()

    with pytest.raises(StrategyFailed, match=f"a line is wrong.*{__name__} line") as told:
        walk_forward(Broken, market, {"hour": [1]}, train="1h", test="1h", **ASKED)
    assert any(note.startswith("in window 2 of 4: chosen on") for note in told.value.__notes__)


# -- a real month ----------------------------------------------------------------------------
def test_a_month_of_a_perpetual(shared: Path, tmp_path: Path) -> None:
    path = shared / "data" / "ohlcv" / "btcusdt-perp-20220101-20220201-1m.csv.gz"
    found = walk_forward(
        "sma_cross", hours(path), {"fast": [3, 6], "slow": [12, 36], "bar": ["1h"]},
        train="7d", test="2d", purge="2h", embargo="1h", rules="research", fill="next_open",
        cash=100_000, qty="0.5", finalists=0,
    )  # fmt: skip
    assert len(found) == 12
    assert found.coverage.covered_fraction == 1.0
    assert str(found.summary()[0][1]).startswith("751 bars, 2021-12-31T23:00:00Z")
    assert (np.diff(found.equity.index.to_numpy()) == HOUR).all()
    assert len(found.equity) == 24 * 24
    assert -0.2 < found.metrics["return_fraction"] < 0.05, "what a cross of averages does"
    page = found.save(tmp_path / "month.html").read_text()
    assert "751 bars" in page
    assert "http" not in page.split("<script")[0].replace("http-equiv", "")


def hours(path: Path) -> Bars:
    """The minutes of the file in bars of an hour."""
    rows = pd.read_csv(path)
    at = pd.to_datetime(rows["timestamp"]).dt.as_unit("ns").astype("int64") // HOUR
    made = rows.groupby(at).agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    known = Instrument("BTC/USDT", "BTC", "USDT", Decimal("0.001"), Decimal("0.00001"), Decimal(5))
    return Bars.from_arrays(
        known, made.index.to_numpy() * HOUR, made["open"], made["high"], made["low"],
        made["close"], (made["volume"] / made["close"]).round(5), "1h",
    )  # fmt: skip
