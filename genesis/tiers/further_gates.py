"""Gates that only the higher tiers ask for: quality of trading, tilt, pages, drills.

A gate that nothing of this version can measure is not passed, and says why.
"""

from collections.abc import Iterator
from decimal import Decimal
from math import erf, sqrt
from statistics import fmean, stdev
from typing import Final

from genesis.domain.money import fraction, round_down, text
from genesis.domain.outcomes import TierGate
from genesis.tiers.gate_facts import TierFacts
from genesis.tiers.rules import (
    GateRules,
    IcebergGateRules,
    PageGateRules,
    ReturnGateRules,
    SteadyGateRules,
    StrategyGateRules,
    TiltGateRules,
    TradeGateRules,
)

_CENT: Final = Decimal("0.01")
_PER_MILLE: Final = Decimal("0.001")
_YEAR_DAYS: Final = 365
_FEWEST_RETURNS: Final = 20
NO_ICEBERGS: Final = "not measured: this version makes no iceberg orders"
NO_DRILLS: Final = "not measured: this version records no drills"
NO_STRATEGIES: Final = "not measured: results are not kept by strategy in this version"


def further(facts: TierFacts, rules: GateRules) -> tuple[TierGate, ...]:
    """The gates of `rules` beyond those that every tier asks for."""
    return tuple(_further(facts, rules))


def _further(facts: TierFacts, rules: GateRules) -> Iterator[TierGate]:
    if rules.trades is not None:
        yield _profit_factor(facts, rules.trades)
    if rules.steady is not None:
        yield _drawdown(facts, rules.steady)
        yield _best_day(facts, rules.steady)
    if rules.iceberg is not None:
        yield _icebergs(facts, rules.iceberg)
    if rules.tilt is not None:
        yield from _tilt(facts, rules.tilt)
    if rules.pages is not None:
        yield _pages(facts, rules.pages)
    if rules.months is not None:
        needed = f"{rules.months.profitable_min} of the last {rules.months.months} months"
        found = facts.profitable_months
        has = f"{found} of {rules.months.months} months"
        yield TierGate("profitable_months", needed, has, found >= rules.months.profitable_min)
    if rules.returns is not None:
        yield from _returns(facts, rules.returns)
    if rules.strategies is not None:
        yield from _strategies(rules.strategies)
    for drill in rules.drills:
        yield TierGate(drill, "passed", NO_DRILLS, False)
    if rules.withdrawals_min is not None:
        passed = facts.withdrawals >= rules.withdrawals_min
        yield TierGate("withdrawals", str(rules.withdrawals_min), str(facts.withdrawals), passed)


def percent(share: Decimal) -> str:
    return f"{text(share * 100)} %"


# -- trading ---------------------------------------------------------------------------------
def _profit_factor(facts: TierFacts, rules: TradeGateRules) -> TierGate:
    """Won over lost, net of fees; with enough trades to speak of one."""
    needed = f"{text(rules.profit_factor_min)} over at least {rules.trades_min} trades"
    factor = facts.won_usdt / facts.lost_usdt if facts.lost_usdt else None
    enough = facts.won_usdt >= rules.profit_factor_min * facts.lost_usdt and facts.won_usdt > 0
    said = "no loss" if factor is None else text(round_down(factor, _CENT))
    has = f"{said} over {facts.trades} trades" if facts.trades else "no trade yet"
    passed = enough and facts.trades >= rules.trades_min
    return TierGate("profit_factor", needed, has, passed)


def _drawdown(facts: TierFacts, rules: SteadyGateRules) -> TierGate:
    fall = facts.drawdown_fraction
    shown = percent(-round_down(-fall, _PER_MILLE))  # never shown smaller than it is
    needed = f"at most {percent(rules.drawdown_max)}"
    return TierGate("drawdown", needed, shown, fall <= rules.drawdown_max)


def _best_day(facts: TierFacts, rules: SteadyGateRules) -> TierGate:
    """One lucky day is no profit to build on; without a profit there is no share of it."""
    needed = f"at most {percent(rules.best_day_share_max)} of the profit"
    if facts.profit_usdt <= 0:
        return TierGate("best_day", needed, "no profit yet", False)
    share = fraction(facts.best_day_usdt, facts.profit_usdt)
    shown = f"{percent(-round_down(-share, _PER_MILLE))} of the profit"
    return TierGate("best_day", needed, shown, share <= rules.best_day_share_max)


def _icebergs(facts: TierFacts, rules: IcebergGateRules) -> TierGate:
    """Mean slippage of those that filled, and the share that the market or the venue ended."""
    needed = (
        f"{text(rules.slippage_max_bps)} bps and {percent(rules.aborted_share_max)} aborted at "
        f"most, of {rules.orders_min} orders"
    )
    found = facts.icebergs
    if not found:
        has = NO_ICEBERGS if found is None else "no iceberg yet"
        return TierGate("iceberg_quality", needed, has, False)
    slipped = [one.slippage_bps for one in found if one.slippage_bps is not None]
    mean = sum(slipped, Decimal(0)) / len(slipped) if slipped else None
    aborted = fraction(Decimal(sum(one.aborted for one in found)), Decimal(len(found)))
    said = "none filled" if mean is None else f"{text(-round_down(-mean, _CENT))} bps"
    shown = percent(-round_down(-aborted, _PER_MILLE))
    passed = mean is not None and mean <= rules.slippage_max_bps
    passed = passed and aborted <= rules.aborted_share_max and len(found) >= rules.orders_min
    told = f"{said} and {shown} aborted, of {len(found)} orders"
    return TierGate("iceberg_quality", needed, told, passed)


def _returns(facts: TierFacts, rules: ReturnGateRules) -> Iterator[TierGate]:
    ratio = daily_sharpe(facts.returns)
    odds = None if ratio is None else probabilistic_sharpe(facts.returns, ratio)
    few = f"not known from {len(facts.returns)} days"
    yearly = None if ratio is None else ratio * sqrt(_YEAR_DAYS)
    yield TierGate(
        "sharpe",
        f"{rules.sharpe_min:g} a year",
        few if yearly is None else f"{yearly:.2f} a year",
        yearly is not None and yearly >= rules.sharpe_min,
    )
    yield TierGate(
        "sharpe_certainty",
        f"{rules.psr_min * 100:g} %",
        few if odds is None else f"{odds * 100:.1f} %",
        odds is not None and odds >= rules.psr_min,
    )


def daily_sharpe(returns: tuple[float, ...]) -> float | None:
    """Mean over sample deviation (n - 1) of daily returns; None where there is none to speak of."""
    if len(returns) < _FEWEST_RETURNS:
        return None
    deviation = stdev(returns)
    return fmean(returns) / deviation if deviation > 0 else None


def probabilistic_sharpe(returns: tuple[float, ...], ratio: float) -> float:
    """P(true Sharpe > 0) of daily returns with this Sharpe ratio per day.

    Source: Bailey and Lopez de Prado 2012, Phi(SR sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2))
    with skewness g3 and raw kurtosis g4 (3 for a normal).
    """
    n, mean = len(returns), fmean(returns)
    m2, m3, m4 = (fmean([(r - mean) ** k for r in returns]) for k in (2, 3, 4))
    skew, kurtosis = m3 / m2**1.5, m4 / m2**2
    variance = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio * ratio
    z = ratio * sqrt(n - 1) / sqrt(variance)
    return (1 + erf(z / sqrt(2))) / 2


def _strategies(rules: StrategyGateRules) -> Iterator[TierGate]:
    correlated = f"at most {text(rules.correlation_max)} between any two"
    yield TierGate("strategies", f"{rules.live_min} live", NO_STRATEGIES, False)
    yield TierGate("strategy_correlation", correlated, NO_STRATEGIES, False)


# -- the trader ------------------------------------------------------------------------------
def _tilt(facts: TierFacts, rules: TiltGateRules) -> Iterator[TierGate]:
    rows = (
        ("overrides", facts.overrides, rules.overrides_max),
        ("warning_days", facts.warning_days, rules.warning_days_max),
        ("locked_days", facts.locked_days, rules.locked_days_max),
    )
    for name, has, most in rows:
        yield TierGate(name, f"at most {most} in {rules.window_days} days", str(has), has <= most)


def _pages(facts: TierFacts, rules: PageGateRules) -> TierGate:
    share = fraction(Decimal(facts.page_days), Decimal(facts.trading_days))
    needed = f"{percent(rules.days_share_min)} of trading days"
    has = f"{facts.page_days} of {facts.trading_days} days"
    passed = facts.trading_days > 0 and share >= rules.days_share_min
    return TierGate("pages", needed, has, passed)
