"""A run and its like under worse conditions, and where costs eat all of it."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from genesis.analytics import NoValue
from genesis.domain.money import BPS
from genesis.domain.time import MILLISECOND
from genesis.research.counting import return_fraction
from genesis.research.result import BacktestResult
from genesis.research.tables import Table


@dataclass(frozen=True, slots=True, eq=False)
class Stress:
    """One condition. cost_bps: what a taker pays a side, all in. late_ns: how much later an order
    arrives than it did.
    """

    name: str
    cost_bps: float
    late_ns: int
    run: BacktestResult


@dataclass(frozen=True, eq=False)
class Stresses:
    """A run under worse conditions; see `CostStress`."""

    stresses: tuple[Stress, ...]
    assumed_bps: float | None
    measured_bps: float | NoValue
    in_fills_bps: float

    @cached_property
    def table(self) -> pd.DataFrame:
        rows = [
            (
                one.name,
                one.cost_bps,
                one.late_ns / MILLISECOND,
                return_fraction(one.run),
                len(one.run.trades),
                len(one.run.refusals),
            )
            for one in self.stresses
        ]
        names = ["run", "cost_bps", "late_ms", "return_fraction", "trades", "refused"]
        return Table(rows, columns=names)

    @cached_property
    def break_even_bps(self) -> float | NoValue:
        run = self.stresses[0].run
        worth = fees = 0.0
        for event in run.executions:
            fill = event.fill
            worth += float(fill.qty * fill.price)
            base = run.setup.instruments[0].quote != fill.fee_asset
            fees += float(fill.fee * fill.price if base else fill.fee)
        if worth == 0.0:
            return NoValue("it never traded")
        earned = return_fraction(run) * float(run.setup.cash)
        return (earned + fees) / worth * float(BPS) + self.in_fills_bps
