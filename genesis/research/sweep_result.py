"""What a sweep found, as it shows itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesis.research.swept import Swept

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True, eq=False)
class SweepResult(Swept):
    """A sweep.

    trials: combinations with their figures, in the order they were planned. left_out: how many
    combinations the parameters refused. parity: what of the screening was run through the engine,
    too. why_engine: why nothing was screened; empty where it was. counted: all trials the ledger
    knows of this strategy on this symbol and an overlapping span, this sweep among them. name: of
    the sweep in the ledger.

    table: pandas, one row per trial: the parameters, then the fields of `Figures`.
    """

    def plot(
        self, x: str | None = None, y: str | None = None, metric: str | None = None
    ) -> "Figure":
        """The metric over two parameters (None: the first two), the best and the steadiest marked.

        Where there are more parameters, each cell is the median over the others.
        """
        from genesis.research.sweep_plot import sweep_figure

        return sweep_figure(self, x, y, self.known_metric(metric))

    def summary(self) -> list[tuple[str, str]]:
        """The result in a few lines: (name, text). The first is the coverage of the data."""
        from genesis.research.sweep_words import lines

        return lines(self)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<16} {text}" for name, text in self.summary())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from genesis.research.sweep_words import face

        return face(self)._repr_mimebundle_()
