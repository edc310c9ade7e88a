"""What the market itself forbids, whatever the trader may do: asked of entries only."""

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from genesis.domain.account import GlobalMarketState, MarketState
from genesis.domain.approval import Failure
from genesis.domain.orders import OrderType
from genesis.engine.together import busy
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


WHOLE_WORDS: Final = MappingProxyType(
    {
        GlobalMarketState.BULL: "rising",
        GlobalMarketState.CRAB: "going sideways",
        GlobalMarketState.BEAR: "falling",
        GlobalMarketState.RECOVERY: "recovering from a crash",
        GlobalMarketState.CRASH: "in a crash",
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


def whole_multiplier(state: "EngineState") -> Multiplier | None:
    """What all markets together make of sizes; None where rules know no such state."""
    whole = state.market.whole
    if whole is None:
        return None
    told = f"while the market is {WHOLE_WORDS[whole.state]}"
    return Multiplier(whole.rules.shares[whole.state], f"MARKET_{whole.state.value}", told)


def no_adding(state: "EngineState", symbol: str) -> Failure | None:
    """In a crash nothing is added to a position, or to an entry that works."""
    whole = state.market.whole
    if whole is None or whole.state not in whole.rules.no_adding or symbol not in busy(state):
        return None
    told = f"the market is {WHOLE_WORDS[whole.state]} ({whole.reason}): nothing is added to"
    return Failure("risk", f"MARKET_{whole.state.value}", f"{told} {symbol}")


def no_new_risk(state: "EngineState", symbol: str) -> Failure | None:
    """Positions of the symbol may only be reduced. Maintenance blocks all symbols by itself."""
    rules = state.rules.market
    if rules is None:
        return None
    found = state.market.state_of(symbol)
    if found is MarketState.MAINTENANCE or rules.states.shares[found]:
        return None
    told = f"{symbol} is {WORDS[found]}: positions may only be reduced"
    return Failure("risk", f"MARKET_{found.value}", told + _because(state, symbol))


def limit_orders_only(state: "EngineState", symbol: str, kind: OrderType) -> Failure | None:
    """In a thin market an order says its price."""
    rules = state.rules.market
    if rules is None or kind is OrderType.LIMIT:
        return None
    found = state.market.state_of(symbol)
    if found not in rules.states.limit_only:
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


def whole_told(state: "EngineState") -> str:
    """Why the market as a whole is in its state, or why that cannot be told."""
    whole = state.market.whole
    if whole is None:
        return ""
    if whole.is_known:
        return whole.reason
    return f"not judged yet: {whole.slots} of {whole.rules.slots_min} closes are known"


def _because(state: "EngineState", symbol: str) -> str:
    known = state.market.symbols.get(symbol)
    return "" if known is None or known.regime is None else f" ({known.regime.reason})"
