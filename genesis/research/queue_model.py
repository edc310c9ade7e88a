"""How far the queue before a resting order moves: by trades alone, or because others leave, too.

What stood before an order of ours at its price is known from the book when the venue accepted it;
what was traded there until it filled, from the prints. The share of the first that had to be
traded is 1 where nobody before us ever left, and lower where they did. An order that was taken back
unfilled, or was filled because the price went through it, says only that its share was not reached.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from genesis.analytics.reliability import Reliability
from genesis.analytics.resampling import FigureInterval
from genesis.analytics.survival import FillOdds, fill_odds, fill_quantile, fill_reliability
from genesis.analytics.values import NoValue
from genesis.domain.fills import Liquidity
from genesis.domain.orders import OrderType
from genesis.domain.time import SECOND
from genesis.research.own_market import OwnMarket
from genesis.research.own_orders import OwnOrder, OwnOrders
from genesis.research.style import Card, Shown, cards, note
from genesis.research.tables import Table

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_COLUMNS: Final = ("order", "accepted_ts_ns", "side", "ahead", "served", "filled", "waited_s")
_GROUPS: Final = ("short", "middling", "long")


@dataclass(frozen=True, slots=True, eq=False)
class QueueModel:
    """share_interval: the share of the queue that must trade before half of the orders fill, with
    its interval. odds: of a fill by that share. orders: one row per resting order: ahead (base),
    served (over ahead), filled at its price or not, waited_s until the fill or the end.
    reliability: the odds on the newest third. left_out: resting orders whose place is not known.
    """

    share_interval: FigureInterval
    odds: FillOdds
    reliability: Reliability | NoValue
    orders: pd.DataFrame
    left_out: int

    @property
    def share(self) -> float:
        """What `backtest(..., queue=model)` takes: at most 1."""
        return min(1.0, round(self.share_interval.point, 6))

    @property
    def is_reliable(self) -> bool:
        """Did the newest orders wait as the older ones said?"""
        return isinstance(self.reliability, Reliability) and self.reliability.is_reliable

    @property
    def waits(self) -> pd.DataFrame:
        """Time to be filled by the length of the queue: odds within 10 s and 60 s, median in s."""
        ranked = self.orders.sort_values("ahead", kind="stable")
        rows = []
        for name, at in zip(_GROUPS, np.array_split(np.arange(len(ranked)), 3), strict=True):
            part = ranked.iloc[at]
            odds = fill_odds(part["waited_s"].to_numpy(), part["filled"].to_numpy())
            middle = odds.quantile()
            seconds = float("nan") if isinstance(middle, NoValue) else middle
            figures = (part["ahead"].median(), odds.until(10.0), odds.until(60.0), seconds)
            rows.append((name, len(part), odds.fills, *map(float, figures)))
        names = ["queue", "orders", "filled", "ahead", "within_10s", "within_60s", "median_s"]
        return Table(rows, columns=names)

    def plot(self) -> "Figure":
        """Odds of a fill by how much of the queue was traded, with the newest third beside."""
        from genesis.research.execution_figures import queue_figure

        return queue_figure(self.odds, self.share_interval.point, self.reliability)

    def shown(self) -> Shown:
        """The share as cards, and what was found of the newest orders."""
        inside, odds = self.share_interval, self.odds
        above = cards(
            [
                Card("half of the orders fill after", f"{inside.point:.2f} of the queue",
                     f"{inside.low:.2f} to {inside.high:.2f}; 1 is all of it, 0 is nobody"),
                Card("resting orders", f"{odds.orders}", f"{odds.fills} filled at their price"),
            ]
        )  # fmt: skip
        found = self.reliability
        told = found.words if isinstance(found, Reliability) else found.reason
        left = f"; {self.left_out} whose place was not known left out"
        below = note(f"queue: {told}{left if self.left_out else ''}")
        return Shown(above.html + below.html, f"{above.plain}\n{below.plain}")

    def __repr__(self) -> str:
        return self.shown().plain

    def __str__(self) -> str:
        """The share, as a trial is counted under it."""
        return str(self.share)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def fit_queue(orders: OwnOrders) -> QueueModel | NoValue:
    """How the queue moved before our resting orders; a `NoValue` says why it is not known."""
    resting = [one for one in orders.orders if _rested(one)]
    rows = []
    for one in resting:
        place = _place(one, orders.markets[one.symbol])
        if place is not None:
            told = (place.ahead, place.served, place.filled, place.waited_s)
            rows.append((str(one.key), one.accepted_ns, one.side.value, *told))
    table = Table(rows, columns=list(_COLUMNS))
    served = table["served"].to_numpy(np.float64)
    filled = table["filled"].to_numpy(np.bool_)
    share = fill_quantile(served, filled)
    if isinstance(share, NoValue):
        return share
    reliability = fill_reliability(served, filled)
    odds = fill_odds(served, filled)
    return QueueModel(share, odds, reliability, table, len(resting) - len(rows))


class _Place(NamedTuple):
    ahead: float
    served: float
    filled: bool
    waited_s: float


def _rested(order: OwnOrder) -> bool:
    """A limit order the venue took, that did not take itself, and that has ended or filled."""
    if order.type is not OrderType.LIMIT or order.accepted_ns is None or not order.is_clean:
        return False
    takes = any(fill.liquidity is Liquidity.TAKER for fill in order.fills)
    return not takes and (bool(order.fills) or order.ended_ns is not None)


def _place(order: OwnOrder, market: OwnMarket) -> _Place | None:
    """What stood before it, and how much of that was traded; None where nobody can tell."""
    assert order.limit_price is not None and order.accepted_ns is not None
    ahead = market.displayed(order.is_buy, order.limit_price, order.accepted_ns)
    if not ahead:
        return None
    until_ns = order.fills[0].ts_ns if order.fills else (order.ended_ns or 0)
    first, last = np.searchsorted(market.trades.ts_ns, (order.accepted_ns, until_ns), side="right")
    price = market.trades["price"][first:last]
    waited_s = (until_ns - order.accepted_ns) / SECOND
    past = price < order.limit_price if order.is_buy else price > order.limit_price
    if past.any():  # the price went through: whoever stood before us was served, or had left
        served = _at(order, market, first, first + int(past.argmax())).sum()
        return _Place(ahead, float(served) / ahead, False, waited_s)
    prints = _at(order, market, first, last)
    if not order.fills:
        return _Place(ahead, float(prints.sum()) / ahead, False, waited_s)
    if not len(prints):
        return None  # filled by a print that was not recorded
    return _Place(ahead, _served(order, prints) / ahead, True, waited_s)


def _at(order: OwnOrder, market: OwnMarket, first: int, last: int) -> "np.ndarray[Any, Any]":
    """Quantities of the prints in these rows that could serve the order's price."""
    price, maker = (market.trades[name][first:last] for name in ("price", "buyer_is_maker"))
    wanted = (price == order.limit_price) & (maker == float(order.is_buy))
    return np.asarray(market.trades["qty"][first:last][wanted])


def _served(order: OwnOrder, prints: "np.ndarray[Any, Any]") -> float:
    """What others got before our first fill.

    A fill in part takes the rest of its print, so it is known exactly; of one that completes the
    order only bounds are (the print went on behind us), and the middle is taken.
    """
    first = order.fills[0]
    ours = sum(fill.qty for fill in order.fills if fill.ts_ns == first.ts_ns)
    most = max(0.0, float(prints.sum()) - ours)
    if ours < order.qty * (1.0 - 1e-9):
        return most
    return (min(most, float(prints[:-1].sum())) + most) / 2.0
