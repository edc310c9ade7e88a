"""Phases by rule: a planted cycle, each event, and nothing that looks ahead."""

import numpy as np
import pandas as pd
import pytest

from genesis.domain.time import HOUR
from genesis.errors import DataError, UsageError
from genesis.research import Bars, wyckoff
from tests.support.markets import START_NS

N = 10


def frame(closes: list[float], volume: float = 1.0) -> pd.DataFrame:
    """Bars one unit high around their closes."""
    close = np.array(closes, float)
    at = START_NS + np.arange(len(close)) * HOUR
    columns = {"open_ts_ns": at, "open": close, "high": close + 0.5, "low": close - 0.5}
    return pd.DataFrame(columns | {"close": close, "volume": volume})


def flat(level: float, bars: int) -> list[float]:
    return [level + (i % 2) for i in range(bars)]


CYCLE = [
    *np.linspace(200, 100, 30),  # down
    *flat(100, 40),
    *np.linspace(101, 200, 30),  # up
    *flat(200, 40),
    *np.linspace(199, 100, 30),  # down
]


def phases(closes: list[float], **given: object) -> list[str]:
    return wyckoff(frame(closes), bars=N, **given).table["phase"].tolist()


def with_bar(data: pd.DataFrame, at: int, **values: float) -> str:
    """The event of the bar at `at` (from the end), with these values put in."""
    found = data.copy()
    for name, value in values.items():
        found.loc[found.index[at], name] = value
    return str(wyckoff(found, bars=N).table["event"].iloc[at])


def test_a_planted_cycle_is_read_in_its_order():
    found = wyckoff(frame(CYCLE), bars=N)
    told = found.spans
    assert told["phase"].tolist() == [
        "UNKNOWN", "MARKDOWN", "ACCUMULATION", "MARKUP", "DISTRIBUTION", "MARKDOWN",
    ]  # fmt: skip
    assert told["bars"].sum() == len(CYCLE)
    assert told["bars"].iloc[0] == N
    starts = [round((at - START_NS) / HOUR) for at in told["first_ts_ns"]]
    for planted, read in zip((30, 70, 100, 140), starts[2:], strict=True):
        assert 0 < read - planted <= N, "it is seen after it began, and within a window"
    assert told["change"].iloc[3] > 0.5 > -0.4 > told["change"].iloc[5]


def test_a_range_without_a_trend_before_it_is_unknown():
    assert set(phases(flat(100, 60))) == {"UNKNOWN"}
    assert set(phases([100.0] * 60)) == {"UNKNOWN"}, "not even a move"


def test_a_trend_begins_exactly_at_its_efficiency():
    """Of ten moves six go up: (6 - 4) / 10."""
    closes = [100.0]
    for up in (1, -1, 1, -1, 1, -1, 1, -1, 1, 1):
        closes.append(closes[-1] + up)
    assert phases(closes, trend_from=0.2)[-1] == "MARKUP"
    assert phases(closes, trend_from=0.21)[-1] == "UNKNOWN"


def test_nothing_looks_ahead():
    rng = np.random.default_rng(5)
    whole = frame(list(100 + np.cumsum(rng.standard_normal(300))), volume=1.0)
    whole["volume"] = rng.exponential(1, 300)
    found = wyckoff(whole, bars=N).table
    for cut in (11, 60, 150, 299):
        pd.testing.assert_frame_equal(wyckoff(whole.iloc[:cut], bars=N).table, found.iloc[:cut])


def test_each_event_where_its_definition_holds():
    low = frame(CYCLE[:65])  # in the range after the fall: 99.5 to 101.5
    assert with_bar(low, -1) == ""
    assert with_bar(low, -1, low=99.4) == "SPRING"
    assert with_bar(low, -1, low=99.4, close=99.4) == "", "it has to close in the range again"
    assert with_bar(low, -1, close=101.6, volume=1.1) == "STRENGTH"
    assert with_bar(low, -1, close=101.6) == "", "on no more than the usual volume"
    high = frame(CYCLE[:135])  # 199.5 to 201.5
    assert with_bar(high, -1, high=201.6) == "UPTHRUST"
    assert with_bar(high, -1, close=199.4, volume=1.1) == "WEAKNESS"
    falls, rises = frame(CYCLE[:25]), frame(CYCLE[:95])
    assert with_bar(falls, -1, low=falls["close"].iloc[-1] - 1.6, volume=2) == "SELLING_CLIMAX"
    assert with_bar(falls, -1, low=falls["close"].iloc[-1] - 1.6, volume=1.9) == ""
    assert with_bar(falls, -1, low=falls["close"].iloc[-1] - 1.4, volume=2) == ""
    assert with_bar(falls, -1, high=falls["close"].iloc[-1] + 1.6, volume=2) == "", "lower half"
    assert with_bar(rises, -1, high=rises["close"].iloc[-1] + 1.6, volume=2) == "BUYING_CLIMAX"
    assert with_bar(rises, -1, low=rises["close"].iloc[-1] - 1.6, volume=2) == "", "upper half"


def test_bars_read_as_their_table():
    closes = [round(one, 2) for one in CYCLE]
    table = frame(closes)
    columns = [table[name] for name in ("open_ts_ns", "open", "high", "low", "close", "volume")]
    found = wyckoff(Bars.from_arrays("BTC/USDT", *columns, "1h"), bars=N)
    assert found.table["phase"].tolist() == phases(closes)
    assert found.name == "BTC/USDT"


@pytest.mark.parametrize("given", [{"bars": 4}, {"trend_from": 0.0}, {"trend_from": 1.0}])
def test_what_cannot_be_used_says_so(given):
    with pytest.raises(UsageError, match="bars must be at least 5"):
        wyckoff(frame(CYCLE), **given)


def test_bars_that_are_none_or_lack_a_column_are_refused():
    with pytest.raises(DataError, match="no bars"):
        wyckoff(frame([]))
    with pytest.raises(DataError, match="no column 'volume'"):
        wyckoff(frame(CYCLE).drop(columns="volume"))


def test_it_shows_itself():
    found = wyckoff(frame(CYCLE), bars=N)
    bundle = found._repr_mimebundle_()
    assert "the last bar: MARKDOWN" in bundle["text/plain"]
    assert "not a limit" in bundle["text/html"]
    figure = found.plot()
    assert len(figure.layout.shapes) == 5
    assert figure.layout.xaxis.type == "date"
    assert {one.name for one in figure.data} >= {"close", "event", "markup"}
