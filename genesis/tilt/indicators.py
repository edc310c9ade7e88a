"""The indicators: small pure functions from an act and what came before it to a step of evidence.

A measure x (ln units) steps by its robust z less a slack; a yes or no steps by its log likelihood
under a tilted rate against the personal one. `None`: the act says nothing to the indicator.
"""

from collections.abc import Callable
from functools import partial
from math import exp, log, sqrt
from typing import Final

from genesis.tilt.actions import ActionKind
from genesis.tilt.baseline import CLICKS, HOLD, HOUR
from genesis.tilt.context import ENTRY, is_click
from genesis.tilt.measures import Scene, count_in
from genesis.tilt.rules import TiltRules

_US: Final = 1_000_000
_HOURS: Final = 24

Step = Callable[[Scene], float | None]


# -- measures --------------------------------------------------------------------------------
def measure_step(name: str, sign: int, scene: Scene) -> float | None:
    """A measure against its own baseline: `sign` +1 where more is worse, -1 where less is."""
    x = scene.found.get(name)
    return None if x is None else _z(scene, name, x, sign) - _slack(scene, name)


def step_size_after_loss(scene: Scene) -> float | None:
    """An enlarged size after a loss; the streak makes it heavier but is nothing by itself."""
    x = scene.found.get("size") if scene.before.losses else None
    if x is None:
        return None
    z = _z(scene, "size", x, 1)
    if z > 0:
        evidence = scene.rules.evidence
        steps = min(scene.before.losses - 1, evidence.streak_steps_max)
        z = min(evidence.z_max, z + evidence.streak_step * steps)
    return z - _slack(scene, "size_l")


def step_size_after_wins(scene: Scene) -> float | None:
    """An enlarged size after several wins in a row: overconfidence."""
    is_proud = scene.before.wins >= scene.behaviour.wins_min
    x = scene.found.get("size") if is_proud else None
    return None if x is None else _z(scene, "size", x, 1) - _slack(scene, "size_w")


def step_session(scene: Scene) -> float | None:
    """An entry long after the session began."""
    start_us = scene.before.session_start_us
    if start_us is None:
        return None
    seconds = max(scene.behaviour.acts.session_min_s, (scene.ts_us - start_us) / _US)
    return _z(scene, "slen", log(seconds), 1) - _slack(scene, "slen")


def step_hours(scene: Scene) -> float | None:
    """An entry at an hour at which he seldom trades."""
    hour, hours = scene.found.get(HOUR), scene.baselines.hours
    if hour is None or hours is None:
        return None
    rules = hours.rules
    surprise = -log(_HOURS * max(rules.share_min, hours.share(int(hour))))
    return max(rules.x_min, min(rules.x_max, surprise)) - _slack(scene, "hours")


# -- yes or no -------------------------------------------------------------------------------
def rate_step(name: str, scene: Scene) -> float | None:
    """A yes or no against the own rate."""
    y = scene.found.get(name)
    return None if y is None else likelihood_step(y, scene.baselines.rates[name].share, scene.rules)


def step_widen(scene: Scene) -> float | None:
    """A stop that was taken away counts as one moved away several times."""
    step = rate_step("widen", scene)
    if step is None or scene.action.kind != ActionKind.STOP_REMOVE:
        return step
    return step * scene.behaviour.acts.removal_steps


def likelihood_step(y: float, rate: float, rules: TiltRules) -> float:
    """Step of evidence of a yes (1) or no (0) for a personal rate."""
    numbers = rules.evidence
    usual = min(numbers.rate_max, max(numbers.rate_min, rate))
    tilted = min(numbers.tilted_rate_max, usual + numbers.tilted_rate_add)
    if y:
        return min(numbers.rate_step_max, numbers.rate_scale * log(tilted / usual))
    return numbers.rate_scale * log((1 - tilted) / (1 - usual))


# -- several at once -------------------------------------------------------------------------
def step_joint(scene: Scene) -> float | None:
    """Haste, size and carelessness in one entry; its refusal is told a moment later."""
    if scene.action.kind == ActionKind.ORDER_REJECTED:
        return _late_refusal(scene)
    return joint_of_entry(scene)


def joint_of_entry(scene: Scene) -> float:
    """The step of an entry, as it would be if it is not refused."""
    rules, found = scene.behaviour.joint, scene.found
    together = 0.0
    for name, sign in (("gap", -1), ("lat", -1), ("size", 1)):
        x = found.get(name)
        if x is not None:
            z = _raw_z(scene, name, x, sign)
            together += rules.measure * max(rules.z_min, min(rules.z_max, z))
    if "skip" in found:
        together += rules.skip * (found["skip"] - rules.skip_usual)
    if "typo" in found:
        together += rules.typo * (found["typo"] - rules.typo_usual)
    together += rules.rejected * found.get("rej", 0.0)
    if together > 0 and scene.before.losses:
        together += rules.streak
    return together - _slack(scene, "joint")


def _late_refusal(scene: Scene) -> float | None:
    """What the refusal adds to the entry it belongs to, less what that was below zero."""
    if not scene.found.get("rej"):
        return None
    return max(0.0, scene.behaviour.joint.rejected + min(0.0, scene.before.owed_joint))


# -- pace ------------------------------------------------------------------------------------
def step_entries(scene: Scene) -> float:
    """Entries in an hour, more than his own gaps and holding times would give."""
    pace, ring = scene.behaviour.pace, scene.baselines.rings["gap"]
    spread = min(pace.spread_max, ring.spread)
    gap_s = exp(ring.expected(scene.volatile) + spread * spread / 2)
    usual = pace.entries_window_s / (gap_s + scene.baselines.means[HOLD].value)
    count = count_in(scene.before.entries_us, scene, pace.entries_window_s)
    return _pace_z(scene, count, usual) - _slack(scene, "vel")


def step_clicks(scene: Scene) -> float | None:
    """Clicks in a minute, more than usual."""
    count = scene.found.get(CLICKS)
    if count is None or not is_click(scene.action):
        return None
    usual = scene.baselines.means[CLICKS].value
    return _pace_z(scene, count, usual) - _slack(scene, "clicks")


def _pace_z(scene: Scene, count: float, usual: float) -> float:
    pace = scene.behaviour.pace
    return max(pace.z_min, min(pace.z_max, (count - usual) / sqrt(usual + pace.offset)))


# -- the table -------------------------------------------------------------------------------
_ENTRY: Final = (ENTRY,)
_CLOSE: Final = (ActionKind.POSITION_CLOSED,)
_ANY: Final = (ENTRY, *ActionKind)
INDICATORS: Final[tuple[tuple[str, Step, tuple[str, ...]], ...]] = (
    ("gap", partial(measure_step, "gap", -1), _ENTRY),
    ("lat", partial(measure_step, "lat", -1), _ENTRY),
    ("size", partial(measure_step, "size", 1), _ENTRY),
    ("size_l", step_size_after_loss, _ENTRY),
    ("size_w", step_size_after_wins, _ENTRY),
    ("reent", partial(measure_step, "reent", -1), _ENTRY),
    ("slen", step_session, _ENTRY),
    ("hours", step_hours, _ENTRY),
    ("cancel", partial(rate_step, "cancel"), (ActionKind.ORDER_CANCEL, *_CLOSE)),
    ("typo", partial(rate_step, "typo"), _ANY),
    ("skip", partial(rate_step, "skip"), (*_ENTRY, ActionKind.CEREMONY_STEP)),
    ("rej", partial(rate_step, "rej"), (*_ENTRY, ActionKind.ORDER_REJECTED)),
    ("widen", step_widen, (ActionKind.STOP_MODIFY, ActionKind.STOP_REMOVE, *_CLOSE)),
    ("joint", step_joint, (*_ENTRY, ActionKind.ORDER_REJECTED)),
    ("vel", step_entries, _ENTRY),
    ("clicks", step_clicks, (ActionKind.CLICK,)),
)
"""Indicators by name, with the kinds of act (`asks_as`) that speak to them."""


def steps_by_kind(rules: TiltRules) -> dict[str, tuple[tuple[str, Step], ...]]:
    """What to ask about an act of each kind, of the indicators these rules have."""
    return {
        kind: tuple(
            (name, step)
            for name, step, kinds in INDICATORS
            if kind in kinds and name in rules.indicators
        )
        for kind in _ANY
    }


def _slack(scene: Scene, name: str) -> float:
    return scene.rules.indicators[name].slack


def _raw_z(scene: Scene, name: str, x: float, sign: int) -> float:
    """Robust z of a measure; an announced change of style widens what is usual."""
    z = scene.away.get(name)
    if z is None:
        ring = scene.baselines.rings[name]
        spread = ring.spread * scene.baselines.widening
        z = scene.away[name] = (x - ring.expected(scene.volatile)) / spread
    return sign * z


def _z(scene: Scene, name: str, x: float, sign: int) -> float:
    rules, z = scene.rules.evidence, _raw_z(scene, name, x, sign)
    return rules.z_min if z < rules.z_min else rules.z_max if z > rules.z_max else z
