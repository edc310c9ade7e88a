"""The numbers of the tilt detector, as the rules files give them. None has a default in code.

Statistics are floats (they never become money); multipliers of sizes are `Decimal`; times carry
their unit in the name. `ln` is the natural logarithm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from genesis.tilt.ways import InterventionRules, ReadingRules


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

    evidence_kept, points_kept: share of the evidence and of the points that stays (None: all of
    them, in rules from before a page made any go away). limited_*: sizes in the hour that follows.
    restart_loss_r: a loss of so many R (initial risks) inside the hour starts it again.
    """

    evidence_kept: float
    points_kept: float | None
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
class JointRules:
    """Several things at once: a weighted sum of clipped z and of yes and no less their usual share.

    measure: weight of the z of gap, latency and size, each clipped to z_min..z_max. skip, typo,
    rejected: weights of a yes. streak: added after a loss, only to what is there already.
    """

    z_min: float
    z_max: float
    measure: float
    skip: float
    skip_usual: float
    typo: float
    typo_usual: float
    rejected: float
    streak: float


@dataclass(frozen=True, slots=True)
class HourRules:
    """Entries by UTC hour. prior_acts: what each hour starts with; memory: older entries fade.

    x_min, x_max: clip of the surprise -ln(24 share); share_min: least share.
    """

    prior_acts: float
    memory: float
    x_min: float
    x_max: float
    share_min: float


@dataclass(frozen=True, slots=True)
class PaceRules:
    """Acts counted in a window against how many are usual.

    The count less the usual one is divided by sqrt(usual + offset) and clipped to z_min..z_max.
    spread_max: of the gaps' logarithm in their mean. hold_*: seconds a position is held: the first
    guess, the share of a new one in the mean, and its clip. clicks_usual, clicks_share: likewise.
    kept: stamps kept per window.
    """

    entries_window_s: float
    clicks_window_s: float
    z_min: float
    z_max: float
    offset: float
    spread_max: float
    hold_s: float
    hold_share: float
    hold_max_s: float
    clicks_usual: float
    clicks_share: float
    kept: int


@dataclass(frozen=True, slots=True)
class ActRules:
    """When an act counts as a yes, and what an odd value is taken for.

    latency_min_s, session_min_s, session_learn_min_s: shorter ones are taken as this.
    session_break_s: after so long without an act a new session begins. dwell_min_s: a checklist
    left sooner was skipped. insist_multiple, insist_s: a request above so many caps, again so soon
    after the last one, is as good as refused. widen_ratio: a stop so many times as far away was
    moved away; removal_steps: taking it away counts so often. slips_*: usual share and spread of
    backspaces among keys for a stranger; slips_above: the own quantile above which it is a slip.
    """

    latency_min_s: float
    session_min_s: float
    session_learn_min_s: float
    session_break_s: float
    dwell_min_s: float
    insist_multiple: float
    insist_s: float
    widen_ratio: float
    removal_steps: int
    slips_usual: float
    slips_spread: float
    slips_above: float


@dataclass(frozen=True, slots=True)
class TellingRules:
    """When a rare act is evidence by itself.

    left_page_s: the page left so soon after it was opened. deposit_s, deposit_loss_r: money added
    so soon after so large a loss, or after a breaker. edit_s: rules loosened or code changed so
    soon after a losing session.
    """

    left_page_s: float
    deposit_s: float
    deposit_loss_r: float
    edit_s: float


@dataclass(frozen=True, slots=True)
class StyleRules:
    """A change of style that was announced.

    after_loss_ns: so long after the end of the last losing day; wait_ns: takes effect then;
    every_ns: not more often. spread_factor: spreads for so many sessions.
    """

    after_loss_ns: int
    wait_ns: int
    every_ns: int
    spread_factor: float
    sessions: int


@dataclass(frozen=True, slots=True)
class BehaviourRules:
    """What the indicators beyond the first four need.

    trust: by baseline, the prior's worth in samples where it is not the general one. ignored:
    codes of refusals that were not the trader's doing. wins_min: so many in a row make an enlarged
    size one of overconfidence. own_doing: neither an id nor a close begins or prolongs a session,
    money counts at its own stamp, only a tier that was earned is a new style, and a loss of the day
    ends what was certain while trading is halted, too. moved_only: a stop that was refused is a
    request that was refused, and not a stop that was moved. Both are False in rules from before.
    """

    joint: JointRules
    hours: HourRules
    pace: PaceRules
    acts: ActRules
    telling: TellingRules
    style: StyleRules
    trust: Mapping[str, float]
    ignored: frozenset[str]
    wins_min: int
    own_doing: bool
    moved_only: bool


@dataclass(frozen=True, slots=True)
class TiltRules:
    """All of the above. Keys of the mappings are the ids of indicators, baselines and acts.

    fixed, override, interventions, reading: empty or None in rules from before there were any; such
    a run has none.
    behaviour: None in rules that know the first four indicators only. odds: (score from, one in
    so many acts at such a score was one of tilt), falling scores.
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
    interventions: InterventionRules | None = None
    reading: ReadingRules | None = None
    behaviour: BehaviourRules | None = None
    odds: tuple[tuple[int, float], ...] = ()
