"""The indicators: small pure functions from an act and what came before it to a step of evidence.

A measure x (ln units) steps by its robust z less a slack; a yes or no steps by its log likelihood
under a tilted rate against the personal one. `None`: the act says nothing to the indicator.

Each indicator is made once for the rules: its numbers are looked up then, not at every act.
"""

from collections.abc import Callable
from functools import partial
from math import exp, log, sqrt
from typing import Final

from genesis.tilt.actions import (
    CANCEL,
    CLICK,
    CLOSED,
    REJECTED,
    STOP_MODIFY,
    STOP_REMOVE,
    ActionKind,
)
from genesis.tilt.baseline import CLICKS, HOLD, HOUR
from genesis.tilt.context import ENTRY, is_click
from genesis.tilt.measures import Scene, count_in
from genesis.tilt.rules import BehaviourRules, TiltRules

_US: Final = 1_000_000
_HOURS: Final = 24

Step = Callable[[Scene], float | None]
Indicator = Callable[[TiltRules], Step]


# -- measures --------------------------------------------------------------------------------
def measured(name: str, sign: int, indicator: str, rules: TiltRules) -> Step:
    """A measure against its own baseline: `sign` +1 where more is worse, -1 where less is."""
    slack, low, high = _slack(rules, indicator), rules.evidence.z_min, rules.evidence.z_max

    def step(scene: Scene) -> float | None:
        away = scene.away.get(name)
        if away is None:
            return None
        z = sign * away
        return (low if z < low else high if z > high else z) - slack

    return step


def size_after_loss(rules: TiltRules) -> Step:
    """An enlarged size after a loss; the streak makes it heavier but is nothing by itself."""
    evidence, slack = rules.evidence, _slack(rules, "size_l")
    low, high = evidence.z_min, evidence.z_max

    def step(scene: Scene) -> float | None:
        losses, z = scene.before.losses, scene.away.get("size")
        if not losses or z is None:
            return None
        z = _clip(z, low, high)
        if z > 0:
            z = min(high, z + evidence.streak_step * min(losses - 1, evidence.streak_steps_max))
        return z - slack

    return step


def size_after_wins(rules: TiltRules) -> Step:
    """An enlarged size after several wins in a row: overconfidence."""
    wins_min, enlarged = _behaviour(rules).wins_min, measured("size", 1, "size_w", rules)
    return lambda scene: enlarged(scene) if scene.before.wins >= wins_min else None


def session(rules: TiltRules) -> Step:
    """An entry long after the session began."""
    slack, low, high = _slack(rules, "slen"), rules.evidence.z_min, rules.evidence.z_max
    least_s = _behaviour(rules).acts.session_min_s

    def step(scene: Scene) -> float | None:
        start_us = scene.before.session_start_us
        if start_us is None:
            return None
        x = log(max(least_s, (scene.ts_us - start_us) / _US))
        away = scene.baselines.away((("slen", x),), scene.is_volatile)["slen"]
        return _clip(away, low, high) - slack

    return step


def hours(rules: TiltRules) -> Step:
    """An entry at an hour at which he seldom trades."""
    slack, numbers = _slack(rules, "hours"), _behaviour(rules).hours

    def step(scene: Scene) -> float | None:
        hour, usual = scene.found.get(HOUR), scene.baselines.hours
        if hour is None or usual is None:
            return None
        surprise = -log(_HOURS * max(numbers.share_min, usual.share(int(hour))))
        return _clip(surprise, numbers.x_min, numbers.x_max) - slack

    return step


# -- yes or no -------------------------------------------------------------------------------
def rate(name: str, rules: TiltRules) -> Step:
    """Log likelihood of a yes (1) or no (0) under a tilted rate, against the personal one."""
    numbers = rules.evidence
    low, high, scale = numbers.rate_min, numbers.rate_max, numbers.rate_scale
    add, most, step_max = numbers.tilted_rate_add, numbers.tilted_rate_max, numbers.rate_step_max

    def step(scene: Scene) -> float | None:
        y = scene.found.get(name)
        if y is None:
            return None
        usual = scene.baselines.rates[name].share
        usual = low if usual < low else high if usual > high else usual
        tilted = usual + add
        if tilted > most:
            tilted = most
        if y:
            return min(step_max, scale * log(tilted / usual))
        return scale * log((1 - tilted) / (1 - usual))

    return step


def widened(rules: TiltRules) -> Step:
    """A stop that was taken away counts as one moved away several times."""
    moved, removal_steps = rate("widen", rules), _behaviour(rules).acts.removal_steps

    def step(scene: Scene) -> float | None:
        found = moved(scene)
        is_removal = scene.action.kind == STOP_REMOVE
        return found * removal_steps if is_removal and found is not None else found

    return step


# -- several at once -------------------------------------------------------------------------
def joint(rules: TiltRules) -> Step:
    """Haste, size and carelessness in one entry; its refusal is told a moment later."""
    numbers, slack = _behaviour(rules).joint, _slack(rules, "joint")
    weight, low, high = numbers.measure, numbers.z_min, numbers.z_max

    def late_refusal(scene: Scene) -> float | None:
        """What it adds to the entry it belongs to, less what that was below zero."""
        if not scene.found.get("rej"):
            return None
        return max(0.0, numbers.rejected + min(0.0, scene.before.owed_joint))

    def step(scene: Scene) -> float | None:
        if scene.action.kind == REJECTED:
            return late_refusal(scene)
        found, away, together = scene.found, scene.away, 0.0
        for name, sign in _HASTE:
            if name in away:
                z = sign * away[name]
                together += weight * (low if z < low else high if z > high else z)
        if "skip" in found:
            together += numbers.skip * (found["skip"] - numbers.skip_usual)
        if "typo" in found:
            together += numbers.typo * (found["typo"] - numbers.typo_usual)
        together += numbers.rejected * found.get("rej", 0.0)
        if together > 0 and scene.before.losses:
            together += numbers.streak
        return together - slack

    return step


# -- pace ------------------------------------------------------------------------------------
def entries(rules: TiltRules) -> Step:
    """Entries in an hour, more than his own gaps and holding times would give."""
    pace, over, slack = _behaviour(rules).pace, _over_usual(rules), _slack(rules, "vel")

    def step(scene: Scene) -> float:
        ring = scene.baselines.rings["gap"]
        spread = min(pace.spread_max, ring.spread)
        gap_s = exp(ring.expected(scene.is_volatile) + spread * spread / 2)
        usual = pace.entries_window_s / (gap_s + scene.baselines.means[HOLD].value)
        return over(count_in(scene.before.entries_us, scene, pace.entries_window_s), usual) - slack

    return step


def clicks(rules: TiltRules) -> Step:
    """Clicks in a minute, more than usual."""
    over, slack = _over_usual(rules), _slack(rules, "clicks")

    def step(scene: Scene) -> float | None:
        count = scene.found.get(CLICKS)
        if count is None or not is_click(scene.action):
            return None
        return over(count, scene.baselines.means[CLICKS].value) - slack

    return step


def _over_usual(rules: TiltRules) -> Callable[[float, float], float]:
    """How far a count is above what is usual, in its own spread."""
    pace = _behaviour(rules).pace
    low, high, offset = pace.z_min, pace.z_max, pace.offset
    return lambda count, usual: _clip((count - usual) / sqrt(usual + offset), low, high)


# -- the table -------------------------------------------------------------------------------
_HASTE: Final = (("gap", -1), ("lat", -1), ("size", 1))
_ENTRY: Final = (ENTRY,)
_CLOSE: Final = (CLOSED,)
_ANY: Final = (ENTRY, *ActionKind)
INDICATORS: Final[tuple[tuple[str, Indicator, tuple[str, ...]], ...]] = (
    ("gap", partial(measured, "gap", -1, "gap"), _ENTRY),
    ("lat", partial(measured, "lat", -1, "lat"), _ENTRY),
    ("size", partial(measured, "size", 1, "size"), _ENTRY),
    ("size_l", size_after_loss, _ENTRY),
    ("size_w", size_after_wins, _ENTRY),
    ("reent", partial(measured, "reent", -1, "reent"), _ENTRY),
    ("slen", session, _ENTRY),
    ("hours", hours, _ENTRY),
    ("cancel", partial(rate, "cancel"), (CANCEL, *_CLOSE)),
    ("typo", partial(rate, "typo"), _ANY),
    ("skip", partial(rate, "skip"), (*_ENTRY, ActionKind.CEREMONY_STEP)),
    ("rej", partial(rate, "rej"), (*_ENTRY, REJECTED, STOP_MODIFY)),
    ("widen", widened, (STOP_MODIFY, STOP_REMOVE, *_CLOSE)),
    ("joint", joint, (*_ENTRY, REJECTED)),
    ("vel", entries, _ENTRY),
    ("clicks", clicks, (CLICK,)),
)
"""Indicators by name, with the kinds of act (`asks_as`) that speak to them."""


def steps_by_kind(rules: TiltRules) -> dict[str, tuple[tuple[str, Step], ...]]:
    """What to ask about an act of each kind, of the indicators these rules have."""
    made = [
        (name, indicator(rules), kinds)
        for name, indicator, kinds in INDICATORS
        if name in rules.indicators
    ]
    return {
        kind: tuple((name, step) for name, step, kinds in made if kind in kinds) for kind in _ANY
    }


def _slack(rules: TiltRules, name: str) -> float:
    return rules.indicators[name].slack


def _behaviour(rules: TiltRules) -> BehaviourRules:
    """Of the rules that know more than the first four indicators."""
    assert rules.behaviour is not None
    return rules.behaviour


def _clip(x: float, low: float, high: float) -> float:
    return low if x < low else high if x > high else x
