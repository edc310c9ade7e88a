"""One run of a strategy with everything it wished for and everything that was decided."""

import traceback
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.time import format_utc
from genesis.engine.step import Step
from genesis.research.backtest import backtest
from genesis.research.failing import place
from genesis.research.guards.several import Data, symbols
from genesis.research.guards.watchdog import Watchdog
from genesis.research.guards.wishes import faults
from genesis.research.result import BacktestResult
from genesis.research.watchdog import Stuck
from genesis.strategy import Intent, Strategy, View

_OURS: Final = "genesis.research.guards."


@dataclass(frozen=True, slots=True)
class Decision:
    """Something decided at one event.

    at_ns: the event's venue time. of_bar: was it the close of a bar, which comes before the ticks
    of its stamp? what: wishes, or outcomes and commands.
    """

    at_ns: int
    of_bar: bool
    what: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in itself: an exception, a call that never ends, a wish that means nothing.

    at_ns: None where it is about no event. ends: did the run end with it?
    """

    at_ns: int | None
    what: str
    remedy: str
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """One run. asked: how often the strategy was called. wishes: what it returned, where that was
    anything. decided: the steps that decided anything (none where the run broke). digest: the
    decision digest, empty where the run broke.
    """

    asked: int
    wishes: tuple[Decision, ...]
    decided: tuple[Decision, ...]
    digest: str
    faults: tuple[Fault, ...]

    @property
    def broke(self) -> Fault | None:
        """The fault that ended the run."""
        return next((fault for fault in self.faults if fault.ends), None)


class Broke(Exception):
    """The strategy raised, or never came back."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


@dataclass(slots=True)
class Notebook:
    """What a recorder writes down."""

    asked: int = 0
    wishes: list[Decision] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)


class Recorder:
    """A strategy of one run, wrapped: its wishes are looked at and written down.

    Wishes that mean nothing are faults, and do not reach the engine.
    """

    def __init__(self, inner: Strategy, symbols: Sequence[str], dog: Watchdog) -> None:
        self._inner, self._symbols, self._dog = inner, tuple(symbols), dog
        self.noted = Notebook()
        self.name: str = inner.name
        self.tier: Tier = inner.tier
        self.bar: str | None = inner.bar
        self.wants: frozenset[type] = inner.wants

    def __deepcopy__(self, memo: dict[int, Any]) -> "Recorder":
        return self  # fresh already, and read after the run

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        noted = self.noted
        noted.asked += 1
        self._dog.begins()
        try:
            made = self._inner.on_event(event, view)
        except Stuck:
            raise Broke(stuck(self._dog.seconds, event)) from None
        except Exception as error:
            raise Broke(raised(error, event)) from error
        finally:
            self._dog.ends()
        if type(made) is tuple and not made:
            return made
        sound = self._sound(made, event)
        if sound:
            noted.wishes.append(Decision(event.ts_ns, type(event) is BarClosed, sound))
        return sound

    def _sound(self, made: object, event: Event) -> tuple[Intent, ...]:
        if not isinstance(made, list | tuple):
            self._fault(f"it returned {made!r} where a list or tuple of wishes belongs", event)
            return ()
        kept: list[Intent] = []
        for wish in made:
            wrong = list(faults(wish, self._symbols))
            for what in wrong:
                self._fault(what, event)
            if not wrong:
                kept.append(wish)
        return tuple(kept)

    def _fault(self, what: str, event: Event) -> None:
        remedy = "return a tuple of Intents; see `Intent` in genesis.strategy for its fields"
        self.noted.faults.setdefault(what, Fault(event.ts_ns, what, remedy))


def run(strategy: Strategy, data: Data, asked: dict[str, Any], seconds: float) -> Trace:
    """Run a fresh strategy over data and keep what it decided.

    asked: what else `backtest` is told. seconds: what one call may take.
    """
    with Watchdog(seconds) as dog:
        recorder = Recorder(strategy, symbols(data), dog)
        noted = recorder.noted
        try:
            result = backtest(recorder, data, call_s=None, **asked)
        except Broke as broke:
            told = (*noted.faults.values(), broke.fault)
            return Trace(noted.asked, tuple(noted.wishes), (), "", told)
        return Trace(
            noted.asked,
            tuple(noted.wishes),
            _decided(result),
            result.decision_digest,
            tuple(noted.faults.values()),
        )


def _decided(result: BacktestResult) -> tuple[Decision, ...]:
    return tuple(map(_of_step, result.steps))


def _of_step(step: Step) -> Decision:
    event, outcomes, commands = step
    return Decision(event.ts_ns, type(event) is BarClosed, (*outcomes, *commands))


def stuck(seconds: float, event: Event | None) -> Fault:
    """The fault of a call that did not come back."""
    at_ns = None if event is None else event.ts_ns
    where = (
        "being made" if event is None else f"{type(event).__name__} of {format_utc(event.ts_ns)}"
    )
    return Fault(
        at_ns,
        f"it has not come back from {where} within {seconds:g} s",
        "look for a loop that never ends, or waits; an event may take milliseconds",
        ends=True,
    )


def raised(error: BaseException, event: Event | None) -> Fault:
    """The fault of an exception, with its place."""
    at_ns = None if event is None else event.ts_ns
    when = "when it was made" if event is None else f"at {type(event).__name__}"
    return Fault(
        at_ns,
        f"it raised {type(error).__name__}: {error} ({place_of(error)}), {when}",
        "mend that line; a strategy returns () where it has nothing to say",
        ends=True,
    )


def place_of(error: BaseException) -> str:
    """Module, line and function in which an exception rose: the last one outside of libraries."""
    frames = [
        (str(frame.f_globals.get("__name__", "?")), line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    inside = [one for one in frames if not one[0].startswith(_OURS)] or frames
    return place(inside)


def fresh(strategy: Strategy) -> Strategy:
    """A copy for one run.

    Raises:
        Broke: it cannot be copied.
    """
    try:
        return deepcopy(strategy)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise Broke(
            Fault(
                None,
                f"it cannot be copied for a second run ({why})",
                "keep files, locks, generators and the like out of the strategy object",
                ends=True,
            )
        ) from error
