"""While the venue refuses the stop of a position nothing new is entered, and everybody is told."""

from decimal import Decimal

from genesis.domain.events import OrderRejected
from genesis.domain.ids import OrderKey
from genesis.domain.outcomes import OrderRefused
from genesis.rules import parse
from tests.support.engines import SYMBOL, Bench, only, submits
from tests.support.old_rules import text_before_bare_positions_blocked

D = Decimal
WHY = "Filter failure: PRICE_FILTER"


def refuse(bench: Bench, key: OrderKey) -> None:
    bench.tell(OrderRejected(bench.now_ns, key, "-1013", WHY))


def bare(bench: Bench) -> OrderKey:
    """A position whose stop is refused: the key of that stop."""
    (entry,) = submits(bench.buy("12"))
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "60000"))
    refuse(bench, stop.key)
    return stop.key


def retried(bench: Bench) -> OrderKey:
    """The stop that is sent when the venue was given time."""
    before = len(bench.steps)
    bench.later(6)
    ((stop,),) = filter(None, map(submits, bench.steps[before:]))
    return stop.key


def codes(bench: Bench) -> list[str]:
    return [failure.code for failure in bench.engine.gate.forbids(SYMBOL)]


def test_no_entry_in_any_symbol_until_a_stop_rests() -> None:
    bench = Bench(price="60000")
    bare(bench)
    told = {failure.code: failure for failure in bench.engine.gate.forbids("ETH/USDT")}
    assert SYMBOL in told["STOP_REFUSED"].reason and WHY in told["STOP_REFUSED"].reason
    (refused,) = only(bench.buy("8"), OrderRefused)
    assert isinstance(refused, OrderRefused)
    assert [failure.code for failure in refused.failures] == ["STOP_REFUSED"]
    again = retried(bench)
    assert codes(bench) == []  # it is on its way: nobody knows yet
    refuse(bench, again)
    assert codes(bench) == ["STOP_REFUSED"]
    bench.accept(retried(bench))
    assert codes(bench) == []
    assert submits(bench.buy("8"))


def test_it_is_no_evidence_against_the_trader() -> None:
    bench = Bench(price="60000")
    bare(bench)
    for _ in range(5):
        bench.buy("8")
    assert bench.engine.state.tilt.score(bench.now_ns).contributions["rej"] == 0


def test_what_is_sold_needs_none() -> None:
    bench = Bench(price="60000")
    bare(bench)
    (sale,) = submits(bench.act("close", reduces_risk=True))
    bench.accept(sale.key)
    bench.fill(sale, "60000")
    assert codes(bench) == []


def test_runs_from_before_replay_as_they_were_decided() -> None:
    bench = Bench(price="60000")
    bench.rules = parse(text_before_bare_positions_blocked(bench.rules.text))
    bench.engine.set_rules(bench.rules)
    bare(bench)
    assert codes(bench) == []
