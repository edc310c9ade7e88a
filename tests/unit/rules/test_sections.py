"""A section of the rules as a person reads it, and the error that names those there are."""

from decimal import Decimal

import pytest

from genesis.errors import UsageError
from genesis.rules import load
from genesis.rules.sections import rows, words

TEXT = load("sniper").text
D = Decimal


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("risk.tiers.SNIPER.ceiling_usdt", 2000, "2000 USDT"),
        ("risk.tiers.SNIPER.ceiling_usdt", "none", "none"),
        ("risk.daily_loss_fraction", D("0.15"), "0.15 (15 %)"),
        ("tilt.levels.locked_min_s", 14400, "14400 s (4 h)"),
        ("risk.pace.span_s", 10, "10 s"),
        ("risk.streak.pauses_s", [0, 1800, "day"], "0 s, 30 min, day"),
        ("risk.streak.multipliers", [D("0.75"), 0], "0.75, 0 (75 %, 0 %)"),
        ("tiers.reset.hours.SNIPER", 24, "24 hours"),
        ("market.states.multipliers.DEAD", D("0.5"), "0.5 (50 %)"),
        ("tiers.interruptions.halts", True, "yes"),
        ("tilt.score.anchors", [[D("1.2"), 60]], "(1.2, 60)"),
        ("tilt.behaviour.hours.memory", D("0.999"), "0.999"),
    ],
)
def test_the_name_of_a_field_tells_its_unit(path: str, value: object, told: str) -> None:
    assert words(path.split("."), value) == told  # type: ignore[arg-type]


def test_a_section_holds_all_of_its_values_and_a_field_its_own() -> None:
    places = [row.place for row in rows(TEXT, "risk")]
    assert places.index("daily_loss_fraction") < places.index("pace.orders_max")
    assert len(places) == len(set(places)) == len([*rows(TEXT, "risk")])
    [row] = rows(TEXT, "tiers.reset.hours.SNIPER")
    assert (row.place, row.told) == ("SNIPER", "24 hours")


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("foo", "its sections are edits, execution, market, risk, tiers, tilt"),
        ("levels", "perhaps tilt.levels is meant"),
        ("risk.foo", "those of risk are adaptive, breakers"),
        ("risk.pace.foo", "those of risk.pace are orders_max, span_s"),
        ("risk.pace.span_s.foo", "risk.pace.span_s is one value"),
        ("", "its sections are"),
    ],
)
def test_an_unknown_section_is_answered_with_those_there_are(section: str, told: str) -> None:
    with pytest.raises(UsageError, match="no section") as problem:
        rows(TEXT, section)
    assert told in str(problem.value)
