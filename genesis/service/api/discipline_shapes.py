"""Tilt, overrides and the way through the tiers in the shapes of the API. Read only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from math import exp
from typing import Any, Final

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.money import text
from genesis.domain.outcomes import TierChanged, TierGate
from genesis.domain.time import DAY, MILLISECOND, format_utc
from genesis.engine.engine import Engine
from genesis.service.api.owed import pages_owed
from genesis.service.api.tier_plan import plan
from genesis.service.clock import Clock
from genesis.service.readings import Intervened, Readings
from genesis.tiers.features import opened_by
from genesis.tiers.state import TierState
from genesis.tilt.baseline import Baseline
from genesis.tilt.override import Phase, phase_at
from genesis.tilt.rules import JournalRules, LevelRules, OverrideRules, RecoveryRules
from genesis.tilt.ways import InterventionRules

_DATE: Final = len("2024-01-01")
_RATES: Final = {
    "cancel": "of ends",
    "typo": "of lines",
    "skip": "of checks",
    "rej": "of requests",
    "widen": "of trades",
}
_SHARES: Final = {"size": "of the cap"}
Points = Sequence[tuple[int, int, str, dict[str, int]]]
"""Venue time in ms, score, level, and what the score was made of."""


class DisciplineShapes:
    """Answers from one engine and its readings. `scores`: the path of the tilt score."""

    def __init__(
        self, engine: Engine, readings: Readings, clock: Clock, scores: Callable[[], Points]
    ) -> None:
        self._engine = engine
        self._readings = readings
        self._clock = clock
        self._scores = scores

    # -- tilt --------------------------------------------------------------------------------
    @property
    def level(self) -> TiltLevel:
        return self._engine.state.tilt.state.level

    def tilt(self) -> dict[str, Any]:
        """The contract's TiltStatus, and what explains it."""
        tilt = self._engine.state.tilt
        scored = tilt.score(self._clock.now_ns())
        return {
            "tilt_score": scored.score,
            "tilt_level": self.level.value,
            "indicators_triggered": [n for n, points in scored.contributions.items() if points],
            "contributions": dict(scored.contributions),
            "intervention_active": self._readings.intervention is not None,
            "journal_entries_required": tilt.pages_due + self._engine.state.tiers.pages_due,
            "pages": pages_owed(self._engine),
            "limited_until": _time(self._readings.limited_until_ns),
            "override": self.override(),
        }

    def intervention(self) -> dict[str, Any] | None:
        """The intervention that is open."""
        opened = self._readings.intervention
        if opened is None:
            return None
        return {
            "level": opened.level.value,
            "message": opened.message,
            "words": opened.journal_words,
            "since": format_utc(self._readings.interventions[-1].opened.ts_ns),
            "until": _time(opened.until_ns),
            "words_done": not opened.journal_words,
        }

    def override(self) -> dict[str, Any]:
        """What is left of the other way out of an intervention, and what it still costs."""
        tilt, now_ns = self._engine.state.tilt, self._clock.now_ns()
        state = tilt.override
        active_ns = state.active_until_ns
        is_locked = phase_at(state, now_ns) is Phase.LOCKED
        return {
            "attempts_left": tilt.override_attempts_left(now_ns),
            "locked_until": _time(state.locked_until_ns if is_locked else None),
            "active_until": _time(active_ns if active_ns and now_ns < active_ns else None),
            "pages_owed": state.pages_owed,
        }

    def tilt_history(self) -> dict[str, Any]:
        """The path of the score, interventions, and today against what is usual."""
        detector = self._engine.state.tilt.detector
        known = detector.calculate_baseline()
        today = detector.today.at(self._clock.now_ns())
        rules = self._engine.state.rules.tilt
        return {
            "scores": [list(point) for point in self._scores()],
            "interventions": [_intervened(one) for one in self._readings.interventions],
            "baseline": _baseline(known, today),
            "status": "LEARNING" if known.status == "LEARNING" else "KNOWN",
            "page": _numbers(rules.journal),
            "override": None if rules.override is None else _numbers(rules.override),
            "recovery": _numbers(rules.recovery),
            "levels": _numbers(rules.levels),
            "interventions_ask": _asked_for(rules.interventions),
        }

    # -- tiers -------------------------------------------------------------------------------
    def gates(self) -> list[dict[str, Any]]:
        """The gates out of the tier, as an evaluation at this moment would see them."""
        tiers = self._engine.state.tiers
        return [_gate(gate) for gate in tiers.gates(self._engine.view.now_ns)]

    def tier_config(self) -> dict[str, Any]:
        held = self._held
        return {
            "current_tier": held.tier.value,
            "mode": held.mode.value,
            "next_tier_requirements": self.gates(),
        }

    def tier_path(self) -> dict[str, Any]:
        """Where the account stands on its way, and what comes next."""
        held, table = self._held, self._engine.state.rules.tiers
        tiers = self._engine.state.tiers
        announced = tiers.announced
        return {
            "tier": held.tier.value,
            "mode": held.mode.value,
            "since": format_utc(held.since_ns),
            "tier_since": format_utc(held.tier_since_ns),
            "next_tier": self._next_tier(),
            "gates": self.gates(),
            "evaluation": self._evaluation(),
            "paper": self._paper(),
            "ceremony": self._ceremony(),
            "adjust": self._adjust(),
            "no_promotion_before": _time(held.no_promotion_before_ns),
            "plan": plan(
                held,
                table,
                tiers.asks_for(),
                tiers.reset_from_ns,
                is_broken=tiers.halts.is_broken,
            ),
            "go_live": tiers.asks_to_go_live(self._clock.now_ns()),
            "pages_due": tiers.pages_due,
            "pages": pages_owed(self._engine),
            "message": None if announced is None else announced.message,
            "reduce_only": self._reduce_only(),
            "history": [_change(change) for change in self._readings.tier_changes],
        }

    @property
    def _held(self) -> TierState:
        return self._engine.state.tiers.state

    def _next_tier(self) -> str | None:
        tiers = tuple(self._engine.state.rules.tiers.features)
        above = [tier for tier in tiers if tier.rank == self._held.tier.rank + 1]
        return above[0].value if above else None

    def _evaluation(self) -> dict[str, Any] | None:
        found = self._engine.state.tiers.evaluated
        if found is None:
            return None
        return {
            "day": format_utc(found.day * DAY)[:_DATE],
            "evaluated_at": format_utc(found.ts_ns),
            "tier": found.tier.value,
            "passed": found.passed,
            "gates": [_gate(gate) for gate in found.gates],
        }

    def _paper(self) -> dict[str, Any] | None:
        tiers, rules = self._engine.state.tiers, self._gate_rules()
        if self._held.mode is not TierMode.PAPER48 or rules is None:
            return None
        return {
            "since": format_utc(self._held.since_ns),
            "until": format_utc(self._held.since_ns + rules.paper_ns),
            "profitable_days": tiers.profitable_days(),
            "needed_days": rules.paper_profitable_days,
        }

    def _ceremony(self) -> dict[str, Any] | None:
        phrase, table = self._engine.state.tiers.asks_for(), self._engine.state.rules.tiers
        if phrase is None:
            return None
        above = next(t for t in table.features if t.rank == self._held.tier.rank + 1)
        return {
            "phrase": phrase,
            "until": _time(self._held.until_ns),
            "unlocks": opened_by(above, self._held.tier, table),
        }

    def _adjust(self) -> dict[str, Any] | None:
        course = self._engine.state.rules.tiers.course
        if self._held.mode is not TierMode.ADJUST48 or course is None:
            return None
        return {
            "until": _time(self._held.until_ns),
            "trades": self._engine.state.tiers.history.trades_since(self._held.since_ns),
            "needed_trades": course.adjust_trades_min,
        }

    def _gate_rules(self) -> Any:
        rules = self._engine.state.rules.tiers.gates.get(self._held.tier)
        return None if rules is None else rules.ceremony

    def _reduce_only(self) -> list[dict[str, Any]]:
        """Positions the mode or the tier does not allow: they keep their stops and are only left,
        the one that an emergency would close first on top.
        """
        view = self._engine.view
        scores = view.priority_scores
        beyond = sorted(view.reduce_only, key=lambda symbol: (-scores[symbol], symbol))
        found = [one for one in map(view.position, beyond) if one is not None]
        return [{"symbol": one.symbol, "quantity": text(one.qty)} for one in found]


def _time(at_ns: int | None) -> str | None:
    return None if at_ns is None else format_utc(at_ns)


def _gate(gate: TierGate) -> dict[str, Any]:
    return {
        "gate": gate.name,
        "current_value": gate.has,
        "required_value": gate.needed,
        "passed": gate.passed,
    }


def _change(change: TierChanged) -> dict[str, Any]:
    return {
        "at": format_utc(change.ts_ns),
        "from": change.old_tier.value,
        "to": change.tier.value,
        "from_mode": change.old_mode.value,
        "mode": change.mode.value,
        "reason": change.reason,
    }


def _intervened(one: Intervened) -> dict[str, Any]:
    return {
        "opened_at": format_utc(one.opened.ts_ns),
        "level": one.opened.level.value,
        "message": one.opened.message,
        "ended_at": _time(one.ended_ns),
        "how": one.how,
    }


def _numbers(rules: JournalRules | OverrideRules | RecoveryRules | LevelRules) -> dict[str, Any]:
    """Rules as they are, for faces that word or foretell them; times in ms, Decimals as text."""
    return dict(_number(name, value) for name, value in asdict(rules).items())


def _asked_for(rules: InterventionRules | None) -> dict[str, float | None]:
    """What CAUTION asks of an entry and LOCKED of its end, beside a page; null: nothing."""
    waits = (None, None) if rules is None else (rules.confirm_ns, rules.session_ns)
    names = ("confirm_ms", "session_ms")
    return {n: None if ns is None else ns / MILLISECOND for n, ns in zip(names, waits, strict=True)}


def _number(name: str, value: Any) -> tuple[str, Any]:
    if name.endswith("_ns"):
        return f"{name.removesuffix('_ns')}_ms", value / MILLISECOND
    return name, text(value) if isinstance(value, Decimal) else value


# -- baselines in words ----------------------------------------------------------------------
def _baseline(known: Baseline, today: Mapping[str, float]) -> list[dict[str, Any]]:
    """Measures are kept as logarithms, rates as shares."""
    usual = {**known.centres, **known.rates}
    return [
        {
            "indicator": name,
            "usual": _measure(name, value),
            "today": _measure(name, today[name]) if name in today else "nothing yet",
            "samples": known.samples.get(name, 0),
        }
        for name, value in usual.items()
    ]


def _measure(name: str, value: float) -> str:
    if name in _RATES:
        return f"{value * 100:.0f} % {_RATES[name]}"
    if name in _SHARES:
        return f"{exp(value) * 100:.0f} % {_SHARES[name]}"
    seconds = Decimal(exp(value)).quantize(Decimal(1))
    return f"{seconds} s" if seconds < 120 else f"{seconds / 60:.0f} min"
