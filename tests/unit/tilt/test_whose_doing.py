"""Every code of a refusal is judged: was it the trader's doing, or not?

A new code fails here until it stands in `ignored_refusals` of the rules or in `HIS`.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import genesis
from genesis.domain.account import GlobalMarketState, MarketState
from genesis.risk.blocks import CODE, FEED, RECONCILE, STARTING, VENUE, code_of
from genesis.risk.trips import DAY_ENDERS, STRATEGY_CODE, SYSTEM_CODE
from genesis.rules import load

RULES = load("sniper")
FOLDER = Path(genesis.__file__).parent
HIS = {
    # he is told that no new risk is wanted, and asks all the same
    *("TRADING_HALTED", "DRAWDOWN_CRITICAL", "GIVE_BACK_REACHED", "COOLDOWN_ACTIVE"),
    *("TILT_WARNING", "TILT_LOCKED", "TILT_NEW_SYMBOL", "NO_NEW_RISK", "CODE_CHANGED"),
    # more, larger or faster than his limits allow
    *("TRADES_PER_DAY", "RATE_LIMIT_EXCEEDED", "EXPOSURE_REACHED", "OPEN_RISK_REACHED"),
    "PARENT_UNDER_WAY",
    *("CLUSTER_REACHED", "VAR_REACHED", "NOTIONAL_EXCEEDS_CAP"),
    *("RULEBOOK_BREACH", "RULEBOOK_HEADROOM"),
    # what he asks for cannot be meant, or is not his yet
    *("TIER_FEATURE_LOCKED", "LONG_ONLY", "STOP_ABOVE_ENTRY", "STOP_TOO_FAR"),
    *("NOTIONAL_BELOW_MINIMUM", "EXIT_MARKET_ONLY"),
}
TABLES = {"code_of(source)", "breaker.code", "sized.code"}
"""Codes that are not written where they are told: `told_by_tables` knows them."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for part in ("risk", "tilt", "tiers", "engine", "execution"):
        for path in sorted((FOLDER / part).rglob("*.py")):
            name = ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts)
            yield name, ast.parse(path.read_text())


def codes_of(module: str, given: ast.expr) -> set[str]:
    """What the code of a refusal may be, as it is written in the source."""
    if isinstance(given, ast.Constant):
        return {str(given.value)}
    if isinstance(given, ast.Name):
        return {getattr(import_module(module), given.id)}
    if isinstance(given, ast.JoinedStr):
        assert ast.unparse(given).startswith("f'MARKET_{")
        return market_codes()
    assert ast.unparse(given) in TABLES, f"{module}: {ast.unparse(given)} is a new kind of code"
    return set()


def market_codes() -> set[str]:
    """Of states that can refuse: the fair ones never do."""
    fair = {MarketState.NORMAL, MarketState.MAINTENANCE}
    fair_whole = {GlobalMarketState.BULL, GlobalMarketState.CRAB}
    states = {*MarketState} - fair, {*GlobalMarketState} - fair_whole
    return {f"MARKET_{state.value}" for kind in states for state in kind}


def told_by_tables() -> set[str]:
    blocks = (STARTING, RECONCILE, VENUE, CODE, FEED + "x", "store", "any other part")
    own = {code for code, _ in DAY_ENDERS.values()}
    return {*map(code_of, blocks), SYSTEM_CODE, STRATEGY_CODE, *own} - {""}


def every_code() -> set[str]:
    found = told_by_tables()
    for module, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in ("Failure", "Infeasible"):
                found |= codes_of(module, node.args[node.func.id == "Failure"])
    return found


def test_every_refusal_is_either_his_doing_or_not() -> None:
    behaviour = RULES.tilt.behaviour
    assert behaviour is not None
    codes = every_code()
    assert len(codes) > 40
    assert codes - behaviour.ignored - HIS == set(), "judge the new ones"
    assert behaviour.ignored & HIS == set()
    assert (behaviour.ignored | HIS) - codes == set(), "nothing refuses so any more"


@pytest.mark.parametrize("state", [*MarketState, *GlobalMarketState])
def test_a_fair_market_refuses_nothing(state: MarketState | GlobalMarketState) -> None:
    market = RULES.market
    assert market is not None and market.whole is not None
    if f"MARKET_{state.value}" in market_codes() or state is MarketState.MAINTENANCE:
        return
    assert state not in market.whole.no_adding
    shares = {**market.states.shares, **market.whole.shares}
    assert shares[state] > 0
