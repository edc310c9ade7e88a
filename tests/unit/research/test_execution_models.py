"""Models of execution fitted to logged orders: what was planted is found, and can be used."""

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from genesis.analytics import NoValue
from genesis.cli.main import main
from genesis.domain.fills import Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderType, Side
from genesis.domain.time import HOUR, MILLISECOND, MINUTE, SECOND
from genesis.errors import ConfigError, EventLogError, UsageError
from genesis.research import backtest, demo_orders, fit_execution, reopen
from genesis.research.demo_orders import CLOCK_LATE_NS, PLANTED, START_NS, SYMBOL, made_up_market
from genesis.research.execution_models import ExecutionModels
from genesis.research.latency_model import LatencyModel, fit_latency
from genesis.research.own_market import OwnMarket, Rows, minute_volume
from genesis.research.own_orders import News, OwnFill, OwnOrder, OwnOrders
from genesis.research.queue_model import QueueModel, fit_queue
from genesis.research.slippage_model import SlippageModel

MS = MILLISECOND


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_orders(tmp_path_factory.mktemp("orders") / "home", rounds=84)


@pytest.fixture(scope="module")
def models(home: Path) -> ExecutionModels:
    return fit_execution(home)


# -- what a recorded home tells --------------------------------------------------------------
def test_the_planted_latencies_are_found(models: ExecutionModels) -> None:
    found = models.latency
    assert isinstance(found, LatencyModel)
    assert abs(found.offset_ns - CLOCK_LATE_NS) <= found.doubt_ns < 25 * MS
    middle = dict(zip(found.table["part"], found.table["median_ms"], strict=True))
    both = middle["entry"] + middle["response"]
    assert both == pytest.approx(PLANTED.entry_ms + PLANTED.response_ms, rel=0.1)
    doubt = found.doubt_ns / MS + 3.0
    assert middle["feed"] == pytest.approx(PLANTED.feed_ms, abs=doubt)
    assert found.is_reliable and set(found.reliability) == {"feed", "entry", "response"}
    assert min(found.sampled.entry_ns + found.sampled.response_ns + found.sampled.feed_ns) >= 0


def test_the_planted_law_of_slippage_is_found(models: ExecutionModels) -> None:
    found = models.slippage
    assert isinstance(found, SlippageModel)
    law = found.fit
    assert law.slope_bps.low <= PLANTED.slope_bps <= law.slope_bps.high
    half_spread = 2.5 / 60_000 * 1e4
    assert law.intercept_bps.low <= half_spread <= law.intercept_bps.high
    assert found.is_reliable and law.size_matters
    assert law.orders == len(found.orders) > 150 and found.left_out == 0


def test_the_planted_share_of_the_queue_is_found(models: ExecutionModels) -> None:
    found = models.queue
    assert isinstance(found, QueueModel)
    assert found.share_interval.low <= PLANTED.queue_share <= found.share_interval.high
    assert found.share_interval.high < 0.9  # not everybody's, which is 1
    assert found.is_reliable
    waits = found.waits
    assert list(waits["orders"]) == sorted(waits["orders"], reverse=True)
    assert waits["within_10s"].is_monotonic_decreasing
    assert waits["filled"].sum() == found.odds.fills


def test_every_figure_of_the_check_is_shown(models: ExecutionModels) -> None:
    table = models.reliability
    assert set(table["model"]) == {
        *("latency, feed", "latency, entry", "latency, response", "slippage", "queue")
    }
    assert (table["inside"] == table["realised"].between(table["low"], table["high"])).all()
    assert table["inside"].all()
    told = models._repr_mimebundle_()
    assert all(word in told["text/plain"] for word in ("feed", "every order pays", "of the queue"))
    assert told["text/html"].count("gn-card") >= 8


def test_the_figures_draw_what_was_checked(models: ExecutionModels) -> None:
    latency, slippage, queue = models.latency, models.slippage, models.queue
    assert latency and slippage and queue
    assert [trace.name for trace in latency.plot().data] == ["feed", "entry", "response"]
    for figure, model in ((slippage.plot(), slippage), (queue.plot(), queue)):
        (realised,) = (trace for trace in figure.data if trace.name == "newest third")
        assert not isinstance(model.reliability, NoValue)
        assert list(realised.y) == [row.realised for row in model.reliability.rows]


def test_the_calibration_draws_every_row_of_the_table(models: ExecutionModels) -> None:
    """Bars reach from low to high about what was predicted, points stand at what came."""
    table = models.reliability
    points = [trace for trace in models.plot().data if trace.name in set(table["model"])]
    bars = [trace for trace in models.plot().data if trace.error_y.array is not None]
    assert [trace.name for trace in points] == list(dict.fromkeys(table["model"]))
    for point, bar in zip(points, bars, strict=True):
        rows = table[table["model"] == point.name]
        assert list(point.x) == list(bar.y) == list(rows["predicted"])
        assert list(point.y) == list(rows["realised"])
        top = np.array(bar.y) + np.array(bar.error_y.array)
        bottom = np.array(bar.y) - np.array(bar.error_y.arrayminus)
        assert top == pytest.approx(rows["high"]) and bottom == pytest.approx(rows["low"])


def test_a_fit_is_the_same_every_time(home: Path, models: ExecutionModels) -> None:
    again = fit_execution(home)
    assert again.reliability.equals(models.reliability)
    assert repr(again) == repr(models)
    assert again.latency and models.latency
    assert again.latency.sampled == models.latency.sampled


def test_a_trial_is_counted_under_the_models_in_a_line(models: ExecutionModels) -> None:
    latency, queue = cast("LatencyModel", models.latency), cast("QueueModel", models.queue)
    assert str(latency) == repr(latency.sampled) and latency.sampled.sha256[:12] in str(latency)
    assert str(queue) == str(queue.share)


# -- in a backtest ---------------------------------------------------------------------------
def test_the_models_are_used_in_a_backtest(models: ExecutionModels, tmp_path: Path) -> None:
    market = made_up_market(1_800, seed=7)
    params = {"min_edge_bps": -25, "target_bps": 1, "rest_s": 20, "hold_s": 30}
    asked = {"params": params, "fill": "book", "rules": "research", "qty": "0.01"}
    found = backtest(
        "spread_capture",
        market,
        latency=cast("LatencyModel", models.latency),
        queue=cast("QueueModel", models.queue),
        **asked,  # type: ignore[arg-type]
    )
    share = cast("QueueModel", models.queue).share
    plain = backtest("spread_capture", market, **asked)  # type: ignore[arg-type]
    assert found.decision_digest != plain.decision_digest
    assert f"{share} of the queue" in repr(found) and "MAKER" in set(found.fills["liquidity"])
    again = reopen(found.save(tmp_path / "kept.zip"))  # decides the same, or raises
    assert again.setup.latency == cast("LatencyModel", models.latency).sampled
    assert again.setup.queue == str(share)
    for model in (models.latency, models.queue):  # as a sweep hands them to its workers
        assert str(pickle.loads(pickle.dumps(model))) == str(model)


def test_a_share_of_the_queue_lies_between_all_of_it_and_nobody() -> None:
    market = made_up_market(1_200, seed=3)
    params = {"min_edge_bps": -25, "target_bps": 1, "rest_s": 20, "hold_s": 30}
    asked = {"params": params, "fill": "book", "rules": "research", "qty": "0.01"}
    made = {}
    for queue in ("conservative", 1, 0.5, "0", "optimistic"):
        result = backtest("spread_capture", market, queue=queue, **asked)  # type: ignore[arg-type]
        made[queue] = (result.fills["liquidity"] == "MAKER").sum(), result.decision_digest
    assert made["conservative"] == made[1] and made["0"] == made["optimistic"]
    assert made[1][0] < made[0.5][0] < made["0"][0]


@pytest.mark.parametrize("queue", [1.5, -0.1, "half", float("nan"), None])
def test_what_is_no_share_of_a_queue_is_refused(queue: object) -> None:
    with pytest.raises(UsageError, match=r"conservative, optimistic, or a share from 0 to 1"):
        backtest("sma_cross", made_up_market(120), queue=queue)  # type: ignore[arg-type]


def test_what_could_not_be_fitted_cannot_be_used() -> None:
    none = NoValue("3 orders")
    for asked, words in (({"latency": none}, "latency model"), ({"queue": none}, "queue model")):
        with pytest.raises(UsageError, match=f"there is no {words} to use: 3 orders"):
            backtest("sma_cross", made_up_market(120), **asked)  # type: ignore[arg-type]


def test_slippage_by_the_law_is_told_with_a_result(models: ExecutionModels) -> None:
    market = made_up_market(3_600, seed=5)
    params = {"fast": 1, "slow": 2}
    asked = {"params": params, "rules": "research", "cash": 9_000, "qty": "0.05", "fill": "book"}
    result = backtest("sma_cross", market, **asked)  # type: ignore[arg-type]
    law = cast("SlippageModel", models.slippage)
    cost = law.cost(result)
    columns = market.columns
    qty = columns.qtys * float(columns.qty_step)
    for row in cost.table.itertuples():
        before = (columns.ts_ns >= row.decided_ts_ns - 5 * MINUTE) & (
            columns.ts_ns < row.decided_ts_ns
        )
        known_ns = min(5 * MINUTE, row.decided_ts_ns - int(columns.ts_ns[0]))
        volume = qty[before].sum() * MINUTE / known_ns
        assert row.participation == pytest.approx(0.05 / volume)
        assert row.expected_bps == pytest.approx(law.predicted_bps([0.05 / volume])[0])
        assert row.assumed_bps == pytest.approx(2.5 / 60_000 * 1e4, rel=0.05)  # half the spread
    extra = (cost.table["expected_bps"] - cost.table["assumed_bps"]) / 1e4 * 0.05 * 60_000
    assert cost.extra == pytest.approx(extra.sum(), rel=0.01)
    assert cost.pnl_after == pytest.approx(result.metrics["pnl_usdt"] - cost.extra)
    assert len(cost.table) + cost.left_out == len(result.fills)
    assert "more than was assumed" in repr(cost)


def test_the_command_line_draws_from_own_orders(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.parquet"
    made_up_market(600, seed=5).frame().to_parquet(path)
    asked = ["backtest", "sma_cross", "--ticks", str(path), "--queue", "0.4", "--json"]
    asked += ["--param", "fast=1", "--param", "slow=2", "--fill", "bar_close"]
    digests = []
    for more in ([], ["--latency-ms", "own"]):
        assert main([*asked, *more, "--home", str(home)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["queue"] == "0.4"
        digests.append(told["decision_digest"])
    assert digests[0] != digests[1]
    few = str(demo_orders(tmp_path / "few", rounds=3))
    assert main([*asked, "--latency-ms", "own", "--home", few]) == 2
    assert "there is no latency model to use: " in capsys.readouterr().err


# -- from stamps and a book ------------------------------------------------------------------
def order(n: int, sent_ns: int, there_ns: int, back_ns: int, late_ns: int = 0) -> OwnOrder:
    """late_ns: how far our clock is behind the venue's."""
    accepted = sent_ns + there_ns + late_ns
    key, qty = OrderKey(1, n), 1.0
    known = (key, SYMBOL, Side.BUY, OrderType.MARKET, qty, None, sent_ns + late_ns)
    return OwnOrder(
        *known, sent_ns, 0, is_clean=True, accepted_ns=accepted,
        heard_ns=sent_ns + there_ns + back_ns, ended_ns=accepted,
    )  # fmt: skip


def stamped(count: int = 80, late_ns: int = 700 * MS) -> list[OwnOrder]:
    rng = np.random.Generator(np.random.PCG64(8))
    ways = rng.integers(20, 60, (count, 2)) * MS
    ways[5] = ways[9] = 10 * MS
    return [
        order(n, START_NS + n * SECOND, int(there), int(back), late_ns)
        for n, (there, back) in enumerate(ways, 1)
    ]


def test_clocks_are_put_together_by_the_quickest_messages() -> None:
    own = stamped()
    news = [News(one.decided_ns - 15 * MS, one.sent_ns) for one in own]
    found = fit_latency(OwnOrders(tuple(own), tuple(news), {}))
    assert isinstance(found, LatencyModel)
    assert (found.offset_ns, found.doubt_ns) == (700 * MS, 10 * MS)
    assert found.sampled.entry_ns[0] == found.sampled.response_ns[0] == 10 * MS
    assert set(found.sampled.feed_ns) == {15 * MS}


def test_orders_in_doubt_and_orders_without_news_are_told_apart() -> None:
    own = stamped()
    own[3] = replace(own[3], is_clean=False, heard_ns=own[3].sent_ns + HOUR)
    found = fit_latency(OwnOrders(tuple(own), (), {}))
    assert isinstance(found, LatencyModel)
    assert found.counts == {"feed": 0, "entry": 79, "response": 79}
    assert found.sampled.feed_ns == (0,) and found.sampled.response_ns[-1] < 60 * MS
    told = found.reliability["feed"]
    assert isinstance(told, NoValue) and "feed counts as 0" in told.reason


def test_a_clock_that_runs_faster_is_refused_in_words() -> None:
    own = [
        replace(one, accepted_ns=(one.accepted_ns or 0) + 19 * n * SECOND)
        for n, one in enumerate(stamped())
    ]
    found = fit_latency(OwnOrders(tuple(own), (), {}))
    assert isinstance(found, NoValue) and "the clocks do not fit" in found.reason
    few = fit_latency(OwnOrders(tuple(own[:59]), (), {}))
    assert few == NoValue("59 orders with stamps of both clocks, at least 60 are needed")


def market(prints: list[tuple[float, float, float, bool]], queue: float = 10.0) -> OwnMarket:
    """Prints of (seconds, price, qty, the buyer waited), and a bid of 100 from the start."""
    rows = np.array(prints, dtype=np.float64).reshape(-1, 4)
    ts_ns = (START_NS + rows[:, 0] * SECOND).astype(np.int64)
    trades = dict(zip(("price", "qty", "buyer_is_maker"), rows[:, 1:].T, strict=True))
    top = {"bid": 100.0, "bid_qty": queue, "ask": 101.0, "ask_qty": 3.0}
    tops = {name: np.array([value]) for name, value in top.items()}
    pos = np.arange(2, len(rows) + 2)
    whole = Rows(np.array([1]), np.array([START_NS]), tops)
    return OwnMarket(Rows(pos, ts_ns, trades), whole, START_NS)


def bid(fills: list[tuple[float, float]], ended_s: float | None, price: float = 100.0) -> OwnOrder:
    """A bid of 2 that the venue took after a second."""
    made = [
        OwnFill(START_NS + int(at * SECOND), 0, price, qty, Liquidity.MAKER) for at, qty in fills
    ]
    ended = None if ended_s is None else START_NS + int(ended_s * SECOND)
    known = (OrderKey(1, 1), SYMBOL, Side.BUY, OrderType.LIMIT, 2.0, price, START_NS, START_NS, 1)
    return OwnOrder(*known, True, START_NS + SECOND, START_NS, ended, made)


@pytest.mark.parametrize(
    ("fills", "ended_s", "prints", "served", "filled"),
    [
        # in part: 4 + 3 were traded, 1 of them ours
        ([(3, 1.0)], 9, [(2, 100, 4, True), (3, 100, 3, True)], 0.6, True),
        # whole: between 4 and 4 + 5 - 2 stood before it
        ([(3, 2.0)], 3, [(2, 100, 4, True), (3, 100, 5, True)], 0.55, True),
        # taken back: as far as it got; what buyers took, and what was before, does not count
        ([], 4, [(0.5, 100, 9, True), (2, 100, 4, True), (3, 100, 3, False)], 0.4, False),
        # the price went through it: it was served at the latest then
        ([(3, 2.0)], 3, [(2, 100, 4, True), (3, 99, 50, True)], 0.4, False),
    ],
)
def test_how_much_of_the_queue_was_served(
    fills: list[tuple[float, float]],
    ended_s: float,
    prints: list[tuple[float, float, float, bool]],
    served: float,
    filled: bool,
) -> None:
    own = OwnOrders((bid(fills, ended_s),) * 90, (), {SYMBOL: market(prints)})
    from genesis.research.queue_model import _place

    found = _place(own.orders[0], own.markets[SYMBOL])
    assert found is not None
    assert (found.ahead, found.served, found.filled) == (10.0, pytest.approx(served), filled)


def test_a_place_that_is_not_known_is_left_out() -> None:
    hit = [(2.0, 100.0, 4.0, True), (3.0, 100.0, 8.0, True)]
    known, deeper = bid([(3, 1.0)], 9), bid([(3, 1.0)], 9, price=99.0)
    own = OwnOrders((known,) * 70 + (deeper,) * 5, (), {SYMBOL: market(hit)})
    found = fit_queue(own)
    assert isinstance(found, QueueModel)
    assert (found.left_out, found.share_interval.point, found.share) == (5, 1.1, 1.0)
    few = fit_queue(OwnOrders((known,) * 59, (), {SYMBOL: market(hit)}))
    assert few == NoValue("59 resting orders, at least 60 are needed")


def test_the_volume_of_a_minute_is_counted_from_when_the_market_was_watched() -> None:
    ts, qty = START_NS + np.arange(0, 600) * SECOND, np.full(600, 2.0)
    assert minute_volume(ts, qty, START_NS + 400 * SECOND, START_NS) == pytest.approx(120.0)
    assert minute_volume(ts, qty, START_NS + 90 * SECOND, START_NS) == pytest.approx(120.0)
    assert np.isnan(minute_volume(ts, qty, START_NS + 59 * SECOND, START_NS))


def test_a_late_stamp_counts_as_the_one_before_it() -> None:
    from genesis.research.own_market import _rows

    rows = _rows([(1, 50, 1.0), (2, 40, 2.0), (3, 60, 3.0)], ("qty",))
    assert rows.ts_ns.tolist() == [50, 50, 60] and rows["qty"].tolist() == [1.0, 2.0, 3.0]
    assert len(_rows([], ("qty",)).ts_ns) == 0


# -- bad input -------------------------------------------------------------------------------
def test_a_home_of_few_orders_is_refused_model_by_model(tmp_path: Path) -> None:
    models = fit_execution(demo_orders(tmp_path / "short", rounds=8))
    for model in (models.latency, models.slippage, models.queue):
        assert isinstance(model, NoValue) and "at least 60 are needed" in model.reason
    assert "no latency model: " in repr(models)
    assert models.reliability.empty


def test_wrong_calls_are_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="square_root, linear"):
        fit_execution(home, form="cubic")
    with pytest.raises(UsageError, match="has sent no order"):
        fit_execution(home, end="2024-01-01T08:00:30")
    with pytest.raises(EventLogError):
        fit_execution(tmp_path / "nothing")
    with pytest.raises(ConfigError, match="used before"):
        demo_orders(home)
