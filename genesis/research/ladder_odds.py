"""Odds of the ladder: how often each gate lets through whom it should not, or blocks whom it
should let through, by simulation.

Traders are simulated day by day under the numbers of a rulebook. An able trader has an edge and a
calm week; a lucky one has no edge at all; a tilting one is caught by the tilt detector as often as
its benchmark says it catches tilt. A gate promotes falsely where the lucky or the tilting one
passes, and blocks falsely where the able one does not, at the first evaluation that the days in
the tier allow; who is looked at every day has more than one chance. Each figure comes with its
Monte-Carlo error. Traders of chance are no people: what is real about them is unknown, and the
table says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis.analytics.blocks import Generator, seeded
from genesis.domain.account import Tier
from genesis.errors import UsageError
from genesis.research.style import Shown, note, table
from genesis.research.synthetic_traders import SENTENCE
from genesis.rules import load
from genesis.tiers.rules import GateRules, TierTable

_WEEK_DAYS: Final = 7
_YEAR_DAYS: Final = 365
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TraderKind:
    """A population of traders.

    edge_r: mean result of a trade in units of its risk; spread_r: the deviation of it.
    trades_per_day: mean, Poisson. risk_fraction: of equity, at risk in one trade.
    warnings_per_week, locks_per_week: what the tilt detector makes of them.
    page_share: of trading days on which they write.
    """

    name: str
    edge_r: float
    spread_r: float
    trades_per_day: float
    risk_fraction: float
    warnings_per_week: float
    locks_per_week: float
    page_share: float


def kinds(tiers: TierTable) -> tuple[TraderKind, TraderKind, TraderKind]:
    """Able, lucky and tilting traders; alarms of the calm ones are those of the rulebook."""
    alarms = tiers.false_alarms
    if alarms is None:
        raise UsageError("the rulebook publishes no false alarms of the tilt detector")
    calm = (float(alarms.warnings_per_week), float(alarms.locks_per_week))
    return (
        TraderKind("able", 0.25, 1.2, 4.0, 0.005, *calm, 0.95),
        TraderKind("lucky", 0.0, 1.2, 4.0, 0.005, *calm, 0.95),
        TraderKind("tilting", 0.10, 1.8, 6.0, 0.0075, 4.0, 1.5, 0.60),
    )


@dataclass(frozen=True, slots=True)
class Odds:
    """Chance of a gate in `tier` for one kind of trader; `error`: one standard error of it."""

    tier: Tier
    gate: str
    kind: str
    passes: float
    error: float


@dataclass(frozen=True, slots=True)
class LadderOdds:
    """Odds of every gate that chance has a part in, and of all of them together."""

    rules: str
    traders: int
    seed: int
    odds: tuple[Odds, ...]

    def of(self, tier: Tier, gate: str, kind: str) -> Odds:
        """Odds of one gate. Raises UsageError where there are none."""
        for one in self.odds:
            if (one.tier, one.gate, one.kind) == (tier, gate, kind):
                return one
        raise UsageError(f"no odds are known of the gate {gate!r} out of {tier} for {kind!r}")

    @property
    def table(self) -> pd.DataFrame:
        """One row per gate: whom it promotes falsely, and how often it blocks the able."""
        rows = []
        for tier, gate in dict.fromkeys((one.tier, one.gate) for one in self.odds):
            able, lucky, tilting = (
                self.of(tier, gate, name) for name in ("able", "lucky", "tilting")
            )
            rows.append(
                (
                    tier.value,
                    gate.replace("_", " "),
                    lucky.passes,
                    tilting.passes,
                    1 - able.passes,
                    max(able.error, lucky.error, tilting.error),
                )
            )
        columns = ["tier", "gate", "lucky_passes", "tilting_passes", "able_blocked", "error"]
        return pd.DataFrame(rows, columns=columns)

    def shown(self) -> Shown:
        names = {
            "tier": "out of",
            "gate": "gate",
            "lucky_passes": "lets the lucky through",
            "tilting_passes": "lets the tilting through",
            "able_blocked": "blocks the able",
            "error": "± (one error)",
        }
        chances = dict.fromkeys(
            ("lucky_passes", "tilting_passes", "able_blocked", "error"), _chance
        )
        caption = f"{self.traders:,} traders of each kind, seed {self.seed}, rulebook {self.rules}"
        rows = table(self.table, names=names, formats=chances, caption=caption)
        words = note(f"{SENTENCE}.\nTilt alone blocks a calm trader {self._tilt_words()}.")
        return Shown(rows.html + words.html, f"{rows.plain}\n{words.plain}")

    def _tilt_words(self) -> str:
        found = [one for one in self.odds if one.gate == "tilt_alone" and one.kind == "able"]
        said = [f"{_chance(1 - one.passes)} of the time out of {one.tier}" for one in found]
        return ", ".join(said) or "nowhere: no gate looks at it"

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def ladder_odds(rules: str = "sniper", traders: int = 4_000, seed: int = 0) -> LadderOdds:
    """Simulate `traders` of each kind through the gates of every tier of a rulebook.

    Raises:
        UsageError: fewer than two traders, or a rulebook without what the odds are made of.
    """
    if traders < 2:
        raise UsageError("odds need at least two traders of a kind")
    tiers, rng = load(rules).tiers, seeded(seed)
    found = [one for tier in tiers.gates for one in gate_odds(tiers, tier, traders, rng)]
    return LadderOdds(rules, traders, seed, tuple(found))


def gate_odds(tiers: TierTable, tier: Tier, traders: int, rng: Generator) -> Iterator[Odds]:
    """Odds of every gate out of one tier. Raises UsageError: see `kinds`."""
    for kind in kinds(tiers):
        months = _Months(kind, tiers.gates[tier], traders, rng)
        for name, passed in months.gates():
            yield _odds(tier, name, kind, passed)


def _odds(tier: Tier, gate: str, kind: TraderKind, passed: Flags) -> Odds:
    share = float(passed.mean())
    return Odds(tier, gate, kind.name, share, sqrt(share * (1 - share) / passed.size))


def _chance(share: Any) -> str:
    return f"{share * 100:.1f} %"


class _Months:
    """The days of many traders of a kind in one tier, as long as its gate asks for."""

    def __init__(self, kind: TraderKind, rules: GateRules, traders: int, rng: Generator) -> None:
        self._kind, self._rules, self._rng = kind, rules, rng
        shape = (traders, rules.days_at_tier)
        self._trades = rng.poisson(kind.trades_per_day, shape)
        self._won, self._lost = np.zeros(shape), np.zeros(shape)
        for number in range(int(self._trades.max())):
            result = rng.normal(kind.edge_r, kind.spread_r, shape) * (self._trades > number)
            self._won += np.maximum(result, 0.0)
            self._lost += np.maximum(-result, 0.0)
        self._returns = (self._won - self._lost) * kind.risk_fraction
        self._traded = self._trades > 0

    def gates(self) -> Iterator[tuple[str, Flags]]:
        """Who passes each gate; at last who passes all of them."""
        every = np.ones(len(self._returns), dtype=bool)
        tilt = np.ones_like(every)
        for name, passed in self._each():
            every &= passed
            tilt &= passed | (name not in ("warning_days", "locked_days"))
            yield name, passed
        if self._rules.tilt is not None:
            yield "tilt_alone", tilt
        yield "all_of_these", every

    def _each(self) -> Iterator[tuple[str, Flags]]:
        rules, days = self._rules, self._traded.sum(axis=1)
        good = (self._traded & (self._returns > 1e-4)).sum(axis=1)
        enough = days >= rules.trading_days_min
        yield "trading_days", enough
        yield "profitable_days", enough & (good >= float(rules.profitable_day_ratio) * days)
        if rules.trades is not None:
            won, lost = self._won.sum(axis=1), self._lost.sum(axis=1)
            many = self._trades.sum(axis=1) >= rules.trades.trades_min
            yield "profit_factor", many & (won >= float(rules.trades.profit_factor_min) * lost)
        if rules.steady is not None:
            yield "drawdown", self._deepest() <= float(rules.steady.drawdown_max)
            yield "best_day", self._best_share() <= float(rules.steady.best_day_share_max)
        if rules.tilt is not None:
            yield from self._tilt(rules.tilt.window_days)
        if rules.pages is not None:
            written = self._rng.binomial(days, self._kind.page_share)
            yield "pages", written >= float(rules.pages.days_share_min) * days
        if rules.months is not None:
            parts = np.array_split(self._returns, rules.months.months, axis=1)
            ended = sum((part.sum(axis=1) > 0).astype(int) for part in parts)
            yield "profitable_months", np.asarray(ended >= rules.months.profitable_min)
        if rules.returns is not None:
            yield from self._sharpe(rules.returns.sharpe_min, rules.returns.psr_min)

    def _deepest(self) -> Floats:
        index = np.cumprod(1 + self._returns, axis=1)
        index = np.concatenate([np.ones((len(index), 1)), index], axis=1)
        falls: Floats = (1 - index / np.maximum.accumulate(index, axis=1)).max(axis=1)
        return falls

    def _best_share(self) -> Floats:
        profit = self._returns.sum(axis=1)
        best = self._returns.max(axis=1)
        return np.where(profit > 0, best / np.where(profit > 0, profit, 1.0), np.inf)

    def _tilt(self, window_days: int) -> Iterator[tuple[str, Flags]]:
        """Alarms by chance; a day counts once, and a lock is a warning first."""
        tilt = self._rules.tilt
        assert tilt is not None
        shape = (len(self._returns), window_days)
        locks = self._rng.poisson(self._kind.locks_per_week / _WEEK_DAYS, shape) > 0
        only = max(0.0, self._kind.warnings_per_week - self._kind.locks_per_week)
        warnings = locks | (self._rng.poisson(only / _WEEK_DAYS, shape) > 0)
        yield "warning_days", warnings.sum(axis=1) <= tilt.warning_days_max
        yield "locked_days", locks.sum(axis=1) <= tilt.locked_days_max

    def _sharpe(self, least: float, psr_min: float) -> Iterator[tuple[str, Flags]]:
        """The normal case of the probabilistic ratio: skew 0, kurtosis 3."""
        returns, days = self._returns, self._returns.shape[1]
        ratio = returns.mean(axis=1) / np.maximum(returns.std(axis=1, ddof=1), 1e-12)
        yield "sharpe", ratio * sqrt(_YEAR_DAYS) >= least
        z = ratio * sqrt(days - 1) / np.sqrt(1 + ratio * ratio / 2)
        yield "sharpe_certainty", z >= _normal_quantile(psr_min)


def _normal_quantile(share: float) -> float:
    return NormalDist().inv_cdf(share)
