"""What a sweep found: one row per trial, its neighbours, and the returns of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis.domain.time import MINUTE, parse_width
from genesis.errors import UsageError
from genesis.research.coverage import Coverage, coverage
from genesis.research.equity import closes
from genesis.research.sweep_conditions import Conditions
from genesis.research.sweep_figures import LOWER_IS_BETTER, METRICS, SCREEN, Figures, returns_of
from genesis.research.sweep_parity import Parity
from genesis.research.sweep_space import Combination, Place, Space
from genesis.research.sweep_task import Bench, Task, engine_run, numbers_of, signal_of, width_of
from genesis.research.tables import Table
from genesis.research.ticks import Ticks
from genesis.sim.screen import Scratch, equity_of
from genesis.store.trials import Counted

Float64 = npt.NDArray[np.float64]

MOST_BYTES: Final = 512 * 2**20
"""Returns of all trials are worked out when they are asked for, and never more than this."""
_FIGURES: Final = tuple(Figures.__slots__)


@dataclass(frozen=True, slots=True)
class Ran:
    """What was searched, on what, how."""

    space: Space
    bench: Bench
    task: Task
    asked: Conditions
    search: str
    metric: str


@dataclass(frozen=True, eq=False)
class Swept:
    """A sweep and everything that can be worked out from it; see `SweepResult`."""

    ran: Ran
    trials: tuple[tuple[Combination, Figures], ...]
    left_out: int
    parity: Parity
    why_engine: str
    counted: Counted
    name: str

    def __len__(self) -> int:
        return len(self.trials)

    @cached_property
    def table(self) -> pd.DataFrame:
        names = [*self.ran.space.names, *_FIGURES]
        rows = [
            (*one.values, *(getattr(figures, name) for name in _FIGURES))
            for one, figures in self.trials
        ]
        return Table(rows, columns=names)

    @property
    def best(self) -> "pd.Series[Any]":
        """The row that is best in the sweep's metric; the first of equals. Probably luck."""
        scores = [figures.score(self.ran.metric) for _, figures in self.trials]
        return self.table.iloc[int(np.argmax(scores))]

    @cached_property
    def coverage(self) -> Coverage:
        market = self.ran.bench.market
        gaps = market.gaps if isinstance(market, Ticks) else ()
        return coverage(market.columns, self._width_ns, gaps)

    # -- neighbours --------------------------------------------------------------------------
    def plateau(self, metric: str | None = None) -> pd.DataFrame:
        """Each trial beside its neighbours: those at most one value away on every ordered axis.

        One row per trial: parameters, metric, `plateau` (the median of the metric over the trial
        and its neighbours) and `neighbours` (how many were tried). A peak that stands alone has a
        low plateau; of two equal plateaus the one with more neighbours is better known.
        """
        name = self.known_metric(metric)
        values = {one.place: float(getattr(figures, name)) for one, figures in self.trials}
        rows = []
        for one, _ in self.trials:
            near = [values[place] for place in self._around(one.place) if place in values]
            known = [value for value in near if value == value]
            median = float(np.median(known)) if known else float("nan")
            rows.append((*one.values, values[one.place], median, len(near) - 1))
        return Table(rows, columns=[*self.ran.space.names, name, "plateau", "neighbours"])

    def steadiest(self, metric: str | None = None) -> "pd.Series[Any]":
        """The row of `table` with the best plateau; of equals the one with more neighbours."""
        name = self.known_metric(metric)
        found = self.plateau(name)
        sign = -1.0 if name in LOWER_IS_BETTER else 1.0
        score = (found["plateau"] * sign).fillna(float("-inf"))
        order = np.lexsort((found["neighbours"].to_numpy(), score.to_numpy()))
        return self.table.iloc[int(order[-1])]

    def _around(self, place: Place) -> "product[Place]":
        space = self.ran.space
        reach = [
            (i - 1, i, i + 1) if space.is_ordered(name) else (i,)
            for name, i in zip(space.names, place, strict=True)
        ]
        return product(*reach)

    # -- returns -----------------------------------------------------------------------------
    @property
    def returns(self) -> Float64:
        """(T, N) returns from bar to bar, a column per trial, as deflated Sharpe and PBO take them.

        Raises:
            UsageError: they need more than 512 MiB: take wider periods (`returns_by`).
        """
        return self.returns_by(None)

    def returns_by(self, width: str | None, trials: Sequence[int] | None = None) -> Float64:
        """(T, N) simple returns per period of `width` (None: per bar), a column per trial.

        trials: numbers of rows of `table`; None: all. Trials of the engine are run again.

        Raises:
            UsageError: an unknown width, or more than 512 MiB of them.
        """
        chosen = range(len(self.trials)) if trials is None else trials
        stamps, _ = closes(self.ran.bench.market.columns, self._width_ns)
        last = self._last_marks(stamps, width)
        size = len(last) * len(chosen) * 8
        if size > MOST_BYTES:
            raise UsageError(
                f"{len(last):,} returns of {len(chosen):,} trials are {size / 2**20:,.0f} MiB: "
                "take wider periods (returns_by('1h')) or some trials (trials=[...])"
            )
        if len({width_of(self.ran.task.kind, self.trials[i][0].params) for i in chosen}) > 1:
            raise UsageError("the trials have bars of several widths: choose those of one width")
        cash = float(self.ran.asked.cash)
        found = np.empty((len(last), len(chosen)))
        for column, i in enumerate(chosen):
            found[:, column] = returns_of(self._equity(*self.trials[i])[last], cash)
        return found

    def _last_marks(self, stamps: npt.NDArray[np.int64], width: str | None) -> npt.NDArray[np.intp]:
        """The last mark of each period; the close of a period is stamped with the next one's first
        instant.
        """
        if width is None:
            return np.arange(len(stamps))
        try:
            periods = (stamps - 1) // parse_width(width)
        except ValueError as wrong:
            raise UsageError(str(wrong)) from wrong
        return np.append(np.flatnonzero(periods[1:] != periods[:-1]), len(stamps) - 1)

    def _equity(self, one: Combination, figures: Figures) -> Float64:
        ran = self.ran
        signal, terms = signal_of(ran.task.kind), ran.task.terms
        if figures.how != SCREEN or signal is None or terms is None:
            return np.asarray(engine_run(ran.bench.market, ran.task, one).equity.to_numpy())
        screen = ran.bench.screen(width_of(ran.task.kind, one.params), ran.task.fill)
        scratch = Scratch(len(screen.marks.closes))
        return equity_of(screen, signal, numbers_of(signal, one.params), terms, scratch)

    @property
    def _width_ns(self) -> int:
        bar = self.ran.task.kind(self.trials[0][0].params).bar
        return MINUTE if bar is None else parse_width(bar)

    def known_metric(self, metric: str | None) -> str:
        name = metric or self.ran.metric
        if name not in METRICS:
            raise UsageError(f"unknown metric {name!r}: known are {', '.join(METRICS)}")
        return name
