"""A backtest judged by a book of somebody's rules: what held, what broke, what was left to lose."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from genesis.domain.time import format_utc
from genesis.research.book_path import BookPath, Mark
from genesis.research.measured import Measured
from genesis.research.style import NONE, Card, Shown, cards, note, share, table
from genesis.risk.rulebooks import Book, Standing, Status
from genesis.rules import load_book

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

BROKEN: Final = "broken"
PASSED: Final = "passed"
UNFINISHED: Final = "not finished"
_WORDS: Final = {
    BROKEN: "a rule was broken",
    PASSED: "every rule held and everything was reached",
    UNFINISHED: "no rule was broken, and something is still to be reached",
}
_SOMEBODY: Final = (
    "A pattern of rules, not the rules of any firm of today. The account begins with the cash of "
    "the backtest unless the book names an amount."
)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """book: the rules. standings: how each stood at the end. marks: what was left on the way."""

    book: Book
    standings: tuple[Standing, ...]
    marks: tuple[Mark, ...]

    @property
    def verdict(self) -> str:
        """`broken`, `passed` or `not finished`."""
        if any(one.breach_ts_ns is not None for one in self.standings):
            return BROKEN
        is_open = any(one.status is Status.OPEN for one in self.standings)
        return UNFINISHED if is_open else PASSED

    @property
    def table(self) -> pd.DataFrame:
        """One row per rule: rule, status, used (of its limit), headroom, first_broken, told.

        The status is that of the whole backtest: a rule that was broken on the way is BREACH, also
        where it is kept at the end. The other columns but `first_broken` tell of the end.
        """
        rows = [
            (
                one.rule,
                (one.status if one.breach_ts_ns is None else Status.BREACH).value,
                float("nan") if one.used_fraction is None else float(one.used_fraction),
                float("nan") if one.headroom_usdt is None else float(one.headroom_usdt),
                None if one.breach_ts_ns is None else format_utc(one.breach_ts_ns),
                one.told,
            )
            for one in self.standings
        ]
        names = ["rule", "status", "used", "headroom", "first_broken", "told"]
        return pd.DataFrame(rows, columns=names)

    @property
    def headroom(self) -> pd.DataFrame:
        """What was left to lose at the lowest moment of each span: a float64 column per floor."""
        rows = [mark.headroom for mark in self.marks]
        return pd.DataFrame(rows, index=pd.Index([m.ts_ns for m in self.marks], name="ts_ns"))

    def plot(self) -> "Figure":
        """The path of what was left to lose."""
        from genesis.research.book_figure import headroom_figure

        return headroom_figure(self.headroom, self.standings, self.book.name, self.verdict)

    def shown(self) -> Shown:
        """The verdict, and a table of the rules."""
        broken = sum(one.breach_ts_ns is not None for one in self.standings)
        lowest = self.headroom.min().min() if self.marks else float("nan")
        above = cards(
            [
                Card(self._named, self.verdict, self._words, _mood(self.verdict)),
                Card("rules", f"{len(self.standings)}", f"{broken} broken"),
                Card("least headroom", _usdt(lowest), "of all floors, at any moment"),
            ]
        )
        rules = table(
            self.table.assign(rule=self.table["rule"].str.replace("_", " ")),
            names={
                "rule": "rule",
                "status": "status",
                "used": "used at the end",
                "headroom": "left to lose",
                "first_broken": "first broken",
                "told": "at the end",
            },
            formats={"used": share, "headroom": _usdt},
            caption=self.book.title,
            empty="The book has no rule.",
        )
        parts = (above, rules, note(_SOMEBODY))
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    @property
    def _named(self) -> str:
        """The book, and which of its phases was judged where it has several."""
        book = self.book
        phase = f", phase {book.phase} of {book.phases}" if book.phases > 1 else ""
        return f"{book.name}{phase}"

    @property
    def _words(self) -> str:
        told, follows = _WORDS[self.verdict], self.book.phase < self.book.phases
        return (
            f"{told}; phase {self.book.phase + 1} follows"
            if self.verdict == PASSED and follows
            else told
        )

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def judge(result: Measured, book: str | Path | Book, *, phase: int | None = None) -> Judged:
    """Judge a backtest by a book: a name (`genesis.rules.known_books()`), a path, or a Book.

    Every tick counts, not only closed trades. What the account would have done after a breach is
    told, too. phase: which of the book's targets holds, from 1; None: the one the book says.

    Raises:
        ConfigError: unknown book, or one that cannot be used.
    """
    rules = book if isinstance(book, Book) else load_book(book, phase=phase)
    path = BookPath(result, rules)
    marks = tuple(path.marks())
    return Judged(rules, path.tracker.standings(), marks)


def _usdt(value: Any) -> str:
    return NONE if value is None or value != value else f"{value:,.2f}".replace("-", "−")


def _mood(verdict: str) -> str:
    return {BROKEN: "down", PASSED: "up"}.get(verdict, "")
