"""What an act shows, before it is compared with anything: measures, and yes or no.

Measures are in ln units of what they measure; a yes is 1, a no 0. Nothing is told of what the act
does not say.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Final

from genesis.domain.account import MarketState
from genesis.domain.orders import Side
from genesis.tilt.actions import (
    CANCEL,
    CLICK,
    CLOSED,
    REJECTED,
    SESSION_END,
    STOP_MODIFY,
    STOP_REMOVE,
    ActionKind,
    UserAction,
)
from genesis.tilt.baseline import CLICKS, HOLD, HOUR, SLIPS, Baselines, Sample
from genesis.tilt.context import ENTRY, Context, is_click
from genesis.tilt.rules import BehaviourRules, TiltRules

VOLATILE: Final = frozenset({MarketState.VOLATILE, MarketState.PANIC})
_COMPARED: Final = ("gap", "lat", "size", "reent")
"""Measures of an entry that are held against what is usual; several indicators ask."""
_US: Final = 1_000_000
_HOUR_US: Final = 3_600 * _US


@dataclass(slots=True)
class Scene:
    """All an indicator may look at: the act at `ts_us`, and everything before it.

    found: what the act shows, by the name of the measure. session_s: length of a session that has
    just ended. away: of what an entry shows, how far from what is usual, in its spread.
    """

    action: UserAction
    ts_us: int
    before: Context
    baselines: Baselines
    rules: TiltRules
    is_volatile: bool
    session_s: float | None = None
    found: Mapping[str, float] = field(default_factory=dict)
    away: Mapping[str, float] = field(default_factory=dict)
    behaviour: BehaviourRules = field(init=False)

    def __post_init__(self) -> None:
        if self.rules.behaviour is not None:  # only indicators that came with it ask
            self.behaviour = self.rules.behaviour


# -- measures --------------------------------------------------------------------------------
def entry_gap(scene: Scene) -> float | None:
    """ln seconds from the last close, cancel or submit to this entry."""
    return _ln_since(scene, scene.before.last_act_us)


def entry_latency(scene: Scene) -> float | None:
    """ln seconds from what he last saw to this entry."""
    latency_ms = scene.action.latency_ms
    if latency_ms is None:
        return None
    return log(max(scene.behaviour.acts.latency_min_s, float(latency_ms) / 1000))


def entry_size(scene: Scene) -> float | None:
    """ln of the entry's size over the cap, as it would be clipped."""
    size = scene.action.size_fraction
    return None if size is None else log(min(1.0, float(size)))


def reentry(scene: Scene) -> float | None:
    """ln seconds from a stop-out to the first new entry in the same symbol."""
    if scene.action.symbol is None:
        return None
    return _ln_since(scene, scene.before.stopped_out_us.get(scene.action.symbol))


def session_length(scene: Scene) -> float | None:
    """ln seconds that a session lasted, told when it is over."""
    seconds = scene.session_s
    if scene.action.kind == SESSION_END and scene.before.session_start_us is not None:
        seconds = (scene.ts_us - scene.before.session_start_us) / _US
    return None if seconds is None else log(max(scene.behaviour.acts.session_learn_min_s, seconds))


# -- yes or no -------------------------------------------------------------------------------
def cancelled(scene: Scene) -> float | None:
    """1: the trader cancelled an order; 0: a position ended. Safety cancels say nothing."""
    if scene.action.kind == CANCEL:
        return None if scene.action.reduces_risk else 1.0
    return 0.0 if scene.action.kind == CLOSED else None


def slip_share(scene: Scene) -> float | None:
    """Backspaces among the keys of an act."""
    action = scene.action
    return (action.backspaces or 0) / action.keys if action.keys else None


def slipped(scene: Scene) -> float | None:
    """1: the line was not understood, or more backspaces than in nine of ten of his own."""
    if scene.action.parse_ok is False:
        return 1.0
    share = slip_share(scene)
    if share is None:
        return None if scene.action.parse_ok is None else 0.0
    if not share:
        return 0.0
    return float(share > scene.baselines.rings[SLIPS].quantile(scene.behaviour.acts.slips_above))


def skipped(scene: Scene) -> float | None:
    """1: the checklist before an entry, or a step of a ceremony, was skipped or rushed through."""
    action = scene.action
    if action.checklist_done is None and action.dwell_ms is None:
        return None
    rushed_ms = scene.behaviour.acts.dwell_min_s * 1000
    rushed = action.dwell_ms is not None and float(action.dwell_ms) < rushed_ms
    return float(rushed or action.checklist_done is False)


def refused(scene: Scene) -> float | None:
    """1: refused, or asked again at once for far more than the cap that had been shown."""
    action, acts = scene.action, scene.behaviour.acts
    if action.kind == STOP_MODIFY:
        return _refused_stop(scene)
    if action.kind == REJECTED:
        is_his = action.reason not in scene.behaviour.ignored and not action.reduces_risk
        return 1.0 if is_his and not scene.before.insists else None  # each request counts once
    size, before_us = action.size_fraction, scene.before.insisted_us
    insists = size is not None and size > acts.insist_multiple and before_us is not None
    return float(insists and scene.ts_us - (before_us or 0) <= acts.insist_s * _US)


def _refused_stop(scene: Scene) -> float | None:
    """1: the gate let no stop be moved away, and said why; nothing of one that was moved."""
    action, behaviour = scene.action, scene.behaviour
    if not behaviour.moved_only or action.reduces_risk or action.reason is None:
        return None
    return None if action.reason in behaviour.ignored else 1.0


def stop_widened(scene: Scene) -> float | None:
    """1: a stop was moved away from the price or removed; 0: a position ended without that."""
    action = scene.action
    if action.kind == STOP_REMOVE:
        return None if action.reduces_risk else 1.0
    if action.kind == CLOSED:
        return None if action.symbol in scene.before.widened else 0.0
    if action.kind != STOP_MODIFY or action.reduces_risk:
        return None
    return _moved_away(action, scene.behaviour.acts.widen_ratio)


def _moved_away(action: UserAction, ratio: float) -> float | None:
    """1 where the new stop is more than `ratio` times as far from the entry; else nothing.

    A stop that is in profit already has no distance: any move towards the loss counts.
    """
    if action.stop_old is None or action.stop_new is None:
        return None
    old, new = float(action.stop_old), float(action.stop_new)
    entry = old if action.entry is None else float(action.entry)
    is_long = action.side != Side.SELL if old == entry else old < entry or action.side == Side.BUY
    sign = 1 if is_long else -1
    was, now = sign * (entry - old), sign * (entry - new)
    return 1.0 if now > was and now > ratio * was else None


# -- the table -------------------------------------------------------------------------------
def hour(scene: Scene) -> float:
    return float(scene.ts_us // _HOUR_US % 24)


def held(scene: Scene) -> float | None:
    """Seconds from the entry to the close of a position."""
    entered_us = scene.before.entered_us
    if scene.action.kind != CLOSED or entered_us is None:
        return None
    return (scene.ts_us - entered_us) / _US


def click_count(scene: Scene) -> float | None:
    """Clicks in the window that ends with this one."""
    if not is_click(scene.action):
        return None
    return 1.0 + count_in(scene.before.clicks_us, scene, scene.behaviour.pace.clicks_window_s)


def count_in(stamps: Sequence[int], scene: Scene, window_s: float) -> int:
    """How many of the rising stamps lie in the window that ends now."""
    return len(stamps) - bisect_left(stamps, scene.ts_us - window_s * _US)


def _ln_since(scene: Scene, then_us: int | None) -> float | None:
    if then_us is None:
        return None
    seconds = (scene.ts_us - then_us) / _US
    if seconds > scene.rules.evidence.memory_s:
        return None
    return log(max(scene.rules.evidence.min_gap_s, seconds))


Measure = Callable[[Scene], float | None]
_ENTRY: Final = (ENTRY,)
_CLOSE: Final = (CLOSED,)
_ANY: Final = (ENTRY, *ActionKind)
_FIRST: Final[tuple[tuple[str, Measure, tuple[str, ...]], ...]] = (
    ("gap", entry_gap, _ENTRY),
    ("size", entry_size, _ENTRY),
    ("reent", reentry, _ENTRY),
    ("cancel", cancelled, (CANCEL, *_CLOSE)),
)
_LATER: Final[tuple[tuple[str, Measure, tuple[str, ...]], ...]] = (
    ("lat", entry_latency, _ENTRY),
    ("slen", session_length, _ANY),
    ("typo", slipped, _ANY),
    (SLIPS, slip_share, _ANY),
    ("skip", skipped, (*_ENTRY, ActionKind.CEREMONY_STEP)),
    ("rej", refused, (*_ENTRY, REJECTED, STOP_MODIFY)),
    ("widen", stop_widened, (STOP_MODIFY, STOP_REMOVE, *_CLOSE)),
    (HOUR, hour, _ENTRY),
    (HOLD, held, _CLOSE),
    (CLICKS, click_count, (CLICK,)),
)
"""Measures by name, with the kinds of act (`asks_as`) that can show them."""


def measures_by_kind(rules: TiltRules) -> dict[str, tuple[tuple[str, Measure], ...]]:
    """What to look for in an act of each kind. The names are those of the baselines."""
    table = _FIRST if rules.behaviour is None else _FIRST + _LATER
    return {
        kind: tuple((name, measure) for name, measure, kinds in table if kind in kinds)
        for kind in _ANY
    }


def look(scene: Scene, measures: Iterable[tuple[str, Measure]], *, is_entry: bool) -> None:
    """Take in what the act shows."""
    found = {}
    for name, measure in measures:
        x = measure(scene)
        if x is not None:
            found[name] = x
    scene.found = found
    if is_entry:
        shown = [(name, found[name]) for name in _COMPARED if name in found]
        scene.away = scene.baselines.away(shown, scene.is_volatile)


def samples(scene: Scene) -> list[Sample]:
    """What this act teaches the baselines."""
    volatile = scene.is_volatile
    return [(name, x, volatile) for name, x in scene.found.items()]
