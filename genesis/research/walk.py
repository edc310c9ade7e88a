"""Walk-forward: parameters chosen on the past, judged on what came after, again and again.

found = walk_forward("sma_cross", bars, {"fast": [5, 10], "slow": [30, 60]}, train="7d", test="2d",
                     purge="1h", embargo="1h", rules="research", fill="next_open", qty="0.01")
found.equity        # the judged spans put one behind the other: the only result there is
found.efficiency    # how much of what the choices promised was kept
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from genesis.errors import DataError, UsageError
from genesis.research.backtest import backtest
from genesis.research.bars import Bars
from genesis.research.counting import (
    code_hash,
    conditions_told,
    data_hash,
    ledger_of,
    now_ns,
    plain_params,
    stamps_of,
    uncounted,
)
from genesis.research.guards.warm_up import warm_up_of
from genesis.research.markets import Market
from genesis.research.progress import Told, progress_bar
from genesis.research.setup import Moment, span_ns
from genesis.research.since import Since
from genesis.research.sources import BarsAt, SymbolAt, TicksAt
from genesis.research.strategies import kind_of
from genesis.research.sweep import sweep
from genesis.research.sweep_result import SweepResult
from genesis.research.sweep_space import space_of
from genesis.research.ticks import Ticks
from genesis.research.walk_result import WalkForward
from genesis.research.walked import Step
from genesis.research.windows import Lengths, Window, require_data, span_of, windows
from genesis.service.home import resolve_home
from genesis.store.trials import Trial
from genesis.strategy import Strategy
from genesis.strategy.catalog import StrategyClass

CHOICES: Final = ("best", "steadiest")
_OF_SWEEP: Final = frozenset(inspect.signature(sweep).parameters) - {"seed"}
"""What a search is told and a single run is not."""


def walk_forward(
    strategy: str | StrategyClass | Strategy,
    data: Market | str | TicksAt | BarsAt,
    grid: Mapping[str, Sequence[object]],
    *,
    train: str,
    test: str,
    purge: str | None = None,
    embargo: str | None = None,
    anchored: bool = False,
    choose: str = "best",
    metric: str = "return_fraction",
    finalists: int = 1,
    warm_up_bars: int | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    home: str | Path | None = None,
    progress: Told | None = None,
    **asked: Any,
) -> WalkForward:
    """Choose on `train`, judge on the `test` that follows, step on by `test`.

    strategy, data, grid, asked: as of `sweep`, which chooses (screened where that is possible).
    train, test: lengths such as `7d` or `12h`. purge: cut off the end of what chooses; embargo:
    left free after it; neither counts for anything. anchored: each choice knows all since the
    beginning; else the last `train`. choose: the `best` trial in the metric, or the `steadiest`,
    whose neighbours are best. finalists: how many of the best of each window go through the engine,
    too, with two by chance, where the window was screened.

    What is judged begins with the cash of `asked` and nothing held. Before it the strategy hears
    `warm_up_bars` bars (None: what it says or its parameters tell), and its wishes of that time are
    dropped. What it holds at the end counts as sold at the last price, the taker fee paid. A last
    window that is not whole is left out. Every trial is a row of the trial ledger, and every judged
    span one of kind `holdout`: whoever walks the same way again has seen the answers.

    Raises:
        UsageError: as `sweep`; lengths that are none, or cut through bars. DataError: less than
            one whole window, or one without data. ConfigError: the ledger cannot be written.
    """
    if choose not in CHOICES:
        raise UsageError(f"unknown choice {choose!r}: known are {', '.join(CHOICES)}")
    if warm_up_bars is not None and (type(warm_up_bars) is not int or warm_up_bars < 0):
        raise UsageError(f"warm_up_bars must be a whole number, 0 or more, not {warm_up_bars!r}")
    kind, lengths = kind_of(strategy), Lengths.read(train, test, purge, embargo)
    axes = space_of(kind, grid).axes
    market = _market(data, start, end, home)
    first_ns, end_ns = span_of(market, lengths)
    found = windows(first_ns, end_ns, lengths, anchored=anchored)
    require_data(market, found)
    asked["finalists"] = finalists
    walk = _Walk(kind, market, axes, metric, choose, warm_up_bars, home, asked)
    with progress_bar(f"{kind.name} walks {market.instrument.symbol}", progress) as told:
        for number, window in enumerate(found, 1):
            try:
                walk.step(window)
            except Exception as wrong:
                wrong.add_note(f"in window {number} of {len(found)}: {window}")
                raise
            told(number, len(found))
    return WalkForward(
        kind.name,
        metric,
        choose,
        anchored,
        lengths,
        market,
        axes,
        tuple(walk.steps),
        end_ns - found[-1].test_to_ns,
        ledger_of(home).count(kind.name, market.instrument.symbol, stamps_of(market.columns)),
        walk.name,
    )


@dataclass(slots=True)
class _Walk:
    """The steps that were done, and what all of them share."""

    kind: StrategyClass
    market: Market
    axes: Mapping[str, Sequence[object]]
    metric: str
    choose: str
    warm_up_bars: int | None
    home: str | Path | None
    asked: Mapping[str, Any]
    steps: list[Step] = field(default_factory=list)
    name: str = ""

    def __post_init__(self) -> None:
        told = f"{now_ns()} walk {self.kind.name} {data_hash(self.market.columns)}"
        self.name = sha256(told.encode()).hexdigest()[:16]

    def step(self, window: Window) -> None:
        """Choose, judge, and leave a row of the look that was taken."""
        past = self.market.between(window.train_from_ns, window.train_to_ns)
        found = sweep(
            self.kind, past, self.axes, metric=self.metric, home=self.home, progress=_silent,
            **self.asked,
        )  # fmt: skip
        row = found.best if self.choose == "best" else found.steadiest()
        one, figures = found.trials[int(str(row.name))]
        values = dict(zip(self.axes, one.values, strict=True))
        judged = self._judged(self.kind(one.params), window)
        step = Step(window, values, figures, judged, len(found))
        ledger_of(self.home).record([self._row(step, one.params, found)])
        self.steps.append(step)

    def _judged(self, chosen: Strategy, window: Window) -> Any:
        """The choice on what came after, warmed up on what came before."""
        need = warm_up_of(chosen, self.warm_up_bars)
        since = window.test_from_ns - need.bars * need.width_ns
        seen = self.market.between(since - since % need.width_ns, window.test_to_ns)
        plan = {name: value for name, value in self.asked.items() if name not in _OF_SWEEP}
        with uncounted():
            return backtest(Since(chosen, window.test_from_ns), seen, **plan)

    def _row(self, step: Step, params: object, found: SweepResult) -> Trial:
        window = step.window
        seen = self.market.between(window.test_from_ns, window.test_to_ns).columns
        first, last = stamps_of(seen)
        return Trial(
            ts_ns=now_ns(),
            strategy=self.kind.name,
            code_hash=code_hash(self.kind),
            symbol=self.market.instrument.symbol,
            data_hash=data_hash(seen),
            first_ns=first,
            last_ns=last,
            params=plain_params(params),
            conditions=conditions_told(backtest, found.ran.asked.given),
            rules_hash=found.ran.asked.book.sha256,
            metric="return_fraction",
            value=step.kept_fraction,
            kind="holdout",
            sweep=self.name,
        )


def _market(
    data: Market | str | TicksAt | BarsAt,
    start: Moment | None,
    end: Moment | None,
    home: str | Path | None,
) -> Market:
    first, last = span_ns(start, end)
    if isinstance(data, str):
        if "://" in data:
            raise UsageError(f"give TicksAt({data!r}, symbol) or BarsAt: a URL names no instrument")
        place = resolve_home(None if home is None else Path(home))
        market: Market = SymbolAt(place, data, first, last).read()
    elif isinstance(data, TicksAt | BarsAt):
        market = replace(data, start_ns=first, end_ns=last).read() if first or last else data.read()
    elif isinstance(data, Ticks | Bars):
        market = data.between(first, last)
    else:
        raise UsageError(
            f"one market is walked at a time: give Ticks, Bars or a symbol, not {data!r}"
        )
    if not len(market):
        raise DataError(f"there is no data of {market.instrument.symbol} in the span asked for")
    return market


def _silent(done: int, total: int) -> None:
    """The windows are counted, not the trials of each."""
