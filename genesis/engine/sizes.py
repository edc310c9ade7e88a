"""How large an entry may be now, as a share of its full size: the smallest say of all holds."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from genesis.domain.account import TierMode
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
    """Collects the multipliers of tilt, tier, risk, market. A new rule adds its own to `_all`."""

    def __init__(self, state: "EngineState") -> None:
        self._state = state

    def holds(self, symbol: str | None = None, strategy: str | None = None) -> Multiplier:
        """The multiplier that holds for an entry in the symbol (None: whatever the symbol).

        strategy: whose wish it is; None: the operator's.
        """
        return smallest(self._all(symbol, strategy))

    def _all(self, symbol: str | None, strategy: str | None) -> Iterator[Multiplier]:
        state = self._state
        tilt = state.tilt.multiplier(state.now_ns)
        yield Multiplier(tilt, "TILT", self._tilt_words(tilt))
        share, _ = state.tiers.multiplier()
        mode = state.tiers.state.mode
        code, reason = _MODES.get(mode) or (mode.value, f"in the mode {mode.value}")
        yield Multiplier(share, code, reason)
        yield from state.risk.multipliers(state.now_ns, state.limits)
        market = None if symbol is None else multiplier(state, symbol)
        found = (market, whole_multiplier(state), spike(state))
        yield from (one for one in found if one is not None)
        yield from adaptive.multipliers(state, symbol, strategy)

    def _tilt_words(self, share: Decimal) -> str:
        """Which of level, limited time and eased day makes the size this small."""
        state, tilt = self._state, self._state.tilt.state
        by_caution = tilt.level.rank and share == state.rules.tilt.levels.caution_multiplier
        if tilt.paused or by_caution:
            return f"while tilt is {tilt.level.value}"
        if limited_at(tilt, state.now_ns) and share == tilt.limited_multiplier:
            return "in the limited time"
        return "for the rest of the day on which a lock was left"
