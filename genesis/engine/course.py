"""The course of a trader: evaluations, ceremony and overrides, as events bring them about."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import OperatorActed, OrderFilled
from genesis.domain.money import ZERO
from genesis.domain.orders import Side
from genesis.domain.outcomes import (
    AlertRaised,
    BreakerMoved,
    CommandAnswered,
    Outcome,
    PositionClosed,
    RiskBlocked,
    TierChanged,
    TiltLevelChanged,
    ViolationNoted,
)
from genesis.domain.slicing import Algorithm, OrderReceipt
from genesis.domain.time import moment_words
from genesis.engine.tier_acts import RECORD
from genesis.risk.blocks import CODE, FEED, INCOMPLETE, STARTING, VENUE
from genesis.risk.breakers import Level, State
from genesis.risk.drawdown import CRITICAL
from genesis.risk.sizing import position_cap_usdt
from genesis.tiers.desk import WRONG_PHRASE
from genesis.tiers.gate_facts import IcebergResult
from genesis.tiers.rules import InterruptionRules
from genesis.tilt import StyleChangeRefused
from genesis.tilt.actions import UserAction
from genesis.tilt.override import (
    ACCEPTED,
    BAD_PAGE,
    HALTED,
    LOCKED_OUT,
    MALFORMED,
    NOT_PAUSED,
    Attempt,
)
from genesis.tilt.override import WRONG_PHRASE as BAD_PHRASE

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

OVERRIDE: Final = "override"
LOCKED_ENTRY: Final = "locked_entry"
OUTSIDE_ENTRY: Final = "outside_entry"
NO_OVERRIDES: Final = "the rules of this run know no overrides"
OVERRIDE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ACCEPTED: "trading resumes with small sizes; the page is still owed",
        LOCKED_OUT: "overrides are locked: too many attempts, or one was accepted",
        MALFORMED: "the request is malformed",
        BAD_PHRASE: "the confirmation is not exactly the phrase asked for",
        BAD_PAGE: "the page does not count",
        HALTED: "trading is halted: no override lifts that",
        NOT_PAUSED: "no intervention is open: there is nothing to override",
    }
)
"""What is said to an override, by its verdict."""
_ABORTED: Final = frozenset({"impact", "late", "rejected"})
"""Ends of a sliced order that the market or the venue brought about."""
_HIS_BLOCKS: Final = frozenset({CODE, RECORD})
"""Blocks that are no failure of the machine: what runs, or is written, is not what it was."""


class Course:
    """Looks at the account as a promotion does, and takes the operator's steps to the desks."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view

    # -- what promotions look at -------------------------------------------------------------
    def blocked(self) -> str | None:
        """Why no new risk may be taken whatever the symbol; a start under way is no reason."""
        risk = self._state.risk
        for source, reason in sorted(risk.blocks.items()):
            if source != STARTING:
                return reason
        if risk.drawdown.halted is not None:
            return risk.drawdown.halted.reason
        for level in (Level.SYSTEM, Level.ACCOUNT):
            for breaker in risk.breakers.of(level).values():
                return breaker.reason
        until_ns = risk.drawdown.critical_until_ns
        if until_ns is not None and self._state.now_ns < until_ns:
            return "the drawdown is critical"
        if risk.drawdown.is_confirming:
            return "a limit is being confirmed"
        knows = self._state.rules.tiers.recovery is not None
        beyond = self._view.reduce_only if knows else ()
        return f"{beyond[0]} is open and not allowed in this tier" if beyond else None

    def _is_calm(self) -> bool:
        return self._state.tilt.state.level is TiltLevel.NORMAL

    # -- time --------------------------------------------------------------------------------
    def time_passed(self) -> tuple[Outcome, ...]:
        """What time alone does to the mode."""
        is_clean = not self._state.risk.blocks.keys() & INCOMPLETE
        return self._state.tiers.tick(self._state.now_ns, is_clean=is_clean)

    def evaluated(self, ts_ns: int) -> tuple[Outcome, ...]:
        """Evaluate the last closed day if that is due and was not done."""
        is_free = self.blocked() is None
        return self._state.tiers.evaluate(ts_ns, is_calm=self._is_calm(), is_free=is_free)

    # -- facts -------------------------------------------------------------------------------
    def moved(self, moved: Iterable[Outcome]) -> None:
        """Fills moved positions: the day is a trading day."""
        history = self._state.tiers.history
        for outcome in moved:
            history.traded()
            if isinstance(outcome, PositionClosed) and outcome.qty > ZERO:
                history.trade_closed(outcome.ts_ns, outcome.pnl_usdt)

    def sliced(self, receipt: OrderReceipt) -> None:
        """A sliced order ended: an iceberg's quality is asked for by gates."""
        aborted = receipt.ended in _ABORTED
        if receipt.algorithm == Algorithm.ICEBERG and (aborted or receipt.filled_qty):
            result = IcebergResult(receipt.ts_ns, receipt.slippage_bps, aborted)
            self._state.tiers.history.iceberg(result)

    def disturbed(self, facts: Iterable[Outcome]) -> tuple[TierChanged, ...]:
        """A tilt warning, a critical fall or a breaker of the account ends a promotion.

        What the machine, its books, the feed or the venue lack only defers it: that is no fault of
        this account.
        """
        found: list[TierChanged] = []
        for fact in facts:
            if isinstance(fact, TiltLevelChanged) and _is_alarm(fact):
                self._state.tiers.history.tilted(fact.ts_ns, fact.new)
            reason = _disturbance(fact, self._state.rules.tiers.interruptions)
            if reason is not None:
                found += self._state.tiers.disturbed(self._state.now_ns, reason)
        return tuple(found)

    def outside(self, event: OrderFilled) -> tuple[Outcome, ...]:
        """No order of ours bought this: beyond the cap of its position it is a violation.

        What is found at a start, or beside a broken record, may be our own order that was lost.
        """
        state, fill = self._state, event.fill
        position, most = state.ledger.positions.get(fill.symbol), self._most_outside_usdt
        is_sure = not state.risk.blocks.keys() & {STARTING, RECORD}
        if position is None or most is None or fill.side is not Side.BUY or not is_sure:
            return ()
        if not position.cost_usdt - fill.qty * fill.price <= most < position.cost_usdt:
            return ()
        told = f"{fill.symbol} was bought elsewhere, beyond what a position may cost in this tier"
        return self.violation(OUTSIDE_ENTRY, told)

    @property
    def _most_outside_usdt(self) -> Decimal | None:
        """What a position that was bought elsewhere may cost; None: it is not looked at."""
        state = self._state
        rules = state.rules.tiers.outside
        if rules is None:
            return None
        return rules.cap_multiple * position_cap_usdt(self._view.equity_usdt, state.limits)

    def violation(self, kind: str, reason: str) -> tuple[Outcome, ...]:
        """Something that counts against the gates. Old rules know no such thing."""
        state = self._state
        if state.rules.tiers.course is None:
            return ()
        state.tiers.history.violated(state.now_ns)
        return (ViolationNoted(state.now_ns, kind, reason),)

    # -- the operator ------------------------------------------------------------------------
    def ceremony(self, event: OperatorActed) -> tuple[tuple[Outcome, ...], str]:
        """The phrase was typed; the answer, and how the detector is to be told of it."""
        state, ts_ns = self._state, self._state.now_ns
        changes, told = state.tiers.confirm(
            ts_ns, event.phrase or "", is_calm=self._is_calm(), blocked=self.blocked()
        )
        answer = CommandAnswered(ts_ns, event.client_ref, event.verb, bool(changes), told)
        return (*changes, answer), "phrase" if told == WRONG_PHRASE else "ok"

    def style(self, event: OperatorActed) -> tuple[Outcome, ...]:
        """He announces that he will trade differently, while he is calm."""
        now_ns, told, is_taken = self._state.now_ns, "", True
        try:
            due_ns = self._state.tilt.detector.declare_style_change(event.reason or "", now_ns)
            told = f"noted: from {moment_words(due_ns)} on more is taken for usual for a while"
        except StyleChangeRefused as problem:
            told, is_taken = problem.message, False
        return (CommandAnswered(now_ns, event.client_ref, event.verb, is_taken, told),)

    def verdict(self, event: OperatorActed) -> str | None:
        """What is to be said to an override; None where the rules know none."""
        state = self._state
        if state.rules.tilt.override is None:
            return None
        is_halted = state.tiers.state.mode is TierMode.HALTED
        is_halted |= state.risk.drawdown.halted is not None
        return state.tilt.judge_override(
            state.now_ns, event.phrase, event.reason, is_halted=is_halted, digest=event.page
        )

    def override(
        self, event: OperatorActed, verdict: str, action: UserAction
    ) -> tuple[Outcome, ...]:
        """A judged override takes its effect: on tilt, and as a violation where accepted."""
        attempt = Attempt(self._state.now_ns, event.client_ref, verdict)
        facts = self._state.tilt.overridden(attempt, action, event.page)
        if verdict == ACCEPTED:
            self._state.tiers.history.overridden(attempt.ts_ns)
            self._state.tiers.pages.seen(event.page or "")
            facts += self.violation(OVERRIDE, "an intervention was overridden")
        told = OVERRIDE_WORDS[verdict]
        is_accepted = verdict == ACCEPTED
        answer = CommandAnswered(attempt.ts_ns, event.client_ref, event.verb, is_accepted, told)
        return (*facts, answer)


def _is_alarm(change: TiltLevelChanged) -> bool:
    """Tilt rose to WARNING or beyond."""
    return change.new.rank > change.old.rank and change.new.rank >= TiltLevel.WARNING.rank


def _disturbance(fact: Outcome, rules: InterruptionRules) -> str | None:
    match fact:
        case TiltLevelChanged(new=level) if level.rank >= TiltLevel.WARNING.rank:
            return f"tilt is {level}"
        case AlertRaised(alert=alert) if alert == CRITICAL:
            return "the drawdown is critical"
        case RiskBlocked(blocked=True, source=source, reason=reason):
            waits = source in (STARTING, VENUE) or source.startswith(FEED)
            waits |= rules.faults and source not in _HIS_BLOCKS
            return None if waits else reason
        case BreakerMoved(level=level, name=name, state=State.OPEN, reason=reason):
            waits = level == Level.STRATEGY or name.startswith(FEED)
            waits |= rules.faults and level == Level.SYSTEM
            return None if waits else reason
    return None
