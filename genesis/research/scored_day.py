"""A day of a synthetic trader as the detector saw it: every act, the score, and what made it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from genesis.analytics.blocks import Generator, seeded
from genesis.domain.indicator_words import indicator
from genesis.errors import UsageError
from genesis.research.style import Shown, note, table
from genesis.research.synthetic_life import Life
from genesis.research.synthetic_life import Shown as Act
from genesis.research.synthetic_traders import SENTENCE, trader, tuning
from genesis.rules import load
from genesis.tilt import TiltDetector, TiltScore
from genesis.tilt.rules import LevelRules, TiltRules

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_FIRST_DAY: Final = 12
"""By then the detector knows the trader."""
_DAYS: Final = 30
_TRADERS: Final = 20
_LEAST_ACTS: Final = 12
_SHOWN: Final = 4


@dataclass(frozen=True, eq=False)
class ScoredDay:
    """kind: calm or tilting. acts: at, act, tilted (the truth), score, level, and a column of
    points per indicator; the points of an act sum to its score.
    """

    kind: str
    levels: LevelRules
    acts: pd.DataFrame

    @property
    def indicators(self) -> list[str]:
        """Columns of the indicators that made any of the day's scores, the strongest first."""
        parts = self.acts.iloc[:, _COLUMNS:]
        sums = parts.sum().sort_values(ascending=False, kind="stable")
        return [str(name) for name, points in sums.items() if points]

    @property
    def highest(self) -> int:
        return int(self.acts["score"].max())

    def plot(self) -> "Figure":
        """The score over the day, with what it was made of."""
        from genesis.research.tilt_figures import scored_day_figure

        title = f"A {self.kind} day, highest score {self.highest}<br><sup>{SENTENCE}</sup>"
        return scored_day_figure(self.acts, self.indicators, self.levels, title)

    def shown(self) -> Shown:
        """The act with the highest score, and its reasons."""
        worst = self.acts.iloc[int(self.acts["score"].to_numpy().argmax())]
        points = [(indicator(name), int(worst[name])) for name in self.indicators]
        told = pd.DataFrame(
            sorted((row for row in points if row[1]), key=lambda row: -row[1])[:_SHOWN],
            columns=["what was seen", "points"],
        )
        words = f"highest score {self.highest} ({worst['level']}), at {worst['at']:%H:%M}"
        rows = table(told, caption=f"the {self.kind} day: {words}", empty="Nothing was seen.")
        said = note(f"{SENTENCE}.")
        return Shown(rows.html + said.html, f"{rows.plain}\n{said.plain}")

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


_COLUMNS: Final = 5
"""Before those of the indicators."""


def scored_days(rules: str = "sniper", seed: int = 0) -> tuple[ScoredDay, ScoredDay]:
    """A calm and a tilting day of one trader of the tuning population: the first that has both.

    On the tilting one the score reached the line of WARNING while he was on tilt, on the calm one
    nothing reached that of CAUTION.

    Raises:
        UsageError: no trader of this seed has such days.
    """
    tilt = load(rules).tilt
    for rng in seeded(seed).spawn(_TRADERS):
        calm = tilting = None
        for day in _days(tilt, rng):
            on_tilt, scores = day["tilted"], day["score"]
            if (scores[on_tilt] >= tilt.levels.warning_enter).any():
                tilting = day if tilting is None else tilting
            elif not on_tilt.any() and scores.max() < tilt.levels.caution_enter:
                calm = day if calm is None else calm
        if calm is not None and tilting is not None:
            return ScoredDay("calm", tilt.levels, calm), ScoredDay("tilting", tilt.levels, tilting)
    raise UsageError(f"no trader of seed {seed} has a calm and a tilting day")


def _days(rules: TiltRules, rng: Generator) -> Iterator[pd.DataFrame]:
    """The days of one trader that are long enough to be looked at."""
    pool, detector = tuning(), TiltDetector(rules)
    rows: dict[int, list[dict[str, Any]]] = {}
    for shown in Life(rng, trader(rng, pool), pool).acts(_DAYS):
        score = detector.update_metrics(shown.act)
        if shown.day >= _FIRST_DAY:
            rows.setdefault(shown.day, []).append(_row(shown, score))
    for acts in rows.values():
        if len(acts) >= _LEAST_ACTS:
            yield pd.DataFrame(acts).fillna(0)


def _row(shown: Act, score: TiltScore) -> dict[str, Any]:
    return {
        "at": pd.Timestamp(shown.act.ts_us, unit="us"),
        "act": str(shown.act.kind),
        "tilted": shown.tilted,
        "score": score.score,
        "level": str(score.level),
        **score.contributions,
    }
