"""A strategy on show: what it says of itself, where it works, where it fails.

shown = exhibit("mean_reversion")
shown           # premise, costs, when it fails; both runs beside each other
shown.plot()    # both markets, its trades, what became of the money
"""

import re
from dataclasses import dataclass
from html import escape
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

from genesis.errors import UsageError
from genesis.research.exhibited import Exhibited
from genesis.research.exhibits import SCENES
from genesis.research.result import BacktestResult
from genesis.research.style import Card, Shown, cards, note
from genesis.research.summary import compare
from genesis.research.tables import shown

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_WIDE: Final = 100
_CODE: Final = re.compile("`([^`]*)`")
_MADE: Final = (
    "Both markets were made for this picture. They show what the strategy looks for and what hurts "
    "it; they say nothing of what it earns elsewhere."
)


@dataclass(frozen=True, eq=False)
class Exhibit(Exhibited):
    """name: of the strategy. scenes: the two markets it is shown on."""

    def plot(self) -> "Figure":
        """Price and trades above, the account below; where it works, and where it fails."""
        from genesis.research.exhibit_figure import exhibit_figure

        return exhibit_figure(self)

    def shown(self) -> Shown:
        """The words, and both runs."""
        both = {self.scenes.works.words: self.works, self.scenes.fails.words: self.fails}
        top = cards([_card("where it works", self.works), _card("where it fails", self.fails),
                     Card("tier", str(self.kind.tier), "unlocks it")])  # fmt: skip
        words = [_said(head, text) for head, text in self.says.items()]
        parts = (top, *words, shown(compare(both)), note(_MADE))
        plain = "\n".join(_wrapped(line) for p in parts for line in p.plain.splitlines())
        return Shown("".join(p.html for p in parts), plain)

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def exhibit(name: str) -> Exhibit:
    """A shipped strategy on show. Its runs are no trials: nothing was searched for.

    Raises:
        UsageError: no shipped strategy has the name.
    """
    if name not in SCENES:
        raise UsageError(f"no strategy {name!r} is on show: there are {', '.join(SCENES)}")
    return Exhibit(name, SCENES[name])


def _card(name: str, run: BacktestResult) -> Card:
    made = float(run.equity.iloc[-1]) / float(run.setup.cash) - 1.0
    told = f"{'−' if made < 0 else '+'}{abs(made):.1%}"
    paid, count = run.metrics["fees_usdt"], len(run.trades)
    return Card(name, told, f"{count:,} trades, {paid:,.2f} {run.setup.instrument.quote} of fees",
                "up" if made > 0 else "down")  # fmt: skip


def _said(head: str, text: str) -> Shown:
    """A paragraph with its head; names between backticks are code."""
    said = text if text[:1] == "`" else f"{text[:1].upper()}{text[1:]}"
    html = _CODE.sub(r"<code>\1</code>", escape(said))
    return Shown(
        f'<p class="gn gn-note"><b>{head}.</b> {html}</p>', f"{head}: {said.replace('`', '')}"
    )


def _wrapped(line: str) -> str:
    return line if len(line) <= _WIDE else fill(line, _WIDE, break_on_hyphens=False)
