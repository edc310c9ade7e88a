"""Where equity and tilt came from: thinned paths over this UTC day and the one before.

A cache for faces, folded from the steps (the replay of a restart included); nothing is decided
by it.
"""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from genesis.domain.outcomes import Outcome, TiltLevelChanged, TiltScored
from genesis.domain.time import DAY, MILLISECOND, SECOND, utc_day
from genesis.engine.engine import Engine
from genesis.service.readings import AnyStep

EVERY_NS: Final = 5 * SECOND
"""Venue time between two looks."""
MOST_EQUITY: Final = 480
MOST_TILT: Final = 240

EquityPoint = tuple[int, float]
"""Venue time in ms, equity."""
TiltPoint = tuple[int, int, str]
"""Venue time in ms, score, level."""
MadePoint = tuple[int, int, str, dict[str, int]]
"""The same, and what the score was made of."""
P = TypeVar("P", bound=tuple[Any, ...])


class Path(Generic[P]):
    """Points by time, oldest first, never more than `most` (at least 8); old ones stand apart.

    rank: of a stretch that is thinned the point of the highest rank stays, the latest of equals.
    """

    def __init__(self, most: int, rank: Callable[[P], float]) -> None:
        self._most = most
        self._rank = rank
        self.points: list[P] = []

    def add(self, point: P) -> None:
        """The newest point; one of the same moment is replaced."""
        if self.points and self.points[-1][0] == point[0]:
            self.points[-1] = point
            return
        self.points.append(point)
        if len(self.points) > self._most:
            self._thin()

    def forget(self, before_ms: int) -> None:
        self.points = [point for point in self.points if point[0] >= before_ms]

    def _thin(self) -> None:
        """Leave three quarters of the room: one point of every stretch, and the newest."""
        *older, newest = self.points
        width = (newest[0] - older[0][0]) // (self._most * 3 // 4) + 1
        kept: dict[int, P] = {}
        for point in older:
            held = kept.get(point[0] // width)
            if held is None or self._rank(point) >= self._rank(held):
                kept[point[0] // width] = point
        self.points = [*kept.values(), newest]


class Trail:
    """Looks at the engine after every step, and remembers what it saw now and then."""

    def __init__(self) -> None:
        self._equity: Path[EquityPoint] = Path(MOST_EQUITY, lambda _: 0.0)
        self._tilt: Path[MadePoint] = Path(MOST_TILT, lambda point: point[1])
        self._due_ns = 0
        self._day = -1

    def see(self, engine: Engine, step: AnyStep) -> None:
        """A step took place. Almost always that is all."""
        now_ns = engine.state.now_ns
        if now_ns < self._due_ns and not (step.outcomes and _is_tilt(step.outcomes)):
            return
        if engine.state.ledger.opened_ns is None:
            return
        self._due_ns = now_ns + EVERY_NS
        self._look(engine, now_ns)

    def equity(self) -> list[EquityPoint]:
        """The path of equity, at most `MOST_EQUITY` points."""
        return list(self._equity.points)

    def tilt(self) -> list[TiltPoint]:
        """The path of the tilt score, at most `MOST_TILT` points; peaks are kept."""
        return [(at_ms, score, level) for at_ms, score, level, _ in self._tilt.points]

    def tilt_made(self) -> list[MadePoint]:
        """The same path, with the points that each indicator gave."""
        return list(self._tilt.points)

    def _look(self, engine: Engine, now_ns: int) -> None:
        if utc_day(now_ns) != self._day:
            self._day = utc_day(now_ns)
            before_ms = (self._day - 1) * DAY // MILLISECOND
            self._equity.forget(before_ms)
            self._tilt.forget(before_ms)
        at_ms = now_ns // MILLISECOND
        tilt = engine.state.tilt
        scored = tilt.score(now_ns)
        made = {name: points for name, points in scored.contributions.items() if points}
        self._equity.add((at_ms, round(float(engine.view.equity_usdt), 8)))
        self._tilt.add((at_ms, scored.score, tilt.state.level.value, made))


def _is_tilt(outcomes: tuple[Outcome, ...]) -> bool:
    return any(isinstance(outcome, TiltScored | TiltLevelChanged) for outcome in outcomes)
