"""What keeps the record honest and readable: forks of the log, changed code, counted refusals."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genesis.domain.approval import Verdict
from genesis.domain.events import Event, RunEnded, RunStarted, TimerFired
from genesis.domain.keeping import CodeConfirmed, LogForked, RefusalsCounted
from genesis.domain.outcomes import Halted, Outcome, RiskBlocked
from genesis.engine.acts import Acts
from genesis.engine.code_acts import CodeActs
from genesis.engine.forks import Forks
from genesis.engine.refusals import Refusals
from genesis.engine.tier_acts import RECORD
from genesis.execution.draft import Draft

if TYPE_CHECKING:
    from genesis.engine.rule_edits import RuleEdits
    from genesis.engine.state import EngineState


@dataclass(frozen=True, slots=True)
class Kept:
    """Facts, by what they still mean to the rest of discipline."""

    blocked: tuple[RiskBlocked, ...] = ()
    stepped: tuple[Outcome, ...] = ()
    halted: tuple[Halted, ...] = ()
    tilted: tuple[Outcome, ...] = ()
    told: tuple[Outcome, ...] = ()


NOTHING = Kept()


class Keeping:
    """Hears of the record and the code, and remembers what strategies were told.

    asks: when it wants to be woken may have changed.
    """

    def __init__(self, state: "EngineState", acts: Acts, edits: "RuleEdits") -> None:
        self._state = state
        self._acts = acts
        self._edits = edits
        self._forks = Forks(state)
        self.code = CodeActs(state)
        self.refusals = Refusals(state)
        self.asks = False

    def heard(self, event: Event) -> Kept:
        """What an event means for them."""
        match event:
            case TimerFired(ts_ns=ts_ns):
                return Kept(self.code.due(ts_ns), told=self.refusals.due(ts_ns))
            case LogForked():
                return self._forked(event)
            case CodeConfirmed():
                self.asks = True
                return Kept(self.code.confirmed(event, is_live=self._is_live))
            case RunStarted():
                return self._started(event)
            case RunEnded():
                return Kept(told=self.refusals.run_ended())
        return NOTHING

    def _forked(self, event: LogForked) -> Kept:
        forks = self._forks
        freed = self._state.risk.block(event.ts_ns, RECORD, None)
        forks.limits(event)
        forks.counts(event)
        edited = self._rules(event)
        stepped, halted, paused = forks.stepped(event), forks.halted(event), forks.paused(event)
        return Kept(freed, stepped, halted, paused, edited)

    def _rules(self, event: LogForked) -> tuple[Outcome, ...]:
        text = None if event.carried is None else event.carried.rules_text
        if text is None:
            return ()
        self.asks = True
        return self._edits.forked(event.ts_ns, text)

    def answered(self, draft: Draft, verdict: Verdict) -> tuple[tuple[RefusalsCounted, ...], bool]:
        """What of earlier answers is counted now, and is this verdict to be told?"""
        counted, is_told = self.refusals.judged(draft, verdict)
        self.asks |= bool(counted) or not is_told
        return counted, is_told

    def may_run(self, code_sha256: str) -> bool:
        """May this code decide within the run? Of a live account only the code it began with."""
        return not self._is_live or self.code.is_of_run(code_sha256)

    @property
    def _is_live(self) -> bool:
        return self._state.ledger.opened_ns is not None and not self._state.tiers.history.is_paper

    def _started(self, event: RunStarted) -> Kept:
        """To change the code of a live account is an act of the trader."""
        stepped, tilted = self._forks.started()
        is_changed, blocked = self.code.started(event, is_live=self._is_live)
        if is_changed:
            tilted += self._state.tilt.observe(self._acts.coded())
        return Kept(blocked, stepped, tilted=tilted)
