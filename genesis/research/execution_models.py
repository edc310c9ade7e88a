"""Models of execution fitted to orders of our own: latency, slippage by size, the queue.

    models = fit_execution()                        # this home's log
    backtest("sma_cross", ticks, latency=models.latency, queue=models.queue)
    models.slippage.cost(result)

Each is checked on orders it was not fitted to, and a model of too few orders is a `NoValue` that
says so. A model says how a venue and a machine were; neither has to stay so.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from genesis.analytics.reliability import Reliability
from genesis.analytics.slippage_fit import require_form
from genesis.analytics.values import NoValue
from genesis.research.latency_model import LatencyModel, fit_latency
from genesis.research.own_orders import OwnOrders, own_orders, require_orders
from genesis.research.queue_model import QueueModel, fit_queue
from genesis.research.setup import Moment
from genesis.research.slippage_model import SlippageModel, fit_own_slippage
from genesis.research.style import Shown, note
from genesis.research.tables import Table

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_NAMES = ("latency", "slippage", "queue")


@dataclass(frozen=True, slots=True, eq=False)
class ExecutionModels:
    """Each is a model, or a `NoValue` that says why there is none. own: what they rest on."""

    latency: LatencyModel | NoValue
    slippage: SlippageModel | NoValue
    queue: QueueModel | NoValue
    own: OwnOrders

    @property
    def reliability(self) -> pd.DataFrame:
        """Predicted beside realised, of orders that were not used for the fit: one row per figure.

        low, high: where the realised figure lies when the model is right; inside: does it?
        """
        rows = [
            (name, row.name, found.unit, row.samples, *row[2:], row.is_inside)
            for name, found in self._checks()
            for row in found.rows
        ]
        names = ["model", "figure", "unit", "held_out", "predicted", "realised", "low", "high"]
        return Table(rows, columns=[*names, "inside"])

    def plot(self) -> "Figure":
        """The same as a picture: predicted across, realised upwards."""
        from genesis.research.execution_figures import reliability_figure

        return reliability_figure(self._checks())

    def _checks(self) -> list[tuple[str, Reliability]]:
        named: list[tuple[str, Reliability | NoValue]] = []
        if isinstance(self.latency, LatencyModel):
            named += [(f"latency, {k}", one) for k, one in self.latency.reliability.items()]
        named += [
            (name, model.reliability)
            for name, model in (("slippage", self.slippage), ("queue", self.queue))
            if not isinstance(model, NoValue)
        ]
        return [(name, one) for name, one in named if isinstance(one, Reliability)]

    def shown(self) -> Shown:
        """All three, or why one is missing."""
        parts = [
            note(f"no {name} model: {model.reason}")
            if isinstance(model, NoValue)
            else model.shown()
            for name, model in zip(_NAMES, (self.latency, self.slippage, self.queue), strict=True)
        ]
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def fit_execution(
    home: str | Path | None = None,
    *,
    start: Moment | None = None,
    end: Moment | None = None,
    form: str = "square_root",
) -> ExecutionModels:
    """Fit all three to the orders in the log of a home (None: as the command line finds it).

    start, end: [start, end) of the log. form: of slippage by size: square_root or linear.

    Raises:
        UsageError: an unknown form, or no order in the span. EventLogError: the log cannot be read.
    """
    require_form(form)
    own = own_orders(home, start=start, end=end)
    require_orders(own)
    return ExecutionModels(fit_latency(own), fit_own_slippage(own, form), fit_queue(own), own)
