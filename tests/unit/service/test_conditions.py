"""When line and machine are unfit: each threshold at its edge."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import MILLISECOND, SECOND
from genesis.rules import load
from genesis.service.conditions import (
    CIRCUIT,
    CLOCK,
    CONNECTIVITY,
    DISK,
    LIMITS,
    MEMORY,
    Conditions,
    Seen,
)
from genesis.service.machine import disk_free_bytes, memory_share

_BREAKERS = load("sniper").risk.breakers
assert _BREAKERS is not None and _BREAKERS.system.conditions is not None
RULES = _BREAKERS.system.conditions
MB = 1_000_000
SLOW = 500 * MILLISECOND


def wrong(**seen: Any) -> dict[str, str]:
    found = Conditions(RULES).problems(Seen(**seen))
    return {name: words for name, words in found.items() if words is not None}


def test_nothing_seen_is_nothing_wrong() -> None:
    assert wrong() == {}


@pytest.mark.parametrize(
    ("fit", "unfit", "component", "words"),
    [
        ({"silent_ns": 30 * SECOND}, {"silent_ns": 31 * SECOND}, CONNECTIVITY, "nothing for 31 s"),
        (
            {"limits": (("weight", 5700, 6000),)},
            {"limits": (("orders in 10s", 0, 50), ("weight", 5701, 6000))},
            LIMITS,
            "5701 of 6000 weight are used",
        ),
        ({"disk_free_bytes": 500 * MB}, {"disk_free_bytes": 499 * MB}, DISK, "only 499 MB"),
        (
            {"memory_share": Decimal("0.9")},
            {"memory_share": Decimal("0.91")},
            MEMORY,
            "91% of this machine's memory",
        ),
        ({"silence": None}, {"silence": "be silent"}, LIMITS, "be silent"),
        ({"circuit": None}, {"circuit": "it failed"}, CIRCUIT, "it failed"),
        ({"clock": None}, {"clock": "it is off"}, CLOCK, "it is off"),
    ],
)
def test_each_condition_at_its_edge(
    fit: dict[str, Any], unfit: dict[str, Any], component: str, words: str
) -> None:
    assert wrong(**fit) == {}
    found = wrong(**unfit)
    assert found.keys() == {component}
    assert words in found[component]


@given(st.lists(st.sampled_from([SLOW - 1, SLOW, SLOW + 1]), max_size=40))
def test_five_slow_orders_in_a_row_are_told_once(latencies: list[int]) -> None:
    conditions, in_a_row = Conditions(RULES), 0
    for count in range(1, len(latencies) + 1):
        in_a_row = in_a_row + 1 if latencies[count - 1] > SLOW else 0
        seen = Seen(order_latencies=tuple(latencies[:count]), orders_timed=count)
        told = conditions.slow(seen)
        assert (told is not None) == (in_a_row == 5)
        assert conditions.slow(seen) is None
        if told is not None:
            assert told == "the last 5 orders each took more than 500 ms"
            in_a_row = 0


def test_other_numbers_other_conditions() -> None:
    strict = Conditions(replace(RULES, silent_ns=SECOND))
    assert strict.problems(Seen(silent_ns=2 * SECOND))[CONNECTIVITY] is not None


def test_what_the_machine_says(tmp_path: Path) -> None:
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:  1000 kB\nMemFree:  10 kB\nMemAvailable:  250 kB\n")
    assert memory_share(told) == Decimal("0.75")
    for text in ("", "MemTotal: 0 kB\nMemAvailable: 0 kB\n", "MemTotal: x kB\nMemAvailable: 1 kB"):
        told.write_text(text)
        assert memory_share(told) is None
    assert memory_share(tmp_path / "none") is None
    free = disk_free_bytes(tmp_path)
    assert free is not None and free > 0
    assert disk_free_bytes(tmp_path / "none") is None
