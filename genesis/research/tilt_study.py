"""How well the detector tells tilt from calm: synthetic traders of the population it was fitted on.

The figures flatter it for that reason, and no trader of them is a person: both are said beside
every one. `tests/benchmarks/tilt_detector.py` measures the same on traders it never saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from genesis.analytics.blocks import Generator, seeded
from genesis.errors import UsageError
from genesis.research.alarms import Flags, Floats, auc, delays, false_alarms, recall, roc
from genesis.research.style import Card, Shown, cards, note, plain_text, share, table
from genesis.research.synthetic_life import Life
from genesis.research.synthetic_traders import SENTENCE, trader, tuning
from genesis.rules import load
from genesis.tilt import ActionKind, TiltDetector
from genesis.tilt.rules import LevelRules, TiltRules

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_FITTED: Final = "the population the detector was fitted on, which flatters it"
_AUC: Final = "0.5 is a coin, 1 is certainty; ± one error"
_DRAWS: Final = 200
_EPISODE_ENTRIES: Final = 3
"""Shorter episodes leave nothing to see."""
_WEEK_DAYS: Final = 7
_ACTS: Final = frozenset(
    {
        ActionKind.ORDER_SUBMIT,
        ActionKind.ORDER_CANCEL,
        ActionKind.POSITION_CLOSED,
        ActionKind.STOP_MODIFY,
    }
)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one trader did and what the detector said: see `genesis.research.alarms.Scored`."""

    at_s: Floats
    entry: Flags
    tilted: Flags
    day: Floats
    score: Floats


@dataclass(frozen=True, eq=False)
class TiltStudy:
    """Traders of the tuning population under the detector of a rulebook, `days` days each."""

    rules: str
    levels: LevelRules
    days: int
    seed: int
    watched: tuple[Watched, ...]

    @property
    def auc(self) -> float:
        """Chance that a tilted entry scores above a calm one."""
        return auc(_entries(self.watched, "score"), _entries(self.watched, "tilted"))

    @cached_property
    def auc_error(self) -> float:
        """One standard error of it: whole traders drawn again, since one trader's acts belong
        together.
        """
        rng, count = seeded(self.seed), len(self.watched)
        found = []
        for picks in rng.integers(0, count, size=(_DRAWS, count)):
            drawn = [self.watched[pick] for pick in picks]
            found.append(auc(_entries(drawn, "score"), _entries(drawn, "tilted")))
        return float(np.nanstd(found, ddof=1))

    @cached_property
    def roc(self) -> pd.DataFrame:
        """One row per score: line, false_share of calm entries, caught_share of tilted ones."""
        lines, wrong, caught = roc(
            _entries(self.watched, "score"), _entries(self.watched, "tilted")
        )
        return pd.DataFrame({"line": lines, "false_share": wrong, "caught_share": caught})

    @cached_property
    def alarms(self) -> pd.DataFrame:
        """One row per level: level, line, per_week (false ones of a calm week), caught, delay."""
        rows = [
            (name, line, self._false_per_week(line), recall(found), _middle(found))
            for name, line in self._lines()
            for found in (delays(self.watched, line, _EPISODE_ENTRIES),)
        ]
        return pd.DataFrame(rows, columns=["level", "line", "per_week", "caught", "delay"])

    def per_week(self, level: str) -> float:
        """False alarms of that level in a week.

        Raises:
            UsageError: there is no such level.
        """
        rows = self.alarms[self.alarms["level"] == level]
        if rows.empty:
            known = ", ".join(self.alarms["level"])
            raise UsageError(f"no level of alarm is named {level!r}: there are {known}")
        return float(rows["per_week"].iloc[0])

    def plot(self) -> "Figure":
        """The curve of what is caught against what is called in vain."""
        from genesis.research.tilt_figures import roc_figure

        return roc_figure(self.roc, self._lines(), self.auc, f"{SENTENCE}; {_FITTED}")

    def shown(self) -> Shown:
        """What an alarm is worth, and the sentence that belongs to it."""
        acts = sum(len(one.score) for one in self.watched)
        above = cards(
            [
                Card("AUC of an entry", f"{self.auc:.2f} ± {self.auc_error:.2f}", _AUC),
                Card("traders", f"{len(self.watched)}", f"{self.days} days each, {acts:,} acts"),
            ]
        )
        rows = table(
            self.alarms,
            names={
                "level": "level",
                "line": "from a score of",
                "per_week": "false alarms a week",
                "caught": "episodes caught",
                "delay": "acts until then, median",
            },
            formats={"caught": share, "delay": plain_text},
            caption=f"seed {self.seed}, rulebook {self.rules}; {_FITTED}",
        )
        parts = (above, rows, note(f"{SENTENCE}."))
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()

    def _lines(self) -> tuple[tuple[str, int], ...]:
        told = self.levels
        return (
            ("CAUTION", told.caution_enter),
            ("WARNING", told.warning_enter),
            ("LOCKED", told.locked_enter),
        )

    def _false_per_week(self, line: int) -> float:
        calm = self.levels.caution_enter
        count = sum(false_alarms(one, line, calm) for one in self.watched)
        return count / len(self.watched) / (self.days / _WEEK_DAYS)


def tilt_study(
    rules: str = "sniper", traders: int = 24, days: int = 45, seed: int = 0
) -> TiltStudy:
    """Watch so many synthetic traders for so many days.

    Raises:
        UsageError: fewer than one trader, or than a week of days.
    """
    if traders < 1 or days < _WEEK_DAYS:
        raise UsageError("a study needs a trader, and a week of him")
    tilt = load(rules).tilt
    watched = tuple(_watch(tilt, rng, days) for rng in seeded(seed).spawn(traders))
    return TiltStudy(rules, tilt.levels, days, seed, watched)


def _watch(rules: TiltRules, rng: Generator, days: int) -> Watched:
    pool, detector = tuning(), TiltDetector(rules)
    rows = []
    for shown in Life(rng, trader(rng, pool), pool).acts(days):
        score = detector.update_metrics(shown.act).score
        if shown.act.kind in _ACTS:
            is_entry = shown.act.kind == ActionKind.ORDER_SUBMIT
            rows.append((shown.act.ts_us / 1e6, is_entry, shown.tilted, shown.day, score))
    at_s, entry, tilted, day, scores = np.array(rows, float).reshape(-1, 5).T
    return Watched(at_s, entry > 0, tilted > 0, day, scores)


def _entries(watched: Sequence[Watched], name: str) -> Any:
    """A column of all entries."""
    return np.concatenate([getattr(one, name)[one.entry] for one in watched])


def _middle(found: list[int | None]) -> float:
    reached = [delay for delay in found if delay is not None]
    return float(np.median(reached)) if reached else float("nan")
