"""Results of one strategy's own closed trades: what its breaker looks at."""

from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.money import ZERO


@dataclass(frozen=True, slots=True)
class StrategyRecord:
    """losses: in a row. result_usdt, peak_usdt: net results since its breaker last tripped."""

    losses: int = 0
    result_usdt: Decimal = ZERO
    peak_usdt: Decimal = ZERO

    @property
    def fall_usdt(self) -> Decimal:
        return self.peak_usdt - self.result_usdt

    def after(self, pnl: Decimal) -> "StrategyRecord":
        """The record with one more closed trade; one without a result breaks no row of losses."""
        losses = 0 if pnl > ZERO else self.losses + (pnl < ZERO)
        result = self.result_usdt + pnl
        return StrategyRecord(losses, result, max(self.peak_usdt, result))
