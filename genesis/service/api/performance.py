"""Performance over closed trades, in the contract's shape."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from genesis.domain.money import ZERO, text
from genesis.domain.outcomes import PositionClosed
from genesis.domain.time import DAY

SPANS: Final = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY, "all": None}


def performance(trades: Sequence[PositionClosed], period: str, now_ns: int) -> dict[str, Any]:
    """Counts, win rate, profit factor, deepest fall and result of the period's closed trades.

    Ratios that have no value (no loss, no trade) are left out.
    """
    span = SPANS[period]
    pnls = [t.pnl_usdt for t in trades if span is None or t.ts_ns > now_ns - span]
    wins, losses = [p for p in pnls if p > 0], [p for p in pnls if p < 0]
    lost = -sum(losses, ZERO)
    told = {
        "total_trades": len(pnls),
        "winning_trades": len(wins),
        "losing_trades": len(losses),
        "win_rate": len(wins) / len(pnls) if pnls else None,
        "profit_factor": float(sum(wins, ZERO) / lost) if lost else None,
        "max_drawdown": text(_deepest_fall(pnls)),
        "total_pnl": text(sum(pnls, ZERO)),
    }
    return {name: value for name, value in told.items() if value is not None}


def _deepest_fall(pnls: Sequence[Decimal]) -> Decimal:
    peak = level = deepest = ZERO
    for pnl in pnls:
        level += pnl
        peak = max(peak, level)
        deepest = max(deepest, peak - level)
    return deepest
