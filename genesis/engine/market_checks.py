"""What the market itself forbids, whatever the trader may do: asked of entries only."""

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from genesis.domain.account import MarketState
from genesis.domain.approval import Failure
from genesis.domain.orders import OrderType
from genesis.risk.multipliers import Multiplier

if TYPE_CHECKING:
    from genesis.engine.state import EngineState

WORDS: Final = MappingProxyType(
    {
        MarketState.DEAD: "hardly traded",
        MarketState.NORMAL: "calm",
        MarketState.VOLATILE: "volatile",
        MarketState.PANIC: "in a panic",
        MarketState.MAINTENANCE: "under maintenance",
    }
)


def multiplier(state: "EngineState", symbol: str) -> Multiplier | None:
    """What the state of the symbol's market makes of sizes; None where rules know no states."""
    rules = state.rules.market
    if rules is None:
        return None
    found = state.market.state_of(symbol)
    told = f"while {symbol} is {WORDS[found]}"
    return Multiplier(rules.states.shares[found], f"MARKET_{found.value}", told)


def no_new_risk(state: "EngineState", symbol: str) -> Failure | None:
    """Positions of the symbol may only be reduced. Maintenance blocks all symbols by itself."""
    rules, found = state.rules.market, state.market.state_of(symbol)
    if rules is None or found is MarketState.MAINTENANCE or rules.states.shares[found]:
        return None
    told = f"{symbol} is {WORDS[found]}: positions may only be reduced"
    return Failure("risk", f"MARKET_{found.value}", told + _because(state, symbol))


def limit_orders_only(state: "EngineState", symbol: str, kind: OrderType) -> Failure | None:
    """In a thin market an order says its price."""
    rules, found = state.rules.market, state.market.state_of(symbol)
    if rules is None or kind is OrderType.LIMIT or found not in rules.states.limit_only:
        return None
    told = f"{symbol} is {WORDS[found]}: only limit orders enter"
    return Failure("risk", "LIMIT_ORDERS_ONLY", told + _because(state, symbol))


def told(state: "EngineState", symbol: str) -> str:
    """Why the market is in its state; empty where there is nothing to tell."""
    known, rules = state.market.symbols.get(symbol), state.rules.market
    if rules is None or known is None or known.regime is None:
        return ""
    regime, least = known.regime, rules.states.bars_min
    if regime.is_known:
        return regime.reason
    return f"not judged yet: {regime.bars} of {least} bars are known"


def _because(state: "EngineState", symbol: str) -> str:
    known = state.market.symbols.get(symbol)
    return "" if known is None or known.regime is None else f" ({known.regime.reason})"
