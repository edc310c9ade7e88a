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
    from genesis.analytics.trades import trade_statistics  # numpy: loaded when first asked for
    from genesis.analytics.values import NoValue

    span = SPANS[period]
    of_period = [t for t in trades if span is None or t.ts_ns > now_ns - span]
    found = trade_statistics(of_period)
    told = {
        "total_trades": found.count,
        "winning_trades": found.wins,
        "losing_trades": found.losses,
        "win_rate": found.win_fraction,
        "profit_factor": found.profit_factor,
        "max_drawdown": text(_deepest_fall([t.pnl_usdt for t in of_period])),
        "total_pnl": text(found.pnl_usdt),
    }
    return {name: value for name, value in told.items() if not isinstance(value, NoValue)}


def _deepest_fall(pnls: Sequence[Decimal]) -> Decimal:
    peak = level = deepest = ZERO
    for pnl in pnls:
        level += pnl
        peak = max(peak, level)
        deepest = max(deepest, peak - level)
    return deepest
