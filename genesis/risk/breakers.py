"""Breakers: one table for all of them, whatever opens them.

A breaker has a level (how far its refusal reaches) and a name (what opened it). STRATEGY rests and
then goes on in paper; ACCOUNT rests for the day; SYSTEM rests and lets one small order try. Each is
on its own: closing one never closes another, and the highest level that is not closed is what the
account stands under. A pair of state and happening that is not in the table changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from genesis.domain.ids import OrderKey
from genesis.domain.outcomes import BreakerMoved


class Level(StrEnum):
    """How far a refusal reaches, the narrowest first."""

    STRATEGY = "STRATEGY"
    ACCOUNT = "ACCOUNT"
    SYSTEM = "SYSTEM"

    @property
    def rank(self) -> int:
        return _LEVELS.index(self)


_LEVELS = tuple(Level)


class State(StrEnum):
    """CLOSED lets orders through, OPEN none, HALF_OPEN one that tries (a strategy: in paper)."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Happening(StrEnum):
    """What moves a breaker. RESTED: its time is over and it tries; OVER: there is nothing to try.

    PASSED: the trying order went well. PAPERED: it goes to paper without a rest before.
    """

    TRIPPED = "TRIPPED"
    RESTED = "RESTED"
    OVER = "OVER"
    PASSED = "PASSED"
    PAPERED = "PAPERED"


TRANSITIONS: Final[Mapping[tuple[State, Happening], State]] = MappingProxyType(
    {
        (State.CLOSED, Happening.TRIPPED): State.OPEN,
        (State.CLOSED, Happening.PAPERED): State.HALF_OPEN,
        (State.OPEN, Happening.TRIPPED): State.OPEN,
        (State.OPEN, Happening.RESTED): State.HALF_OPEN,
        (State.OPEN, Happening.OVER): State.CLOSED,
        (State.HALF_OPEN, Happening.TRIPPED): State.OPEN,
        (State.HALF_OPEN, Happening.PASSED): State.CLOSED,
    }
)

AFTER_REST: Final[Mapping[Level, Happening]] = MappingProxyType(
    {
        Level.STRATEGY: Happening.RESTED,
        Level.ACCOUNT: Happening.OVER,
        Level.SYSTEM: Happening.RESTED,
    }
)


@dataclass(frozen=True, slots=True)
class Breaker:
    """until_ns: when an open one has rested. code: of its refusals. probe: the order that tries.

    mended: how a fault that lasted was ended; what is told while it still rests. Empty: it was not.
    """

    level: Level
    name: str
    state: State = State.CLOSED
    until_ns: int | None = None
    reason: str = ""
    code: str = ""
    probe: OrderKey | None = None
    mended: str = ""

    @property
    def told(self) -> str:
        """Why it is not closed, as it is now."""
        return self.mended or self.reason


Key = tuple[Level, str]

ON_PAPER_CODE: Final = "STRATEGY_ON_PAPER"


class Breakers:
    """All breakers of one account that are not closed.

    A fault that lasts (`faulty`) keeps its breaker open beyond its time.
    """

    def __init__(self) -> None:
        self._known: dict[Key, Breaker] = {}
        self._faulty: set[Key] = set()

    # -- what moves them ---------------------------------------------------------------------
    def trip(
        self,
        ts_ns: int,
        key: Key,
        code: str,
        reason: str,
        until_ns: int,
        *,
        lasting: bool = False,
    ) -> tuple[BreakerMoved, ...]:
        """Open it, or keep it open for longer. `lasting`: the fault must end first (`healed`)."""
        if lasting:
            self._faulty.add(key)
        known = self._of(key)
        latest_ns = max(until_ns, known.until_ns or until_ns)
        if known.state is State.OPEN and (known.until_ns, known.reason) == (latest_ns, reason):
            return ()
        opened = replace(known, code=code, reason=reason, until_ns=latest_ns, probe=None, mended="")
        return self._move(ts_ns, opened, Happening.TRIPPED)

    def healed(self, ts_ns: int, key: Key, how: str = "") -> tuple[BreakerMoved, ...]:
        """A lasting fault is over: the breaker moves on when it has rested."""
        self._faulty.discard(key)
        if key in self._known:
            self._known[key] = replace(self._known[key], mended=how)
        return self.tick(ts_ns)

    def tick(self, now_ns: int) -> tuple[BreakerMoved, ...]:
        """What time alone does: nothing before `next_wake_ns`."""
        moved: list[BreakerMoved] = []
        for key in sorted(self._known):
            breaker = self._known[key]
            is_due = breaker.until_ns is not None and now_ns >= breaker.until_ns
            if breaker.state is State.OPEN and is_due and key not in self._faulty:
                rested = replace(breaker, until_ns=None)
                moved += self._move(now_ns, rested, AFTER_REST[breaker.level])
        return tuple(moved)

    def next_wake_ns(self) -> int | None:
        """When `tick` will next have something to do."""
        waiting = [
            breaker.until_ns
            for key, breaker in self._known.items()
            if breaker.until_ns is not None and key not in self._faulty
        ]
        return min(waiting, default=None)

    def passed(self, ts_ns: int, key: Key) -> tuple[BreakerMoved, ...]:
        """What tried went well."""
        return self._move(ts_ns, replace(self._of(key), probe=None), Happening.PASSED)

    def to_paper(self, ts_ns: int, key: Key, reason: str) -> tuple[BreakerMoved, ...]:
        """A strategy goes on in paper only; one that rests or tries already is left as it is."""
        papered = replace(self._of(key), reason=reason, code=ON_PAPER_CODE)
        return self._move(ts_ns, papered, Happening.PAPERED)

    # -- the order that tries ----------------------------------------------------------------
    def try_with(self, order: OrderKey) -> None:
        """An entry is sent: it is the probe of every system breaker that waits for one."""
        if self.are_closed:
            return
        for key, breaker in self.of(Level.SYSTEM).items():
            if breaker.state is State.HALF_OPEN and breaker.probe is None:
                self._known[key] = replace(breaker, probe=order)

    def drop_probe(self, order: OrderKey) -> None:
        """The order ended without an answer to the question: another one may try."""
        for key in self.probed_by(order):
            self._known[key] = replace(self._known[key], probe=None)

    def probed_by(self, order: OrderKey) -> tuple[Key, ...]:
        return tuple([key for key, breaker in self._known.items() if breaker.probe == order])

    # -- questions ---------------------------------------------------------------------------
    @property
    def are_closed(self) -> bool:
        """All of them: new risk is not held back by any."""
        return not self._known

    def of(self, level: Level) -> dict[Key, Breaker]:
        """Those of a level that are not closed, by name."""
        return {key: self._known[key] for key in sorted(self._known) if key[0] is level}

    def get(self, key: Key) -> Breaker | None:
        """None: it is closed."""
        return self._known.get(key)

    def level(self) -> Level | None:
        """The highest level at which something is not closed."""
        return max((key[0] for key in self._known), key=lambda level: level.rank, default=None)

    # -- the table ---------------------------------------------------------------------------
    def _of(self, key: Key) -> Breaker:
        return self._known.get(key) or Breaker(*key)

    def _move(self, ts_ns: int, breaker: Breaker, happening: Happening) -> tuple[BreakerMoved, ...]:
        state = TRANSITIONS.get((breaker.state, happening))
        if state is None:
            return ()
        key = (breaker.level, breaker.name)
        if state is State.CLOSED:
            self._known.pop(key, None)
        else:
            self._known[key] = replace(breaker, state=state)
        level, reason, until_ns = breaker.level.value, breaker.reason, breaker.until_ns
        return (BreakerMoved(ts_ns, level, breaker.name, state.value, reason, until_ns),)
