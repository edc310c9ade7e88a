"""The same hand under other rules comes out as if the day had been lived under them."""

from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.events import OrderFilled, RulesChanged
from genesis.domain.orders import Side
from genesis.domain.time import DAY, MINUTE, SECOND
from genesis.engine.engine import Engine
from genesis.errors import ConfigError, EventLogError, UsageError
from genesis.research import TradingDay, what_if
from genesis.research.what_if import WhatIf
from genesis.rules import Rules, load
from genesis.rules.book import bind, read
from genesis.sim.exchange import SimExchange
from tests.support import unhurried
from tests.support.day_home import DAY_1, HomeMaker, buy, chase, close, jolts, waves

DATE = "2024-08-05"
CHASE = DAY_1 + 12 * MINUTE
ACTS = [buy(DAY_1 + 2 * MINUTE, "20"), close(DAY_1 + 8 * MINUTE), *chase(CHASE)]
STRICTER = "[tilt.score]\nanchors = [[-2.0, 40], [-1.5, 60], [-1.0, 80], [4.5, 100]]"


def stricter() -> Rules:
    return bind([read("rules", unhurried.rules().text), read("changes", STRICTER)])


def record(home: Path, rules: Rules, venue: type[SimExchange] = SimExchange) -> HomeMaker:
    """A calm trade and a chase of losses, with its page at the end."""
    maker = HomeMaker(home, rules=rules)
    maker.exchange = venue(maker.exchange.venue)
    maker.start(DAY_1)
    market = waves(DAY_1, DAY_1 + 60 * MINUTE, 10 * SECOND, tops=True, falls=jolts(CHASE))
    maker.play(market, ACTS)
    maker.stop()
    maker.close()
    return maker


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("what_if"), unhurried.rules()).home


@pytest.fixture(scope="module")
def found(home: Path) -> WhatIf:
    return what_if(DATE, home, changes=STRICTER)


# -- the truth -------------------------------------------------------------------------------
def test_it_comes_out_as_the_day_lived_under_the_other_rules(found: WhatIf, tmp_path: Path) -> None:
    lived = record(tmp_path, stricter())
    truth = what_if(DATE, tmp_path, rules=unhurried.rules())  # and the other way round
    assert [d.words for d in found.other.deeds.decisions] == [
        d.words for d in truth.recorded.decisions
    ]
    assert found.other.end_usdt == lived.engine.view.equity_usdt
    assert found.own.end_usdt == truth.other.end_usdt != found.other.end_usdt
    assert truth.difference_usdt == -found.difference_usdt
    assert list(truth.allowed["at"]) == list(found.refused["at"])


def test_under_its_own_rules_it_is_the_day_itself(home: Path) -> None:
    same = what_if(DATE, home, rules=unhurried.rules())
    assert same.difference_usdt == 0
    assert same.refused.empty
    assert same.allowed.empty
    assert same.resized.empty
    assert same.own.deeds.decisions == same.other.deeds.decisions == same.recorded.decisions
    assert same.own.equity.equals(same.other.equity)
    day = TradingDay.of(DATE, home)
    assert float(same.own.end_usdt) == pytest.approx(day.end_usdt, abs=1e-9)
    assert "refuse nothing that was not refused anyway" in repr(same)


def test_new_refusals_are_named_with_what_their_trades_had_made(found: WhatIf, home: Path) -> None:
    assert set(found.refused["code"]) == {"TILT_WARNING"}
    assert len(found.refused) == 1
    assert set(found.refused["who"]) == {"you"}
    trades = TradingDay.of(DATE, home).trades
    refused = found.refused["at"].dt.floor("s")
    lost = trades[trades["opened"].dt.floor("s").isin(refused)]["pnl_usdt"].sum()
    assert found.avoided_usdt == pytest.approx(lost, abs=1e-9)
    assert found.avoided_usdt < 0 < found.difference_usdt
    assert len(found.other.deeds.closed) < len(found.own.deeds.closed)


def test_what_nobody_can_know_is_said(found: WhatIf, tmp_path: Path) -> None:
    hand, *_, own = found.unknown
    assert "what you would have done instead" in hand
    assert "comes out as recorded in 8 of 8 orders, 0.00 USDT apart" in own
    unwritten = copy(found.own)  # as if the day's own rules had asked for no page
    unwritten.deeds = copy(found.own.deeds)
    unwritten.deeds.interventions = []
    assert replace(found, own=unwritten).unknown[-1].startswith("At 00:13:")
    record(tmp_path, unhurried.rules(), _Dear)
    dear = what_if(DATE, tmp_path, rules="research")
    told = " ".join(dear.unknown)
    assert "as recorded in 0 of" in told
    assert "0.00 USDT apart" not in told
    assert "Orders that were never sent, or not in that size (" in told
    assert len(dear.resized) > 0


class _Dear(SimExchange):
    """A venue that fills a little worse than its book shows."""

    def obey(self, command: Any, now_ns: int) -> Any:
        return [_worse(told) for told in super().obey(command, now_ns)]

    def on_market(self, event: Any) -> Any:
        return [_worse(told) for told in super().on_market(event)]


def _worse(told: Any) -> Any:
    if not isinstance(told, OrderFilled):
        return told
    worse = 3 if told.fill.side is Side.BUY else -3
    return replace(told, fill=replace(told.fill, price=told.fill.price + worse))


def test_it_begins_with_the_day_and_not_with_a_run(tmp_path: Path) -> None:
    """No run was started on the day: the other rules hold from its first moment all the same."""
    midnight = DAY_1 + DAY
    maker = HomeMaker(tmp_path)
    maker.start(midnight - 5 * MINUTE)
    market = waves(midnight - 5 * MINUTE, midnight + 10 * MINUTE, 10 * SECOND)
    maker.play(market, [buy(midnight - 2 * MINUTE, "20"), close(midnight + MINUTE)])
    maker.play([], [buy(midnight + 10 * MINUTE, "100")])
    maker.close()
    told = what_if("2024-08-06", tmp_path, rules="research")
    assert list(told.resized["at"].dt.minute) == [10]
    assert told.resized["other_qty"][0] > told.resized["own_qty"][0]
    assert {wish.source for wish in told.own.deeds.wishes.values()} == {"operator"}


def test_it_shows_both_ways(found: WhatIf) -> None:
    first, *rest = repr(found).splitlines()
    assert first.startswith(f"{DATE} · Coverage: ")
    assert any("equity under sniper with changes" in line for line in rest)
    assert set(found._repr_mimebundle_()) == {"text/html", "text/plain"}
    figure = found.plot()
    assert [trace.name for trace in figure.data] == ["own rules", "other rules", "refused"]
    assert list(figure.data[1].y) == list(found.other.equity)
    assert len(figure.data[2].x) == len(found.refused)


def test_the_rules_of_the_question_hold_all_day(found: WhatIf) -> None:
    wanted = RulesChanged(DAY_1 + 90 * MINUTE, load("research").text, "0" * 64, "proposed")
    for side, is_heard in ((found.own, True), (found.other, False)):
        seen: list[Any] = []
        side.rerun._seen, side.rerun._is_up = seen.append, True
        side.rerun.take(wanted)
        assert (wanted in [step.event for step in seen]) == is_heard


# -- bad input -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({}, UsageError, "what is to be other"),
        ({"changes": "  "}, UsageError, "what is to be other"),
        ({"changes": "tilt = ["}, ConfigError, "the changes is not valid TOML"),
        ({"changes": "[tilt.levels]\nwarning = 1"}, ConfigError, "tilt.levels.warning is not a"),
        ({"rules": "gentle"}, ConfigError, "no rulebook is named 'gentle'"),
    ],
)
def test_nonsense_is_refused(
    given: dict[str, Any], error: type[Exception], words: str, home: Path
) -> None:
    with pytest.raises(error, match=words):
        what_if(DATE, home, **given)


def test_a_record_that_leads_elsewhere_judges_nobody(tmp_path: Path) -> None:
    maker = HomeMaker(tmp_path)
    maker.engine = Engine(load("research"), seed="7")  # not what is written down
    maker.start(DAY_1)
    maker.play(waves(DAY_1, DAY_1 + 5 * MINUTE, 10 * SECOND), [buy(DAY_1 + MINUTE)])
    maker.close()
    with pytest.raises(EventLogError, match="does not lead to its own decisions"):
        what_if(DATE, tmp_path, rules="research")
    with pytest.raises(UsageError, match="has no data"):
        what_if("2024-08-04", tmp_path, rules="research")
