"""Which rules are in force: a fold of the log, with at most one set of looser ones that waits."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.account import Tier, TiltLevel
from genesis.domain.edits import RulesEdited
from genesis.domain.events import FeedLost, FeedRestored, OperatorActed, RulesChanged, RunStarted
from genesis.domain.outcomes import TiltLevelChanged
from genesis.domain.time import DAY, HOUR, SECOND
from genesis.engine.engine import Engine
from genesis.engine.rule_edits import FILE, PROPOSED, VERSION
from genesis.engine.rulebook import Rules
from genesis.engine.step import Step
from genesis.errors import InvariantBroken
from genesis.rules import load, parse
from genesis.rules.book import Source, bind, read
from genesis.rules.edits import split
from tests.support.engines import T0, Bench, only
from tests.unit.rules.test_edits import edited

D = Decimal
LOOSER = "risk.tiers.SNIPER.position_fraction = 0.06"
STRICTER = "risk.tiers.SNIPER.position_fraction = 0.04"
WEEK = 7 * DAY


def want(bench: Bench, edit: str, reason: str = FILE) -> list[RulesEdited]:
    """Wanted are the shipped rules with an edit."""
    return told(want_step(bench, edited(edit), reason))


def want_step(bench: Bench, rules: Rules, reason: str = FILE) -> Step:
    return bench.tell(RulesChanged(bench.now_ns, rules.text, rules.sha256, reason))


def told(step: Step) -> list[RulesEdited]:
    return only(step, RulesEdited)  # type: ignore[return-value]


def all_told(bench: Bench) -> list[str]:
    return [fact.what for step in bench.steps for fact in told(step)]


def position_fraction(bench: Bench) -> Decimal:
    return bench.engine.state.rules.risk.tiers[Tier.SNIPER].position_fraction


# -- what holds at once ----------------------------------------------------------------------
def test_a_stricter_rule_holds_at_once_and_the_next_order_feels_it() -> None:
    bench = Bench()
    found = want(bench, STRICTER)
    assert [fact.what for fact in found] == ["HELD"]
    assert parse(found[0].text) == bench.engine.state.rules
    assert position_fraction(bench) == D("0.04")
    approved = next(o for o in bench.buy().outcomes if hasattr(o, "request"))
    assert approved.request.qty * D(67453) <= 20


def test_a_locked_field_is_refused_and_nothing_waits_for_it() -> None:
    bench = Bench()
    found = want(bench, "tilt.override.phrase = 'ok'")
    assert [fact.what for fact in found] == ["REFUSED"]
    assert bench.engine.discipline.edits.pending is None


@pytest.mark.parametrize("edit", ["tilt.override.phrase = 'ok'", LOOSER])
def test_a_refused_wish_leaves_the_rules_as_they_are_its_name_included(edit: str) -> None:
    bench = Bench()
    bench.act("halt", reason="I need a break")
    before = bench.engine.state.rules
    found = want(bench, f"name = 'mine'\n{edit}", PROPOSED)
    assert bench.engine.state.rules is before and before.name == "sniper"
    assert {fact.what for fact in found} <= {"REFUSED", "PENDING", "CANCELLED"}
    assert "name" in {change.path for change in found[-1].edits}


def test_a_name_comes_with_what_it_names() -> None:
    bench = Bench()
    want(bench, f"name = 'mine'\n{LOOSER}")
    assert bench.engine.state.rules.name == "sniper"
    bench.later(7 * 86_400)
    assert bench.engine.state.rules.name == "mine" and position_fraction(bench) == D("0.06")


def test_under_rules_from_before_a_name_is_taken_at_once_as_it_was() -> None:
    document = read("rules", load("sniper").text).document
    del document["edits"]["names"]
    bench = Bench()
    bench.engine.set_rules(bind([Source("rules", document)]))
    bench.act("halt", reason="I need a break")
    document["name"] = "mine"
    document["risk"]["tiers"]["SNIPER"]["position_fraction"] = D("0.06")
    found = told(want_step(bench, bind([Source("rules", document)])))
    assert [fact.what for fact in found] == ["HELD", "PENDING", "CANCELLED"]
    assert bench.engine.state.rules.name == "mine"


def test_what_is_foreseen_is_what_a_wish_leads_to_and_changes_nothing() -> None:
    bench = Bench()
    for edit in (STRICTER, LOOSER, LOOSER, "risk.pace.orders_max = 50", ""):
        wanted = edited(edit)
        edits, before = bench.engine.discipline.edits, bench.engine.state.rules
        waiting = edits.pending
        found = edits.foreseen(bench.now_ns, wanted.text)
        assert edits.pending is waiting and bench.engine.state.rules is before
        assert told(want_step(bench, wanted)) == list(found.facts)
        assert edits.pending == found.pending


# -- what waits ------------------------------------------------------------------------------
def test_a_looser_rule_holds_seven_days_later_to_the_nanosecond() -> None:
    bench = Bench()
    asked_ns = bench.now_ns
    [fact] = want(bench, LOOSER)
    assert (fact.what, fact.until_ns, fact.text) == ("PENDING", asked_ns + WEEK, "")
    bench.later(7 * 86_400 - 1)
    assert position_fraction(bench) == D("0.05")
    bench.later(1)
    assert position_fraction(bench) == D("0.06")
    last = next(fact for step in reversed(bench.steps) for fact in told(step))
    assert (last.what, last.ts_ns) == ("HELD_LATER", asked_ns + WEEK)
    assert bench.engine.state.rules.text == edited(LOOSER).text


def test_the_wait_is_that_of_the_rules_in_force_not_of_the_wanted_ones() -> None:
    bench = Bench()
    [fact] = want(bench, f"{LOOSER}\nedits.wait_days = 1")
    assert fact.until_ns == bench.now_ns + WEEK
    assert {edit.path for edit in fact.edits} == {
        "risk.tiers.SNIPER.position_fraction",
        "edits.wait_days",
    }


def test_the_same_wish_again_neither_begins_anew_nor_says_anything() -> None:
    bench = Bench()
    [first] = want(bench, LOOSER)
    bench.later(3 * 86_400)
    assert want(bench, LOOSER) == []
    assert bench.engine.discipline.edits.pending.until_ns == first.until_ns


def test_something_stricter_beside_it_takes_the_name_along_and_begins_no_wait_anew() -> None:
    bench = Bench()
    [first] = want(bench, f"name = 'mine'\n{LOOSER}")
    bench.later(6 * 86_400)
    [held] = want(bench, f"name = 'mine'\n{LOOSER}\nrisk.pace.orders_max = 30")
    assert (held.what, {edit.path for edit in held.edits}) == (
        "HELD",
        {"name", "risk.pace.orders_max"},
    )
    assert bench.engine.discipline.edits.pending.until_ns == first.until_ns
    bench.later(86_400)
    assert position_fraction(bench) == D("0.06") and bench.engine.state.rules.name == "mine"


def test_another_wish_takes_the_place_of_the_first_and_waits_anew() -> None:
    bench = Bench()
    want(bench, LOOSER)
    bench.later(6 * 86_400)
    withdrawn, pending = want(bench, "risk.tiers.SNIPER.position_fraction = 0.10")
    assert (withdrawn.what, pending.what) == ("WITHDRAWN", "PENDING")
    assert pending.until_ns == bench.now_ns + WEEK
    bench.later(86_400)
    assert position_fraction(bench) == D("0.05")


def test_a_wish_taken_back_withdraws_what_waited() -> None:
    bench = Bench()
    want(bench, LOOSER)
    [fact] = told(want_step(bench, load("sniper")))
    assert fact.what == "WITHDRAWN"
    bench.later(8 * 86_400)
    assert position_fraction(bench) == D("0.05")


def test_a_restart_under_the_rules_in_force_keeps_the_wait() -> None:
    bench = Bench()
    want(bench, f"{LOOSER}\nrisk.pace.orders_max = 30")
    bench.later(86_400)
    held = bench.rules = bench.engine.state.rules
    assert held.risk.pace.orders == 30
    assert told(bench.start(2)) == []
    bench.reconciled()
    bench.later(6 * 86_400)
    assert position_fraction(bench) == D("0.06")


def test_a_run_under_foreign_rules_is_obeyed_and_ends_the_wait() -> None:
    """So were homes recorded before edits were split."""
    bench = Bench()
    want(bench, LOOSER)
    other = bench.rules = edited("risk.pace.orders_max = 50")
    bench.engine.set_rules(other)
    assert [fact.what for fact in told(bench.start(2))] == ["WITHDRAWN"]
    assert bench.engine.discipline.edits.file_sha256 == other.sha256


# -- what the settings name ------------------------------------------------------------------
def test_a_proposal_does_not_count_as_what_the_settings_name() -> None:
    bench = Bench()
    sniper = load("sniper").sha256
    assert bench.engine.discipline.edits.file_sha256 == sniper
    want(bench, STRICTER, PROPOSED)
    assert bench.engine.discipline.edits.file_sha256 == sniper
    want(bench, STRICTER, FILE)
    assert bench.engine.discipline.edits.file_sha256 == edited(STRICTER).sha256


# -- what ends the wait ----------------------------------------------------------------------
def lose(bench: Bench, price: str = "30000") -> None:
    if bench.engine.view.positions:
        return
    bench.open_position()
    for _ in range(4):  # confirmed by several marks
        bench.now_ns += SECOND
        bench.tick(price)


def test_a_losing_day_over_two_percent_ends_it_and_one_below_does_not() -> None:
    for price, what in (("41000", "PENDING"), ("38000", "CANCELLED")):
        bench = Bench()
        want(bench, LOOSER)
        lose(bench, price)  # 25 USDT bought: 9.8 and 10.9 of 500 USDT lost, fees included
        bench.later(DAY / SECOND)
        assert all_told(bench)[-1] == what
    assert bench.engine.discipline.edits.cancelled.reason == "a losing day"
    bench.later(8 * 86_400)
    assert position_fraction(bench) == D("0.05")


def test_a_halt_ends_it_at_once() -> None:
    bench = Bench()
    want(bench, LOOSER)
    step = bench.act("halt", reason="I need a break")
    [fact] = told(step)
    assert (fact.what, fact.edits[0].path) == ("CANCELLED", "risk.tiers.SNIPER.position_fraction")
    assert "halted" in fact.reason


def test_a_silent_feed_is_not_his_doing() -> None:
    bench = Bench()
    want(bench, LOOSER)
    bench.tell(FeedLost(bench.now_ns, "market", "gone"))
    bench.later(60)
    restored = bench.tell(FeedRestored(bench.now_ns, "market"))
    assert any(getattr(fact, "level", None) == "SYSTEM" for fact in restored.outcomes)
    assert bench.engine.discipline.edits.pending is not None


def tilted(bench: Bench) -> None:
    """Acts that lead to WARNING: overrides and stops moved away."""
    for _ in range(40):
        if bench.engine.state.tilt.state.level in (TiltLevel.WARNING, TiltLevel.LOCKED):
            return
        bench.now_ns += 30 * SECOND
        kinds = {"stop_old": D(90), "stop_new": D(50), "entry": D(100)}
        bench.tell(OperatorActed(bench.now_ns, "STOP_MODIFY", symbol="BTC/USDT", **kinds))
        bench.tell(OperatorActed(bench.now_ns, "OVERRIDE_ATTEMPT", reason="accepted"))
    raise AssertionError("he stays calm")


def test_a_warning_ends_it_and_what_is_wanted_in_one_never_waits() -> None:
    bench = Bench()
    want(bench, LOOSER)
    tilted(bench)
    cancelled = bench.engine.discipline.edits.cancelled
    moved = [o for s in bench.steps for o in s.outcomes if isinstance(o, TiltLevelChanged)]
    assert cancelled.reason.startswith("tilt reached ") and cancelled.ts_ns == moved[-1].ts_ns
    facts = want(bench, "risk.tiers.SNIPER.position_fraction = 0.07")
    assert [fact.what for fact in facts] == ["PENDING", "CANCELLED"]
    assert bench.engine.discipline.edits.pending is None
    assert [fact.what for fact in want(bench, STRICTER)] == ["HELD"]  # stricter holds even then


def test_what_was_cancelled_is_told_until_something_is_wanted_anew() -> None:
    bench = Bench()
    want(bench, LOOSER)
    bench.act("halt", reason="I need a break")
    assert bench.engine.discipline.edits.cancelled is not None
    want(bench, STRICTER)
    assert bench.engine.discipline.edits.cancelled is None


# -- evidence --------------------------------------------------------------------------------
def test_to_loosen_after_a_losing_session_is_evidence_and_a_version_is_not() -> None:
    scores = {}
    for reason in (FILE, VERSION):
        bench = Bench()
        bench.open_position()
        stop = next(iter(bench.engine.state.execution.orders.all_working()))
        bench.fill(type("Sent", (), {"key": stop.key, "request": stop.request}), "60000")
        bench.later(HOUR / SECOND)
        want(bench, "risk.pace.orders_max = 50", reason)
        scores[reason] = bench.engine.state.tilt.score(bench.now_ns).raw
    assert scores[FILE] > scores[VERSION]


# -- the fold --------------------------------------------------------------------------------
def test_an_engine_without_an_editor_keeps_its_rules() -> None:
    rules = load("sniper")
    engine = Engine(rules)
    engine.handle(RunStarted(T0, 1, rules.name, rules.text, rules.sha256, "code", "0"))
    with pytest.raises(InvariantBroken, match="cannot change its rules"):
        engine.handle(RulesChanged(T0, rules.text, rules.sha256, FILE))


WISHES = st.sampled_from(
    [
        "",
        STRICTER,
        LOOSER,
        "risk.tiers.SNIPER.position_fraction = 0.10",
        f"{LOOSER}\nrisk.pace.orders_max = 30",
        "risk.pace.orders_max = 50\ntilt.override.phrase = 'ok'",
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("want"), WISHES),
        st.tuples(st.just("wait"), st.sampled_from([60, 86_400, 4 * 86_400, 7 * 86_400])),
        st.tuples(st.just("lose"), st.just("")),
        st.tuples(st.just("halt"), st.just("")),
    ),
    max_size=7,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_a_cap_never_rises_but_seven_calm_days_after_it_was_asked_for(steps: list) -> None:
    """I12: And the log alone makes the same rules, the same wait and the same facts again."""
    bench = Bench()
    asked: dict[Decimal, int] = {}
    before = position_fraction(bench)
    for what, given_ in steps:
        match what:
            case "want":
                rules = edited(given_)
                fraction = rules.risk.tiers[Tier.SNIPER].position_fraction
                asked.setdefault(fraction, bench.now_ns)
                want_step(bench, rules)
            case "wait":
                bench.later(given_)
            case "lose" if bench.engine.state.risk.drawdown.halted is None:
                lose(bench)
            case "halt":
                bench.act("halt", reason="I need a break")
                assert bench.engine.discipline.edits.pending is None
        now = position_fraction(bench)
        if now > before:
            assert bench.now_ns - asked[now] >= WEEK
        before = now
    again = Engine(load("sniper"), editor=split)
    for step in bench.steps:
        assert again.handle(step.event) == step
    assert again.state.rules == bench.engine.state.rules
    assert again.discipline.edits.pending == bench.engine.discipline.edits.pending
