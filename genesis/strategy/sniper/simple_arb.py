"""Watch a triangle of symbols, buy the leg that is cheap against what the other two imply.

Premise: ETH/USDT, BTC/USDT and ETH/BTC say the same thing twice. Where one leg lags behind a move
of the other two, it follows within seconds. Of ETH and BTC, the one that costs less than selling
it around the other two legs would bring is bought, and sold when its own bid has caught up.

    implied bid of ETH/USDT = bid of BTC/USDT * bid of ETH/BTC
    implied bid of BTC/USDT = bid of ETH/USDT / ask of ETH/BTC

It decides on settled quotes: those of earlier stamps, at the first quote of a later stamp. So two
legs that move in the same instant are never compared half-way, and the order in which quotes of
one stamp arrive does not matter. Quotes older than `stale_ms` count as unknown. Equal gaps: the
base of the cross goes first.

Costs: `taker_bps` and `slippage_bps` on both sides; it buys only where the gap, less all of that,
is at least `min_edge_bps`.

When it fails: this is one leg, not the whole round: there is no short on spot and one symbol at a
time, so nothing is locked in. If the other two were wrong and come down, the gap closes against
us; `hold_s` and the protective stop bound that. The gap on liquid markets is a fraction of the
fees and lives for milliseconds: at ordinary fees it hardly ever trades, which is the right answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from genesis.domain.account import Tier
from genesis.domain.events import BookTop, Event
from genesis.domain.instrument import base_of, quote_of
from genesis.domain.money import BPS, ONE, bps
from genesis.domain.orders import Side
from genesis.domain.time import DAY, MILLISECOND, SECOND
from genesis.positions.ledger import Position
from genesis.strategy.base import Intent, View
from genesis.strategy.symbols import listed


class Triangle(NamedTuple):
    """base and counter: the two that may be bought, such as ETH/USDT and BTC/USDT.

    cross: the one between them, such as ETH/BTC; it is only looked at.
    """

    base: str
    counter: str
    cross: str

    @classmethod
    def of(cls, symbols: Sequence[str]) -> "Triangle":
        """Raises ValueError: the three symbols are no triangle."""
        for cross in symbols:
            for base in symbols:
                counter = f"{quote_of(cross)}/{quote_of(base)}"
                if base_of(base) == base_of(cross) and base != cross and counter in symbols:
                    return cls(base, counter, cross)
        raise ValueError(f"symbols must be a triangle such as ETH/USDT,BTC/USDT,ETH/BTC: {symbols}")


@dataclass(frozen=True, slots=True)
class SimpleArbParams:
    """symbols: three, parted by commas. Distances in basis points, times in whole seconds.

    min_edge_bps: what must be left of the gap after both sides' fees and slippage.
    stop_bps: distance of the protective stop below the ask it buys at.
    stale_ms: how old a quote may be. hold_s: how long a position may stay open.
    pause_s: between two entries, so that a refused one is not repeated at every quote.
    """

    symbols: str = "ETH/USDT,BTC/USDT,ETH/BTC"
    taker_bps: Decimal = Decimal(10)
    slippage_bps: Decimal = Decimal(2)
    min_edge_bps: Decimal = Decimal(5)
    stop_bps: Decimal = Decimal(100)
    stale_ms: int = 5_000
    hold_s: int = 60
    pause_s: int = 30

    def __post_init__(self) -> None:
        if not 0 < self.stop_bps < BPS:
            raise ValueError(f"stop_bps must lie between 0 and 10000, not {self.stop_bps}")
        if min(self.taker_bps, self.slippage_bps) < 0:
            raise ValueError("taker_bps and slippage_bps must not be negative")
        if min(self.stale_ms, self.hold_s, self.pause_s) <= 0:
            raise ValueError("stale_ms, hold_s and pause_s must be positive")
        assert self.triangle

    @property
    def triangle(self) -> Triangle:
        return Triangle.of(listed(self.symbols, 3, 3))

    @property
    def costs_bps(self) -> Decimal:
        """Of both sides."""
        return 2 * (self.taker_bps + self.slippage_bps)


class SimpleArb:
    name = "simple_arb"
    tier = Tier.SNIPER
    bar: str | None = None
    wants: frozenset[type] = frozenset({BookTop})
    Params = SimpleArbParams

    def __init__(self, params: SimpleArbParams | None = None) -> None:
        self.params = params or SimpleArbParams()
        self._triangle = self.params.triangle
        self._settled: dict[str, BookTop] = {}
        self._newest: dict[str, BookTop] = {}
        self._newest_ns = 0
        self._paused_until_ns = -DAY

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BookTop or event.symbol not in self._triangle:
            return ()
        wishes: Sequence[Intent] = ()
        if event.ts_ns > self._newest_ns:
            self._settled.update(self._newest)
            self._newest.clear()
            self._newest_ns = event.ts_ns
            wishes = self._decide(view)
        self._newest[event.symbol] = event
        return wishes

    def _decide(self, view: View) -> Sequence[Intent]:
        legs = (self._triangle.base, self._triangle.counter)
        implied = self._implied(view.now_ns)
        held = [view.position(leg) for leg in legs]
        if any(held):
            left = (self._leave(one, implied, view.now_ns) for one in held if one is not None)
            return tuple(wish for wish in left if wish is not None)
        is_busy = any(view.orders(leg) for leg in legs)
        if not implied or is_busy or view.now_ns < self._paused_until_ns:
            return ()
        edges = {leg: bps(implied[leg], self._settled[leg].ask) for leg in legs}
        cheap = max(legs, key=lambda leg: edges[leg])  # the first of equals
        edge_bps = edges[cheap] - self.params.costs_bps
        if edge_bps < self.params.min_edge_bps:
            return ()
        self._paused_until_ns = view.now_ns + self.params.pause_s * SECOND
        stop = self._settled[cheap].ask * (ONE - self.params.stop_bps / BPS)
        return (
            Intent(
                cheap, Side.BUY, stop=stop, why="cheap in its triangle", expected_value_bps=edge_bps
            ),
        )

    def _implied(self, now_ns: int) -> dict[str, Decimal]:
        """What each leg would bring around the other two; nothing where one is not known."""
        base, counter, cross = self._triangle
        tops = [self._settled.get(symbol) for symbol in self._triangle]
        oldest_ns = now_ns - self.params.stale_ms * MILLISECOND
        if any(top is None or top.ts_ns < oldest_ns for top in tops):
            return {}
        between = self._settled[cross]
        return {
            base: self._settled[counter].bid * between.bid,
            counter: self._settled[base].bid / between.ask,
        }

    def _leave(self, position: Position, implied: dict[str, Decimal], now_ns: int) -> Intent | None:
        symbol = position.symbol
        if symbol in implied and self._settled[symbol].bid >= implied[symbol]:
            return Intent(symbol, Side.SELL, reduces=True, why="target")
        if now_ns - position.opened_ns >= self.params.hold_s * SECOND:
            return Intent(symbol, Side.SELL, reduces=True, why="signal")
        return None
