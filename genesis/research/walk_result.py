"""What a walk forward found, as it shows and keeps itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis.research.walked import Walked

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True, eq=False)
class WalkForward(Walked):
    """A walk; what is reported of it was judged on data that its choices did not know.

    axes: the values that were tried, by parameter. steps: oldest first. left_ns: time at the end of
    the data that filled no whole window. counted: all trials the ledger knows of this strategy on
    this symbol and an overlapping span, this walk among them. name: of its looks in the ledger.

    table: pandas, one row per window. equity: float64 over UTC ns, 1 at the start, each window
    going on with what the one before it left. returns: from mark to mark of it. efficiency: return
    a day where it was judged over return a day where it was chosen: 1 keeps every promise, 0 or
    below none. metrics: figures of the judged spans by name.
    """

    # -- keeping and faces -------------------------------------------------------------------
    def save(self, path: str | Path) -> Path:
        """A report as one HTML file that needs nothing else. Raises DataError: not written."""
        from genesis.research.walk_page import save

        return save(self, Path(path))

    def plot(self) -> "Figure":
        """The judged equity, what each window promised and kept, and what was chosen."""
        from genesis.research.walk_figure import walk_figure

        return walk_figure(self)

    def summary(self) -> list[tuple[str, str]]:
        """The result in a few lines: (name, text). The first is the coverage of the data."""
        from genesis.research.walk_words import lines

        return lines(self)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<16} {text}" for name, text in self.summary())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from genesis.research.walk_words import face

        return face(self)._repr_mimebundle_()
