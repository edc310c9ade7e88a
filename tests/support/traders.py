"""Synthetic traders the detector was not fitted on, beside those it was.

Seed `TUNING` is the population of `genesis.research.synthetic_traders`; every other seed draws new
ranges, a new family of noise, a shifted population and two styles of tilt that the tuning
population does not have.
"""

from dataclasses import replace
from math import exp, sqrt
from typing import Final

import numpy as np

from genesis.research.synthetic_life import Life
from genesis.research.synthetic_traders import (
    KNOWN,
    Population,
    Span,
    Style,
    trader,
    tuning,
    within,
)

__all__ = ["KNOWN", "TUNING", "UNSEEN", "Life", "population", "trader"]

TUNING: Final = 0
Rng = np.random.Generator
UNSEEN: Final = {
    "doubler": Style(
        (0.5, 0.9), (0.6, 0.95), (1.1, 1.4), skip=(0.05, 0.25), same=0.7, growth=(1.2, 1.6)
    ),
    "insister": Style(
        (0.3, 0.7), (0.45, 0.8), (1.3, 2.2), typo=(0.02, 0.12), refused=(0.15, 0.4), same=0.5
    ),
    "holder": Style(
        (0.8, 1.3), (0.7, 1.1), (1.1, 1.6), widen=(0.25, 0.55), skip=(0.1, 0.3), hold=2.5
    ),
    "reckless": Style((0.5, 0.8), (0.35, 0.6), (1.2, 1.8), typo=(0.05, 0.2), skip=(0.3, 0.6)),
    "clicker": Style(
        (0.12, 0.3), (0.3, 0.6), (0.8, 1.1), (0.15, 0.35), (0.05, 0.2), (0.15, 0.4), same=0.5
    ),
}  # fmt: skip


def population(seed: int) -> Population:
    """The tuning population, or a new one."""
    if seed == TUNING:
        return tuning()
    rng = np.random.default_rng((seed, 1))
    unseen = rng.choice(sorted(UNSEEN), 2, replace=False)
    known = rng.choice(sorted(KNOWN), 4, replace=False)
    pool = {**KNOWN, **UNSEEN}
    styles = {str(name): _shaken(rng, pool[str(name)]) for name in (*known, *unseen)}
    low = within(rng, (0.1, 0.3))
    return Population(
        styles=styles,
        noise=(_student, _laplace, _skewed, _mixed)[int(rng.integers(4))],
        gap=exp(within(rng, (-0.6, 0.6))),
        latency=exp(within(rng, (-0.5, 0.5))),
        hold=exp(within(rng, (-0.5, 0.5))),
        size=(low, within(rng, (0.5, 0.95))),
        gap_spread=_moved(rng, (0.6, 1.0)),
        latency_spread=_moved(rng, (0.35, 0.6)),
        size_spread=_moved(rng, (0.1, 0.35)),
        careless=exp(within(rng, (-0.3, 0.6))),
        never=within(rng, (0.25, 0.45)),
        onset=within(rng, (-0.4, 0.4)),
        strength=(within(rng, (0.7, 0.85)), within(rng, (1.05, 1.25))),
        rise=within(rng, (0.25, 0.45)),
        lasting=within(rng, (0.9, 1.6)),
        volatile=within(rng, (0.08, 0.25)),
        moves_on=within(rng, (0.2, 0.5)),
    )


# -- noise: mean 0, variance about 1 -----------------------------------------------------------
def _student(rng: Rng) -> float:
    return float(rng.standard_t(4)) / sqrt(2)


def _laplace(rng: Rng) -> float:
    return float(rng.laplace(0, 1 / sqrt(2)))


def _skewed(rng: Rng) -> float:
    return float(rng.gamma(3) - 3) / sqrt(3) * (-1 if rng.random() < 0.5 else 1)


def _mixed(rng: Rng) -> float:
    return float(rng.normal(0, 0.75 if rng.random() < 0.85 else 1.9))


def _moved(rng: Rng, span: Span) -> Span:
    factor = exp(within(rng, (-0.15, 0.2)))
    return (span[0] * factor, span[1] * factor)


def _shaken(rng: Rng, style: Style) -> Style:
    """The style with other numbers: factors nearer to or further from 1, other additions."""
    power = {name: within(rng, (0.8, 1.2)) for name in ("gap", "latency", "size")}
    more = {
        name: within(rng, (0.7, 1.3)) for name in ("cancel", "typo", "skip", "refused", "widen")
    }
    spans = {name: _powered(getattr(style, name), by) for name, by in power.items()}
    spans |= {name: _times(getattr(style, name), by) for name, by in more.items()}
    return replace(style, **spans)  # type: ignore[arg-type]


def _powered(span: Span, power: float) -> Span:
    return (span[0] ** power, span[1] ** power)


def _times(span: Span, factor: float) -> Span:
    return (span[0] * factor, span[1] * factor)
