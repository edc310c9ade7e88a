"""What the rest of a broken log tells of the account, and that a fork goes on with it."""

from decimal import Decimal
from pathlib import Path

import pytest

from genesis.cli.main import main
from genesis.domain.edits import RulesEdited
from genesis.domain.events import FlowReported, OrderFilled
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.keeping import Broke, Carried, DayBegun, LogForked
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.domain.outcomes import AlertRaised, DayStarted, OrderApproved
from genesis.domain.time import DAY, HOUR
from genesis.engine.engine import Engine
from genesis.service.carrying import Rest
from genesis.store.codec import Record
from tests.support.engines import SYMBOL, T0, Bench
from tests.unit.cli.test_recover_cli import broken_home, past
from tests.unit.engine.test_forked_account import STRICTER, want
from tests.unit.rules.test_edits import SNIPER

D = Decimal
T = 20_000 * DAY + HOUR
TODAY = 20_000


def carried(*records: Record) -> Carried:
    found = Rest()
    found.take(records)
    return found.carried(T)


def approved(number: int, purpose: Purpose = Purpose.ENTRY) -> OrderApproved:
    request = OrderRequest(SYMBOL, Side.BUY, OrderType.MARKET, D(1), purpose)
    return OrderApproved(T, OrderKey(1, 1 + number), request)


def filled(number: int, ts_ns: int = T) -> OrderFilled:
    fill = Fill(SYMBOL, Side.BUY, 1, D(1), D(1), D(0), "BTC", Liquidity.TAKER)
    return OrderFilled(ts_ns, OrderKey(1, 1 + number), fill)


def test_the_baseline_of_the_last_day_is_carried_with_what_had_come_in_by_then() -> None:
    found = carried(
        FlowReported(T - 2, "USDT", D(100), "deposit", "1"),
        DayStarted(T - DAY, TODAY - 1, D(700)),
        FlowReported(T - 1, "USDT", D(-30), "withdrawal", "2"),
        DayStarted(T, TODAY, D(600)),
        FlowReported(T + 1, "USDT", D(5), "deposit", "3"),
    )
    assert found.begun == DayBegun(TODAY, D(600), (("USDT", D(70)),))


def test_entries_of_the_rest_count_once_each_on_the_day_of_their_first_fill() -> None:
    found = carried(
        *(approved(number) for number in range(3)),
        approved(3, Purpose.PROTECT),
        filled(0, T - DAY),
        filled(1),
        filled(1, T + 1),
        filled(3),
        filled(4),  # an order of the sound part: the venue tells of it
    )
    assert (found.entries, found.entries_day) == (1, TODAY)


def test_a_broken_floor_is_carried_as_such_and_as_no_row_of_the_drawdown() -> None:
    found = carried(
        AlertRaised(T, "RULEBOOK_NEAR", "narrow.max_loss_static", D(8), D(10)),
        AlertRaised(T, "RULEBOOK_BREACH", "narrow.max_loss_static", D(11), D(10)),
        AlertRaised(T, "WARNING", "day", D(1), D(1)),
    )
    assert found.broke == (Broke("narrow.max_loss_static", T),)
    assert found.alerts == ("WARNING",)


@pytest.mark.parametrize(
    ("text", "taken"),
    [(SNIPER.text, True), ("name = 7", False), ("a = " + "[" * 3000, False)],
)
def test_rules_that_held_last_are_carried_where_they_can_be_read(text: str, taken: bool) -> None:
    found = carried(RulesEdited(T, "HELD", (), text=text), RulesEdited(T, "CANCELLED", ()))
    assert found.rules_text == (text if taken else "")


def test_what_a_fork_in_the_rest_had_carried_is_carried_on() -> None:
    before = Carried(
        begun=DayBegun(TODAY, D(600), (("USDT", D(1)),)),
        entries=2,
        entries_day=TODAY,
        broke=(Broke("narrow.max_loss_static", T),),
    )
    found = carried(
        FlowReported(T - 2, "USDT", D(100), "deposit", "1"),
        LogForked(T, "x", "why", T, carried=before),
        DayStarted(T + 1, TODAY, D(500)),  # begun anew after the fork, with less
        approved(0),
        filled(0),
    )
    assert found.begun == DayBegun(TODAY, D(600), (("USDT", D(101)),))
    assert (found.entries, found.entries_day, found.broke) == (3, TODAY, before.broke)


def lived(bench: Bench) -> None:
    """A day begins, rules are made stricter, and a trade is opened."""
    bench.later(DAY / 10**9)
    want(bench, STRICTER)
    bench.tick("67453")
    bench.open_position("67453")


def recovered(home: Path) -> Engine:
    assert main(["recover", "--yes", "--home", str(home)]) == 0
    engine = past(home).engine
    assert engine is not None
    return engine


def test_a_recovered_account_goes_on_with_its_day_and_its_rules(tmp_path: Path, capsys) -> None:
    home = broken_home(tmp_path / "home", rest=lived)
    state = recovered(home).state
    said = capsys.readouterr().out
    for words in ("counts from its start at 2,000.00 USDT", "trades of this day in the rest count"):
        assert words in said
    assert "rules were changed in the rest" in said
    assert state.risk.trades_today(T0 + DAY, 0) == 1
    assert state.limits.position_fraction == D("0.01")


def test_a_day_that_is_not_here_yet_hides_nothing_of_this_one() -> None:
    """One changed digit of a stamp is no way to forget what today has lost and traded."""
    ahead = TODAY + 1_000
    found = carried(
        *(approved(number) for number in range(3)),
        DayStarted(T, TODAY, D(600)),
        filled(0),
        DayStarted(T, ahead, D(1)),
        filled(1, ahead * DAY),
        filled(2),
    )
    assert found.begun == DayBegun(TODAY, D(600), ())
    assert (found.entries, found.entries_day) == (2, TODAY)
