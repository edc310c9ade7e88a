"""A strategy that raises, never ends, cannot be copied or wishes for nonsense is a finding."""

import signal
import threading
from decimal import Decimal as D
from typing import Any

import pytest

from genesis.domain.orders import Side
from genesis.errors import DataError, UsageError
from genesis.research import CheckResult, Ticks, check
from genesis.research.guards.watchdog import Watchdog
from genesis.research.watchdog import Stuck
from genesis.strategy import Intent
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from tests.support import planted_strategies as planted
from tests.support.tied_markets import tied_ticks

BTC = "BTC/USDT"


@pytest.fixture(scope="module")
def ticks() -> Ticks:
    return tied_ticks(4_000)


def errors(strategy: Any, ticks: Ticks, **asked: Any) -> CheckResult:
    return check(strategy, ticks, guards=("lookahead",), **asked)


def test_an_exception_is_named_with_its_place(ticks: Ticks) -> None:
    result = errors(planted.Raising(), ticks)
    (finding,) = result.findings
    assert finding.guard == "errors"
    assert finding.what.startswith("it raised ZeroDivisionError: division by zero (tests.support.")
    assert "planted_strategies line " in finding.what and ", in rising)" in finding.what
    assert finding.at_ns is not None and finding.at_ns % 60_000_000_000 == 0
    assert result.reports[1].verdict == "not judged"


def test_a_call_that_never_ends_is_ended(ticks: Ticks) -> None:
    (finding,) = errors(planted.Endless(), ticks, call_s=0.05).findings
    assert "it has not come back from BarClosed of 2024-" in finding.what
    assert "within 0.05 s" in finding.what


def test_making_it_may_not_take_for_ever_either(ticks: Ticks) -> None:
    def endless(_: Ticks) -> planted.Endless:
        while True:
            pass

    (finding,) = errors(endless, ticks, call_s=0.05).findings
    assert "it has not come back from being made" in finding.what


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "it returned None where a list or tuple of wishes belongs"),
        (("buy",), "it returned 'buy' (str) where an Intent belongs"),
        ((Intent(BTC, Side.BUY, qty=0.5),), "qty is 0.5 (float), not a Decimal"),  # type: ignore[arg-type]
        ((Intent(BTC, Side.BUY, qty=D(0)),), "qty is 0, not above 0"),
        ((Intent(BTC, Side.BUY, stop=D("nan")),), "stop is NaN, not a number"),
        ((Intent(BTC, Side.BUY, stop=D(-1)),), "stop is -1, not above 0"),
        ((Intent(BTC, Side.BUY, type="limit"),), "a limit order has no price"),
        ((Intent(BTC, Side.BUY, type="soon"),), "type is 'soon'; known are market, limit"),
        ((Intent(BTC, "BUY"),), "side is 'BUY' (str), not a Side"),  # type: ignore[arg-type]
        ((Intent("NO/PE", Side.BUY),), "it wishes for 'NO/PE', and the data hold BTC/USDT only"),
        ((Intent(BTC, Side.BUY, confidence=2.0),), "confidence is 2.0 (float), not a number from"),
    ],
)
def test_a_wish_that_means_nothing_is_a_finding(ticks: Ticks, answer: object, said: str) -> None:
    findings = errors(planted.Returning(answer), ticks).findings
    assert [one.guard for one in findings] == ["errors"]
    assert said in findings[0].what
    assert findings[0].at_ns is not None


def test_a_sound_wish_is_none(ticks: Ticks) -> None:
    sound = Intent(BTC, Side.BUY, "limit", D(60_000), D(50_000), D("0.001"), confidence=0.5)
    assert not errors(planted.Returning((sound,)), ticks).findings
    assert not errors(planted.Returning([sound, sound]), ticks).findings


def test_what_decides_nothing_proves_nothing(ticks: Ticks) -> None:
    result = errors(planted.Returning(()), ticks)
    assert not result.passed
    assert "it wished for nothing: there is nothing to compare" in result.findings[0].what


def test_an_object_that_cannot_be_copied_is_a_finding(ticks: Ticks) -> None:
    (finding,) = errors(planted.Returning(threading.Lock()), ticks).findings
    assert "it cannot be copied for a second run (TypeError" in finding.what


class KeepsCount(SmaCross):
    """Shares one list with every copy of itself."""

    def __init__(self) -> None:
        super().__init__(SmaCrossParams(2, 4))
        self.calls: list[int] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> "KeepsCount":
        fresh = KeepsCount()
        fresh.calls = self.calls
        return fresh

    def on_event(self, event: Any, view: Any) -> Any:
        self.calls.append(event.ts_ns)
        return super().on_event(event, view)


def test_an_object_that_a_run_changes_is_a_finding(ticks: Ticks) -> None:
    result = check(KeepsCount(), ticks, guards=("repeat",))
    assert [one.guard for one in result.findings] == ["repeat"]
    assert "a run changed the strategy object" in result.findings[0].what


def test_what_cannot_be_sent_elsewhere_is_a_note(ticks: Ticks) -> None:
    class Local(SmaCross):
        pass

    result = check(Local(SmaCrossParams(2, 4)), ticks, guards=("repeat",))
    assert result.passed
    assert result.notes[0].startswith("repeat: not run in other processes: it cannot be sent there")


# -- the watchdog ----------------------------------------------------------------------------
def test_the_watchdog_gives_back_the_timer_it_found() -> None:
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    outer = signal.setitimer(signal.ITIMER_REAL, 500.0, 7.0)
    try:
        with Watchdog(3.0):
            assert signal.getsignal(signal.SIGALRM) is not signal.SIG_IGN
        assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < left <= 500.0 and interval == pytest.approx(7.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, *outer)
        signal.signal(signal.SIGALRM, before)


def test_the_watchdog_leaves_many_short_calls_and_the_time_between_alone() -> None:
    dog = Watchdog(60.0)
    for _ in range(3):  # rings while calls come and go, and while none is under way
        dog.begins()
        dog._ring(0, None)
        dog.ends()
        dog._ring(0, None)
        dog._ring(0, None)
    dog.begins()
    dog._ring(0, None)
    with pytest.raises(Stuck):
        dog._ring(0, None)


def test_outside_the_main_thread_it_says_that_it_cannot(ticks: Ticks) -> None:
    found: list[CheckResult] = []
    sound = SmaCross(SmaCrossParams(2, 4))
    thread = threading.Thread(target=lambda: found.append(check(sound, ticks, guards=("warm_up",))))
    thread.start()
    thread.join()
    assert found[0].passed
    assert "errors: a call that never ends is not ended here" in found[0].notes[0]


# -- bad input -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"strategy": "nope"}, UsageError, "known strategies: donchian"),
        ({"strategy": 5}, UsageError, "5 is no strategy"),
        ({"strategy": lambda data: 5}, UsageError, "<lambda> made 5 of the data"),
        ({"strategy": planted.Before, "data": None}, UsageError, "pass the data to check it on"),
        ({"guards": ("ties", "luck")}, UsageError, "unknown guards luck"),
        ({"tolerance": 1.0}, UsageError, "tolerance lies in"),
        ({"warm_up_bars": 0}, UsageError, "warm_up_bars must be a whole number of bars above 0"),
        ({"data": None, "start": "2024-01-01"}, UsageError, "moments of your data"),
        ({"end": "2020-01-01"}, DataError, "no data of BTC/USDT"),
        ({"params": {"fsat": 2}}, UsageError, "it knows: fast, slow, bar"),
        ({"strategy": planted.Raising(), "params": {"a": 1}}, UsageError, "params are for"),
        ({"fill": "book"}, UsageError, "needs a recorded book"),
    ],
)
def test_bad_input_is_refused(
    ticks: Ticks, asked: dict[str, Any], error: type[Exception], said: str
) -> None:
    call = {"strategy": "sma_cross", "data": ticks, **asked}
    with pytest.raises(error, match=said):
        check(call.pop("strategy"), call.pop("data"), **call)
