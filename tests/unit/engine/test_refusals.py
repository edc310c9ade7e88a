"""Refusals of a strategy that asks on every tick: told once, counted exactly, changing nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.account import Tier
from genesis.domain.commands import DropTimer, SetTimer
from genesis.domain.events import Event, OperatorActed, RunEnded, TradeTick
from genesis.domain.keeping import RefusalsCounted
from genesis.domain.orders import Side
from genesis.domain.outcomes import OrderRefused, Outcome
from genesis.domain.time import SECOND
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.engine.wakes import REFUSALS_TIMER
from genesis.rules import Rules, load, parse
from genesis.rules.edits import split
from genesis.strategy import Intent
from tests.support.engines import SYMBOL, Bench, only

RULES = load("sniper")
SPAN_NS = RULES.risk.refusals_span_ns
assert SPAN_NS is not None


class Greedy:
    """Wants to buy on every tick."""

    name = "greedy"
    tier = Tier.SNIPER
    bar = None
    wants = frozenset({TradeTick})

    def on_event(self, event: Event, view: object) -> Sequence[Intent]:
        return (Intent(SYMBOL, Side.BUY),)


def greedy() -> Bench:
    """Halted by the operator, beside a strategy that goes on asking."""
    bench = Bench()
    bench.act("halt", reason="enough for today", symbol=None, reduces_risk=True)
    bench.engine.set_strategies((Greedy(),))
    return bench


def facts(bench: Bench, kind: type) -> list[Outcome]:
    return [outcome for step in bench.steps for outcome in only(step, kind)]


def test_the_same_refusal_is_told_once_and_counted_when_its_span_ends() -> None:
    bench = greedy()
    first = bench.tick("60000")
    assert len(only(first, OrderRefused)) == 1
    second = bench.tick("60001")
    assert [c.key for c in second.commands if isinstance(c, SetTimer)] == [REFUSALS_TIMER]
    for price in range(60_002, 60_040):
        assert bench.tick(str(price)) == Step(bench.steps[-1].event)  # nothing to write down
    bench.later(SPAN_NS / SECOND)
    (counted,) = facts(bench, RefusalsCounted)
    assert isinstance(counted, RefusalsCounted)
    assert (counted.source, counted.symbol, counted.count) == ("strategy:greedy", SYMBOL, 39)
    assert counted.ts_ns == first.event.ts_ns + SPAN_NS
    assert counted.since_ns == second.event.ts_ns
    assert "TRADING_HALTED" in counted.codes
    assert only(bench.tick("60050"), OrderRefused)  # told anew in the next span


def test_another_answer_is_told_at_once_behind_the_count_of_the_last() -> None:
    bench = greedy()
    for price in (60_000, 60_001, 60_002):
        bench.tick(str(price))
    bench.reconciled(clean=False)
    step = bench.tick("60003")
    assert [type(outcome) for outcome in step.outcomes] == [RefusalsCounted, OrderRefused]
    assert step.outcomes[0].count == 2  # type: ignore[union-attr]
    assert any(isinstance(c, DropTimer) and c.key == REFUSALS_TIMER for c in step.commands)


def test_what_was_counted_is_told_when_the_run_ends() -> None:
    bench = greedy()
    for price in (60_000, 60_001, 60_002):
        bench.tick(str(price))
    step = bench.tell(RunEnded(bench.now_ns, 1, "stopped"))
    assert [fact.count for fact in only(step, RefusalsCounted)] == [2]  # type: ignore[attr-defined]


def test_the_operator_is_told_every_time() -> None:
    bench = greedy()
    bench.tick("60000")
    for _ in range(3):
        step = bench.buy("20")
        assert [fact.source for fact in only(step, OrderRefused)] == ["operator"]  # type: ignore[attr-defined]


def test_rules_from_before_there_was_a_span_tell_all() -> None:
    text = RULES.text.replace(_table("risk.refusals"), "")
    assert parse(text).risk.refusals_span_ns is None


def _table(name: str) -> str:
    """A table of the canonical text, header and all."""
    start = RULES.text.index(f"[{name}]")
    end = RULES.text.find("\n[", start)
    return RULES.text[start : end + 1]


ACTS = st.lists(st.sampled_from(["tick", "wait", "unclean", "clean", "buy"]), max_size=60)


@settings(max_examples=60, deadline=None)
@given(acts=ACTS)
def test_every_refusal_is_told_or_counted_and_nothing_else_differs(acts: list[str]) -> None:
    bench = greedy()
    for number, act in enumerate(acts):
        match act:
            case "tick":
                bench.tick(str(60_000 + number))
            case "wait":
                bench.later(100)
            case "unclean" | "clean":
                bench.reconciled(clean=act == "clean")
            case "buy":
                bench.buy("20")
    bench.tell(RunEnded(bench.now_ns, 1, "stopped"))
    told = Counter(
        (fact.source, tuple(f.code for f in fact.failures)) for fact in facts(bench, OrderRefused)
    )  # type: ignore[attr-defined]
    for fact in facts(bench, RefusalsCounted):
        told[fact.source, fact.codes] += fact.count  # type: ignore[attr-defined]
    assert told == Counter(_all_refusals(bench))
    assert again(bench, RULES) == bench.steps


def again(bench: Bench, rules: Rules) -> list[Step]:
    """The same events through another engine, the strategy beside it since the halt."""
    engine = Engine(rules, editor=split)
    steps: list[Step] = []
    for step in bench.steps:
        steps.append(engine.handle(step.event))
        if isinstance(step.event, OperatorActed) and step.event.verb == "halt":
            engine.set_strategies((Greedy(),))
    return steps


def _all_refusals(bench: Bench) -> list[tuple[str, tuple[str, ...]]]:
    """What an engine without a span says to the same events."""
    rules = replace(RULES, risk=replace(RULES.risk, refusals_span_ns=None))
    return [
        (fact.source, tuple(failure.code for failure in fact.failures))
        for step in again(bench, rules)
        for fact in step.outcomes
        if isinstance(fact, OrderRefused)
    ]
