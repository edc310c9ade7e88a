"""What is held counts together where it moves together: alerts, clusters and the matrix."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from genesis.domain.money import ZERO
from genesis.domain.outcomes import CorrelationAlerted
from genesis.market.rules import CorrelationRules
from genesis.risk.correlation import PairAlerts, cluster, matrix
from genesis.risk.multipliers import Multiplier
from genesis.risk.sizing import position_cap_usdt

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

_DIGITS: Final = 4


class Alerts:
    """Watches pairs of open positions. On a spot account all of them point the same way."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view
        self._pairs = PairAlerts()

    def judged(self) -> tuple[CorrelationAlerted, ...]:
        """Alerts that are raised or cleared now: asked when bars close and positions move."""
        rules, held = correlation_rules(self._state), self._state.ledger.positions
        if rules is None or (len(held) < 2 and not self._pairs.raised):
            return ()
        found = self._pairs.judge(held, self._state.pairs.at(self._state.now_ns), rules)
        now_ns = self._state.now_ns
        return tuple(
            CorrelationAlerted(now_ns, one.first, one.second, _rounded(one.rho), one.raised)
            for one in found
        )


def correlation_rules(state: "EngineState") -> CorrelationRules | None:
    return None if state.rules.market is None else state.rules.market.correlation


def cluster_room_usdt(state: "EngineState", view: "EngineView", symbol: str) -> Decimal | None:
    """What may still be bought of the symbol, counting all that is one bet with it; None: as much
    as its own limits allow.
    """
    rules = correlation_rules(state)
    if rules is None:
        return None
    held = busy(state)
    if not held - {symbol}:
        return None  # alone it has the cap of one position
    together = cluster(symbol, held, state.pairs.at(state.now_ns), rules)
    cap = rules.cluster_factor * position_cap_usdt(view.equity_usdt, state.limits)
    used = sum((view.held_usdt(one) for one in sorted(together)), ZERO)
    return max(ZERO, cap - used)


def spike(state: "EngineState") -> Multiplier | None:
    """Sizes are smaller while all that is followed moves as one; None: it does not."""
    rules = correlation_rules(state)
    if rules is None or len(state.market.instruments) < rules.spike_symbols:
        return None
    mean, joined = state.pairs.mean(state.market.instruments, state.now_ns)
    if joined < rules.spike_symbols or mean <= rules.spike_above:
        return None
    return Multiplier(rules.spike_share, "CORRELATION_SPIKE", "while all symbols move as one")


def correlations(state: "EngineState", symbols: Sequence[str]) -> list[list[Decimal]] | None:
    """The matrix of these symbols, for people; None where symbols are not compared."""
    if correlation_rules(state) is None:
        return None
    rows = matrix(symbols, state.pairs.at(state.now_ns))
    return [[_rounded(one) for one in row] for row in rows]


def busy(state: "EngineState") -> set[str]:
    """Symbols with a position or a working entry."""
    working = state.execution.orders.all_working()
    entries = {order.request.symbol for order in working if not order.request.reduces}
    return entries | set(state.ledger.positions)


def _rounded(rho: float) -> Decimal:
    return Decimal(str(round(rho, _DIGITS)))
