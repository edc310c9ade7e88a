from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from genesis.domain.account import Tier
from genesis.rules import load
from genesis.tiers.gate_facts import TierFacts
from genesis.tiers.gates import all_passed, evaluate

TABLE = load("sniper").tiers
READY = TierFacts(
    closing_capital_usdt=(Decimal(2000), Decimal(2000), Decimal(2000)),
    days_at_tier=30,
    trading_days=20,
    profitable_days=12,
    violations=0,
    orders_sent=30,
    orders_in_time=27,
)


def failed(**changed: Any) -> list[str]:
    gates = evaluate(Tier.SNIPER, replace(READY, **changed), TABLE)
    assert len(gates) == 6
    assert all_passed(gates) == all(gate.passed for gate in gates)
    return [gate.name for gate in gates if not gate.passed]


def test_exactly_at_every_line_all_gates_pass() -> None:
    assert failed() == []


@pytest.mark.parametrize(
    ("changed", "gate"),
    [
        ({"closing_capital_usdt": (Decimal(2000), Decimal("1999.99"), Decimal(2000))}, "capital"),
        ({"closing_capital_usdt": (Decimal(9000), Decimal(9000))}, "capital"),
        ({"closing_capital_usdt": ()}, "capital"),
        ({"days_at_tier": 29}, "days_at_tier"),
        ({"profitable_days": 11}, "profitable_days"),
        ({"violations": 1}, "violations"),
        ({"orders_in_time": 26}, "execution_speed"),
        ({"orders_sent": 29, "orders_in_time": 29}, "execution_speed"),
        ({"orders_sent": 0, "orders_in_time": 0}, "execution_speed"),
    ],
)
def test_one_step_below_a_line_its_gate_alone_fails(changed: dict[str, Any], gate: str) -> None:
    assert failed(**changed) == [gate]


def test_before_the_first_close_no_capital_is_claimed() -> None:
    first, *_ = evaluate(Tier.SNIPER, replace(READY, closing_capital_usdt=()), TABLE)
    assert (first.name, first.has, first.passed) == ("capital", "no day has closed yet", False)


def test_a_ratio_of_few_days_says_nothing() -> None:
    assert failed(trading_days=19, profitable_days=19) == ["trading_days", "profitable_days"]
    assert failed(trading_days=0, profitable_days=0) == ["trading_days", "profitable_days"]


def test_only_the_last_closes_count() -> None:
    assert failed(closing_capital_usdt=(Decimal(1), *[Decimal(2500)] * 3)) == []


def test_gates_say_what_is_needed_and_what_is_there() -> None:
    said = {gate.name: (gate.needed, gate.has) for gate in evaluate(Tier.SNIPER, READY, TABLE)}
    assert said["capital"] == ("2000 USDT at 3 closes", "2000 USDT at 3 closes")
    assert said["profitable_days"] == ("60 % of days", "12 of 20 days")
    assert said["execution_speed"] == (
        "90 % of at least 30 orders within 100 ms",
        "27 of 30 orders",
    )


def test_nothing_leads_out_of_the_highest_tier() -> None:
    assert evaluate(Tier.ARCHITECT, READY, TABLE) == ()
    assert not all_passed(())
