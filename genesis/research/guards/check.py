"""All guards of one strategy, in order."""

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from genesis.engine.rulebook import Rules
from genesis.errors import UsageError
from genesis.research.backtest import markets_of
from genesis.research.bars import Bars
from genesis.research.guards.findings import Finding, Guard, Report, not_judged
from genesis.research.guards.lookahead import lookahead
from genesis.research.guards.repeat import repeat
from genesis.research.guards.result import CheckResult
from genesis.research.guards.sample import sample_for
from genesis.research.guards.samples import samples_for
from genesis.research.guards.several import Data, longest, symbols, told
from genesis.research.guards.subject import CALL_S, Factory, Subject
from genesis.research.guards.ties import ties
from genesis.research.guards.trace import Broke, Trace
from genesis.research.guards.warm_up import warm_up, warm_up_of
from genesis.research.markets import Market
from genesis.research.setup import BINANCE_FEES, Fees, Moment, Number
from genesis.research.ticks import Ticks
from genesis.research.watchdog import can_watch
from genesis.strategy import Strategy

Progress = Callable[[str, int, int], None]
"""Told which guard is at work, and how many of its runs of how many are done."""

ALL: Final = tuple(guard.value for guard in Guard)
_UNWATCHED: Final = (
    "errors: a call that never ends is not ended here (outside the main thread, or no such timer)"
)


def check(
    strategy: str | Strategy | Factory,
    data: Market | str | Sequence[Market | str] | None = None,
    *,
    params: Mapping[str, object] | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    rules: str | Path | Rules = "research",
    fill: str | None = None,
    cash: Number = Decimal("500"),
    qty: Number | None = None,
    stop_fraction: Number | None = None,
    fees: Fees = BINANCE_FEES,
    seed: int | str = 0,
    home: str | Path | None = None,
    warm_up_bars: int | None = None,
    tolerance: float = 0.0,
    call_s: float = CALL_S,
    guards: Collection[str] = ALL,
    progress: Progress | None = None,
) -> CheckResult:
    """Ask every guard of a strategy.

    strategy: a name from the catalog or a catalog's class (with `params`); an object (copied for
    each run); or a function, or any other class, that makes a strategy from the data it may see.
    Features that are computed from data must come in this last form: what an object was made with
    cannot be taken away from it. data: Ticks, Bars, a symbol of the tick store in `home`, or
    several of them, one a symbol (a function is given a tuple of them); None for a synthetic
    sample. start, end, fill, cash, qty, stop_fraction, fees, seed: as `backtest`; rules: likewise,
    the permissive ones where none are named. No latency.

    warm_up_bars: None takes what the strategy says, else the longest span of its parameters.
    tolerance: share of decisions that may differ after another warm-up. call_s: seconds that one
    call into the strategy may take. guards: which to ask: errors, repeat, lookahead, warm_up, ties;
    `errors` always is, the others follow where it and `repeat` pass.

    Raises:
        UsageError: unknown strategy, parameter, guard or fill, values out of range, or data
            without a symbol that the strategy compares.
        DataError: no data in the span. ConfigError: rules that cannot be used.
    """
    unknown = sorted(set(guards) - set(ALL))
    if unknown:
        raise UsageError(f"unknown guards {', '.join(unknown)}: known are {', '.join(ALL)}")
    if not 0 <= tolerance < 1 or call_s <= 0:
        raise UsageError(f"tolerance lies in [0, 1) and call_s above 0, not {tolerance}, {call_s}")
    if warm_up_bars is not None and (type(warm_up_bars) is not int or warm_up_bars < 1):
        raise UsageError(
            f"warm_up_bars must be a whole number of bars above 0, not {warm_up_bars!r}"
        )
    asked: dict[str, Any] = {
        "rules": rules, "cash": cash, "qty": qty, "stop_fraction": stop_fraction, "fees": fees,
        "seed": seed,
    }  # fmt: skip
    subject = Subject(strategy, dict(params or {}), asked, call_s)
    found = _data(subject, data, start, end, home, warm_up_bars)
    is_bars = isinstance(longest(found), Bars)
    asked["fill"] = fill or ("next_open" if is_bars else "next_tick")
    every = Checked(subject, found, set(guards), progress or _silent)
    reports = every.reports(warm_up_bars, tolerance)
    return CheckResult(subject.label, told(found), tuple(reports))


def _data(
    subject: Subject,
    data: Market | str | Sequence[Market | str] | None,
    start: Moment | None,
    end: Moment | None,
    home: str | Path | None,
    bars: int | None,
) -> Data:
    if data is None:
        if start is not None or end is not None:
            raise UsageError("start and end are moments of your data: name a symbol or give ticks")
        return _sample(subject, bars)
    is_one = isinstance(data, Ticks | Bars | str)
    markets = tuple(markets_of(data, start, end, home))
    _check_all_there(subject, markets)
    return markets[0] if is_one else markets


def _check_all_there(subject: Subject, markets: tuple[Market, ...]) -> None:
    """Raises UsageError: the strategy compares symbols of which there are no data."""
    made = None if subject.is_factory else _made(subject)
    absent = [] if made is None else [one for one in _compared(made) if one not in symbols(markets)]
    if made is not None and absent:
        raise UsageError(
            f"{made.name} compares {', '.join(_compared(made))}: give the data of each; there are "
            f"none of {', '.join(absent)}"
        )


def _compared(strategy: Strategy) -> tuple[str, ...]:
    """The symbols a strategy names, where it names several."""
    named = getattr(getattr(strategy, "params", None), "symbols", "")
    found = [name.strip() for name in named.split(",")] if isinstance(named, str) else []
    return tuple(found) if len(found) > 1 else ()


def _made(subject: Subject) -> Strategy | None:
    """The strategy, to look at; None: making it breaks, which is told where it runs."""
    try:
        return subject.made(())
    except Broke:
        return None


def _sample(subject: Subject, bars: int | None) -> Data:
    if subject.is_factory:
        raise UsageError(
            "a function that makes the strategy is given data: pass the data to check it on"
        )
    try:
        strategy = subject.made(())
    except Broke as broke:
        raise UsageError(broke.fault.what) from broke
    need, names = warm_up_of(strategy, bars), _compared(strategy)
    return samples_for(strategy, need, names) if names else sample_for(strategy, need)


def _silent(guard: str, done: int, runs: int) -> None:
    """Nobody wants to know."""


class Checked:
    """One strategy on one market: the first run, and the guards that compare with it."""

    def __init__(self, subject: Subject, data: Data, guards: set[str], progress: Progress) -> None:
        self._subject, self._data = subject, data
        self._guards, self._progress = guards, progress

    def reports(self, warm_up_bars: int | None, tolerance: float) -> list[Report]:
        """One for each guard asked; those that would compare nothing are not judged."""
        subject, data = self._subject, self._data
        self._progress(Guard.ERRORS, 0, 1)
        whole = subject.run(data)
        found = [_errors(whole)]
        later: dict[Guard, Callable[[], Report]] = {
            Guard.REPEAT: lambda: repeat(subject, data, whole),
            Guard.LOOKAHEAD: lambda: lookahead(subject, data, whole, self._tell(Guard.LOOKAHEAD)),
            Guard.WARM_UP: lambda: warm_up(subject, data, warm_up_bars, tolerance),
            Guard.TIES: lambda: ties(subject, data, whole, self._tell(Guard.TIES)),
        }
        for guard, ask in later.items():
            if guard.value in self._guards:
                found.append(self._asked(guard, ask, found))
        return found

    def _asked(self, guard: Guard, ask: Callable[[], Report], before: list[Report]) -> Report:
        for one in before:
            if one.findings and one.guard in (Guard.ERRORS, Guard.REPEAT):
                return not_judged(guard, f"`{one.guard}` comes first: without it nothing compares")
        self._progress(guard, 0, 1)
        try:
            return ask()
        except Broke as broke:
            fault = broke.fault
            return Report(guard, "", 0, (Finding(guard, fault.at_ns, fault.what, fault.remedy),))

    def _tell(self, guard: Guard) -> Callable[[int, int], None]:
        return lambda done, runs: self._progress(guard, done, runs)


def _errors(whole: Trace) -> Report:
    """The first run by itself: faults, or nothing decided at all."""
    findings = [Finding(Guard.ERRORS, one.at_ns, one.what, one.remedy) for one in whole.faults]
    if not findings and not whole.wishes:
        what = f"called {whole.asked:,} times, it wished for nothing: there is nothing to compare"
        remedy = "give data or parameters with which it trades"
        findings.append(Finding(Guard.ERRORS, None, what, remedy))
    told = f"{whole.asked:,} calls, {len(whole.wishes):,} wishes"
    notes = () if can_watch() else (_UNWATCHED,)
    return Report(Guard.ERRORS, told, len(whole.wishes), tuple(findings), notes)
