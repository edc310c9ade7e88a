"""An edit of the rules: every field knows which way is stricter, and an edit is split by it."""

from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.account import Tier
from genesis.engine.rulebook import Rules
from genesis.errors import ConfigError
from genesis.rules import load, parse
from genesis.rules.book import Source, bind, overlay, read
from genesis.rules.diff import Way, diff, direction, fields_of, inner_table
from genesis.rules.edits import LOCKED, NO_WAIT, split
from genesis.rules.tighter import Tighter

SNIPER = load("sniper")


def document(rules: Rules = SNIPER) -> dict[str, Any]:
    return read("rules", rules.text).document


def edited(text: str, rules: Rules = SNIPER) -> Rules:
    return bind([Source("rules", overlay(document(rules), read("edit", text).document))])


def changed(text: str) -> dict[str, Way]:
    return {".".join(c.path): c.way for c in diff(document(), document(edited(text)))}


def paths(edits: Any) -> set[str]:
    return {edit.path for edit in edits}


# -- every field says which way is stricter --------------------------------------------------
def test_no_field_lacks_a_direction() -> None:
    found = [
        ".".join(path)
        for path, field in fields_of()
        if direction(field) is None
        and (inner_table(field.annotation) is None or not field.is_required())
    ]
    assert found == []


def test_what_must_never_change_is_locked() -> None:
    locked = {".".join(path) for path, field in fields_of() if direction(field) is Tighter.LOCKED}
    assert {
        "tiers.opening.phrase",
        "tilt.override.phrase",
        *(f"tiers.gates.{tier}.ceremony.phrase" for tier in ("SNIPER", "HUNTER", "STRATEGIST")),
    } < locked
    assert {"tiers.course.evaluation_after_s", "tiers.opening_tier", "execution.fee_asset"} < locked


@pytest.mark.parametrize(
    ("edit", "path", "way"),
    [
        ("risk.tiers.SNIPER.position_fraction = 0.04", "risk.tiers.SNIPER.position_fraction", "t"),
        ("risk.tiers.SNIPER.position_fraction = 0.06", "risk.tiers.SNIPER.position_fraction", "l"),
        ("risk.tiers.SNIPER.max_trades_per_day = 'none'", "", "l"),
        ("risk.tiers.ARCHITECT.ceiling_usdt = 5", "risk.tiers.ARCHITECT.ceiling_usdt", "t"),
        ("risk.tiers.SNIPER.drawdown = 'none'", "risk.tiers.SNIPER.drawdown", "l"),
        ("risk.streak = 'none'", "risk.streak", "l"),
        ("risk.streak.pauses_s = [0, 1800, 'day', 'day']", "risk.streak.pauses_s", "t"),
        ("risk.streak.pauses_s = [0, 1800, 60, 'day']", "risk.streak.pauses_s", "l"),
        ("risk.streak.losses = [1, 2, 3, 4]", "risk.streak.losses", "t"),
        ("risk.cap.counts_held = false", "risk.cap.counts_held", "l"),
        ("tiers.gates.SNIPER.days_at_tier = 31", "tiers.gates.SNIPER.days_at_tier", "t"),
        ("tiers.gates.HUNTER.drills.names = ['a', 'recovery_drill']", "", "t"),
        ("tiers.gates.HUNTER.drills.names = ['a']", "tiers.gates.HUNTER.drills.names", "l"),
        ("tiers.features.SNIPER.order_types = ['LIMIT']", "", "t"),
        ("tiers.features.SNIPER.names = ['anything']", "tiers.features.SNIPER.names", "l"),
        ("tiers.features.HUNTER.names = ['iceberg_hunter']", "tiers.features.HUNTER.names", "l"),
        ("tiers.interruptions.halts = false", "tiers.interruptions.halts", "k"),
        ("tiers.modes.EMERGENCY.cap_usdt = 11", "tiers.modes.EMERGENCY.cap_usdt", "l"),
        ("tilt.priors.gap.median = 601", "tilt.priors.gap.median", "l"),
        ("tilt.indicators.reent.weight = 60", "tilt.indicators.reent.weight", "l"),
        ("tilt.indicators.reent.weight = 0", "tilt.indicators.reent.weight", "l"),
        ("tilt.indicators.gap.half_life_s = 1", "tilt.indicators.gap.half_life_s", "l"),
        ("tilt.indicators.gap.half_life_s = 90000", "tilt.indicators.gap.half_life_s", "l"),
        ("tilt.indicators.joint.slack_sd = 0", "tilt.indicators.joint.slack_sd", "l"),
        ("tilt.indicators.joint.slack_sd = 9", "tilt.indicators.joint.slack_sd", "l"),
        ("risk.notify_at_fraction = 0.3", "risk.notify_at_fraction", "l"),
        ("risk.notify_at_fraction = 0.9", "risk.notify_at_fraction", "l"),
        ("tilt.override.phrase = 'ok'", "tilt.override.phrase", "k"),
        ("edits.wait_days = 6", "edits.wait_days", "l"),
        ("edits.wait_days = 8", "edits.wait_days", "t"),
    ],
)
def test_a_change_goes_one_way(edit: str, path: str, way: str) -> None:
    found = changed(edit)
    assert list(found.values()) == [{"t": Way.TIGHTENS, "l": Way.LOOSENS, "k": Way.LOCKED}[way]]
    assert path in ("", *found)


def test_a_list_of_another_length_counts_as_looser_as_a_whole() -> None:
    streak = "risk.streak = {losses = [2, 5], multipliers = [0.5, 0], pauses_s = [0, 'day']}"
    assert set(changed(streak).values()) == {Way.LOOSENS}


def test_a_limit_that_was_off_is_stricter_when_it_is_on() -> None:
    off = document(edited("tilt.interventions.confirm_s = 'none'\nrisk.streak = 'none'"))
    found = {".".join(change.path): change.way for change in diff(off, document())}
    assert found == {"tilt.interventions.confirm_s": Way.TIGHTENS, "risk.streak": Way.TIGHTENS}


# -- the split -------------------------------------------------------------------------------
MIXED = """
risk.tiers.SNIPER.position_fraction = 0.04
risk.tiers.SNIPER.exposure_fraction = 0.10
tilt.override.phrase = "ok"
"""


def test_a_mixed_edit_is_split_and_never_turned_down_as_a_whole() -> None:
    found = split(SNIPER, edited(MIXED).text)
    assert paths(found.now) == {"risk.tiers.SNIPER.position_fraction"}
    assert paths(found.later) == {"risk.tiers.SNIPER.exposure_fraction"}
    assert [(e.path, e.old, e.new, e.why) for e in found.never] == [
        ("tilt.override.phrase", "I ACCEPT THE RISKS", "ok", LOCKED)
    ]
    held, due = (rules.risk.tiers[Tier.SNIPER] for rules in (found.held, found.due))
    assert (held.position_fraction, held.exposure_fraction) == (Decimal("0.04"), Decimal("0.05"))
    assert (due.position_fraction, due.exposure_fraction) == (Decimal("0.04"), Decimal("0.10"))
    assert found.due.tilt.override == SNIPER.tilt.override


def test_the_same_rules_are_no_edit() -> None:
    found = split(SNIPER, SNIPER.text)
    assert (found.now, found.later, found.never) == ((), (), ())
    assert found.held is found.due is SNIPER


def test_a_stricter_bound_that_does_not_fit_yet_waits_with_the_looser_one() -> None:
    """A floor above the present ceiling: neither may be lost, and no rulebook may be broken."""
    edit = "tilt.reading.compression_min = 0.6\ntilt.reading.compression_max = 0.7"
    found = split(SNIPER, edited(edit).text)
    assert found.now == found.never == ()
    assert paths(found.later) == {"tilt.reading.compression_min", "tilt.reading.compression_max"}
    assert found.due == edited(edit)


def test_what_older_rules_did_not_know_holds_at_once() -> None:
    old = document()
    del old["edits"], old["risk"]["pace"]
    found = split(bind([Source("old", old)]), SNIPER.text)
    assert paths(found.now) == {"edits", "risk.pace"}
    assert (found.later, found.held) == ((), SNIPER)


IN_DOUBT = """
risk.notify_at_fraction = 0.3
tilt.indicators.reent = {weight = 60, half_life_s = 86400, slack_sd = 0}
"""


def _before_doubt_waited() -> Rules:
    old = document()
    del old["edits"]["doubt"]
    return bind([Source("old", old)])


def test_an_edit_recorded_before_doubt_waited_is_split_as_it_was() -> None:
    held = _before_doubt_waited()
    found = split(held, edited(IN_DOUBT, held).text)
    assert len(found.now) == 4 and found.later == found.never == ()


def test_nothing_in_doubt_comes_in_with_the_rule_that_it_waits() -> None:
    found = split(_before_doubt_waited(), edited(IN_DOUBT).text)
    assert paths(found.now) == {"edits.doubt"}
    assert len(found.later) == 4
    assert found.held == SNIPER


def test_rules_from_before_a_check_can_be_made_stricter_all_the_same() -> None:
    text = SNIPER.text.replace("score_max = 79", "score_max = 85")
    with pytest.raises(ConfigError, match="score_max must be below"):
        bind([read("a file", text)])
    held = parse(text)
    found = split(held, edited("[risk]\ndaily_loss_fraction = 0.10").text)
    assert "risk.daily_loss_fraction" in paths(found.now)
    assert found.held.risk.daily_loss_fraction == Decimal("0.10")
    assert not found.never


def test_rules_that_name_no_wait_cannot_be_loosened() -> None:
    old = document()
    del old["edits"]
    held = bind([Source("old", old)])
    found = split(held, edited("risk.pace.orders_max = 50", held).text)
    assert [edit.why for edit in found.never] == [NO_WAIT]
    assert found.later == () and found.due == held


def test_a_wanted_text_that_is_no_rulebook_is_an_error() -> None:
    with pytest.raises(ConfigError, match="the wanted rules"):
        split(SNIPER, "name = 'x'")


# -- any edit --------------------------------------------------------------------------------
@cache
def _numbers() -> list[tuple[tuple[str, ...], Any]]:
    """Every field of the shipped rules that holds one number or a list of them."""

    def walk(table: dict[str, Any], path: tuple[str, ...]) -> Any:
        for name, value in sorted(table.items()):
            if isinstance(value, dict):
                yield from walk(value, (*path, name))
            elif all(type(one) in (int, Decimal) for one in _listed(value)):
                yield (*path, name), value

    return list(walk(document(), ()))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


FACTORS = st.sampled_from([Decimal("0.5"), Decimal("0.9"), Decimal("1.1"), Decimal(2)])


def _scaled(value: Any, factor: Decimal) -> Any:
    if isinstance(value, list):
        return [_scaled(one, factor) for one in value]
    return int(value * factor) if isinstance(value, int) else value * factor


@st.composite
def edits(draw: st.DrawFn) -> Rules:
    """Some fields of the shipped rules multiplied by something, where that is a rulebook."""
    wanted = document()
    for path, value in draw(st.lists(st.sampled_from(_numbers()), min_size=1, max_size=6)):
        table = wanted
        for name in path[:-1]:
            table = table[name]
        before = table[path[-1]]
        table[path[-1]] = _scaled(value, draw(FACTORS))
        try:
            bind([Source("edit", wanted)])
        except ConfigError:
            table[path[-1]] = before
    return bind([Source("edit", wanted)])


@settings(max_examples=60, deadline=None)
@given(wanted=edits())
def test_nothing_is_lost_and_nothing_is_looser_at_once(wanted: Rules) -> None:
    found = split(SNIPER, wanted.text)
    differs = {".".join(change.path) for change in diff(document(), document(wanted))}
    parts = [paths(part) for part in (found.now, found.later, found.never)]
    assert set().union(*parts) == differs
    assert sum(map(len, parts)) == len(differs)
    now = diff(document(), document(found.held))
    assert {change.way for change in now} <= {Way.TIGHTENS}
    if not found.never:
        assert found.due.text == wanted.text
    assert parse(found.held.text) == found.held


@settings(max_examples=60, deadline=None)
@given(wanted=edits())
def test_a_stricter_edit_makes_every_limit_stricter_or_equal(wanted: Rules) -> None:
    held = split(SNIPER, wanted.text).held
    for tier in Tier:
        before, after = SNIPER.risk.tiers[tier], held.risk.tiers[tier]
        for name in ("position_fraction", "risk_fraction", "exposure_fraction"):
            assert getattr(after, name) <= getattr(before, name)
        assert after.max_trades_per_day <= before.max_trades_per_day
        for name in ("info_usdt", "warning_usdt", "critical_usdt", "halt_usdt"):
            assert getattr(after.drawdown, name) <= getattr(before.drawdown, name)
    assert held.risk.daily_loss_fraction <= SNIPER.risk.daily_loss_fraction
    assert held.tilt.recovery.limited_ns >= SNIPER.tilt.recovery.limited_ns
    assert held.edits.wait_ns >= SNIPER.edits.wait_ns


@settings(max_examples=60, deadline=None)
@given(wanted=edits())
def test_to_take_a_stricter_field_back_is_looser(wanted: Rules) -> None:
    back = {c.path: c.way for c in diff(document(wanted), document())}
    for change in diff(document(), document(wanted)):
        if change.way is Way.TIGHTENS:
            assert back[change.path] is Way.LOOSENS


@settings(max_examples=40, deadline=None)
@given(wanted=edits())
def test_when_its_time_came_nothing_is_left_of_an_edit(wanted: Rules) -> None:
    found = split(SNIPER, wanted.text)
    again = split(found.due, wanted.text)
    assert paths(again.now) | paths(again.later) == set()
    assert paths(again.never) == paths(found.never)
