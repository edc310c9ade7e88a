"""How much of a sweep's winner is luck: three statistics that ask three different questions."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from genesis.analytics import (
    NoValue,
    RealityCheck,
    deflated_sharpe,
    expected_max_sharpe,
    psr,
    reality_check,
)
from genesis.analytics.samples import Float64
from genesis.analytics.sharpe_odds import trial_sharpes
from genesis.domain.time import DAY, parse_width
from genesis.research.luck import Overfitting, pbo
from genesis.research.style import Card, Shown, cards, note
from genesis.research.sweep_result import SweepResult

_YEAR_DAYS: Final = 365
_SURE: Final = 0.95
_CARRIES: Final = 0.1
_NOISE: Final = 0.4


@dataclass(frozen=True, slots=True)
class WinnerLuck:
    """Sharpe ratios are per period of `width`.

    sharpe: of the winner; alone: the odds that its true ratio is above 0, were it the only trial
    (`psr`). expected: the ratio to expect of the best of `trials` without skill. deflated: the odds
    that the winner's is above that. overfitting: does picking the best carry over? check: would
    trials without an edge have come as high?
    """

    symbol: str
    width: str
    trials: int
    sharpe: float | NoValue
    alone: float | NoValue
    expected: float | NoValue
    deflated: float | NoValue
    overfitting: Overfitting | NoValue
    check: RealityCheck | NoValue

    @property
    def is_luck_enough(self) -> bool:
        """Luck explains it: the deflated ratio or the reality check is not convinced."""
        if isinstance(self.deflated, NoValue) or isinstance(self.check, NoValue):
            return True
        return self.deflated < _SURE or self.check.p_value > 1 - _SURE

    def shown(self) -> Shown:
        words = note(
            f"{self.symbol}: Sharpe ratios per year, from returns of {self.width}. The three do "
            "not repeat each other: the first weighs how many trials there were, the second if "
            "choosing carried over, the third how trials move together. None knows of trials "
            "made elsewhere."
        )
        parts = (cards(self._cards()), words)
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    def _cards(self) -> list[Card]:
        luck = f"the best of {self.trials:,} by luck: {self._yearly(self.expected)}"
        first = Card("winner's Sharpe ratio", self._yearly(self.sharpe), luck)
        return [first, self._deflated(), self._carried(), self._checked()]

    def _deflated(self) -> Card:
        words = f"asked for: {_SURE}; were it the only trial: {self.alone:.3f}"
        mood = "" if isinstance(self.deflated, NoValue) else _mood(self.deflated >= _SURE)
        return Card("deflated Sharpe ratio", f"{self.deflated:.3f}", words, mood)

    def _carried(self) -> Card:
        found = self.overfitting
        if isinstance(found, NoValue):
            return Card("overfitting (PBO)", "–", found.reason)
        words = "of the halvings: the best of one was in the worse half of the other"
        mood = "up" if found.pbo < _CARRIES else "down" if found.pbo >= _NOISE else ""
        return Card("overfitting (PBO)", f"{found.pbo:.0%}", words, mood)

    def _checked(self) -> Card:
        found = self.check
        if isinstance(found, NoValue):
            return Card("reality check", "–", found.reason)
        words = "p-value: how often trials without an edge come as high"
        return Card("reality check", f"{found.p_value:.3f}", words,
                    _mood(found.p_value <= 1 - _SURE))  # fmt: skip

    def _yearly(self, ratio: float | NoValue) -> str:
        if isinstance(ratio, NoValue):
            return f"{ratio}"
        periods = _YEAR_DAYS * DAY / parse_width(self.width)
        return f"{ratio * sqrt(periods):.2f}".replace("-", "−")

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def winner_luck(found: SweepResult, width: str = "1d", blocks: int = 10) -> WinnerLuck:
    """Judge the best trial of a sweep by the returns of all of them, per period of `width`.

    The number of trials is that of the ledger, where it is larger than that of the sweep. blocks:
    of the halvings. Raises UsageError as `SweepResult.returns_by` and `pbo`.
    """
    returns = found.returns_by(width)
    trials = max(found.counted.trials, returns.shape[1])
    ratios = trial_sharpes(returns)
    best, sharpe, expected = _best_of(ratios, trials)
    return WinnerLuck(
        found.ran.bench.market.instrument.symbol,
        width,
        trials,
        sharpe,
        psr(returns[:, best]),
        expected,
        deflated_sharpe(returns, trials=trials),
        pbo(returns, blocks),
        reality_check(returns),
    )


def _best_of(
    ratios: Float64 | NoValue, trials: int
) -> tuple[int, float | NoValue, float | NoValue]:
    """The column that is best, its ratio, and what luck alone would bring."""
    if isinstance(ratios, NoValue):
        return 0, ratios, ratios
    best, spread = int(ratios.argmax()), float(ratios.std(ddof=1)) if ratios.size > 1 else 0.0
    return best, float(ratios[best]), expected_max_sharpe(trials, spread)


def _mood(good: bool) -> str:
    return "up" if good else "down"
