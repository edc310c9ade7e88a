"""A run made again under other conditions: the same strategy, market, rules and seed."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from genesis.errors import UsageError
from genesis.research.backtest import backtest
from genesis.research.bars import Bars
from genesis.research.counting import counted, uncounted
from genesis.research.markets import Market
from genesis.research.result import BacktestResult
from genesis.research.setup import Fees
from genesis.research.since import Since
from genesis.research.strategies import FixedQty
from genesis.research.ticks import Ticks
from genesis.rules import parse
from genesis.sim.columns import BarColumns
from genesis.sim.latency import AnyLatency
from genesis.strategy import Strategy


def again(
    result: BacktestResult,
    *,
    maker_bps: Decimal | None = None,
    taker_bps: Decimal | None = None,
    latency: AnyLatency | None = None,
    home: str | Path | None = None,
) -> BacktestResult:
    """The same run; None leaves a condition as it was. It is a row in the trial ledger of `home`.

    Raises:
        UsageError: its strategy cannot be made anew.
    """
    setup = result.setup
    fees = setup.fees
    return counted(backtest)(
        [made_anew(trader) for trader in setup.traders],
        _markets(result),
        rules=parse(setup.rules_text),
        fill=setup.fill,
        queue=setup.queue,
        cash=setup.cash,
        fees=Fees(
            fees.maker_bps if maker_bps is None else maker_bps,
            fees.taker_bps if taker_bps is None else taker_bps,
            fees.asset,
        ),
        latency=setup.latency if latency is None else latency,
        seed=setup.seed,
        home=home,
    )


def made_anew(trader: Strategy) -> Strategy:
    """A strategy as it was before its run: of its class and its parameters."""
    if isinstance(trader, FixedQty):
        return FixedQty(made_anew(trader.inner), trader.qty)
    if isinstance(trader, Since):
        return Since(made_anew(trader.inner), trader.since_ns)
    kind, params = type(trader), getattr(trader, "params", None)
    declared = getattr(kind, "Params", None)
    if not isinstance(declared, type) or not isinstance(params, declared):
        raise UsageError(
            f"strategy {trader.name} cannot be made anew after its run: give its class `Params`, "
            "a frozen dataclass that is its only argument and is kept as `params`"
        )
    return kind(params)  # type: ignore[call-arg]


def require_same(result: BacktestResult) -> None:
    """See that the run can be made again at all.

    Raises:
        UsageError: it decides differently the second time.
    """
    with uncounted():
        found = again(result)
    if found.decision_digest != result.decision_digest:
        raise UsageError(
            f"{result.setup.strategy} decides differently when the run is made again, so nothing "
            "can be said of other conditions: look for what it keeps outside of its parameters "
            "(`check`), or for data that came from the store's home"
        )


def _markets(result: BacktestResult) -> list[Market]:
    found: list[Market] = []
    for columns, tops, gaps in zip(result.markets, result.tops, result.gaps, strict=True):
        if isinstance(columns, BarColumns):
            found.append(Bars(columns))
        else:
            found.append(replace(Ticks(columns, tops), gaps=gaps))
    return found
