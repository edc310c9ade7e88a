"""What a check found, as people read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill
from typing import Any, Final

import pandas as pd

from genesis.domain.time import format_utc
from genesis.research.guards.findings import Finding, Report
from genesis.research.style import Card, Shown, cards, note, table

_ASKS: Final = {
    "errors": "does it run, and do its wishes mean something?",
    "repeat": "the same again, here and in other processes?",
    "lookahead": "the same without the future, and with another?",
    "warm_up": "the same from a later start?",
    "ties": "the same whatever the order inside one instant?",
}
_WIDE: Final = 100
_SCOPE: Final = (
    "Guards find what their cuts and orders show, on these data: passing is no proof. What a "
    "strategy reads by itself from a file or a network is not seen."
)


@dataclass(frozen=True, slots=True, eq=False)
class CheckResult:
    """strategy, data: what was checked, and on what. reports: one for each guard."""

    strategy: str
    data: str
    reports: tuple[Report, ...]

    @property
    def passed(self) -> bool:
        """Nothing was found, and every guard was asked that can be asked of these data."""
        return not self.findings

    @property
    def findings(self) -> tuple[Finding, ...]:
        """guard, at_ns, what, remedy of each."""
        return tuple(finding for report in self.reports for finding in report.findings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, rounded or assumed, and what is no finding."""
        return tuple(words for report in self.reports for words in report.notes)

    @property
    def table(self) -> pd.DataFrame:
        """One row per guard: guard, asks, verdict (passed, failed, not judged), compared, told."""
        rows = [
            (one.guard.value, _ASKS[one.guard.value], one.verdict, one.compared, one.told)
            for one in self.reports
        ]
        return pd.DataFrame(rows, columns=["guard", "asks", "verdict", "compared", "told"])

    def shown(self) -> Shown:
        """The verdict, the guards, what was found, and the notes."""
        html = "".join(part.html for part in self._parts("guard", "asks", "verdict", "told"))
        lines = "\n".join(part.plain for part in self._parts("guard", "verdict", "told"))
        return Shown(html, "\n".join(map(_wrapped, lines.splitlines())))

    def _parts(self, *columns: str) -> Iterator[Shown]:
        count = len(self.findings)
        word, mood = ("passed", "up") if self.passed else ("failed", "down")
        judged = sum(one.verdict != "not judged" for one in self.reports)
        found = f"{count} finding{'s' * (count != 1)}"
        yield cards(
            [
                Card(self.strategy, word, found, mood),
                Card("guards", f"{judged} of {len(self.reports)}", "were asked"),
            ]
        )
        yield note(f"data: {self.data}")
        yield table(self.table, names={name: name for name in columns})
        for finding in self.findings:
            yield note("\n".join(finding_lines(finding)))
        for words in self.notes:
            yield note(f"note  {words}")
        yield note(_SCOPE)

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def _wrapped(line: str) -> str:
    """A line of text as wide as a terminal at most."""
    return (
        line
        if len(line) <= _WIDE
        else fill(line, _WIDE, subsequent_indent=" " * 10, break_on_hyphens=False)
    )


def finding_lines(finding: Finding) -> list[str]:
    """What was found and what to do, in two lines."""
    at = "" if finding.at_ns is None else f" at {format_utc(finding.at_ns)}"
    return [f"found {finding.guard}{at}: {finding.what}", f"      do: {finding.remedy}"]
