"""What did tilt cost? Three answers, each a cost (above 0: money lost), and how sure the last is.

Tilted trades were opened at CAUTION or above, or against the rules or the plan.

- direct: what the tilted trades lost in the end.
- resize: what of it came from sizes other than the trader's own calm median.
- control: what calm trades of the same strategy in the same market state would have earned in
  their place at the calm risk, less what the tilted ones did; where there are too few of them,
  all calm trades stand in. With a 95 % interval from drawing whole sessions again.

This is association, not proof: nobody placed tilt by lot, and who is tilted may be so because of
a bad market. With fewer than 10 tilted trades, or an interval that covers 0, there is no evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import DRAWS, Generator, Interval, drawn, interval_of, widened
from genesis.analytics.judged_trades import JudgedTrade
from genesis.analytics.values import NoValue
from genesis.domain.money import ZERO

LEAST_TILTED: Final = 10
LEAST_SESSIONS: Final = 3
LEAST_MATCHES: Final = 5
"""Calm trades of the same strategy and market state; with fewer, all calm trades stand in."""

ASSOCIATION: Final = "association, not proof"
NO_EVIDENCE: Final = "no evidence yet"

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TiltImpact:
    """Costs in quote currency, above 0 where tilt lost money. `verdict` is to be shown with them.

    excess_fees_usdt: fees of the tilted trades beyond what is usual in a session without tilt.
    """

    trades: int
    tilted: int
    direct_usdt: Decimal
    resize_usdt: Decimal | NoValue
    control_usdt: float | NoValue
    interval: Interval | NoValue
    excess_trades: int
    excess_fees_usdt: Decimal
    verdict: str

    @property
    def is_evidence(self) -> bool:
        """Enough tilted trades, and an interval that leaves 0 out."""
        known = isinstance(self.interval, Interval) and not self.interval.covers_zero
        return self.tilted >= LEAST_TILTED and known


def impact(trades: Sequence[JudgedTrade], rng: Generator) -> TiltImpact:
    """The cost of tilt in these trades; `rng` is seeded by the caller."""
    tilted = [trade for trade in trades if trade.is_tilted]
    calm = [trade for trade in trades if not trade.is_tilted]
    cost, interval = _control(trades, rng)
    excess = _excess_trades(trades)
    fees = sum((trade.fees_usdt for trade in tilted), ZERO)
    return TiltImpact(
        trades=len(trades),
        tilted=len(tilted),
        direct_usdt=-sum((trade.pnl_usdt for trade in tilted), ZERO),
        resize_usdt=_resize(tilted, calm),
        control_usdt=cost,
        interval=interval,
        excess_trades=excess,
        excess_fees_usdt=fees * excess / len(tilted) if tilted else ZERO,
        verdict=_verdict(len(tilted), interval),
    )


def _verdict(tilted: int, interval: Interval | NoValue) -> str:
    if tilted < LEAST_TILTED:
        some = "1 tilted trade" if tilted == 1 else f"{tilted} tilted trades"
        return f"{NO_EVIDENCE}: {some}, at least {LEAST_TILTED} are needed"
    if isinstance(interval, NoValue):
        return f"{NO_EVIDENCE}: {interval.reason}"
    if interval.covers_zero:
        return f"{NO_EVIDENCE}: the interval covers 0"
    way = "lost more" if interval.low > 0 else "earned more"
    return f"tilted trades {way} than calm ones would have: {ASSOCIATION}"


def _resize(tilted: Sequence[JudgedTrade], calm: Sequence[JudgedTrade]) -> Decimal | NoValue:
    """-sum of pnl * (1 - base / size) over the tilted trades; base: the calm median size."""
    if not calm:
        return NoValue("no calm trade tells a usual size")
    base = median(trade.size_usdt for trade in calm)
    shares = (t.pnl_usdt * (1 - base / t.size_usdt) for t in tilted if t.size_usdt > 0)
    return -sum(shares, ZERO)


def _excess_trades(trades: Sequence[JudgedTrade]) -> int:
    """Trades of sessions with tilt beyond the median of calm sessions, at most the tilted ones."""
    counts: dict[str, list[int]] = {}
    for trade in trades:
        both = counts.setdefault(trade.session, [0, 0])
        both[0] += 1
        both[1] += trade.is_tilted
    calm = [made for made, tilted in counts.values() if not tilted]
    if not calm:
        return 0
    usual = int(median(calm))
    return sum(min(tilted, max(0, made - usual)) for made, tilted in counts.values() if tilted)


# -- the matched control ---------------------------------------------------------------------
class _Sums(NamedTuple):
    """Sums by session (rows) and by strategy and market state (columns)."""

    calm_r: Float64
    calm_count: Float64
    tilted_count: Float64
    tilted_pnl: Float64


def _control(
    trades: Sequence[JudgedTrade], rng: Generator
) -> tuple[float | NoValue, Interval | NoValue]:
    known = [t for t in trades if not t.is_tilted and t.risk_usdt > 0]
    if not known:
        none = NoValue("no calm trade with a stop tells what was to be expected")
        return none, none
    risk_base = float(median(trade.risk_usdt for trade in known))
    sums = _sums(trades)
    cost = float(_costs(sums, np.ones((1, len(sums.tilted_pnl))), risk_base)[0])
    return cost, _interval(sums, risk_base, cost, rng)


def _interval(sums: _Sums, risk_base: float, cost: float, rng: Generator) -> Interval | NoValue:
    """By the cost per tilted trade of each draw, times the tilted trades there really were."""
    blocks = int(np.count_nonzero(sums.tilted_count.sum(axis=1)))
    if blocks < LEAST_SESSIONS:
        some = "1 session" if blocks == 1 else f"{blocks} sessions"
        return NoValue(f"{some} with tilt, at least {LEAST_SESSIONS} are needed")
    weights = drawn(len(sums.tilted_pnl), DRAWS, rng)
    tilted = (weights @ sums.tilted_count).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        each = _costs(sums, weights, risk_base) / tilted
    filled = each[np.isfinite(each)]
    if filled.size < DRAWS * 0.9:
        return NoValue("too few sessions with calm trades")
    low, high = interval_of(filled)
    total = float(sums.tilted_count.sum())
    return widened(Interval(low * total, high * total), cost, blocks)


def _sums(trades: Sequence[JudgedTrade]) -> _Sums:
    sessions = {name: i for i, name in enumerate(dict.fromkeys(t.session for t in trades))}
    cells = {cell: i for i, cell in enumerate(dict.fromkeys(_cell(t) for t in trades))}
    shape = (len(sessions), len(cells))
    sums = _Sums(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(len(sessions)))
    for trade in trades:
        at = sessions[trade.session], cells[_cell(trade)]
        if trade.is_tilted:
            sums.tilted_count[at] += 1
            sums.tilted_pnl[at[0]] += float(trade.pnl_usdt)
        elif trade.risk_usdt > 0:
            sums.calm_count[at] += 1
            sums.calm_r[at] += float(trade.pnl_usdt / trade.risk_usdt)
    return sums


def _cell(trade: JudgedTrade) -> tuple[str, str]:
    return trade.strategy, trade.market_state


def _costs(sums: _Sums, weights: Float64, risk_base: float) -> Float64:
    """(draws,) the cost of each draw; nan where it holds no calm trade."""
    count, r = weights @ sums.calm_count, weights @ sums.calm_r
    with np.errstate(invalid="ignore", divide="ignore"):
        everywhere = r.sum(axis=1) / count.sum(axis=1)
        expected = np.where(count >= LEAST_MATCHES, r / count, everywhere[:, None])
    wanted = weights @ sums.tilted_count
    in_place = np.where(wanted > 0, wanted * expected, 0.0).sum(axis=1) * risk_base
    costs = in_place - weights @ sums.tilted_pnl
    return np.asarray(np.where(np.isfinite(everywhere), costs, np.nan))
