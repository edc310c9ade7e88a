"""The quality of a symbol's trades, and how a notebook shows it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from genesis.domain.time import SECOND
from genesis.research.style import Card, Shown, cards, note, share, span
from genesis.research.tables import shown
from genesis.store.ticks.quality import Quality as Measured


@dataclass(frozen=True, slots=True)
class Quality:
    """found: every figure. is_clean: nothing missing, repeated, out of order or astray."""

    found: Measured

    @property
    def is_clean(self) -> bool:
        return self.found.is_clean

    @property
    def silences(self) -> pd.DataFrame:
        """The first spans of a minute or more without a trade."""
        rows = [(gap.after_ns, (gap.before_ns - gap.after_ns) / SECOND)
                for gap in self.found.first_silences]  # fmt: skip
        return pd.DataFrame(rows, columns=["after_ts_ns", "seconds"])

    def __repr__(self) -> str:
        return _face(self.found).plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        face = _face(self.found)
        if len(self.silences):
            face = Shown(face.html + shown(self.silences).html, face.plain)
        return face._repr_mimebundle_()


def _face(q: Measured) -> Shown:
    verdict = Card("verdict", "clean" if q.is_clean else "not clean", q.symbol,
                   "up" if q.is_clean else "down")  # fmt: skip
    ids = f"ids {q.first_id:,} to {q.last_id:,}"
    whole = Card(
        "trade ids present", share(q.coverage, 2), f"{q.missing:,} missing in {q.gaps:,} gaps"
    )
    order = Card("out of order", f"{q.disorder + q.backwards:,}",
                 f"{q.repeated:,} repeated, {q.conflicting:,} contradictory")  # fmt: skip
    above = cards([verdict, Card("trades", f"{q.rows:,}", ids), whole, order])
    covered = span((q.last_ns - q.first_ns) / SECOND)
    words = f"The trades cover {covered}; {_count(q.silences)} of a minute or more without one."
    if q.outliers:
        words += f"\n{q.outliers:,} prices stand alone, far from the trades around them."
    if q.usual_delay_ns:
        late = f"{q.usual_delay_ns / 1e6:,.1f} ms"
        words += f"\nReceived {late} after the venue's time as a rule; {q.stray_received:,} astray."
    below = note(words)
    return Shown(above.html + below.html, f"{above.plain}\n{below.plain}")


def _count(silences: int) -> str:
    return "one span" if silences == 1 else f"{silences:,} spans" if silences else "no span"
