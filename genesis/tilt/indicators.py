"""The indicators: small pure functions from an act and what came before it to a step of evidence.

A measure x (ln units) steps by its robust z less a slack; a yes or no steps by its log likelihood
under a tilted rate against the personal one. `None`: the act says nothing to the indicator.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import Final

from genesis.domain.account import MarketState
from genesis.tilt.actions import ActionKind, UserAction
from genesis.tilt.baseline import Baselines, Ring, Sample
from genesis.tilt.context import Context, is_entry
from genesis.tilt.rules import EvidenceRules, TiltRules

_VOLATILE: Final = frozenset({MarketState.VOLATILE, MarketState.PANIC})
_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Scene:
    """All an indicator may look at: the act at `ts_us`, and everything before it."""

    action: UserAction
    ts_us: int
    before: Context
    baselines: Baselines
    rules: TiltRules

    @property
    def volatile(self) -> bool:
        return self.action.market_state in _VOLATILE


# -- measures --------------------------------------------------------------------------------
def entry_gap(scene: Scene) -> float | None:
    """ln seconds from the last close, cancel or submit to this entry."""
    return _ln_since(scene, scene.before.last_act_us) if is_entry(scene.action) else None


def entry_size(scene: Scene) -> float | None:
    """ln of the entry's size over the cap, as it would be clipped."""
    size = scene.action.size_fraction
    return log(min(1.0, float(size))) if is_entry(scene.action) and size is not None else None


def reentry(scene: Scene) -> float | None:
    """ln seconds from a stop-out to the first new entry in the same symbol."""
    if not is_entry(scene.action) or scene.action.symbol is None:
        return None
    return _ln_since(scene, scene.before.stopped_out_us.get(scene.action.symbol))


def cancelled(scene: Scene) -> float | None:
    """1: the trader cancelled an order; 0: a position ended. Safety cancels say nothing."""
    if scene.action.kind == ActionKind.ORDER_CANCEL:
        return None if scene.action.reduces_risk else 1.0
    return 0.0 if scene.action.kind == ActionKind.POSITION_CLOSED else None


# -- steps of evidence -----------------------------------------------------------------------
def step_gap(scene: Scene) -> float | None:
    return _measure_step(scene, "gap", "gap", -1, entry_gap(scene))


def step_size_after_loss(scene: Scene) -> float | None:
    """An enlarged size after a loss; the streak makes it heavier but is nothing by itself."""
    x = entry_size(scene) if scene.before.losses else None
    if x is None:
        return None
    z = _z(scene.baselines.rings["size"], x, 1, scene)
    if z > 0:
        evidence = scene.rules.evidence
        steps = min(scene.before.losses - 1, evidence.streak_steps_max)
        z = min(evidence.z_max, z + evidence.streak_step * steps)
    return z - scene.rules.indicators["size_l"].slack


def step_reentry(scene: Scene) -> float | None:
    return _measure_step(scene, "reent", "reent", -1, reentry(scene))


def step_cancel(scene: Scene) -> float | None:
    y = cancelled(scene)
    return None if y is None else likelihood_step(y, scene.baselines.rates["cancel"].share, scene)


Step = Callable[[Scene], float | None]
INDICATORS: Final[tuple[tuple[str, Step], ...]] = (
    ("gap", step_gap),
    ("size_l", step_size_after_loss),
    ("reent", step_reentry),
    ("cancel", step_cancel),
)
MEASURES: Final[tuple[tuple[str, Step], ...]] = (
    ("gap", entry_gap),
    ("size", entry_size),
    ("reent", reentry),
    ("cancel", cancelled),
)
"""What the baselines learn from, by the baseline's name."""


FIXED: Final[dict[tuple[str, str | None], str]] = {
    (ActionKind.OVERRIDE_ATTEMPT, "accepted"): "override",
    (ActionKind.OVERRIDE_ATTEMPT, "phrase"): "phrase",
    (ActionKind.CEREMONY_STEP, "phrase"): "phrase",
}
"""Acts that are evidence by themselves, by kind and reason: the name of their points."""


def samples(scene: Scene) -> tuple[Sample, ...]:
    """What this act teaches the baselines."""
    found = ((name, measure(scene)) for name, measure in MEASURES)
    return tuple(Sample(name, x, scene.volatile) for name, x in found if x is not None)


def likelihood_step(y: float, rate: float, scene: Scene) -> float:
    """Step of evidence of a yes (1) or no (0) for a personal rate."""
    rules = scene.rules.evidence
    usual = min(rules.rate_max, max(rules.rate_min, rate))
    tilted = min(rules.tilted_rate_max, usual + rules.tilted_rate_add)
    if y:
        return min(rules.rate_step_max, rules.rate_scale * log(tilted / usual))
    return rules.rate_scale * log((1 - tilted) / (1 - usual))


def _measure_step(
    scene: Scene, indicator: str, baseline: str, sign: int, x: float | None
) -> float | None:
    if x is None:
        return None
    z = _z(scene.baselines.rings[baseline], x, sign, scene)
    return z - scene.rules.indicators[indicator].slack


def _z(ring: Ring, x: float, sign: int, scene: Scene) -> float:
    rules: EvidenceRules = scene.rules.evidence
    z = sign * (x - ring.expected(scene.volatile)) / ring.spread
    return max(rules.z_min, min(rules.z_max, z))


def _ln_since(scene: Scene, then_us: int | None) -> float | None:
    if then_us is None:
        return None
    seconds = (scene.ts_us - then_us) / _US
    if seconds > scene.rules.evidence.memory_s:
        return None
    return log(max(scene.rules.evidence.min_gap_s, seconds))
