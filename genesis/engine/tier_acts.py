"""What the tiers take in beside evaluations: pages, steps the trader asks for, a broken record."""

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from genesis.domain.events import HealthReported, JournalAssessed, OperatorActed
from genesis.domain.money import fraction
from genesis.domain.outcomes import (
    AlertRaised,
    CommandAnswered,
    Outcome,
    TierAnnounced,
    TierChanged,
)
from genesis.domain.paper import PaperDayReported, PaperLaneReported, RecoverySessionDone
from genesis.risk.blocks import INCOMPLETE
from genesis.tiers.days import LaneDay
from genesis.tiers.desk import WRONG_PHRASE, Step
from genesis.tiers.messages import message

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

RECORD: Final = "record"
"""The part of ours that is the log, the rules in force and the code: failed when what is found is
not what was written down, ok again when the named command has resolved it."""
BROKEN: Final = "the record of this account is broken"
GO_LIVE: Final = "go_live"
STEP_DOWN: Final = "step_down"
RESET: Final = "reset"
STEPS: Final = frozenset({GO_LIVE, STEP_DOWN, RESET})
"""Verbs by which the trader asks for a step of his tier."""


class TierActs:
    """Takes facts and the operator's steps to the tier desk."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view

    @property
    def is_clean(self) -> bool:
        """Are the books reconciled with the venue?"""
        return not self._state.risk.blocks.keys() & INCOMPLETE

    # -- facts -------------------------------------------------------------------------------
    def page(self, event: JournalAssessed, *, is_taken: bool) -> None:
        """A page was judged. is_taken: it answers an intervention, or pays for an override."""
        self._state.tiers.page(event, is_taken=is_taken)

    def lane(self, event: PaperDayReported | PaperLaneReported | RecoverySessionDone) -> None:
        """A day of the paper lane is over, or days of it cannot be shown any more."""
        history = self._state.tiers.history
        if isinstance(event, PaperDayReported):
            history.lane_day(LaneDay(event.day, event.trades, event.pnl_usdt, event.start_usdt))
        elif isinstance(event, PaperLaneReported) and event.broken:
            history.lane.clear()  # a lane that is open and whole tells its days again

    def record(self, event: HealthReported) -> tuple[TierChanged, ...]:
        """What is written down is not whole, or is again."""
        tiers, now_ns = self._state.tiers, self._state.now_ns
        if event.component != RECORD:
            return ()
        if event.status == "failed":
            return tiers.record_broken(now_ns, event.detail or BROKEN)
        return tiers.record_restored(now_ns) if event.status == "ok" else ()

    def daily_loss(self, fact: AlertRaised) -> tuple[TierChanged, ...]:
        """A confirmed daily loss; capital without young deposits bounds the tier that is left."""
        state = self._state
        capital = None
        if state.rules.tiers.recovery is not None:
            young = state.tiers.history.young_usdt(state.now_ns)
            capital = self._view.equity_usdt - young
        return state.tiers.daily_loss(fact, capital)

    def entered(
        self, facts: tuple[Outcome, ...], loss: AlertRaised | None = None
    ) -> tuple[TierAnnounced, ...]:
        """The tier or mode moved: the trader is told.

        Not so in runs under rules from before there was a way back.
        """
        if self._state.rules.tiers.recovery is None:
            return ()
        told: list[TierAnnounced] = []
        for fact in facts:
            if not isinstance(fact, TierChanged):
                continue
            words = message(fact, self._state.rules.tiers, self._lost(loss))
            if words is not None:
                self._state.tiers.announced = TierAnnounced(fact.ts_ns, words)
                told.append(self._state.tiers.announced)
        return tuple(told)

    def _lost(self, loss: AlertRaised | None) -> Decimal | None:
        """The share of the day's starting equity that was lost."""
        if loss is None:
            return None
        return fraction(loss.amount_usdt, self._state.risk.drawdown.day_equity_usdt)

    # -- the operator ------------------------------------------------------------------------
    def asked(self, event: OperatorActed) -> tuple[tuple[Outcome, ...], OperatorActed | None]:
        """A step the trader asks for: what it led to, and what the detector is told of it.

        None: to step down or to reset a halt says nothing about his state.
        """
        changes, told = self._step(event)
        answer = CommandAnswered(
            self._state.now_ns, event.client_ref, event.verb, bool(changes), told
        )
        if event.verb != GO_LIVE:
            return (*changes, answer), None
        reason = "phrase" if told == WRONG_PHRASE else "ok"
        return (*changes, answer), replace(event, reason=reason)

    def _step(self, event: OperatorActed) -> Step:
        tiers, now_ns = self._state.tiers, self._state.now_ns
        if event.verb == GO_LIVE:
            return tiers.go_live(now_ns, event.phrase or "", is_clean=self.is_clean)
        if event.verb == STEP_DOWN:
            return tiers.step_down(now_ns)
        return tiers.reset(now_ns, event.reason or "", is_clean=self.is_clean)
