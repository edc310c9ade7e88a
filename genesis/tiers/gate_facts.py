"""What gates look at."""

from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.money import ZERO


@dataclass(frozen=True, slots=True)
class IcebergResult:
    """An iceberg that ended. slippage_bps: None where nothing of it filled. aborted: by the market
    or the venue; what the trader or a limit ended says nothing of its quality."""

    ts_ns: int
    slippage_bps: Decimal | None
    aborted: bool


@dataclass(frozen=True, slots=True)
class TierFacts:
    """The history of an account in its tier, as far as gates look at it.

    closing_capital_usdt: at the last daily closes, oldest first, without young deposits.
    orders_sent, orders_in_time: live orders, and those sent fast enough after their decision;
    is_paper: the account has none, whatever it does. won_usdt, lost_usdt: by `trades` after fees,
    lost as a positive amount. profit_usdt, best_day_usdt: results of days. overrides and days of
    tilt in the window of the gate. page_days: trading days with a page. returns: one per calendar
    day in the tier. icebergs: None where the rules of the account know none.
    """

    closing_capital_usdt: tuple[Decimal, ...]
    days_at_tier: int
    trading_days: int
    profitable_days: int
    violations: int
    orders_sent: int
    orders_in_time: int
    is_paper: bool = False
    trades: int = 0
    won_usdt: Decimal = ZERO
    lost_usdt: Decimal = ZERO
    drawdown_fraction: Decimal = ZERO
    profit_usdt: Decimal = ZERO
    best_day_usdt: Decimal = ZERO
    overrides: int = 0
    warning_days: int = 0
    locked_days: int = 0
    page_days: int = 0
    profitable_months: int = 0
    returns: tuple[float, ...] = ()
    withdrawals: int = 0
    icebergs: tuple[IcebergResult, ...] | None = None
