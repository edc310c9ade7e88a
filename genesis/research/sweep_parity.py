"""Screening and engine compared, trade for trade: parity is checked, not assumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from genesis.domain.outcomes import PositionClosed
from genesis.domain.time import format_utc
from genesis.errors import InvariantBroken
from genesis.research import frames
from genesis.research.sweep_figures import Figures, of_engine
from genesis.research.sweep_space import Combination
from genesis.research.sweep_task import Bench, Task, engine_run, numbers_of, signal_of, width_of
from genesis.sim.screen import Screen, Terms, Trades, trades_of

CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Parity:
    """checked: how many screened trials were run through the engine too. trades: how many trades
    these had; all agreed, else there would be no result.
    """

    checked: int
    trades: int

    def __str__(self) -> str:
        if not self.checked:
            return "nothing was screened: every trial went through the engine"
        some = "trial" if self.checked == 1 else "trials"
        return (
            f"screening and engine agree in {self.checked} {some}, "
            f"{self.trades:,} trades one by one"
        )


def compare(bench: Bench, task: Task, one: Combination, screened: Figures) -> Figures:
    """Run one screened trial through the engine; its figures.

    Raises:
        InvariantBroken: they differ in count, times, prices, or by a cent in any net result.
    """
    assert task.terms is not None
    signal = signal_of(task.kind)
    assert signal is not None
    result = engine_run(bench.market, task, one)
    screen = bench.screen(width_of(task.kind, one.params), task.fill)
    fast = trades_of(screen, signal, numbers_of(signal, one.params))
    difference = first_difference(frames.closed(result.steps), fast, screen, task.terms)
    if not difference and len(result.positions) != screened.open_trades:
        difference = (
            f"the engine ends with {len(result.positions)} open positions, screening with "
            f"{screened.open_trades}"
        )
    found = of_engine(result)
    if not difference and abs(found.pnl_usdt - screened.pnl_usdt) >= float(CENT):
        difference = f"net results are {found.pnl_usdt:.2f} and {screened.pnl_usdt:.2f}"
    if difference:
        raise InvariantBroken(
            f"SCREENING AND ENGINE DO NOT AGREE for {one.params}: {difference}. No figure of this "
            f"sweep can be trusted: use screen=False, and mend the signal of {task.kind.name}"
        )
    return found


def first_difference(
    slow: Sequence[tuple[int, PositionClosed]], fast: Trades, screen: Screen, terms: Terms
) -> str:
    """Where the engine's closed trades and the screened ones first differ; empty where nowhere."""
    step = screen.price_step
    columns = zip(*(each.tolist() for each in fast), strict=True)
    for number, ((exit_ns, trade), (entered, left, low, high)) in enumerate(
        zip(slow, columns, strict=False), 1
    ):
        if (trade.opened_ns, exit_ns) != (entered, left):
            return (
                f"trade {number} is {format_utc(trade.opened_ns)} to {format_utc(exit_ns)} in the "
                f"engine, {format_utc(entered)} to {format_utc(left)} in screening"
            )
        if (trade.entry_price, trade.exit_price) != (step * low, step * high):
            return (
                f"trade {number} is from {trade.entry_price} to {trade.exit_price} in the engine, "
                f"from {step * low} to {step * high} in screening"
            )
        net = terms.qty * step * (high - low - terms.fee_fraction * (high + low))
        if abs(trade.pnl_usdt - net) >= CENT:
            return f"trade {number} nets {trade.pnl_usdt} in the engine, {net} in screening"
    if len(slow) != len(fast.entry_ns):
        return f"{len(slow)} trades closed in the engine, {len(fast.entry_ns)} in screening"
    return ""
