"""What size cost our own market orders, and what it would have cost those of a backtest."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis.analytics.reliability import Reliability
from genesis.analytics.slippage_fit import SlippageFit, fit_slippage, slippage_reliability
from genesis.analytics.values import NoValue
from genesis.domain.fills import Liquidity
from genesis.domain.orders import OrderType
from genesis.research.execution_cost import Cost, slippage_cost
from genesis.research.measured import Measured
from genesis.research.own_market import minute_volume
from genesis.research.own_orders import OwnOrders
from genesis.research.style import Card, Shown, cards, note, signed
from genesis.research.tables import Table

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LAWS: Final = {"square_root": "the square root of its share", "linear": "its share"}
_COLUMNS: Final = ("order", "decided_ts_ns", "side", "qty", "participation", "slippage_bps")


@dataclass(frozen=True, slots=True, eq=False)
class SlippageModel:
    """fit: the law. reliability: on the newest third, which a law of the older ones never saw.

    orders: one row per market order, oldest first; participation: its quantity over what was traded
    in a minute (a mean of five); slippage_bps against the middle at the decision, + is worse.
    left_out: market orders without a known price or volume.
    """

    fit: SlippageFit
    reliability: Reliability | NoValue
    orders: pd.DataFrame
    left_out: int

    @property
    def is_reliable(self) -> bool:
        """Did the newest orders slip as the older ones said?"""
        return isinstance(self.reliability, Reliability) and self.reliability.is_reliable

    def predicted_bps(self, participation: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """See `SlippageFit.predicted_bps`."""
        return self.fit.predicted_bps(participation)

    def cost(self, result: Measured) -> Cost:
        """What the market orders of a backtest on ticks would have slipped by this law.

        Raises:
            UsageError: the backtest ran on bars.
        """
        return slippage_cost(result, self.fit)

    def plot(self) -> "Figure":
        """Every order, the law, and what was predicted of the newest third."""
        from genesis.research.execution_figures import slippage_figure

        x, y = (self.orders[name].to_numpy(np.float64) for name in _COLUMNS[-2:])
        return slippage_figure(self.fit, x, y, self.reliability)

    def shown(self) -> Shown:
        """The law as cards, and what was found of the newest orders."""
        fit = self.fit
        low, high = fit.slope_bps.low, fit.slope_bps.high
        matters = "size matters" if fit.size_matters else "no effect of size can be told"
        above = cards(
            [
                Card("every order pays", f"{signed(fit.intercept_bps.point)} bps",
                      f"{signed(fit.intercept_bps.low)} to {signed(fit.intercept_bps.high)}"),
                Card("a minute's volume adds", f"{signed(fit.slope_bps.point, 1)} bps",
                      f"{signed(low, 1)} to {signed(high, 1)}; by {_LAWS[fit.form]}; {matters}"),
                Card("single orders", f"± {fit.noise_bps:,.1f} bps",
                      f"about the law; {fit.orders} orders up to {fit.most:.1%} of a minute"),
            ]
        )  # fmt: skip
        found = self.reliability
        told = found.words if isinstance(found, Reliability) else found.reason
        left = f"; {self.left_out} without a known price or volume left out"
        below = note(f"slippage: {told}{left if self.left_out else ''}")
        return Shown(above.html + below.html, f"{above.plain}\n{below.plain}")

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def fit_own_slippage(orders: OwnOrders, form: str = "square_root") -> SlippageModel | NoValue:
    """The law of market orders of our own; a `NoValue` says why there is none.

    Raises:
        UsageError: an unknown form.
    """
    taken = [one for one in orders.orders if one.type is OrderType.MARKET and one.fills]
    rows = []
    for one in taken:
        market = orders.markets[one.symbol]
        mid = market.mid(one.tape_pos)
        volume = minute_volume(
            market.trades.ts_ns, market.trades["qty"], one.decided_ns, market.first_ns
        )
        is_taker = all(fill.liquidity is Liquidity.TAKER for fill in one.fills)
        if mid is None or not volume > 0.0 or not is_taker:
            continue
        worse = (one.average_price / mid - 1.0) * (1.0 if one.is_buy else -1.0)
        part = one.filled_qty / volume
        told = (one.side.value, one.filled_qty, part, worse * 1e4)
        rows.append((str(one.key), one.decided_ns, *told))
    table = Table(rows, columns=list(_COLUMNS))
    x, y = (table[name].to_numpy(np.float64) for name in _COLUMNS[-2:])
    found = fit_slippage(x, y, form)
    if isinstance(found, NoValue):
        return found
    return SlippageModel(found, slippage_reliability(x, y, form), table, len(taken) - len(rows))
