"""How large an entry may be now, as a share of its full size: the smallest say of all holds."""

from decimal import Decimal
from typing import TYPE_CHECKING

from genesis.domain.account import TierMode
from genesis.domain.money import ONE
from genesis.engine import adaptive
from genesis.engine.market_checks import multiplier, whole_multiplier
from genesis.engine.together import spike
from genesis.risk.multipliers import Multiplier, smallest
from genesis.tilt.state import limited_at

if TYPE_CHECKING:
    from genesis.engine.state import EngineState

_MODES = {
    TierMode.ADJUST48: ("ADJUSTMENT_PERIOD", "in the first days of a tier"),
    TierMode.RECOVERY: ("RECOVERY_PERIOD", "on the way back from an emergency"),
}


class Sizes:
    """Collects the multipliers of tilt, tier, risk, market. A new rule adds its own to `_all`.

    One that leaves sizes whole never holds: it need not be told.
    """

    def __init__(self, state: "EngineState") -> None:
        self._state = state

    def holds(self, symbol: str | None = None, strategy: str | None = None) -> Multiplier:
        """The multiplier that holds for an entry in the symbol (None: whatever the symbol).

        strategy: whose wish it is; None: the operator's.
        """
        return smallest(self._all(symbol, strategy))

    def _all(self, symbol: str | None, strategy: str | None) -> list[Multiplier]:
        state, found = self._state, list[Multiplier]()
        tilt = state.tilt.multiplier(state.now_ns)
        if tilt != ONE:
            found.append(Multiplier(tilt, "TILT", self._tilt_words(tilt)))
        share, _ = state.tiers.multiplier()
        if share != ONE:
            mode = state.tiers.state.mode
            code, reason = _MODES.get(mode) or (mode.value, f"in the mode {mode.value}")
            found.append(Multiplier(share, code, reason))
        found += state.risk.multipliers(state.now_ns, state.limits)
        if state.rules.market is not None:
            market = None if symbol is None else multiplier(state, symbol)
            of_markets = (market, whole_multiplier(state), spike(state))
            found += [one for one in of_markets if one is not None]
        if state.rules.risk.adaptive is not None:
            found += adaptive.multipliers(state, symbol, strategy)
        return found

    def _tilt_words(self, share: Decimal) -> str:
        """Which of level, limited time and eased day makes the size this small."""
        state, tilt = self._state, self._state.tilt.state
        by_caution = tilt.level.rank and share == state.rules.tilt.levels.caution_multiplier
        if tilt.paused or by_caution:
            return f"while tilt is {tilt.level.value}"
        if limited_at(tilt, state.now_ns) and share == tilt.limited_multiplier:
            return "in the limited time"
        return "for the rest of the day on which a lock was left"
