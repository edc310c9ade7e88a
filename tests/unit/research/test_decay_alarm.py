"""The decay alarm as a person meets it: on what it rests, what it says, and what it proposes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis.domain.time import HOUR, MINUTE, SECOND
from genesis.errors import EventLogError, UsageError
from genesis.research import BacktestResult, TradingDay, decay_alarm
from tests.support.day_home import DAY_1, HomeMaker, buy, close, waves

RNG = np.random.default_rng(3)
GOOD = np.where(RNG.random(300) < 0.6, 1.5, -1.0)
BAD = np.where(RNG.random(200) < 0.2, 1.5, -1.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six hours of a strategy, and a trade of the operator's own beside it."""
    maker = HomeMaker(tmp_path_factory.mktemp("decay"), strategies=("sma_cross",))
    maker.start(DAY_1)
    acts = [buy(DAY_1 + 5 * MINUTE, "15"), close(DAY_1 + 15 * MINUTE)]
    maker.play(waves(DAY_1, DAY_1 + 6 * HOUR, 30 * SECOND), acts)
    maker.stop()
    maker.close()
    return maker.home


def test_an_alarm_proposes_paper_and_says_why() -> None:
    told = decay_alarm(GOOD, BAD, strategy="sma_cross")
    assert told.is_raised
    assert told.proposal is not None
    assert told.proposal.startswith("Proposal: sma_cross back to paper")
    assert "--strategies sma_cross" in told.proposal
    first, *rest = repr(told).splitlines()
    assert first == "sma_cross · live: 200 live trades; backtest: 300 trades of the backtest."
    assert told.proposal in rest[-1]
    assert "with odds of 5% at most" in rest[-1]
    assert set(told._repr_mimebundle_()) == {"text/html", "text/plain"}
    figure = told.plot()
    assert list(figure.data[0].y) == list(told.found.capital)  # type: ignore[union-attr]
    assert "sma_cross" in figure.layout.title.text


def test_a_quiet_one_says_how_long_it_would_take() -> None:
    told = decay_alarm(GOOD, GOOD[:50])
    assert not told.is_raised
    assert told.proposal is None
    assert f"the alarm would take about {told.delay.median:.0f} trades" in repr(told)  # type: ignore[union-attr]
    short = decay_alarm(GOOD[:40], GOOD[:50])
    assert "the backtest promises too little" in repr(short)


def test_the_trades_of_the_strategy_come_out_of_the_log(home: Path) -> None:
    told = decay_alarm(GOOD, strategy="sma_cross", home=home)
    trades = TradingDay.of("2024-08-05", home).trades
    own = trades[trades["who"] == "sma_cross"]
    assert 0 < len(own) < len(trades)  # the operator's is none of them
    np.testing.assert_allclose(told.live.r, own["r"], rtol=1e-12)
    assert "closed trades in the log, 2024-08-05 to 2024-08-05" in str(told.live)


def test_results_of_a_run_are_taken_in_the_order_of_their_closes() -> None:
    import pandas as pd

    frame = pd.DataFrame({"exit_ts_ns": [3, 1, 2, 4], "r": [0.3, 0.1, np.nan, 0.4]})
    result = object.__new__(BacktestResult)
    vars(result)["trades"] = frame
    told = decay_alarm(GOOD, result)
    assert list(told.live.r) == [0.1, 0.3, 0.4]
    assert str(told.live) == "3 live trades, 1 without a stop left out"


def test_nothing_to_say_is_said() -> None:
    told = decay_alarm(GOOD[:10], BAD)
    assert not told.is_raised
    assert told.proposal is None
    assert "Nothing can be said: 10 rows, at least 30 are needed." in repr(told)
    with pytest.raises(UsageError, match="nothing to draw: 10 rows"):
        told.plot()
    empty = decay_alarm(GOOD, [])
    assert "0 live trades" in repr(empty)
    with pytest.raises(UsageError, match="no trade was closed yet"):
        empty.plot()


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({}, UsageError, "whose trades"),
        ({"live": [[1.0]]}, UsageError, "live must be one column"),
        ({"live": [1.0], "alpha": 2.0}, UsageError, "alpha"),
        ({"strategy": "sma_cross", "home": "nowhere"}, EventLogError, "no event log"),
    ],
)
def test_nonsense_is_refused(
    given: dict[str, Any], error: type[Exception], words: str, tmp_path: Path
) -> None:
    if "home" in given:
        given = given | {"home": tmp_path / given["home"]}
    with pytest.raises(error, match=words):
        decay_alarm(GOOD, **given)
