"""A day lived once more: the same where nothing was done to it, and every planted fault by name."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.domain.events import (
    FeedLost,
    FeedRestored,
    FlowReported,
    OrderFilled,
    TimerFired,
    TradeTick,
    is_market,
)
from genesis.domain.time import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from genesis.engine.engine import Engine
from genesis.errors import EventLogError, UsageError
from genesis.research import TradingDay, twin
from genesis.research.day_again import Course, measured_fees, measured_travels, usual
from genesis.research.deeds import Deed, Deeds, Ending, agreeing
from genesis.research.divergence import Class, Gap, Judge
from genesis.research.rerun import Rerun, Terms
from genesis.research.store import TickStore
from genesis.research.stored_prints import StoredPrints
from genesis.research.twin import Twin
from genesis.rules import load
from genesis.sim.exchange import SimExchange
from genesis.sim.latency import Latency
from genesis.store import ticks as stored
from tests.support import recorded
from tests.support.day_home import DAY_1, SYMBOL, HomeMaker, buy, close, jolts, waves

D = Decimal
DATE = "2024-08-05"
LENGTH = 60 * MINUTE
EVERY = 20 * SECOND
CHASE = DAY_1 + 25 * MINUTE
ACTS = (
    buy(DAY_1 + 5 * MINUTE + SECOND),
    close(DAY_1 + 15 * MINUTE + SECOND),
    buy(CHASE + SECOND, "20"),  # its stop is hit by the fall
    buy(CHASE + 20 * MINUTE + SECOND, "15"),
    close(CHASE + 30 * MINUTE + SECOND),
)


def market() -> list[Any]:
    falls = jolts(CHASE, 1)
    return list(waves(DAY_1, DAY_1 + LENGTH, EVERY, tops=True, falls=falls))


def record(home: Path, change: Callable[[HomeMaker], None] = lambda maker: None) -> Path:
    """A short day of a trader, as a service would have left it."""
    maker = HomeMaker(home)
    change(maker)
    maker.start(DAY_1)
    maker.play(market(), ACTS)
    maker.stop()
    maker.close()
    return home


def store(home: Path, keep: Callable[[TradeTick], TradeTick | None]) -> None:
    """The prints of the day in the tick store of the home, each as `keep` has it."""
    ticks = (keep(event) for event in market() if isinstance(event, TradeTick))
    rows = recorded.heard([tick for tick in ticks if tick is not None])
    recorded.record(stored.TickStore(home).root, rows)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing was done to it; its store holds every print."""
    place = record(tmp_path_factory.mktemp("twin"))
    store(place, lambda tick: tick)
    return place


def living(home: Path, **given: Any) -> Twin:
    return twin(DATE, home, **given)


# -- the same --------------------------------------------------------------------------------
def test_a_day_nothing_was_done_to_is_the_same(home: Path) -> None:
    found = living(home)
    day = TradingDay.of(DATE, home)
    assert found.is_same
    assert found.divergence is None
    assert found.agreeing == found.decisions > 10
    assert found.orders_alike == len(found.recorded.endings) == 6  # three entries, their ends
    assert found.deeds["same"].all()
    [prints] = found.prints
    assert prints.both_count == prints.heard_count == LENGTH // EVERY
    # what the twin earned, against what the day's own log says
    assert float(found.result_usdt[1]) == pytest.approx(day.trades["pnl_usdt"].sum(), abs=1e-9)
    assert found.line.startswith("twin run OK")


def test_it_shows_what_it_rests_on_first(home: Path) -> None:
    told = living(home)
    first, second, *_ = repr(told).splitlines()
    assert first.startswith(f"{DATE} · Coverage: 00:00:00 to 00:59:40 UTC")
    assert "180 of 180 prints heard are stored alike" in second
    assert set(told._repr_mimebundle_()) == {"text/html", "text/plain"}
    assert "decisions agree" in told._repr_mimebundle_()["text/html"]


MIDNIGHT = DAY_1 + DAY


@pytest.fixture(scope="module")
def midnight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A position is held over midnight; later the engine is started again."""
    maker = HomeMaker(tmp_path_factory.mktemp("midnight"), strategies=("sma_cross",))
    maker.start(MIDNIGHT - 20 * MINUTE)
    before = waves(MIDNIGHT - 20 * MINUTE, MIDNIGHT - MINUTE, EVERY)
    maker.play(before, [buy(MIDNIGHT - 10 * MINUTE)])
    maker.play(waves(MIDNIGHT - MINUTE, MIDNIGHT + 5 * MINUTE, EVERY))
    maker.stop()
    maker.start(MIDNIGHT + 20 * MINUTE)
    acts = [close(MIDNIGHT + 30 * MINUTE + 1), buy(MIDNIGHT + 45 * MINUTE + 1)]
    maker.play(waves(MIDNIGHT + 20 * MINUTE, MIDNIGHT + HOUR, EVERY), acts)
    maker.stop()
    maker.close()
    return maker.home


def test_a_position_over_midnight_and_a_second_run_are_the_same(midnight: Path) -> None:
    found = twin("2024-08-06", midnight)
    assert found.is_same, found
    assert found.decisions == found.agreeing > 3
    assert found.again.closed[0].opened_ns < MIDNIGHT < found.again.closed[0].ts_ns
    assert found.prints == ()
    assert "the market is that of the tape" in repr(found)
    before = twin("2024-08-05", midnight)
    assert before.is_same
    assert max(deed.ts_ns for deed in before.recorded.decisions) < MIDNIGHT
    assert before.again.closed == []


def test_every_timer_of_the_day_fires_again(midnight: Path) -> None:
    log = TradingDay.of("2024-08-06", midnight).log
    fired = [event for _, event in log.events(TimerFired)]
    again: list[Any] = []
    travels = measured_travels(log)
    terms = Terms(measured_fees(log), usual(travels), travels)
    rerun = Rerun(terms, lambda step: again.append(step.event))
    Course(log, Deeds(), [rerun], {}).run(lambda done, steps: None)
    assert [e for e in again if isinstance(e, TimerFired) and not is_market(e)] == fired
    assert fired
    assert rerun.exchange.venue.balance("USDT").total == rerun.engine.state.ledger.balances["USDT"]


def test_money_that_comes_is_in_the_twin_too(tmp_path: Path) -> None:
    """Without the deposit there is not enough for the purchase."""
    maker = HomeMaker(tmp_path, capital=D(12))

    def pay(event: Any) -> None:
        if isinstance(event, FlowReported):
            maker.exchange.venue.flow(event.asset, event.amount)

    maker.watch.append(pay)
    maker.start(DAY_1)
    deposit = FlowReported(DAY_1 + MINUTE, "USDT", D(300), "deposit", "a")
    maker.play(market(), [deposit, *ACTS])
    maker.stop()
    maker.close()
    found = living(tmp_path)
    assert found.is_same, found
    assert found.recorded.endings["1-1-0"].paid > 12
    assert found.troubles == ()


class _Slow(SimExchange):
    """A venue that is reached half a minute late, when the market has gone on."""

    def __init__(self, venue: Any) -> None:
        super().__init__(venue)
        self._sent: list[tuple[int, Any]] = []

    def obey(self, command: Any, now_ns: int) -> Any:
        self._sent.append((now_ns + 25 * SECOND, command))
        return ()

    def on_market(self, event: Any) -> Any:
        told = list(super().on_market(event))
        due = [command for at_ns, command in self._sent if at_ns <= event.ts_ns]
        self._sent = [one for one in self._sent if one[1] not in due]
        return [*told, *(each for one in due for each in super(_Slow, self).obey(one, event.ts_ns))]


def test_an_order_reaches_the_venue_where_the_record_has_its_answer(tmp_path: Path) -> None:
    record(tmp_path, lambda maker: setattr(maker, "exchange", _Slow(maker.exchange.venue)))
    found = living(tmp_path, within_ms=0)
    assert found.is_same, found
    assert found.terms.latency.entry_ns > 25 * SECOND
    at_once = living(tmp_path, latency=Latency()).divergence
    assert at_once is not None
    assert at_once.kind is Class.LATENCY


class _Quick(_Slow):
    """The same, and it trades before the event that its answer comes after."""

    def on_market(self, event: Any) -> Any:
        due = [command for at_ns, command in self._sent if at_ns <= event.ts_ns]
        self._sent = [one for one in self._sent if one[1] not in due]
        told = [each for one in due for each in super(_Slow, self).obey(one, event.ts_ns)]
        return [*told, *super(_Slow, self).on_market(event)]


def test_a_price_that_was_shown_while_the_order_was_under_way_is_latency(tmp_path: Path) -> None:
    record(tmp_path, lambda maker: setattr(maker, "exchange", _Quick(maker.exchange.venue)))
    found = living(tmp_path).divergence
    assert found is not None
    assert found.kind is Class.LATENCY
    assert "the price it got was shown before" in found.why


# -- planted faults --------------------------------------------------------------------------
def test_a_hole_in_the_store_is_a_data_gap(home: Path, tmp_path: Path) -> None:
    fall = jolts(CHASE, 1)[0]
    record(tmp_path)
    store(tmp_path, lambda t: None if fall <= t.ts_ns < fall + 5 * MINUTE else t)
    found = living(tmp_path)
    assert found.divergence is not None
    assert found.divergence.kind is Class.DATA_GAP
    assert "is not in the store" in found.divergence.why
    assert found.divergence.recorded.startswith("filled")  # the stop that nobody touched here
    assert found.agreeing < found.decisions
    assert "data gap" in repr(found)


def test_a_print_never_heard_is_a_data_gap(tmp_path: Path) -> None:
    def deaf(maker: HomeMaker) -> None:
        """The fall of the market never reached the engine, nor its venue."""
        whole = maker.play
        fall = jolts(CHASE, 1)[0]

        def play(events: Any, acts: Sequence[Any] = ()) -> None:
            whole([e for e in events if not fall <= e.ts_ns < fall + 5 * MINUTE], acts)

        maker.play = play  # type: ignore[method-assign]

    record(tmp_path, deaf)
    store(tmp_path, lambda tick: tick)
    found = living(tmp_path)
    assert found.divergence is not None
    assert found.divergence.kind is Class.DATA_GAP
    assert "was never heard" in found.divergence.why


def test_what_the_venue_did_while_nothing_was_heard_is_a_data_gap(tmp_path: Path) -> None:
    """The stop is sold in a fall that the engine hears nothing of, and no store holds it."""
    lost, back = CHASE + 30 * SECOND, CHASE + 5 * MINUTE
    maker = HomeMaker(tmp_path)
    maker.start(DAY_1)
    events = market()
    maker.play([event for event in events if event.ts_ns < lost], ACTS[:3])
    maker.tell(FeedLost(lost, "trades", "no message for 10 s"))
    for event in (event for event in events if lost <= event.ts_ns < back):
        for answer in maker.exchange.on_market(event):
            maker.tell(answer)
    maker.tell(FeedRestored(back, "trades"))
    maker.play([event for event in events if event.ts_ns >= back])
    maker.stop()
    maker.close()
    found = living(tmp_path).divergence
    assert found is not None
    assert found.kind is Class.DATA_GAP
    assert "trades not heard whole from 00:25:30 to 00:30:00 (no message for 10 s)" in found.why


class _Dear(SimExchange):
    """A venue that fills a little worse than its book shows."""

    def obey(self, command: Any, now_ns: int) -> Any:
        return [_worse(told) for told in super().obey(command, now_ns)]


def _worse(told: Any) -> Any:
    if not isinstance(told, OrderFilled):
        return told
    return replace(told, fill=replace(told.fill, price=told.fill.price + D("0.5")))


@pytest.fixture(scope="module")
def dear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def change(maker: HomeMaker) -> None:
        maker.exchange = _Dear(maker.exchange.venue)

    return record(tmp_path_factory.mktemp("dear"), change)


def test_a_fill_at_another_price_in_the_same_market_is_the_fill_model(dear: Path) -> None:
    found = living(dear)
    assert found.divergence is not None
    assert found.divergence.kind is Class.FILL_MODEL
    first = next(deed for deed in found.recorded.decisions if deed.order)
    assert found.agreeing == found.deeds["same"].sum() < found.decisions
    assert found.divergence.what == f"order {first.order}"
    ours, theirs = (side[first.order] for side in (found.recorded.endings, found.again.endings))
    assert ours.price is not None and theirs.price is not None
    assert ours.price - theirs.price == D("0.5")


def test_orders_that_take_longer_meet_another_market(home: Path) -> None:
    found = living(home, latency=Latency(entry_ns=30 * SECOND))
    assert found.divergence is not None
    assert found.divergence.kind is Class.LATENCY
    assert "30,000 ms later in the twin" in found.divergence.why


def test_a_fill_alike_and_late_is_latency_only_beyond_what_was_allowed(home: Path) -> None:
    late = Latency(entry_ns=40 * MILLISECOND)  # no print in between: the same price
    assert living(home, latency=late).is_same
    found = living(home, latency=late, within_ms=10)
    assert found.divergence is not None
    assert found.divergence.kind is Class.LATENCY
    assert "it went alike, 40 ms later" in found.divergence.why


def test_a_record_that_leads_elsewhere_is_other_code_or_no_determinism(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(maker: HomeMaker) -> None:
        """What was written down is not what these rules decide."""
        maker.engine = Engine(load("research"), seed="7")

    record(tmp_path, other)
    found = living(tmp_path)
    assert found.divergence is not None
    assert found.divergence.kind is Class.CODE_VERSION
    assert found.divergence.what.startswith("run 1, step ")
    monkeypatch.setattr(sys.modules[Twin.__module__], "code_sha256", lambda strategies: "c" * 64)
    same_code = living(tmp_path).divergence
    assert same_code is not None
    assert same_code.kind is Class.NONDETERMINISM


# -- the class, from made-up sides -----------------------------------------------------------
def deeds(*said: str, endings: dict[str, Ending] | None = None) -> Deeds:
    made = Deeds()
    made.decisions = [Deed(n * SECOND, words) for n, words in enumerate(said)]
    made.endings = endings or {}
    return made


DAY_LOG: Any = SimpleNamespace(first_ns=0)


def judged(ours: Deeds, theirs: Deeds, gaps: Sequence[Gap] = ()) -> tuple[Class, str]:
    found = Judge(DAY_LOG, ours, theirs, {}, lambda: gaps, SECOND).first()
    assert found is not None
    return found.kind, found.what


def test_a_decision_in_another_order_is_latency() -> None:
    assert judged(deeds("a", "b", "c"), deeds("a", "c", "b")) == (Class.LATENCY, "decision 2")


def test_a_decision_that_nothing_explains_is_nondeterminism() -> None:
    assert judged(deeds("a", "b"), deeds("a", "x")) == (Class.NONDETERMINISM, "decision 2")
    assert judged(deeds("a", "b"), deeds("a")) == (Class.NONDETERMINISM, "decision 2")
    ours, theirs = (deeds("a", each) for each in "bx")
    ours.endings["1-1-0"] = Ending(0, SYMBOL, D(1), D(5))
    theirs.endings["1-1-0"] = Ending(3, SYMBOL, D(1), D(5))
    assert judged(ours, theirs) == (Class.LATENCY, "decision 2")


def test_a_gap_counts_only_where_it_can_have_mattered() -> None:
    before = [Gap(0, 5, "nothing was heard")]
    assert judged(deeds("a", "b"), deeds("a", "x"), before)[0] is Class.DATA_GAP
    later = [Gap(HOUR, HOUR + 1, "nothing was heard")]
    assert judged(deeds("a", "b"), deeds("a", "x"), later)[0] is Class.NONDETERMINISM


def test_an_order_that_only_one_venue_turned_down_is_the_fill_model() -> None:
    ours = deeds("a", endings={"1-1-0": Ending(9, refused="rejected by the venue (-2010)")})
    theirs = deeds("a", endings={"1-1-0": Ending(9, SYMBOL, D(1), D(5))})
    assert judged(ours, theirs) == (Class.FILL_MODEL, "order 1-1-0")
    assert judged(deeds("a"), theirs) == (Class.FILL_MODEL, "order 1-1-0")


def test_agreement_counts_what_comes_after_one_more() -> None:
    one, other = (deeds(*said).decisions for said in ("abcde", "axbcde"))
    assert agreeing(one, other) == 5
    assert agreeing(one, []) == 0


# -- prints ----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def columns(home: Path) -> Any:
    return TickStore(home).ticks(SYMBOL, books=False).between(None, DAY_1 + 3 * MINUTE).columns


def heard(prints: StoredPrints, ticks: Sequence[TradeTick]) -> Iterator[tuple[int, bool]]:
    return ((tick.trade_id, is_heard) for each in ticks for tick, is_heard in prints.heard(each))


def test_prints_come_in_the_places_where_they_were_heard(columns: Any) -> None:
    ticks = [columns.tick(row) for row in range(6)]
    ids = [tick.trade_id for tick in ticks]
    prints = StoredPrints(columns)
    # the first run begins with the third print, misses the fifth, and hears the sixth before it
    found = list(heard(prints, [ticks[2], ticks[3], ticks[5]]))
    assert found == [*((n, False) for n in ids[:2]), *((n, True) for n in ids[2:])]
    assert [one.words for one in prints.unlike] == [
        f"print {ids[4]} of {SYMBOL} is stored and was never heard"
    ]
    assert prints.between(0, ticks[3].ts_ns) is None
    assert prints.between(ticks[4].ts_ns, ticks[4].ts_ns) is not None
    assert list(heard(prints, [ticks[4]])) == []  # late, and told already
    assert prints.unlike == []
    assert list(heard(prints, [ticks[5]])) == [(ids[5], True)]  # heard twice


def test_a_changed_and_a_missing_print_are_named(columns: Any) -> None:
    first, second = columns.tick(0), columns.tick(1)
    prints = StoredPrints(columns)
    other = replace(first, price=first.price + 1)
    assert [tick for tick, _ in prints.heard(other)] == [first]
    unknown = replace(second, trade_id=second.trade_id - 1)
    assert list(prints.heard(unknown)) == []
    assert [one.words.split(" of ")[1].partition(" ")[2] for one in prints.unlike] == [
        f"was heard at {other.price} and is stored at {first.price}",
        "is not in the store",
    ]
    assert str(prints) == f"{SYMBOL}: 0 of 2 prints heard are stored alike"


# -- the door and bad input ------------------------------------------------------------------
def test_the_verb_says_it_by_its_exit_code(
    home: Path, dear: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["twin", "--date", DATE, "--home", str(home), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["same"], told["divergence"]) == (True, None)
    assert told["decisions"] == told["agreeing"]
    assert main(["twin", "--date", DATE, "--home", str(dear), "--json"]) == 1
    apart = json.loads(capsys.readouterr().out)["divergence"]
    assert apart["kind"] == "fill model"
    assert apart["at"].startswith(f"{DATE}T00:05:")
    assert main(["twin", "--date", DATE, "--home", str(tmp_path / "nowhere")]) == 2
    assert main(["twin", "--date", "yesterday", "--home", str(home)]) == 2
    assert main(["twin", "--date", "2024-08-09", "--home", str(home)]) == 2
    assert "has no data" in capsys.readouterr().err


def test_nonsense_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="within_ms -1"):
        living(home, within_ms=-1)
    with pytest.raises(UsageError, match="2024-08-04 has no data"):
        twin("2024-08-04", home)
    with pytest.raises(EventLogError, match="no event log"):
        living(tmp_path)
