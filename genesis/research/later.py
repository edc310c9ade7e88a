"""A sweep on the first part of the data and the same one on the rest: did what was best stay good?

found = then_and_later("sma_cross", bars, {"fast": range(5, 30, 5), "slow": [50, 100]}, ...)
found.first.plot()      # the sweep that chose
found                   # what became of its winner
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesis.errors import UsageError
from genesis.research.bars import Bars
from genesis.research.both_parts import BothParts
from genesis.research.sweep import sweep
from genesis.research.ticks import Ticks
from genesis.strategy import Strategy
from genesis.strategy.catalog import StrategyClass

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from genesis.research.style import Shown


@dataclass(frozen=True, eq=False)
class Later(BothParts):
    """first, second: the sweeps, the second on what came after."""

    def plot(self) -> "Figure":
        """A point for each trial: how it did then, and how later."""
        from genesis.research.later_figure import later_figure

        return later_figure(self)

    def shown(self) -> "Shown":
        """The winner then and later, and whether the order of all stayed."""
        from genesis.research.later_figure import later_face

        return later_face(self)

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def then_and_later(
    strategy: str | StrategyClass | Strategy,
    data: Ticks | Bars,
    grid: Mapping[str, Sequence[object]],
    *,
    cut: float = 0.5,
    **asked: Any,
) -> Later:
    """A sweep on the first `cut` of the rows, and the same trials on the rest.

    asked: as of `sweep`, with grid search. Look at the later part once: each look is a peek, and
    after a few of them it is no test any more.

    Raises:
        UsageError: a cut that is no fraction, a search other than the grid; else as `sweep`.
    """
    if not 0 < cut < 1:
        raise UsageError(f"cut must lie between 0 and 1, not {cut}")
    if asked.get("search", "grid") != "grid":
        raise UsageError("both parts try every combination of a grid: leave search out")
    columns = data.columns
    stamps = columns.ts_ns if isinstance(data, Ticks) else data.columns.open_ts_ns  # type: ignore[union-attr]
    at_ns = int(stamps[min(len(stamps) - 1, int(len(stamps) * cut))])
    first = sweep(strategy, data.between(None, at_ns), grid, **asked)
    return Later(first, sweep(strategy, data.between(at_ns, None), grid, **asked))
