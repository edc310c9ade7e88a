"""Synthetic traders: the population that the numbers of the tilt detector were fitted on.

Every size of an effect is a guess whose sign is known from research on traders and gamblers: speed
after losses, larger risk after losses or wins, carelessness, stops moved away. What is real about
these people is unknown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log
from typing import Final

from genesis.analytics.blocks import Generator

SENTENCE: Final = "synthetic traders; real-world accuracy unknown"
Span = tuple[float, float]
Noise = Callable[[Generator], float]


@dataclass(frozen=True)
class Style:
    """What tilt does to a trader: factors of gap, latency and size, and additions to rates.

    same: how often he goes back to the symbol he just left. hold: factor of losers' holding time.
    wins: it begins after wins, not after losses. growth: size grows by this per loss in a row.
    """

    gap: Span
    latency: Span
    size: Span
    cancel: Span = (0, 0.05)
    typo: Span = (0, 0.05)
    skip: Span = (0, 0.2)
    refused: Span = (0, 0.05)
    widen: Span = (0, 0.05)
    same: float = 0.3
    hold: float = 1.0
    wins: bool = False
    growth: Span = (1, 1)


KNOWN: Final = {
    "revenge": Style(
        (0.2, 0.5), (0.4, 0.75), (1.3, 2.5), (0, 0.1), (0, 0.08), (0.1, 0.4), (0, 0.1), (0, 0.1),
        0.6,
    ),
    "chaser": Style(
        (0.6, 0.95), (0.7, 1.0), (1.6, 3.0), (0, 0.05), (0, 0.03), (0, 0.2), (0.02, 0.15),
        (0.1, 0.35), 0.3, 1.3,
    ),
    "spray": Style((0.15, 0.4), (0.4, 0.8), (0.8, 1.2), (0.1, 0.3), (0.05, 0.15), (0.1, 0.4)),
    "stopmover": Style(
        (0.7, 1.1), (0.8, 1.1), (1.0, 1.3), (0, 0.05), (0, 0.03), (0, 0.2), (0, 0.05), (0.3, 0.6),
        0.3, 2.0,
    ),
    "overconfident": Style(
        (0.4, 0.7), (0.5, 0.9), (1.4, 2.2), skip=(0.2, 0.5), refused=(0.02, 0.12), same=0.1,
        wins=True,
    ),
    "frantic": Style(
        (0.4, 0.8), (0.4, 0.7), (0.9, 1.4), (0.1, 0.3), (0.12, 0.35), (0.1, 0.4), (0.1, 0.3)
    ),
}  # fmt: skip


def normal_noise(rng: Generator) -> float:
    """Mean 0, variance 1."""
    return float(rng.normal())


@dataclass(frozen=True)
class Population:
    """Where traders are drawn from. Factors shift the medians of all of them.

    never: share of traders who are never on tilt. onset: log odds of tilt after a trade, added;
    lasting: factor of how long it lasts.
    strength: how far a tilted trader goes towards the factors of his style; rise: by how much of
    it more with every order.
    """

    styles: dict[str, Style]
    noise: Noise
    gap: float = 1.0
    latency: float = 1.0
    hold: float = 1.0
    size: Span = (0.15, 0.7)
    gap_spread: Span = (0.6, 1.0)
    latency_spread: Span = (0.35, 0.6)
    size_spread: Span = (0.1, 0.35)
    careless: float = 1.0
    never: float = 0.35
    onset: float = 0.0
    strength: Span = (0.7, 1.1)
    rise: float = 0.25
    lasting: float = 1.0
    volatile: float = 0.15
    moves_on: float = 0.3


def tuning() -> Population:
    """The population the detector was fitted on: on it, its figures flatter it."""
    return Population(KNOWN, normal_noise)


@dataclass(frozen=True)
class Trader:
    """One trader: seconds, sizes over the cap, hours of the day, rates. `susceptible`: 0 never."""

    gap_s: float
    gap_spread: float
    latency_s: float
    latency_spread: float
    size: float
    size_spread: float
    hold_s: float
    cancel: float
    typo: float
    skip: float
    refused: float
    widen: float
    win: float
    start_hour: float
    start_spread: float
    session_s: float
    symbols: int
    after_loss: tuple[float, float, float]
    susceptible: float
    strength: float
    styles: tuple[str, ...]


def trader(rng: Generator, pool: Population) -> Trader:
    """Draw one."""
    careless = pool.careless
    return Trader(
        gap_s=pool.gap * exp(rng.normal(log(600), 0.9)),
        gap_spread=within(rng, pool.gap_spread),
        latency_s=pool.latency * exp(rng.normal(log(4), 0.8)),
        latency_spread=within(rng, pool.latency_spread),
        size=exp(within(rng, (log(pool.size[0]), log(pool.size[1])))),
        size_spread=within(rng, pool.size_spread),
        hold_s=pool.hold * exp(rng.normal(log(480), 0.5)),
        cancel=min(0.8, rng.beta(1.2, 6)),
        typo=min(0.4, careless * rng.beta(1.2, 15)),
        skip=min(0.5, careless * rng.beta(1.0, 10)),
        refused=min(0.3, careless * rng.beta(1, 70)),
        widen=min(0.4, careless * rng.beta(1, 35)),
        win=within(rng, (0.42, 0.58)),
        start_hour=within(rng, (8, 16)),
        start_spread=within(rng, (0.3, 1.0)),
        session_s=3600 * exp(rng.normal(log(2.5), 0.3)),
        symbols=int(rng.integers(1, 5)),
        after_loss=(
            exp(rng.normal(-0.05, 0.15)),
            exp(rng.normal(-0.08, 0.08)),
            exp(rng.normal(0, 0.05)),
        ),
        susceptible=0.0 if rng.random() < pool.never else exp(rng.normal(0.5, 0.7)),
        strength=within(rng, pool.strength),
        styles=tuple(map(str, rng.choice(sorted(pool.styles), 2, replace=False))),
    )


def within(rng: Generator, span: Span) -> float:
    """Anywhere in the span."""
    return float(rng.uniform(*span))
