"""Equity at which a limit would be touched: a driver may skip the ticks in between.

Every limit on equity has its level here; one without would fire at other ticks when ticks are
skipped than when each is told.
"""

from decimal import Decimal

from genesis.domain.money import ONE
from genesis.risk.drawdown import (
    CRITICAL,
    DAILY_LOSS,
    GIVE_BACK,
    HALT,
    INFO,
    NEAR,
    WARNING,
    Drawdown,
    floor_usdt,
)
from genesis.risk.limits import RiskRules, TierLimits


def static_levels(
    drawdown: Drawdown, flows: Decimal, limits: TierLimits, rules: RiskRules
) -> list[Decimal]:
    """Equity values, fixed until the next event, whose touching from above raises something."""
    day_base, levels = drawdown.day_base_usdt + flows, []
    if limits.drawdown is not None and not drawdown.is_raised(WARNING):
        warning = limits.drawdown.warning_usdt
        levels += [day_base - share * warning for share in _shares(drawdown, WARNING, rules)]
    if rules.daily_loss_fraction is not None and not drawdown.is_raised(DAILY_LOSS):
        limit = rules.daily_loss_fraction * drawdown.day_equity_usdt
        shares = _shares(drawdown, DAILY_LOSS, rules) if limit else []
        levels += [day_base - share * limit for share in shares]
    for window in limits.rolling:
        if not drawdown.is_raised(window.name):
            peak = drawdown.base_usdt + drawdown.rolling.peak(window) + flows
            shares = _shares(drawdown, window.name, rules)
            levels += [peak - share * window.loss_usdt for share in shares]
    floor = _floor_level(drawdown, limits, rules)
    return levels if floor is None else [*levels, floor + flows]


def arming_level(
    drawdown: Drawdown, flows: Decimal, limits: TierLimits, rules: RiskRules
) -> Decimal | None:
    """Equity whose touching from below fixes the floor of a good day; None: nothing does."""
    if limits.drawdown is None or rules.give_back is None or drawdown.floor_is_armed:
        return None
    profit = rules.give_back.armed_factor * limits.drawdown.warning_usdt
    return drawdown.day_base_usdt + flows + profit


def trailing_falls(drawdown: Drawdown, limits: TierLimits, rules: RiskRules) -> list[Decimal]:
    """Falls from the peak whose touching raises something."""
    table = limits.drawdown
    if table is None:
        return []
    rows = ((CRITICAL, table.critical_usdt), (HALT, table.halt_usdt))
    return [
        share * limit
        for row, limit in rows
        if not drawdown.is_raised(row)
        for share in _shares(drawdown, row, rules)
    ]


def trade_level(drawdown: Drawdown, limits: TierLimits) -> Decimal | None:
    """Result of one trade whose touching raises INFO."""
    if limits.drawdown is None or drawdown.is_raised(INFO):
        return None
    return -limits.drawdown.info_usdt


def _floor_level(drawdown: Drawdown, limits: TierLimits, rules: RiskRules) -> Decimal | None:
    """Equity, flows left out, at which a good day's floor is touched; None: no floor holds."""
    if limits.drawdown is None or rules.give_back is None:
        return None
    if not drawdown.floor_is_armed or drawdown.is_raised(GIVE_BACK):
        return None
    return drawdown.day_base_usdt + floor_usdt(rules.give_back, limits.drawdown)


def _shares(drawdown: Drawdown, alert: str, rules: RiskRules) -> list[Decimal]:
    """Shares of a limit at which something is told: near it, and at it."""
    return [ONE] if drawdown.is_raised(NEAR + alert) else [rules.notify_at_fraction, ONE]
