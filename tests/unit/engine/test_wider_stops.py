"""A stop moves away from the price only so far as a new entry might lose."""

from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.outcomes import CommandAnswered
from genesis.rules import parse
from genesis.rules.edits import split
from tests.support.closed_homes import NARROW
from tests.support.engines import SYMBOL, Bench, cancels, only, submits
from tests.support.old_rules import text_before_wider_stops_were_limited

D = Decimal
TICK = D("0.01")
BOOK = NARROW.replace("amount = 0.5", "amount = 2")


def ask(bench: Bench, price: str | Decimal) -> CommandAnswered:
    """What a stop at the price is answered; one that moves rests at the venue then."""
    step = bench.act("stop", "STOP_MODIFY", stop_new=D(price))
    (answer,) = only(step, CommandAnswered)
    for cancel in cancels(step):
        for stop in submits(bench.cancelled(cancel.key)):
            bench.accept(stop.key)
    assert answer.accepted is (bench.engine.state.execution.protector.stops[SYMBOL] == D(price))
    return answer


def lowest(bench: Bench) -> Decimal:
    """What the refusal of a stop that is far too wide names; nothing below it is accepted."""
    answer = ask(bench, "30000")
    assert not answer.accepted
    found = D(answer.text.rsplit(" ", 1)[1])
    assert not ask(bench, found - TICK).accepted
    assert ask(bench, found).accepted
    return found


def at_risk(bench: Bench, price: str = "67453") -> Decimal:
    """Below this price, at the stop: fees and slippage included."""
    position = bench.engine.view.position(SYMBOL)
    stop = bench.engine.state.execution.protector.stops[SYMBOL]
    return position.qty * (D(price) * D("1.0025") - stop)


def with_rules(folder: Path, text: str) -> Bench:
    path = folder / "mine.toml"
    path.write_text(text)
    return Bench(str(path))


def test_at_the_lowest_stop_no_more_is_lost_than_one_trade_may_risk() -> None:
    bench = Bench()
    bench.open_position()
    assert "more could be lost than one trade may risk now" in ask(bench, "31000").text
    lowest(bench)
    most = D("0.010") * bench.engine.view.equity_usdt
    assert most - D("0.01") < bench.engine.view.open_risk_usdt == at_risk(bench) <= most


def test_a_move_toward_the_price_is_never_refused_for_what_it_still_risks() -> None:
    bench = Bench()
    bench.open_position()
    wide = lowest(bench)
    for _ in range(2):  # sizes are smaller now, and so is what one trade may risk
        bench.engine.state.risk.trade_closed(bench.now_ns, D(-1), None, D(5))
    told = ask(bench, wide - 1).text
    assert told.startswith("only a tighter stop is possible now")
    assert told.endswith("more could be lost than one trade may risk now")
    assert ask(bench, wide + TICK).accepted


def test_what_all_positions_may_risk_together_holds_for_a_stop_too(tmp_path: Path) -> None:
    bench = with_rules(tmp_path, "[risk.open_risk]\nfactor = 0.5\n")
    bench.open_position()
    assert "than all positions may risk together" in ask(bench, "31000").text
    lowest(bench)
    limit = D("0.005") * bench.engine.view.equity_usdt
    assert limit - D("0.01") < bench.engine.view.open_risk_usdt <= limit


@pytest.mark.parametrize("price", ["67453", "68000"])
def test_a_rulebook_counts_what_is_lost_from_now(tmp_path: Path, price: str) -> None:
    (tmp_path / "narrow.toml").write_text(BOOK)
    bench = with_rules(tmp_path, f'books = ["{tmp_path / "narrow.toml"}"]\n')
    bench.open_position()
    bench.tick(price)
    assert "than the rulebook leaves" in ask(bench, "31000").text
    lowest(bench)
    left = (bench.engine.view.equity_usdt - 498) / 2
    assert left - D("0.01") < at_risk(bench, price) <= left


def test_what_old_rules_let_through_is_decided_as_it_was() -> None:
    bench = Bench()
    bench.rules = parse(text_before_wider_stops_were_limited(bench.rules.text))
    bench.engine.set_rules(bench.rules)
    bench.start(2)
    bench.reconciled()
    bench.open_position()
    assert ask(bench, "31000").accepted
    found = split(bench.rules, Bench().rules.text)
    assert [edit.path for edit in found.now] == ["execution.wider_stops"]
