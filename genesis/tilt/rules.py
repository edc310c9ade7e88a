"""The numbers of the tilt detector, as the rules files give them. None has a default in code.

Statistics are floats (they never become money); multipliers of sizes are `Decimal`; times carry
their unit in the name. `ln` is the natural logarithm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class IndicatorRules:
    """How one indicator gathers evidence.

    weight: its part in the score, per ln(1 + evidence). half_life_s: evidence halves in this time.
    slack: standard deviations a measure may stray before it counts; rates use none (0).
    """

    weight: float
    half_life_s: float
    slack: float


@dataclass(frozen=True, slots=True)
class PriorRules:
    """Where a personal baseline starts: `centre` and `spread` in ln units of the measure.

    volatile_offset: how far the centre is expected to move in a volatile market (None: it does
    not).
    """

    centre: float
    spread: float
    volatile_offset: float | None


@dataclass(frozen=True, slots=True)
class RateRules:
    """Where a personal rate starts: `rate` per act, worth `acts` observed acts."""

    rate: float
    acts: float


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """How an act becomes evidence.

    cap: evidence never exceeds it. z_min, z_max: clip of a robust z. memory_s: a stop-out or the
    last act older than this is forgotten. min_gap_s: shorter gaps are taken as this one.
    The rate fields shape the log likelihood of a yes or no: its scale and largest step, the clip
    of the personal rate, and the tilted rate it is compared with (personal + add, at most max).
    streak_step, streak_steps_max: an enlarged size weighs heavier per further loss in a row.
    """

    cap: float
    z_min: float
    z_max: float
    memory_s: float
    min_gap_s: float
    rate_scale: float
    rate_step_max: float
    rate_min: float
    rate_max: float
    tilted_rate_add: float
    tilted_rate_max: float
    streak_step: float
    streak_steps_max: int


@dataclass(frozen=True, slots=True)
class LearningRules:
    """How a personal baseline is learned, and when it is not yet trusted.

    ring: samples kept. prior_samples: the prior's worth in samples. spread_floor: least spread as
    a fraction of the prior's. spread_min_samples: fewer say nothing about the spread.
    refresh_until, refresh_every: recomputed at each sample up to the first, then every so many.
    rate_memory: decay of a rate's counts per act. pending: samples wait in a queue this long.
    admit_every, winsor: from CAUTION on only every so many-th sample is learned, clipped to so
    many spreads. volatile_*: bounds of the volatile offset, and the largest step and count.
    entries, score_max: with fewer entries the score is capped here, so that a stranger is never
    LOCKED by inference.
    """

    ring: int
    prior_samples: float
    spread_floor: float
    spread_min_samples: int
    refresh_until: int
    refresh_every: int
    rate_memory: float
    pending: int
    admit_every: int
    winsor: float
    volatile_min: float
    volatile_max: float
    volatile_step_max: float
    volatile_acts_max: float
    entries: int
    score_max: int


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """From weighted evidence to 0..100: `base` where there is none, `anchors` (raw, score)."""

    base: float
    anchors: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class LevelRules:
    """When a level is entered and left.

    caution_leave: the score must stay below it for `caution_leave_after_ns`.
    warning_sources, warning_share: WARNING needs so many indicators with at least this share.
    locked_min_ns: LOCKED lasts at least so long, and not before the next 00:00 UTC.
    """

    caution_enter: int
    caution_leave: int
    caution_leave_after_ns: int
    caution_multiplier: Decimal
    warning_enter: int
    warning_sources: int
    warning_share: float
    locked_enter: int
    locked_min_ns: int


@dataclass(frozen=True, slots=True)
class RecoveryRules:
    """What an accepted page does.

    evidence_kept: share of the evidence that stays. limited_*: sizes in the hour that follows.
    restart_loss_r: a loss of so many R (initial risks) inside the hour starts it again.
    """

    evidence_kept: float
    limited_multiplier: Decimal
    limited_ns: int
    restart_loss_r: float


@dataclass(frozen=True, slots=True)
class JournalRules:
    """When a page is accepted.

    words_min: words in any script. ratio_*: of different words among the first so many.
    repeated_trigrams_max, top_word_share_max: shares. typing_min_ns, words_per_s_max: the page
    takes at least that long. active_share_min: share of that time spent typing; gaps longer than
    pause_ns are not typing. paste_chars_max: one insertion above it is a paste.
    burst_chars, burst_share_max: insertions above the first may make up at most this share.
    unseen_share_max: share of the text that no insertion accounts for.
    """

    words_min: int
    ratio_words: int
    ratio_min: float
    repeated_trigrams_max: float
    top_word_share_max: float
    typing_min_ns: int
    words_per_s_max: float
    active_share_min: float
    pause_ns: int
    paste_chars_max: int
    burst_chars: int
    burst_share_max: float
    unseen_share_max: float


@dataclass(frozen=True, slots=True)
class FixedRules:
    """An act that is evidence by itself: `points` of the weighted sum, halving in half_life_s."""

    points: float
    half_life_s: float


@dataclass(frozen=True, slots=True)
class OverrideRules:
    """What an override asks for, and what it costs.

    phrase, characters_min: to be typed exactly, and of the page. attempts_max in window_ns, or one
    that is accepted, lock overrides for lock_ns; each earlier lock within escalation_ns doubles
    that, up to lock_max_ns. limited_*: sizes after an accepted one.
    """

    phrase: str
    characters_min: int
    attempts_max: int
    window_ns: int
    lock_ns: int
    lock_max_ns: int
    escalation_ns: int
    limited_multiplier: Decimal
    limited_ns: int


@dataclass(frozen=True, slots=True)
class TiltRules:
    """All of the above. Keys of the mappings are the ids of indicators, baselines and acts.

    fixed, override: empty and None in rules from before there were any; such a run has none.
    """

    indicators: Mapping[str, IndicatorRules]
    priors: Mapping[str, PriorRules]
    rates: Mapping[str, RateRules]
    evidence: EvidenceRules
    learning: LearningRules
    score: ScoreRules
    levels: LevelRules
    recovery: RecoveryRules
    journal: JournalRules
    fixed: Mapping[str, FixedRules] = field(default_factory=dict)
    override: OverrideRules | None = None
