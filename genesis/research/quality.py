"""The quality of a symbol's trades, and how a notebook shows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from genesis.domain.time import SECOND
from genesis.errors import UsageError
from genesis.research.style import Card, Shown, cards, note, share, span
from genesis.research.tables import Table, shown
from genesis.store.ticks import check_file as measured_file
from genesis.store.ticks.quality import Quality as Measured
from genesis.wire.symbols import parse_symbol


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

    @property
    def gaps(self) -> pd.DataFrame:
        """The first stretches of missing trade ids, and the time of the trade before each."""
        rows = [(str(gap.first_id), str(gap.last_id), gap.missing, gap.after_ns)
                for gap in self.found.first_gaps]  # fmt: skip
        return pd.DataFrame(rows, columns=["first_id", "last_id", "missing", "after_ts_ns"])

    @property
    def outliers(self) -> pd.DataFrame:
        """The first prices that stand alone, beside the nearer one around them."""
        rows = [(one.ts_ns, str(one.trade_id), one.price, one.around)
                for one in self.found.first_outliers]  # fmt: skip
        return pd.DataFrame(rows, columns=["ts_ns", "trade_id", "price", "around_it"])

    def __repr__(self) -> str:
        return _face(self.found).plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        face = _face(self.found)
        for each in (self.gaps, self.silences, self.outliers):
            if len(each):
                face = Shown(face.html + shown(each).html, face.plain)
        return face._repr_mimebundle_()


def check_file(path: str | Path, symbol: str | None = None) -> Quality:
    """The quality of the trades in a file that is not in the store; nothing of it is kept.

    Whatever `genesis ticks import` reads. symbol: where the name of the file does not tell it, or
    the file holds several.

    Raises:
        DataError: it cannot be read at all; bad rows are counted, not raised.
        UsageError: its symbol cannot be told, or it holds several.
    """
    found = measured_file(Path(path), None if symbol is None else parse_symbol(symbol))
    if len(found) != 1:
        raise UsageError(f"{path} holds {', '.join(found) or 'nothing'}: name one symbol")
    return Quality(next(iter(found.values())))


def compare_quality(checks: Mapping[str, Quality]) -> Table:
    """One row per check; a column for each fault, and the verdict."""
    rows = [
        (name, _verdict(one.found), *(read(one.found) for read in _COLUMNS.values()))
        for name, one in checks.items()
    ]
    return Table(rows, columns=["file", "verdict", *_COLUMNS])


_COLUMNS: Final[Mapping[str, Callable[[Measured], int]]] = {
    "rows": lambda q: q.rows,
    "missing": lambda q: q.missing,
    "repeated": lambda q: q.repeated,
    "conflicting": lambda q: q.conflicting,
    "unreadable": lambda q: q.unreadable,
    "disorder": lambda q: q.disorder,
    "backwards": lambda q: q.backwards,
    "silences": lambda q: q.silences,
    "outliers": lambda q: q.outliers,
    "astray": lambda q: q.stray_received,
}


def _face(q: Measured) -> Shown:
    verdict = Card("verdict", _verdict(q), q.symbol,
                   "up" if q.is_clean else "down")  # fmt: skip
    ids = f"ids {q.first_id:,} to {q.last_id:,}"
    whole = Card(
        "trade ids present",
        share(q.coverage, 2),
        f"{q.missing:,} missing in {q.gaps:,} gap{'s' * (q.gaps != 1)}",
    )
    bad = f", {q.unreadable:,} unreadable" if q.unreadable else ""
    order = Card("out of order", f"{q.disorder + q.backwards:,}",
                 f"{q.repeated:,} repeated, {q.conflicting:,} contradictory{bad}")  # fmt: skip
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


def _verdict(q: Measured) -> str:
    return "clean" if q.is_clean else "not clean"


def _count(silences: int) -> str:
    return "one span" if silences == 1 else f"{silences:,} spans" if silences else "no span"
