"""What a benchmark found, with its bound and what it is compared with."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

DISK = Path("/var/tmp") if Path("/var/tmp").is_dir() else None
"""A folder that, unlike /tmp, is never in memory; None where there is none."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    most, least: its bound, if it has one; the value itself still holds.
    ratio: how many times as long as `to`, measured in the same run. `to` without a ratio is a
    word beside the value. absent: why nothing could be measured; the value is NaN then.
    """

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None
    ratio: float | None = None
    to: str = ""
    absent: str = ""

    @property
    def holds(self) -> bool | None:
        """None: there is no bound, or nothing was measured."""
        if self.absent:
            return None
        if self.most is not None:
            return self.value <= self.most
        return None if self.least is None else self.value >= self.least

    @property
    def bound(self) -> str:
        if self.most is not None:
            return f"<= {self.most:g}"
        return "" if self.least is None else f">= {self.least:g}"


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median of every figure over the rounds."""
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def quantile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def rounds_table(rounds: Sequence[dict[str, float]]) -> str:
    """Every figure of every round, and the medians."""
    named = {str(number): found for number, found in enumerate(rounds, 1)}
    named["median"] = medians(rounds)
    lines = [["", *rounds[0]]]
    lines += [[name, *(f"{v:.3f}" for v in found.values())] for name, found in named.items()]
    return "\n".join(" ".join(f"{text:>9}" for text in line) for line in lines)


def table(figures: Sequence[Figure], *, judged: bool = True) -> str:
    """Figures in lines: name, value, bound, whether it holds, ratio and to what."""
    words = {True: "holds", False: "MISSED", None: ""}
    lines = [("figure", "value", "bound", "", "x as long", "as")]
    lines += [
        (
            each.name,
            "-" if each.absent else f"{each.value:,.2f} {each.unit}",
            each.bound,
            words[each.holds] if judged else "",
            "" if each.ratio is None else f"{each.ratio:,.2f}",
            each.absent or each.to,
        )
        for each in figures
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def as_json(figures: Sequence[Figure], **about: object) -> str:
    """The same for programs: `about`, and a list of figures; what was not measured is null."""
    rows = [
        {
            "name": each.name,
            "value": None if each.absent else each.value,
            "unit": each.unit,
            "most": each.most,
            "least": each.least,
            "holds": each.holds,
            "ratio": each.ratio,
            "to": each.to,
            "absent": each.absent,
        }
        for each in figures
    ]
    return json.dumps({**about, "figures": rows}, indent=1)
