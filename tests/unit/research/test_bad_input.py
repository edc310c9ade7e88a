"""Bad input of a plain backtest: an error with place and remedy, and never half a result."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.cli.main import main
from genesis.domain.events import BarClosed, Event
from genesis.domain.orders import Side
from genesis.errors import DataError, StrategyFailed, UsageError
from genesis.research import BacktestResult, Instrument, Ticks, backtest
from genesis.research.failing import _Calls
from genesis.research.watchdog import Stuck
from genesis.store.trials import TrialLedger
from genesis.strategy import Intent, View
from genesis.strategy.catalog import builtin
from tests.support import planted_strategies as planted
from tests.support.markets import START_NS, wandering_ticks

BTC = "BTC/USDT"
MINUTE = 60_000_000_000


@pytest.fixture(scope="module")
def ticks() -> Ticks:
    return wandering_ticks(2_500, gaps=False)  # about twenty minutes


def run(strategy: Any, data: Any, **asked: Any) -> BacktestResult:
    return backtest(strategy, data, **{"rules": "research", "cash": 10_000, **asked})


# -- the data --------------------------------------------------------------------------------
def made(**changed: Any) -> Ticks:
    """Five trades a minute apart, with one column changed."""
    columns: dict[str, Any] = {
        "ts_ns": START_NS + np.arange(5) * MINUTE,
        "price": [100.0, 101.0, 102.0, 103.0, 104.0],
        "qty": [1.0] * 5,
        "is_buyer_maker": [False] * 5,
        "trade_id": [1, 2, 3, 4, 5],
    }
    return Ticks.from_arrays(changed.pop("instrument", BTC), **{**columns, **changed})


NAN = float("nan")


@pytest.mark.parametrize(
    ("changed", "place", "remedy"),
    [
        ({"ts_ns": [1, 3, 2, 4, 5]}, "ts_ns must not fall: row 2 is 2, after 3", "sort the rows"),
        ({"trade_id": [1, 2, 3, 2, 3]}, "row 3 (2024-01-01T00:03:00Z) is trade 2 again, as row 1",
         "keep the first of each"),
        ({"price": [100.0, NAN, 1.0, 1.0, 1.0]}, "price: row 1 is nan", "mend or leave out"),
        ({"price": [100.0, 0.0, 1.0, 1.0, 1.0]}, "price: row 1 is 0.0", "mend or leave out"),
        ({"qty": [1.0, 1.0, NAN, 1.0, 1.0]}, "qty: row 2 is nan", "mend or leave out"),
        ({"qty": [1.0, 1.0, 1.0, 0.0, 1.0]}, "qty: row 3 is 0.0", "mend or leave out"),
        ({"qty": [1.0, 1.0, 1.0, 1e-12, 1.0]}, "qty: row 3 is 1e-12", "mend or leave out"),
        ({"qty": [1.0, 1.0, 1.0, 1.0, -2.0]}, "qty: row 4 is -2.0", "mend or leave out"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be(changed: dict[str, Any], place: str, remedy: str) -> None:
    with pytest.raises(DataError) as told:
        made(**changed)
    assert place in told.value.message and remedy in told.value.message


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=20))
def test_a_trade_is_there_once(ids: list[int]) -> None:
    """The oracle: a set. Ids may fall, as long as none comes again."""
    row = next((row for row, one in enumerate(ids) if one in ids[:row]), None)
    ones = [1.0] * len(ids)
    columns = (np.arange(len(ids)), ones, ones, [True] * len(ids), ids)
    if row is None:
        assert len(Ticks.from_arrays(BTC, *columns)) == len(ids)
        return
    with pytest.raises(DataError, match=f"row {row} .* is trade {ids[row]} again"):
        Ticks.from_arrays(BTC, *columns)


def test_gaps_are_told_with_their_place_before_anything_else() -> None:
    at = [0, 1, 2, 3, 50, 51, 52]
    rows = [np.ones(len(at)) * 100, np.ones(len(at)), np.zeros(len(at), bool)]
    ids = [1, 2, 3, 4, 60, 61, 62]
    holed = Ticks.from_arrays(BTC, START_NS + np.array(at) * MINUTE, *rows, ids)
    result = run("sma_cross", holed, params={"fast": 1, "slow": 2})
    for first in (str(result).splitlines()[0], repr(result).splitlines()[0]):
        assert first.startswith("coverage") or "coverage" in first
        assert "longest gap 2820.0 s from 2024-01-01T00:03:00Z" in first
        assert "13.21% of the bars present, 55 trades missing in 1 gap" in first


@pytest.mark.parametrize(
    ("instrument", "said"),
    [
        ("NO/PE", "unknown symbol 'NO/PE': pass an Instrument"),
        (Instrument("NO/PE", "NO", "PE", D(0), D("0.1")), "NO/PE has no price_tick: it is .*'0'"),
        (Instrument("NO/PE", "NO", "PE", D("0.1"), D("nan")), "NO/PE has no qty_lot"),
        (Instrument("NO/PE", "NO", "PE", 0.01, D(1)), "price_tick: it is 0.01 and must be a Dec"),  # type: ignore[arg-type]
    ],
)
def test_a_symbol_without_filters(instrument: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made(instrument=instrument)


@pytest.mark.parametrize(
    ("span", "error", "said"),
    [
        (("2024-01-02", "2024-01-02"), UsageError, "no time lies between them"),
        (("2024-01-02", "2024-01-01"), UsageError, "is not before end"),
        (("2031-01-01", None), DataError, "no data of BTC/USDT in the span.*genesis ticks list"),
    ],
)
def test_an_empty_window(ticks: Ticks, span, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        run("sma_cross", ticks, start=span[0], end=span[1])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"qty": 0}, "qty must be above 0"),
        ({"qty": NAN}, "qty must be a finite number"),
        ({"cash": "nan"}, "cash must be a finite number"),
        ({"call_s": 0}, "call_s must be above 0"),
    ],
)
def test_amounts_that_cannot_be(ticks: Ticks, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run("sma_cross", ticks, **asked)


OUTSIDE: dict[str, dict[str, object]] = {
    "donchian": {"entry_bars": 0},
    "market_making": {"decay": 50},
    "mean_reversion": {"bars": 1},
    "multi_pair": {"places": 9},
    "simple_arb": {"symbols": "BTC/USDT,ETH/USDT,SOL/USDT"},
    "sma_cross": {"fast": 30, "slow": 10},
    "spread_capture": {"rest_s": 0},
    "statistical_arb": {"entry_z": 9.0},
}


@pytest.mark.parametrize("name", builtin().names)
def test_parameters_outside_their_model(ticks: Ticks, name: str) -> None:
    with pytest.raises(UsageError, match=f"strategy {name}: "):
        run(name, ticks, params=OUTSIDE[name])
    with pytest.raises(UsageError, match=f"strategy {name} has no parameter 'nope'; it knows:"):
        run(name, ticks, params={"nope": 1})


# -- the strategy ----------------------------------------------------------------------------
def test_one_that_raises_is_named_with_the_event_and_the_line(ticks: Ticks) -> None:
    with pytest.raises(StrategyFailed) as told:
        run(planted.Raising(), ticks)
    words = told.value.message
    assert words.startswith("strategy raising raised ZeroDivisionError: division by zero (tests.")
    assert "planted_strategies line " in words and ", in rising)" in words
    assert "at BarClosed of BTC/USDT, 2024-01-01T00:10:00Z" in words
    assert "gives no result" in words and "`check`" in words
    assert isinstance(told.value.__cause__, ZeroDivisionError)


def test_so_it_is_behind_a_fixed_quantity(ticks: Ticks) -> None:
    with pytest.raises(StrategyFailed, match=r"strategy raising raised .*, in rising\)"):
        run(planted.Raising(), ticks, qty=1)


def test_a_run_that_failed_is_no_trial(ticks: Ticks, tmp_path: Path) -> None:
    with pytest.raises(StrategyFailed):
        run(planted.Raising(), ticks, home=tmp_path)
    assert not TrialLedger(tmp_path).rows()
    run("sma_cross", ticks, home=tmp_path)
    assert len(TrialLedger(tmp_path).rows()) == 1


class Asks(planted.OfBars):
    """Asks the view for what a test wants."""

    name = "asks"

    def __init__(self, ask: Callable[[View, BarClosed], object]) -> None:
        self._ask = ask

    def rising(self, bar: BarClosed, view: View) -> bool:
        return bool(self._ask(view, bar))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda view, bar: view.bars(BTC, -1), "n is -1 and must be at least 1; there are no"),
        (lambda view, bar: view.bars(BTC, 0), "n is 0 and must be at least 1"),
        (lambda view, bar: view.next_bar(BTC), "no attribute 'next_bar'"),
        (lambda view, bar: view.price(BTC, bar.ts_ns + MINUTE), "takes 2 positional arguments"),
    ],
)  # fmt: skip
def test_one_that_asks_for_the_future(ticks: Ticks, ask: Any, said: str) -> None:
    with pytest.raises(StrategyFailed, match=said) as told:
        run(Asks(ask), ticks)
    assert "strategy asks raised" in told.value.message


def test_the_view_knows_no_bar_that_has_not_closed(ticks: Ticks) -> None:
    seen: list[int] = []
    run(Asks(lambda view, bar: seen.append(view.bars(BTC, 99)[-1].ts_ns - bar.ts_ns)), ticks)
    assert len(seen) > 10 and set(seen) == {0}


def test_one_that_never_ends_is_ended_and_the_timer_put_back(ticks: Ticks) -> None:
    before, left = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0]
    with pytest.raises(StrategyFailed) as told:
        run(planted.Endless(), ticks, call_s=0.05)
    words = told.value.message
    assert "endless has not come back from BarClosed of BTC/USDT, 2024-01-01T00:05:00Z" in words
    assert "within 0.05 s (it is at tests.support.planted_strategies line " in words
    assert "call_s" in words
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == pytest.approx(left, abs=60)


def test_outside_the_main_thread_it_runs_unwatched(ticks: Ticks) -> None:
    found: list[str] = []
    asked = {"params": {"fast": 2, "slow": 4}, "call_s": 1e-6}
    thread = threading.Thread(
        target=lambda: found.append(run("sma_cross", ticks, **asked).decision_digest)
    )
    thread.start()
    thread.join()
    assert found == [run("sma_cross", ticks, params=asked["params"]).decision_digest]


class Rung(planted.OfBars):
    """Hears the bell so many times in each call."""

    name = "rung"

    def __init__(self, times: int) -> None:
        self._times, self._calls = times, _Calls()

    def rising(self, bar: BarClosed, view: View) -> bool:
        for _ in range(self._times):
            self._calls.ring(0, sys._getframe())
        return False


def test_many_short_calls_are_no_long_one(ticks: Ticks) -> None:
    """The bell rings four times in `call_s`: a call that hears five rings has had its time."""
    for times in (1, 4):
        run(Rung(times), ticks, call_s=None)
    with pytest.raises(Stuck):
        run(Rung(5), ticks, call_s=None)


# -- wishes ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (5, r"it returned 5 \(int\) where a list or tuple of wishes belongs"),
        ("buy", r"it returned 'b' \(str\) where an Intent belongs"),
        ((Intent(BTC, Side.BUY, qty=0.5),), r"qty is 0.5 \(float\), not a Decimal"),  # type: ignore[arg-type]
        ((Intent(BTC, Side.BUY, qty=D("nan")),), "qty is NaN, not a number"),
        ((Intent(BTC, Side.BUY, stop=D("nan")),), "stop is NaN, not a number"),
        ((Intent(BTC, Side.BUY, "limit", D("inf")),), "price is Infinity, not a number"),
        ((Intent(BTC, Side.BUY, confidence=NAN),), "confidence is nan"),
        ((Intent(BTC, Side.BUY, type="soon"),), "type is 'soon'; known are market, limit"),
        ((Intent(BTC, "BUY"),), "side is 'BUY'"),  # type: ignore[arg-type]
    ],
)
def test_wishes_that_mean_nothing(ticks: Ticks, answer: object, said: str) -> None:
    with pytest.raises(StrategyFailed, match=said) as told:
        run(planted.Returning(answer), ticks)
    assert "strategy returning" in told.value.message
    assert "at BarClosed of BTC/USDT, 2024-01-01T00:03:00Z" in told.value.message


@pytest.mark.parametrize("qty", ["0", "-1"])
def test_a_wish_for_nothing_is_refused_and_listed(ticks: Ticks, qty: str) -> None:
    result = run(planted.Returning((Intent(BTC, Side.BUY, qty=D(qty)),)), ticks)
    assert not len(result.fills) and set(result.refusals["code"]) == {"NOTIONAL_BELOW_MINIMUM"}


class Yielding(planted.OfBars):
    """Gives its wishes one by one."""

    name = "yielding"

    def on_event(self, event: Event, view: View) -> Iterator[Intent]:  # type: ignore[override]
        yield from super().on_event(event, view)

    def rising(self, bar: BarClosed, view: View) -> bool:
        return bar.ts_ns // MINUTE % 2 == 0


def test_wishes_may_come_one_by_one(ticks: Ticks) -> None:
    assert len(run(Yielding(), ticks).trades) > 5


def test_an_object_that_cannot_be_copied(ticks: Ticks) -> None:
    with pytest.raises(UsageError, match=r"returning cannot be copied for a run \(TypeError"):
        run(planted.Returning(threading.Lock()), ticks)


def test_what_breaks_outside_of_a_strategy_is_told_as_it_is(ticks: Ticks) -> None:
    def telling(now_ns: int) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run("sma_cross", ticks, progress=telling)


def test_the_command_says_it_in_one_line(
    ticks: Ticks,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "t.parquet"
    ticks.frame().to_parquet(path)

    def broken(self: object, event: Event, view: View) -> Sequence[Intent]:
        raise ArithmeticError("by design")

    monkeypatch.setattr("genesis.strategy.sma_cross.SmaCross.on_event", broken)
    assert main(["backtest", "sma_cross", "--ticks", str(path), "--home", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    assert "GENESIS-9000 strategy sma_cross raised ArithmeticError: by design" in told.err
