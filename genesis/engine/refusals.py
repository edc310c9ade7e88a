"""Refusals of strategies, told once: one that asks on every tick is answered, not written down.

The first refusal of a strategy in a symbol is told as it is. The same one (the same codes) within a
span that the rules give is counted only; the count is told when the span ends, when the answer is
another one, or when the run ends. What the operator asks for is always told.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from genesis.domain.approval import Refused, Verdict
from genesis.domain.keeping import RefusalsCounted
from genesis.domain.orders import OF_STRATEGY
from genesis.execution.draft import Draft

if TYPE_CHECKING:
    from genesis.engine.state import EngineState

Wisher = tuple[str, str]
"""Source and symbol."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was told: the codes of a refusal, until when it stands, how often it was not told again.

    since_ns: of the first that was not told.
    """

    codes: tuple[str, ...]
    until_ns: int
    repeats: int = 0
    since_ns: int = 0


class Refusals:
    """Remembers what each strategy was told last."""

    def __init__(self, state: "EngineState") -> None:
        self._state = state
        self._told: dict[Wisher, Answer] = {}

    def judged(self, draft: Draft, verdict: Verdict) -> tuple[tuple[RefusalsCounted, ...], bool]:
        """A verdict: what of earlier ones is counted now, and is this one to be told?"""
        span_ns = self._state.rules.risk.refusals_span_ns
        if span_ns is None or not draft.source.startswith(OF_STRATEGY):
            return (), True
        wisher, now_ns = (draft.source, draft.symbol), self._state.now_ns
        if not isinstance(verdict, Refused):
            return self._end(wisher), True
        codes = tuple(failure.code for failure in verdict.failures)
        known = self._told.get(wisher)
        if known is not None and known.codes == codes and now_ns < known.until_ns:
            since_ns = known.since_ns or now_ns
            self._told[wisher] = replace(known, repeats=known.repeats + 1, since_ns=since_ns)
            return (), False
        ended = self._end(wisher)
        self._told[wisher] = Answer(codes, now_ns + span_ns)
        return ended, True

    def due(self, ts_ns: int) -> tuple[RefusalsCounted, ...]:
        """Counts whose span is over."""
        over = [wisher for wisher, told in self._told.items() if ts_ns >= told.until_ns]
        return tuple(fact for wisher in sorted(over) for fact in self._end(wisher))

    def run_ended(self) -> tuple[RefusalsCounted, ...]:
        """All that was counted and not told yet."""
        return tuple(fact for wisher in sorted(self._told) for fact in self._end(wisher))

    def next_wake_ns(self) -> int | None:
        """When the next count is to be told."""
        return min((told.until_ns for told in self._told.values() if told.repeats), default=None)

    def _end(self, wisher: Wisher) -> tuple[RefusalsCounted, ...]:
        told = self._told.pop(wisher, None)
        if told is None or not told.repeats:
            return ()
        source, symbol = wisher
        now_ns = self._state.now_ns
        return (RefusalsCounted(now_ns, symbol, source, told.codes, told.repeats, told.since_ns),)
