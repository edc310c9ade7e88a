"""The quiet session in the paper lane: since when it lasts, and the signs of tilt in it.

A sign is an act of the trader that is evidence by itself: one that an indicator of events (typing
errors, skipped checklists, refusals, widened stops) or a rare act with fixed points counts against
him, or one that raises his level. That a measure such as haste strays a little is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from genesis.domain.events import Event, OperatorActed
from genesis.domain.time import MICROSECOND
from genesis.engine.engine import Engine
from genesis.tilt.actions import ActionKind

BEGIN: Final = ActionKind.SESSION_START
END: Final = ActionKind.SESSION_END


@dataclass(frozen=True, slots=True)
class Watched:
    """How the trader's state was right before an act: evidence by name, and his level's rank."""

    evidence: Mapping[str, float]
    rank: int


@dataclass(slots=True)
class PaperSession:
    """A fold of the lane's acts. started_ns: None, no session is on. away_ns: how long nothing ran
    since it began; that was no time in which he could have been restless.
    """

    started_ns: int | None = None
    signs: int = 0
    away_ns: int = 0

    def away(self, span_ns: int) -> None:
        """Nothing ran for so long, and it goes on now."""
        self.away_ns += max(0, span_ns)

    def watch(self, engine: Engine, event: Event) -> Watched | None:
        """To be asked before an event is handled; None: nothing that could be a sign."""
        if self.started_ns is None or not isinstance(event, OperatorActed):
            return None
        return _watched(engine, max(engine.state.now_ns, event.ts_ns))

    def heard(self, engine: Engine, event: Event, before: Watched | None) -> None:
        """After it was handled: the session begins or ends, or an act in it was judged."""
        if not isinstance(event, OperatorActed):
            return
        if event.kind == BEGIN:
            self.started_ns, self.signs, self.away_ns = event.ts_ns, 0, 0
        elif event.kind == END:
            self.started_ns = None
        elif before is not None:
            self.signs += _is_sign(before, _watched(engine, engine.state.now_ns), engine)


def _watched(engine: Engine, now_ns: int) -> Watched:
    detector, at_us = engine.state.tilt.detector, now_ns // MICROSECOND
    found = detector.evidence.at(at_us)
    events = {name: amount for name, amount in found.items() if name in detector.rules.rates}
    points = detector.points.at(at_us, detector.rules)
    return Watched({**events, **points}, engine.state.tilt.state.level.rank)


def _is_sign(before: Watched, after: Watched, engine: Engine) -> bool:
    """Evidence too light for a single point of the score is none."""
    counts = engine.state.tilt.score(engine.state.now_ns).contributions
    raised = (
        name
        for name, amount in after.evidence.items()
        if amount > before.evidence.get(name, 0.0) and counts.get(name)
    )
    return after.rank > before.rank or any(raised)
