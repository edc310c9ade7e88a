"""How large a strategy's entries may be by what it has shown and by how its symbol moves.

Only strategies are asked; the operator's sizes are his tier's. Every share is at most the whole,
and the smallest of all holds: so this can only make an entry smaller.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from genesis.domain.money import ONE, ZERO, round_down
from genesis.risk.breakers import ON_PAPER_CODE
from genesis.risk.edge import Results
from genesis.risk.limits import AdaptiveRules
from genesis.risk.multipliers import Multiplier

if TYPE_CHECKING:
    from genesis.engine.state import EngineState

_STEP: Final = Decimal("0.0001")
"""Of shares: what is positive is at least this, for 0 would stop a strategy without a word."""


def multipliers(
    state: "EngineState", symbol: str | None, strategy: str | None
) -> Iterator[Multiplier]:
    """What makes a strategy's entries smaller; nothing where rules do not adapt."""
    rules = state.rules.risk.adaptive
    if rules is None or strategy is None:
        return
    yield _shown(state, strategy, rules)
    if symbol is not None:
        moving = _moving(state, symbol, rules)
        if moving is not None:
            yield moving


def _shown(state: "EngineState", strategy: str, rules: AdaptiveRules) -> Multiplier:
    """A part of Kelly's share of its results, in risks of one trade."""
    results = state.risk.results.get(strategy) or Results()
    kelly = results.kelly(rules)
    if kelly is None:
        told = f"while {strategy} has shown {results.count} of {rules.results_min} results"
        return Multiplier(rules.unproven_share, "STRATEGY_UNPROVEN", told)
    if not kelly:
        told = f"while {strategy} shows no edge"
        # where all is paper it goes on trying here; elsewhere its breaker says so, too
        share = rules.unproven_share if state.tiers.history.is_paper else ZERO
        return Multiplier(share, ON_PAPER_CODE, told)
    part = rules.kelly_factor * kelly / float(state.limits.risk_fraction)
    told = f"by what {strategy} has shown in {results.count} trades"
    return Multiplier(_share(part), "STRATEGY_EDGE", told)


def _moving(state: "EngineState", symbol: str, rules: AdaptiveRules) -> Multiplier | None:
    """The symbol's usual day against the one that is aimed at; None where that is not known."""
    whole = state.market.whole
    history = None if whole is None else whole.histories.get(symbol)
    sigma = None if history is None else history.day_volatility(rules.decay, rules.days_min)
    if not sigma:
        return None
    told = f"while {symbol} moves by {sigma:.1%} a day"
    return Multiplier(_share(rules.target_volatility / sigma), "SYMBOL_VOLATILITY", told)


def _share(share: float) -> Decimal:
    return min(ONE, max(_STEP, round_down(Decimal(share), _STEP)))
