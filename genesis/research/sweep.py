"""Many parameters of one strategy on one market: tried, counted, shown with their neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from genesis.analytics.blocks import seeded
from genesis.domain.time import parse_width
from genesis.errors import DataError, UsageError
from genesis.research.backtest import backtest as run_backtest
from genesis.research.bars import Bars
from genesis.research.counting import (
    code_hash,
    conditions_told,
    data_hash,
    ledger_of,
    now_ns,
    plain_params,
    stamps_of,
)
from genesis.research.progress import Told, progress_bar
from genesis.research.setup import Moment, span_ns
from genesis.research.sources import BarsAt, Source, SymbolAt, TicksAt
from genesis.research.strategies import kind_of
from genesis.research.sweep_conditions import (
    Conditions,
    conditions_of,
    terms_of,
    why_engine,
)
from genesis.research.sweep_figures import METRICS, SCREEN, Figures
from genesis.research.sweep_parity import Parity, compare
from genesis.research.sweep_result import SweepResult
from genesis.research.sweep_run import Here, Runner, Work
from genesis.research.sweep_search import searched
from genesis.research.sweep_space import Combination, Space, space_of
from genesis.research.sweep_task import Bench, Task, engine_chunk, screened_chunk
from genesis.research.swept import Ran
from genesis.research.ticks import Ticks
from genesis.service.home import resolve_home
from genesis.store.trials import Trial, TrialLedger
from genesis.strategy import Strategy
from genesis.strategy.catalog import StrategyClass

Data = Ticks | Bars | str | TicksAt | BarsAt
SEARCHES: Final = ("grid", "random", "optuna")
_EXTRA: Final = 2
"""Screened trials drawn by chance for the engine, beside the best."""


def sweep(
    strategy: str | StrategyClass | Strategy,
    data: Data,
    grid: Mapping[str, Sequence[object]],
    *,
    search: str = "grid",
    n: int | None = None,
    client: Any = None,
    metric: str = "return_fraction",
    screen: bool | None = None,
    finalists: int = 5,
    workers: int | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    home: str | Path | None = None,
    seed: int = 0,
    progress: Told | None = None,
    **backtest: Any,
) -> SweepResult:
    """Try a strategy with many parameters; every trial is a row of the result and of the ledger.

    strategy: a name from the catalog, or a class with `Params`. data: as for a backtest, or
    `TicksAt` / `BarsAt`: a file behind a URL. grid: values to try, by parameter. Combinations that
    the parameters refuse (fast >= slow) are left out and counted. search: `grid` tries all,
    `random` draws `n`, `optuna` chooses `n` one after the other by what it has learned of the
    metric. metric: what the best trial is best in. backtest: conditions of every trial, as
    `backtest` takes them. seed: of the search, and of every run.

    screen: None screens where the strategy declares a signal and the conditions allow it (rules
    `research`, a fixed qty, no stop, no latency, no book): thousands of trials a second, no gate
    in them. The `finalists` best and two by chance then go through the engine as well, and every
    trade must be the same. True refuses what cannot be screened, False uses the engine for all.

    client: a `distributed.Client`: its workers do the work, and read the market themselves where
    it is named by URL or symbol. workers: threads or processes of this machine without a client;
    None: as pays. The result is the same in every case.

    Raises:
        UsageError: unknown or impossible arguments. DataError: no data, or data that is wrong.
        InvariantBroken: screening and engine do not agree. WorkerLost: workers kept ending.
        ConfigError: rules that cannot be used, or a trial ledger that cannot be written.
    """
    kind, asked = kind_of(strategy), conditions_of({**backtest, "seed": seed})
    space = space_of(kind, grid)
    _check(search, n, metric, finalists, workers)
    market, source = _market(data, start, end, home)
    bench = Bench(market)
    why = "screen=False" if screen is False else why_engine(kind, bench, asked)
    if screen and why:
        raise UsageError(f"this sweep cannot be screened: {why}. Leave screen out, or change it")
    task = Task(kind, asked.given, None if why else terms_of(asked))
    planned = None
    if search == "grid":
        planned = space.all()
    elif search == "random":
        planned = space.drawn(n or 0, seed)
    runner = _runner(client, bench, source, workers)
    with progress_bar(f"{kind.name} on {market.instrument.symbol}", progress) as told:
        work = _Sweep(space, bench, task, asked, runner, ledger_of(home), metric, search, told)
        if planned is None:
            planned = searched(space, n or 0, seed, work.try_one)
        else:
            work.try_all(planned[0])
        parity = work.checked(planned[0], finalists, seed)
    return work.result(planned[0], planned[1], parity, why)


@dataclass(slots=True)
class _Sweep:
    """One search under way. `done`: the figures of each combination by its place."""

    space: Space
    bench: Bench
    task: Task
    asked: Conditions
    runner: Runner
    ledger: TrialLedger
    metric: str
    search: str
    told: Told
    done: dict[tuple[int, ...], Figures] = field(default_factory=dict)
    name: str = ""
    _data: str = ""
    _stamps: tuple[int, int] = (0, 0)
    _told: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._data = data_hash(self.bench.market.columns)
        self._stamps = stamps_of(self.bench.market.columns)
        self._told = conditions_told(run_backtest, self.asked.given)
        self.name = sha256(
            f"{now_ns()} {self.task.kind.name} {self._data} {self.space.axes}".encode()
        ).hexdigest()[:16]
        for one in _widths(self.space):
            _check_width(self.bench.market, self.task.kind, one)

    def try_one(self, one: Combination) -> float:
        """For a search that waits for each answer: its score."""
        self._try([one], len(self.done) + 1)
        return self.done[one.place].score(self.metric)

    def try_all(self, combinations: Sequence[Combination]) -> None:
        self._try(combinations, len(combinations))

    def _try(self, combinations: Sequence[Combination], total: int) -> None:
        """Screen what can be screened; the rest, and what screening cannot tell, in the engine."""
        left = combinations
        if self.task.terms is not None:
            self._run(screened_chunk, left, total)
            left = [one for one in combinations if one.place not in self.done]
        if left:
            self._run(engine_chunk, left, total)

    def _run(self, work: Work, combinations: Sequence[Combination], total: int) -> None:
        chunks = self.runner.chunks(work, combinations)
        for number, found in self.runner.run(work, self.task, chunks):
            pairs = zip(chunks[number], found, strict=True)
            made = [(one, figures) for one, figures in pairs if figures is not None]
            self.ledger.record([self._row(one, figures) for one, figures in made])
            self.done.update((one.place, figures) for one, figures in made)
            self.told(len(self.done), total)

    def checked(self, found: Sequence[Combination], finalists: int, seed: int) -> Parity:
        """The best that were screened, and two by chance, in the engine, too."""
        fast = [one for one in found if self.done[one.place].how == SCREEN]
        best = sorted(fast, key=lambda one: -self.done[one.place].score(self.metric))[:finalists]
        others = [one for one in fast if one not in best]
        if others and finalists:
            picks = seeded(seed).choice(len(others), min(_EXTRA, len(others)), replace=False)
            best += [others[i] for i in sorted(picks.tolist())]
        trades = 0
        for one in best:
            slow = compare(self.bench, self.task, one, self.done[one.place])
            self.ledger.record([self._row(one, slow)])
            trades += slow.trades
        return Parity(len(best), trades)

    def result(
        self, found: Sequence[Combination], left_out: int, parity: Parity, why: str
    ) -> SweepResult:
        kind, symbol = self.task.kind, self.bench.market.instrument.symbol
        counted = self.ledger.count(kind.name, symbol, self._stamps)
        ran = Ran(self.space, self.bench, self.task, self.asked, self.search, self.metric)
        trials = tuple((one, self.done[one.place]) for one in found)
        return SweepResult(ran, trials, left_out, parity, why, counted, self.name)

    def _row(self, one: Combination, figures: Figures) -> Trial:
        first, last = self._stamps
        kind = self.task.kind
        return Trial(
            ts_ns=now_ns(),
            strategy=kind.name,
            code_hash=code_hash(kind),
            symbol=self.bench.market.instrument.symbol,
            data_hash=self._data,
            first_ns=first,
            last_ns=last,
            params=plain_params(one.params),
            conditions=self._told,
            rules_hash=self.asked.book.sha256,
            metric=self.metric,
            value=float(getattr(figures, self.metric)),
            kind=figures.how,
            sweep=self.name,
        )


def _check(search: str, n: int | None, metric: str, finalists: int, workers: int | None) -> None:
    if search not in SEARCHES:
        raise UsageError(f"unknown search {search!r}: known are {', '.join(SEARCHES)}")
    if metric not in METRICS:
        raise UsageError(f"unknown metric {metric!r}: known are {', '.join(METRICS)}")
    if search == "grid" and n is not None:
        raise UsageError("n is for search='random' and 'optuna'; a grid tries every combination")
    if search != "grid" and (n is None or isinstance(n, bool) or n < 1):
        raise UsageError(f"search={search!r} needs n, the number of trials: 1 or more, not {n}")
    if finalists < 0:
        raise UsageError(f"finalists must be 0 or more, not {finalists}")
    if workers is not None and workers < 1:
        raise UsageError(f"workers must be 1 or more, not {workers}")


def _market(
    data: Data, start: Moment | None, end: Moment | None, home: str | Path | None
) -> tuple[Ticks | Bars, Source | None]:
    """The market, and where workers can read it themselves."""
    first, last = span_ns(start, end)
    if isinstance(data, str) and "://" in data:
        raise UsageError(f"give TicksAt({data!r}, symbol) or BarsAt: a URL names no instrument")
    source: Source | None = None
    if isinstance(data, str):
        source = SymbolAt(resolve_home(None if home is None else Path(home)), data, first, last)
    elif isinstance(data, TicksAt | BarsAt):
        source = data if first is last is None else replace(data, start_ns=first, end_ns=last)
    market = source.read() if source is not None else data.between(first, last)  # type: ignore[union-attr]
    if not len(market):
        raise DataError(f"there is no data of {market.instrument.symbol} in the span asked for")
    return market, source


def _runner(client: Any, bench: Bench, source: Source | None, workers: int | None) -> Runner:
    if client is None:
        return Here(bench, workers)
    from genesis.research.sweep_dask import OnDask

    return OnDask(client, bench, source)


def _widths(space: Space) -> set[str]:
    """Every width of bars that the sweep may ask for."""
    if "bar" in space.axes:
        return {str(width) for width in space.axes["bar"]}
    return set()


def _check_width(market: Ticks | Bars, kind: StrategyClass, width: str) -> None:
    if isinstance(market, Bars) and parse_width(width) != market.columns.width_ns:
        raise UsageError(f"strategy {kind.name} wants bars of {width}, the data has another width")
