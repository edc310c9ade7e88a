"""Cost stress: what is left of a run when it pays more and comes later?

cost_stress(result)                    # fees and slippage twice and three times, a bar later
cost_stress(result, slippage_bps=2)    # with 2 bps a side that the fills do not know
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from genesis.analytics import NoValue
from genesis.domain.fills import Liquidity
from genesis.domain.money import BPS, ZERO
from genesis.domain.orders import Side
from genesis.domain.time import MILLISECOND, MINUTE
from genesis.errors import UsageError
from genesis.research.again import again, require_same
from genesis.research.progress import Told, progress_bar
from genesis.research.result import BacktestResult
from genesis.research.setup import Number, amount
from genesis.research.stress import Stress, Stresses
from genesis.sim.columns import BarColumns
from genesis.sim.latency import AnyLatency, Latency

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

TIMES: Final = (2, 3)
AS_IT_WAS: Final = "as it was"
_LATE_NS: Final = 100 * MILLISECOND


@dataclass(frozen=True, eq=False)
class CostStress(Stresses):
    """A run under worse conditions; the first is the run itself.

    assumed_bps: slippage a side that was asked for; None: what was measured. measured_bps: how much
    worse takers filled than the last price at the decision, weighed by worth, below 0 better;
    NoValue without a taker. in_fills_bps: what of that counts among the costs.

    table: pandas, one row per condition. break_even_bps: the cost a side, all in, at which the
    trades of the run would have earned nothing; NoValue where it never traded.
    """

    # -- faces -------------------------------------------------------------------------------
    def plot(self) -> "Figure":
        """What is left under each condition."""
        from genesis.research.stress_words import stress_figure

        return stress_figure(self)

    def summary(self) -> list[tuple[str, str]]:
        """The result in a few lines: (name, text). The first is the coverage of the data."""
        from genesis.research.stress_words import lines

        return lines(self)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<16} {text}" for name, text in self.summary())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from genesis.research.stress_words import face

        return face(self)._repr_mimebundle_()


def cost_stress(
    result: BacktestResult,
    *,
    slippage_bps: Number | None = None,
    home: str | Path | None = None,
    progress: Told | None = None,
) -> CostStress:
    """The same run at twice and three times its costs, 100 ms later (ticks), and a bar later.

    Costs are the fees and the slippage of orders that take. slippage_bps: a side, for fills that
    know none, such as bars; None: as measured, where fills were worse than the last price at the
    decision. It is paid like a fee, so sizes and limits know of it. The engine decides anew each
    time; each run is a row in the trial ledger of `home`.

    Raises:
        UsageError: a strategy that cannot be made anew or decides differently the second time, or a
            slippage below 0, or costs of 10,000 bps and more.
    """
    measured = slippage_of(result)
    assumed = None if slippage_bps is None else amount(slippage_bps, "slippage_bps")
    if assumed is not None and assumed < 0:
        raise UsageError(f"slippage_bps must be 0 or more, not {assumed}")
    slip = _worse(measured) if assumed is None else assumed
    in_fills = slip if assumed is None else ZERO
    require_same(result)
    plans = list(_plans(result, slip, in_fills, is_assumed=bool(assumed)))
    fee = result.setup.fees.taker_bps
    found = [Stress(AS_IT_WAS, float(fee + in_fills), 0, result)]
    with progress_bar(f"{result.setup.strategy} under stress", progress) as told:
        for number, (name, times, extra, late_ns) in enumerate(plans, 1):
            run = _run(result, times, extra, late_ns, home)
            cost = float(times * fee + extra + in_fills)
            found.append(Stress(name, cost, late_ns, run))
            told(number, len(plans))
    was = None if assumed is None else float(assumed)
    return CostStress(tuple(found), was, measured, float(in_fills))


Plan = tuple[str, int, Decimal, int]
"""(name, times of the fees, bps a side beside them, ns later)."""


def _plans(
    result: BacktestResult, slip: Decimal, in_fills: Decimal, *, is_assumed: bool
) -> Iterator[Plan]:
    if is_assumed:
        yield "with slippage", 1, slip, 0
    for times in TIMES:
        yield f"costs × {times}", times, times * slip - in_fills, 0
    beside = slip - in_fills
    if not isinstance(result.markets[0], BarColumns):
        yield "100 ms later", 1, beside, _LATE_NS
    yield "a bar later", 1, beside, _bar_ns(result)


def _run(
    result: BacktestResult, times: int, extra: Decimal, late_ns: int, home: str | Path | None
) -> BacktestResult:
    fees, late = result.setup.fees, result.setup.latency
    return again(
        result,
        maker_bps=times * fees.maker_bps,
        taker_bps=times * fees.taker_bps + extra,
        latency=_later(late, late_ns) if late_ns else late,
        home=home,
    )


def _later(latency: AnyLatency, late_ns: int) -> AnyLatency:
    """The same, each order so much longer under way."""
    if isinstance(latency, Latency):
        return replace(latency, entry_ns=latency.entry_ns + late_ns)
    return replace(latency, entry_ns=tuple(one + late_ns for one in latency.entry_ns))


def _bar_ns(result: BacktestResult) -> int:
    return result.setup.width_ns or MINUTE


def _worse(measured: float | NoValue) -> Decimal:
    """Slippage that costs, to a millionth; fills better than the last price are luck."""
    return ZERO if isinstance(measured, NoValue) else max(ZERO, Decimal(f"{measured:.6f}"))


# -- what the fills know of slippage ---------------------------------------------------------
def slippage_of(result: BacktestResult) -> float | NoValue:
    """How much worse orders that take were filled than expected, in bps weighed by their worth.

    Expected is the price of a stop, else the last price when the order left.
    """
    sent = {order.key: order for order in result.sent}
    marks = {market.instrument.symbol: _Last(market) for market in result.markets}
    worth = lost = 0.0
    for event in result.executions:
        fill, order = event.fill, sent[event.key]
        if fill.liquidity is not Liquidity.TAKER:
            continue
        stop = order.request.stop_price
        expected = marks[fill.symbol].at(order.placed_ns) if stop is None else float(stop)
        if expected != expected:
            continue
        sign = 1.0 if fill.side is Side.BUY else -1.0
        worth += float(fill.qty) * expected
        lost += float(fill.qty) * (float(fill.price) - expected) * sign
    if worth == 0.0:
        return NoValue("nothing was taken from the market")
    return lost / worth * float(BPS)


class _Last:
    """The last price before a moment."""

    def __init__(self, market: Any) -> None:
        is_bars = isinstance(market, BarColumns)
        self._stamps = market.open_ts_ns + market.width_ns if is_bars else market.ts_ns
        self._prices = market.closes if is_bars else market.prices
        self._step = float(market.price_step)
        self._side: Any = "right" if is_bars else "left"

    def at(self, ts_ns: int) -> float:
        """nan where none was known yet. A tick stamped like a decision comes after it."""
        row = int(np.searchsorted(self._stamps, ts_ns, side=self._side)) - 1
        return nan if row < 0 else float(self._prices[row]) * self._step
