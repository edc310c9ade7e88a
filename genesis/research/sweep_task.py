"""The work of a sweep that can be done anywhere: some combinations on one market."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from genesis.domain.time import parse_width
from genesis.errors import UsageError
from genesis.research.backtest import backtest
from genesis.research.bars import Bars
from genesis.research.counting import uncounted
from genesis.research.result import BacktestResult
from genesis.research.sweep_figures import Figures, of_engine, of_screen
from genesis.research.sweep_space import Combination
from genesis.research.ticks import Ticks
from genesis.sim.screen import Scratch, Screen, Terms, fits, screen_of, screened
from genesis.strategy.catalog import StrategyClass
from genesis.strategy.signal import Signal


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """A market, and what was made of it for screening."""

    market: Ticks | Bars
    _screens: dict[tuple[int, str], Screen] = field(default_factory=dict, repr=False)

    def screen(self, width_ns: int, fill: str) -> Screen:
        made = self._screens.get((width_ns, fill))
        if made is None:
            made = screen_of(self.market.columns, width_ns, fill)
            self._screens[width_ns, fill] = made
        return made

    def bare(self) -> "Bench":
        """The market alone, for sending: what was worked out from it is worked out again there."""
        market = self.market
        if isinstance(market, Ticks):
            market = replace(market, columns=replace(market.columns, _bars={}, _closed={}))
        return Bench(market)


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with each combination.

    conditions: arguments of `backtest`, but for strategy, data, params and the span. terms: of
    screening; None: everything goes through the engine.
    """

    kind: StrategyClass
    conditions: Mapping[str, Any]
    terms: Terms | None = None

    @property
    def fill(self) -> str:
        return str(self.conditions.get("fill", "next_tick"))


def screened_chunk(bench: Bench, task: Task, chunk: Sequence[Combination]) -> list[Figures | None]:
    """Each combination screened; None for one that only the engine can run."""
    room: dict[int, Scratch] = {}
    return [_screened(bench, task, one, room) for one in chunk]


def engine_chunk(bench: Bench, task: Task, chunk: Sequence[Combination]) -> list[Figures | None]:
    """Each combination through the engine."""
    return [of_engine(engine_run(bench.market, task, one)) for one in chunk]


def engine_run(market: Ticks | Bars, task: Task, one: Combination) -> BacktestResult:
    """One backtest that whoever called has counted, or will."""
    try:
        with uncounted():
            return backtest(task.kind(one.params), market, **task.conditions)
    except Exception as wrong:
        wrong.add_note(f"in the trial {one.params}")
        raise


def signal_of(kind: object) -> Signal | None:
    """The signal a strategy class declares; None where it has none of its own.

    A subclass that decides anew does not inherit the signal of what it decided before.
    """
    lineage = kind.__mro__ if isinstance(kind, type) else ()
    for each in lineage:
        own = vars(each)
        if isinstance(own.get("signal"), Signal):
            return own["signal"]  # type: ignore[no-any-return]
        if "on_event" in own or "__init__" in own:
            return None
    return None


def numbers_of(signal: Signal, params: object) -> list[int]:
    return [getattr(params, name) for name in signal.numbers]


def width_of(kind: StrategyClass, params: object) -> int:
    """Width in ns of the bars that a strategy with these parameters wants."""
    bar = kind(params).bar
    if bar is None:
        raise UsageError(f"strategy {kind.name} declares a signal and wants no bars: name a width")
    return parse_width(bar)


def _screened(
    bench: Bench, task: Task, one: Combination, room: dict[int, Scratch]
) -> Figures | None:
    signal, terms = signal_of(task.kind), task.terms
    assert signal is not None
    assert terms is not None
    screen = bench.screen(width_of(task.kind, one.params), task.fill)
    numbers = numbers_of(signal, one.params)
    if not fits(screen, signal, numbers):
        return None
    bars = len(screen.marks.closes)
    scratch = room.setdefault(bars, Scratch(bars)) if bars not in room else room[bars]
    outcome = screened(screen, signal, numbers, terms, scratch)
    return None if outcome.short is not None else of_screen(outcome, terms)
