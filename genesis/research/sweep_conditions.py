"""Under which conditions a sweep runs, and whether these can be screened at all."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from genesis.domain.account import Tier
from genesis.domain.money import ONE, round_down, round_up
from genesis.engine.rulebook import Rules
from genesis.errors import UsageError
from genesis.research.backtest import backtest
from genesis.research.bars import Bars
from genesis.research.setup import BINANCE_FEES, latency_of, positive, rules_of, taker_fill
from genesis.research.sweep_task import Bench, signal_of
from genesis.research.ticks import Ticks
from genesis.sim.latency import NONE
from genesis.sim.screen import CONVENTIONS, Terms
from genesis.strategy.catalog import StrategyClass

_OURS: Final = frozenset({"strategy", "data", "params", "start", "end", "home", "progress"})
_PERMISSIVE: Final = "research"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What every trial of a sweep shares, read once.

    given: arguments of `backtest` as they were given. book: the rules with fees and stop in them.
    """

    given: Mapping[str, Any]
    book: Rules
    fee_asset: str
    taker_fraction: Decimal
    cash: Decimal
    qty: Decimal | None

    @property
    def fill(self) -> str:
        return str(self.given.get("fill", "next_tick"))


def conditions_of(given: Mapping[str, Any]) -> Conditions:
    """Raises UsageError for an argument that `backtest` does not know, or cannot use."""
    known = set(inspect.signature(backtest).parameters) - _OURS
    for name in given:
        if name not in known:
            raise UsageError(
                f"sweep has no argument {name!r}; of a backtest it takes {', '.join(sorted(known))}"
            )
    fees = given.get("fees", BINANCE_FEES)
    book, schedule = rules_of(given.get("rules", "sniper"), fees, given.get("stop_fraction"))
    taker_fill(str(given.get("fill", "next_tick")))
    latency_of(given.get("latency"))
    qty = given.get("qty")
    return Conditions(
        dict(given),
        book,
        schedule.asset,
        schedule.taker_bps / 10_000,
        positive(given.get("cash", Decimal("500")), "cash"),
        None if qty is None else positive(qty, "qty"),
    )


Check = Callable[[StrategyClass, Ticks | Bars, Conditions], str]


def why_engine(kind: StrategyClass, bench: Bench, asked: Conditions) -> str:
    """Why these conditions cannot be screened; empty where they can."""
    for check in (_no_signal, _other_rules, _other_fill, _other_size):
        found = check(kind, bench.market, asked)
        if found:
            return found
    return ""


def terms_of(asked: Conditions) -> Terms:
    assert asked.qty is not None
    return Terms(asked.qty, asked.cash, asked.taker_fraction)


def _no_signal(kind: StrategyClass, market: Ticks | Bars, asked: Conditions) -> str:
    if signal_of(kind) is None:
        return f"strategy {kind.name} declares no signal"
    if kind.tier.rank >= Tier.STRATEGIST.rank:
        return f"strategy {kind.name} is of tier {kind.tier}, whose orders are sent in slices"
    return ""


def _other_rules(kind: StrategyClass, market: Ticks | Bars, asked: Conditions) -> str:
    fees = asked.given.get("fees", BINANCE_FEES)
    permissive, _ = rules_of(_PERMISSIVE, fees, None)
    if asked.given.get("stop_fraction") is not None:
        return "a protective stop is decided inside the bars"
    if asked.book.text != permissive.text:
        return f"rules {asked.book.name} size and refuse; only rules='research' never do"
    if asked.fee_asset != "quote":
        return "fees are taken in what is received"
    return ""


def _other_fill(kind: StrategyClass, market: Ticks | Bars, asked: Conditions) -> str:
    if asked.fill not in CONVENTIONS[type(market.columns)]:
        return f"fill {asked.fill!r} is not screened on such data"
    if latency_of(asked.given.get("latency")) != NONE:
        return "orders travel (latency)"
    if isinstance(market, Ticks) and market.tops is not None:
        return "a recorded book lies beside the trades (TickStore.ticks(books=False) leaves it out)"
    return ""


def _other_size(kind: StrategyClass, market: Ticks | Bars, asked: Conditions) -> str:
    if asked.qty is None:
        return "no qty is given, so the gate sizes"
    known, qty = market.instrument, asked.qty
    columns = market.columns
    prices = columns.prices if isinstance(market, Ticks) else columns.lows  # type: ignore[union-attr]
    lowest = columns.price_step * int(prices.min())
    step = max(known.qty_lot, known.market_lot)
    need = known.min_notional_usdt * (ONE + asked.book.risk.min_notional_margin_fraction) / lowest
    smallest = max(round_up(need, step), round_up(known.min_qty, step), step)
    if round_down(qty, step) != qty:
        return f"qty {qty} is not on the venue's grid of {step}"
    if not smallest <= qty <= min(known.max_qty, known.max_market_qty):
        return f"qty {qty} is outside what the venue takes in one order"
    return ""
