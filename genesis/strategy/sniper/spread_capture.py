"""Rest a bid where the spread pays for itself, leave when it did or when time is up.

Premise: in a market with a wide spread and calm two-way flow, an impatient seller fills our bid,
and price returns towards the middle before it moves on. The edge is the spread, earned by
waiting; it has to cover the maker fee of the way in and the taker fee of the way out.

Costs: `maker_bps` in, `taker_bps` out, and half a spread given back by leaving at the bid.
It bids only where spread - maker_bps - taker_bps is at least `min_edge_bps`.

When it fails: on majors such as BTC/USDT the spread is a thousandth of the fees, so it never
trades. In a falling market only the losing bids fill (adverse selection); the protective stop
and `hold_s` bound one such loss, not a series of them. Simulated maker fills need a recorded book
and are optimistic about the place in the queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import Tier
from genesis.domain.events import BookTop, Event
from genesis.domain.money import BPS, ONE
from genesis.domain.orders import Order, Side
from genesis.domain.time import DAY, SECOND
from genesis.positions.ledger import Position
from genesis.strategy.base import Intent, View

_TWO = Decimal(2)


@dataclass(frozen=True, slots=True)
class SpreadCaptureParams:
    """Distances in basis points of the mid, times in whole seconds.

    min_edge_bps: what must be left of the spread after both fees.
    target_bps: leave when the bid stands so far above the entry.
    stop_bps: distance of the protective stop below the entry.
    rest_s: how long a bid may wait. hold_s: how long a position may stay open.
    pause_s: between two bids, so that a refused one is not repeated at every move of the book.
    """

    maker_bps: Decimal = Decimal(10)
    taker_bps: Decimal = Decimal(10)
    min_edge_bps: Decimal = Decimal(5)
    target_bps: Decimal = Decimal(25)
    stop_bps: Decimal = Decimal(100)
    rest_s: int = 30
    hold_s: int = 300
    pause_s: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.stop_bps < BPS:
            raise ValueError(f"stop_bps must lie between 0 and 10000, not {self.stop_bps}")
        if min(self.rest_s, self.hold_s, self.pause_s) <= 0:
            raise ValueError("rest_s, hold_s and pause_s must be positive")

    @property
    def needed_spread_bps(self) -> Decimal:
        return self.maker_bps + self.taker_bps + self.min_edge_bps


class SpreadCapture:
    name = "spread_capture"
    tier = Tier.SNIPER
    bar: str | None = None
    wants: frozenset[type] = frozenset({BookTop})
    Params = SpreadCaptureParams

    def __init__(self, params: SpreadCaptureParams | None = None) -> None:
        self.params = params or SpreadCaptureParams()
        self._bid_ns: dict[str, int] = {}

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BookTop:
            return ()
        bids = [order for order in view.orders(event.symbol) if order.request.side is Side.BUY]
        position = view.position(event.symbol)
        if position is not None:
            return self._leave(event, position, view.now_ns)
        if bids:
            return self._withdraw(event, bids, view.now_ns)
        return self._bid(event, view.now_ns)

    def _bid(self, top: BookTop, now_ns: int) -> Sequence[Intent]:
        paused_until_ns = self._bid_ns.get(top.symbol, -DAY) + self.params.pause_s * SECOND
        if now_ns < paused_until_ns or self._spread_bps(top) < self.params.needed_spread_bps:
            return ()
        self._bid_ns[top.symbol] = now_ns
        stop = top.bid * (ONE - self.params.stop_bps / BPS)
        return (
            Intent(
                top.symbol,
                Side.BUY,
                type="limit",
                price=top.bid,
                stop=stop,
                post_only=True,
                why="spread",
            ),
        )

    def _withdraw(self, top: BookTop, bids: Sequence[Order], now_ns: int) -> Sequence[Intent]:
        """Take back bids that waited too long, were outbid, or whose spread is gone."""
        too_narrow = self._spread_bps(top) < self.params.needed_spread_bps
        return tuple(
            Intent(top.symbol, Side.BUY, cancel=order.key, why="stale")
            for order in bids
            if not order.cancel_asked
            and (
                too_narrow
                or order.request.limit_price != top.bid
                or now_ns - order.placed_ns >= self.params.rest_s * SECOND
            )
        )

    def _leave(self, top: BookTop, position: Position, now_ns: int) -> Sequence[Intent]:
        target = position.entry_price * (ONE + self.params.target_bps / BPS)
        if top.bid >= target:
            return (Intent(top.symbol, Side.SELL, reduces=True, why="target"),)
        if now_ns - position.opened_ns >= self.params.hold_s * SECOND:
            return (Intent(top.symbol, Side.SELL, reduces=True, why="signal"),)
        return ()

    def _spread_bps(self, top: BookTop) -> Decimal:
        return (top.ask - top.bid) / ((top.ask + top.bid) / _TWO) * BPS
