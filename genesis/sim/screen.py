"""Screening: what a signal and a fixed quantity would have done, without the engine.

Same conventions as the engine (fills `next_open`, `next_tick`, `bar_close`), exact where money is
counted. It knows no gate: no sizing, tilt, tier, stop, latency or fee in base. Whoever screens
makes sure that none of these would have had a say, and compares finalists with the engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np

from genesis.sim.columns import BarColumns, Int64, TickColumns
from genesis.sim.screen_kernels import Float64, Marks, compiled, measured, round_trips
from genesis.strategy.signal import Signal, SignalBars

CONVENTIONS: Final = {BarColumns: ("next_open",), TickColumns: ("next_tick", "bar_close")}


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """A market made ready to be screened, once for all trials.

    fill_ns: (m,) UTC ns of the fill after bar i. mark_ns: (k,) UTC ns of the marks. span: highest
    less lowest price in steps.
    """

    bars: SignalBars
    marks: Marks
    fill_ns: Int64
    mark_ns: Int64
    price_step: Decimal
    span: int

    @property
    def lowest(self) -> Decimal:
        """The lowest price at which a trade could be decided or filled."""
        marks = self.marks
        found = [int(part.min()) for part in (marks.closes, marks.fills) if len(part)]
        return self.price_step * min(found, default=0)


class Terms(NamedTuple):
    """qty: base per entry. cash: quote at the start. fee_fraction: of the notional, in quote."""

    qty: Decimal
    cash: Decimal
    fee_fraction: Decimal


class Powers(NamedTuple):
    """How many returns from one mark to the next, and sums of their first four powers."""

    periods: int
    one: float
    two: float
    three: float
    four: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one trial came to.

    trades: closed ones. held: 1 where one is still open. pnl, fees: of the closed trades, net and
    both sides, exact. equity: at the last mark. fall: deepest, as a fraction of the peak before.
    short: the number of the first trade that the cash cannot pay; None: it could pay all. What is
    told of a trial that ran short ends there: the gate would have bought less.
    """

    trades: int
    held: int
    pnl: Decimal
    fees: Decimal
    equity: float
    fall: float
    powers: Powers
    short: int | None = None


class Scratch:
    """Room for one trial at a time: it grows with the bars, never with the number of trials."""

    def __init__(self, bars: int) -> None:
        self.wishes = np.zeros(bars, np.int8)
        self.entries = np.empty(bars // 2 + 1, np.int64)
        self.exits = np.empty(bars // 2 + 1, np.int64)

    @property
    def size_bytes(self) -> int:
        return self.wishes.nbytes + self.entries.nbytes + self.exits.nbytes


def screen_of(columns: TickColumns | BarColumns, width_ns: int, fill: str) -> Screen:
    """The market in bars of `width_ns` (bars have their own) under a fill convention.

    Raises:
        ValueError: a fill convention that cannot be screened on such data.
    """
    if fill not in CONVENTIONS[type(columns)]:
        raise ValueError(fill)
    if isinstance(columns, BarColumns):
        return _of_bars(columns)
    return _of_ticks(columns, width_ns, at_close=fill == "bar_close")


def _of_bars(c: BarColumns) -> Screen:
    mark_ns, fill_ns = c.open_ts_ns + c.width_ns, c.open_ts_ns[1:]
    bars = _signal_bars(c.opens, c.highs, c.lows, c.closes)
    fills = np.ascontiguousarray(c.opens[1:])
    return _screen(bars, c.closes, fills, fill_ns, mark_ns, c.price_step)


def _of_ticks(c: TickColumns, width_ns: int, *, at_close: bool) -> Screen:
    rows = c.bars(width_ns)
    ends_ns = np.array(rows.boundary_ns, np.int64)
    columns = [np.array(each, np.int64) for each in (rows.open, rows.high, rows.low, rows.close)]
    bars, closes = _signal_bars(*columns), columns[3]
    after = np.array(rows.first[1:], np.int64)
    fills, fill_ns = (closes, ends_ns) if at_close else (c.prices[after], c.ts_ns[after])
    values = np.append(closes, c.prices[-1:])
    mark_ns = np.append(ends_ns, c.ts_ns[-1:])
    return _screen(bars, values, fills, fill_ns, mark_ns, c.price_step)


def _signal_bars(opens: Int64, highs: Int64, lows: Int64, closes: Int64) -> SignalBars:
    low = closes.min() if len(closes) else np.int64(0)
    sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(closes - low)))
    plain = (np.ascontiguousarray(each) for each in (opens, highs, lows, closes, sums))
    return SignalBars(*plain)  # type: ignore[arg-type]  # arrays are what is compiled


def _screen(
    bars: SignalBars, values: Int64, fills: Int64, fill_ns: Int64, mark_ns: Int64, step: Decimal
) -> Screen:
    """A fill counts at the first mark stamped at or after it."""
    closes = np.asarray(bars.close)
    lands = (fill_ns > mark_ns[: len(fill_ns)]).astype(np.int8)
    marks = Marks(closes, np.ascontiguousarray(fills), lands, np.ascontiguousarray(values))
    span = int(np.max(bars.high)) - int(np.min(bars.low)) if len(closes) else 0
    return Screen(bars, marks, fill_ns, mark_ns, step, span)


def screened(
    screen: Screen, signal: Signal, numbers: Sequence[int], terms: Terms, scratch: Scratch
) -> Outcome:
    """One trial. `scratch` may be used again; nothing else is kept."""
    closed, held = _trips(screen, signal, numbers, scratch)
    unit = terms.qty * screen.price_step
    gain, turnover, short, equity, fall, *powers = compiled(measured)(
        screen.marks,
        scratch.entries,
        scratch.exits,
        closed,
        held,
        float(terms.cash),
        float(unit),
        float(terms.fee_fraction),
    )
    fees = unit * turnover * terms.fee_fraction
    return Outcome(
        closed,
        held,
        unit * gain - fees,
        fees,
        equity,
        fall,
        Powers(len(screen.marks.values), *powers),
        None if short < 0 else short,
    )


class Trades(NamedTuple):
    """Closed trades of one trial: (n,) UTC ns, and prices in steps."""

    entry_ns: Int64
    exit_ns: Int64
    entry_steps: Int64
    exit_steps: Int64


def trades_of(
    screen: Screen, signal: Signal, numbers: Sequence[int], scratch: Scratch | None = None
) -> Trades:
    """The closed trades of one trial, for comparing it with the engine."""
    room = scratch or Scratch(len(screen.marks.closes))
    closed, _ = _trips(screen, signal, numbers, room)
    entries, exits = room.entries[:closed], room.exits[:closed]
    fills = screen.marks.fills
    return Trades(screen.fill_ns[entries], screen.fill_ns[exits], fills[entries], fills[exits])


def equity_of(
    screen: Screen, signal: Signal, numbers: Sequence[int], terms: Terms, scratch: Scratch
) -> Float64:
    """(k,) quote at the marks of one trial that never ran short of cash."""
    closed, held = _trips(screen, signal, numbers, scratch)
    fills, lands = screen.marks.fills, screen.marks.lands
    unit, rate = float(terms.qty * screen.price_step), float(terms.fee_fraction)
    flow = np.zeros(len(screen.marks.values))
    owned = np.zeros(len(screen.marks.values), np.int64)
    for rows, side in ((scratch.entries[: closed + held], 1), (scratch.exits[:closed], -1)):
        at = rows + lands[rows]
        np.add.at(flow, at, -unit * (side + rate) * fills[rows])
        np.add.at(owned, at, side)
    holding = np.cumsum(owned) * unit * screen.marks.values
    return np.asarray(float(terms.cash) + np.cumsum(flow) + holding, np.float64)


def _trips(
    screen: Screen, signal: Signal, numbers: Sequence[int], scratch: Scratch
) -> tuple[int, int]:
    """Entries and exits into the scratch; (closed trades, open ones)."""
    scratch.wishes[:] = 0
    compiled(signal.wishes)(screen.bars, scratch.wishes, *numbers)
    closed, held = compiled(round_trips)(
        scratch.wishes, len(screen.marks.fills), scratch.entries, scratch.exits
    )
    return closed, held


def fits(screen: Screen, signal: Signal, numbers: Sequence[int]) -> bool:
    """Do 64 bits hold what the signal sums?"""
    return signal.fits is None or signal.fits(screen.span, *numbers)
