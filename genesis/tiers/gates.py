"""The gates between tiers: what is needed, what is there. Pure; no gate promotes anybody.

Definitions: a trading day has at least one fill; it is profitable when its trading result is
above one basis point of the day's starting equity; capital excludes young deposits.
"""

from decimal import Decimal
from typing import Final

from genesis.domain.account import Tier
from genesis.domain.money import ZERO, fraction, round_down, text
from genesis.domain.outcomes import TierGate
from genesis.tiers.further_gates import further, percent
from genesis.tiers.gate_facts import TierFacts
from genesis.tiers.rules import GateRules, TierTable

_CENT: Final = Decimal("0.01")


def evaluate(tier: Tier, facts: TierFacts, table: TierTable) -> tuple[TierGate, ...]:
    """The gates out of `tier`, all of them; empty where no way up is built yet."""
    rules = table.gates.get(tier)
    if rules is None:
        return ()
    return (
        _capital(facts, rules),
        _at_least("days_at_tier", facts.days_at_tier, rules.days_at_tier),
        _at_least("trading_days", facts.trading_days, rules.trading_days_min),
        _profitable(facts, rules),
        _violations(facts, rules),
        _speed(facts, rules),
        *further(facts, rules),
    )


def all_passed(gates: tuple[TierGate, ...]) -> bool:
    """Every gate of a non-empty evaluation passed."""
    return bool(gates) and all(gate.passed for gate in gates)


def _capital(facts: TierFacts, rules: GateRules) -> TierGate:
    closes = facts.closing_capital_usdt[-rules.closes_required :]
    lowest = min(closes, default=ZERO)
    enough = len(closes) == rules.closes_required and lowest >= rules.capital_usdt
    needed = f"{text(rules.capital_usdt)} USDT at {rules.closes_required} closes"
    has = f"{text(round_down(lowest, _CENT))} USDT at {len(closes)} closes"
    if not closes:
        has = "no day has closed yet"
    return TierGate("capital", needed, has, enough)


def _at_least(name: str, has: int, needed: int) -> TierGate:
    return TierGate(name, str(needed), str(has), has >= needed)


def _profitable(facts: TierFacts, rules: GateRules) -> TierGate:
    """Counts only once there are enough trading days to speak of a ratio."""
    ratio = fraction(Decimal(facts.profitable_days), Decimal(facts.trading_days))
    passed = facts.trading_days >= rules.trading_days_min and ratio >= rules.profitable_day_ratio
    has = f"{facts.profitable_days} of {facts.trading_days} days"
    return TierGate(
        "profitable_days", f"{percent(rules.profitable_day_ratio)} of days", has, passed
    )


def _violations(facts: TierFacts, rules: GateRules) -> TierGate:
    needed = f"at most {rules.violations_max} in {rules.violations_window_days} days"
    passed = facts.violations <= rules.violations_max
    return TierGate("violations", needed, str(facts.violations), passed)


def _speed(facts: TierFacts, rules: GateRules) -> TierGate:
    """Asks for live orders. A paper account can never have one: for it the gate stands open, as
    its orders go to an exchange of our own whose speed says nothing about live trading.
    """
    share = fraction(Decimal(facts.orders_in_time), Decimal(facts.orders_sent))
    passed = facts.orders_sent >= rules.exec_orders_min and share >= rules.exec_share
    has = f"{facts.orders_in_time} of {facts.orders_sent} orders"
    if facts.is_paper:
        passed, has = True, "not asked of a paper account"
    needed = (
        f"{percent(rules.exec_share)} of at least {rules.exec_orders_min} orders "
        f"within {rules.exec_within_ms} ms"
    )
    return TierGate("execution_speed", needed, has, passed)
