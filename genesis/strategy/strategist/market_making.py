"""Quote both sides, and lean away from what is held.

Premise: whoever waits at his price is paid for it by those in a hurry. Between their buying and
selling he earns the distance of his quotes, as long as what piles up meanwhile stays small.

Quotes: bid and ask around a reservation price that lies the further below the mid the more is held
and the more the mid moves (Avellaneda & Stoikov, 2008: see `quotes`), so that with a full stock
the bid is far away and the ask is near. They stand for `refresh_s`, or until what is held changes.
At least half of fees and `min_edge_bps` lie between the mid and each of them (at nothing held), and
neither crosses the market in which it is set: the ask is never below the best ask.
The bid is a post-only limit order of `quote_usdt`. It is left out where `max_inventory_usdt` would
be passed, and in a market that moves more than `max_sigma_bps` a second.

**The ask does not rest.** On spot the protective stop holds the coins that a resting ask would
sell, and the gate leaves positions at the market only. So the ask is a price it watches: when the
best bid reaches it, `quote_usdt` of what is held is sold at the market, never more than is held.

Costs: `maker_bps` for the bid and `taker_bps` for the ask; both are in the least width of quotes.

When it fails: in a falling market every bid fills and no ask is reached; the quotes follow the
market down, and the stock is sold below its cost or by the stop. Fees of ordinary accounts are far
wider than the spread of major symbols: there it rests many basis points away, and what fills it is
mostly the beginning of a move. Simulated maker fills are optimistic about the place in the queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import Final

from genesis.domain.account import Tier
from genesis.domain.events import BookTop, Event
from genesis.domain.money import BPS, ONE, ZERO, bps
from genesis.domain.orders import Order, Purpose, Side
from genesis.domain.time import DAY, SECOND
from genesis.strategy.base import Intent, View
from genesis.strategy.strategist.quotes import Moves, Quotes, around, distances_bps, mid

_MOST_MOVES: Final = 3_600


@dataclass(frozen=True, slots=True)
class MarketMakingParams:
    """Money in quote currency, distances in basis points of the mid, times in whole seconds.

    quote_usdt: of one quote. max_inventory_usdt: held at most. risk_aversion: per basis point.
    decay: of fills with distance, per basis point. horizon_s: over which a stock is a risk.
    moves: one-second moves of the mid that say how much it varies. tolerance_bps: a bid that is
    no further from where it should be stays. stop_bps: of the protective stop below the bid.
    """

    quote_usdt: Decimal = Decimal(100)
    max_inventory_usdt: Decimal = Decimal(500)
    maker_bps: Decimal = Decimal(10)
    taker_bps: Decimal = Decimal(10)
    min_edge_bps: Decimal = Decimal(5)
    risk_aversion: float = 0.01
    decay: float = 0.1
    horizon_s: int = 60
    moves: int = 60
    max_sigma_bps: float = 10.0
    refresh_s: int = 10
    tolerance_bps: Decimal = Decimal(1)
    stop_bps: Decimal = Decimal(200)

    def __post_init__(self) -> None:
        if not 0 < self.quote_usdt <= self.max_inventory_usdt:
            raise ValueError("0 < quote_usdt <= max_inventory_usdt is needed")
        if not (0 < self.risk_aversion < 10 and 0 < self.decay < 10):
            raise ValueError("risk_aversion and decay must lie between 0 and 10")
        if not 0 < self.max_sigma_bps < float(BPS):
            raise ValueError(f"max_sigma_bps must lie between 0 and 10000: {self.max_sigma_bps}")
        if min(self.maker_bps, self.taker_bps, self.min_edge_bps, self.tolerance_bps) < 0:
            raise ValueError("fees, min_edge_bps and tolerance_bps must not be negative")
        if not 2 <= self.moves <= _MOST_MOVES:
            raise ValueError(f"moves must lie between 2 and {_MOST_MOVES}, not {self.moves}")
        if min(self.horizon_s, self.refresh_s) <= 0:
            raise ValueError("horizon_s and refresh_s must be positive")
        if not 0 < self.stop_bps < BPS:
            raise ValueError(f"stop_bps must lie between 0 and 10000, not {self.stop_bps}")

    @property
    def fees_bps(self) -> Decimal:
        """Of both sides."""
        return self.maker_bps + self.taker_bps

    @property
    def least_half_bps(self) -> Decimal:
        return (self.fees_bps + self.min_edge_bps) / 2


class MarketMaking:
    name = "market_making"
    tier = Tier.STRATEGIST
    bar: str | None = None
    wants: frozenset[type] = frozenset({BookTop})
    Params = MarketMakingParams

    def __init__(self, params: MarketMakingParams | None = None) -> None:
        self.params = params or MarketMakingParams()
        self._makers: dict[str, _Maker] = {}

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BookTop:
            return ()
        maker = self._makers.get(event.symbol)
        if maker is None:
            maker = self._makers[event.symbol] = _Maker(self.params)
        return maker.on_top(event, view)


class _Maker:
    """One symbol."""

    def __init__(self, params: MarketMakingParams) -> None:
        self._params = params
        self._moves = Moves(params.moves)
        self._quotes: Quotes | None = None
        self._wants_bid = False
        self._asked_ns = -DAY
        self._asked_of = ZERO
        """What was held when it last asked to sell."""

    def on_top(self, top: BookTop, view: View) -> Sequence[Intent]:
        now_ns, orders = view.now_ns, view.orders(top.symbol)
        self._moves.add(mid(top), now_ns)
        position = view.position(top.symbol)
        held = ZERO if position is None else position.qty
        self._renew(top, held, now_ns)
        if self._quotes is None:
            return ()
        if self._is_selling(held, orders, now_ns):
            return ()
        if held and top.bid >= self._quotes.ask:
            return self._sell(top, held, now_ns)
        bids = [order for order in orders if order.request.purpose is Purpose.ENTRY]
        return self._withdraw(bids) if bids else self._bid(top.symbol)

    def _renew(self, top: BookTop, held: Decimal, now_ns: int) -> None:
        """Quote anew when the time is over or what is held has changed."""
        params, old, variance = self._params, self._quotes, self._moves.variance_bps2
        every_ns = params.refresh_s * SECOND  # by the clock, whenever it began
        again_ns = 0 if old is None else (old.set_ns // every_ns + 1) * every_ns
        stands = old is not None and old.held_qty == held and now_ns < again_ns
        if stands or variance is None:
            return
        price = mid(top)
        below, above = distances_bps(
            float(held * price / params.quote_usdt),
            variance * params.horizon_s,
            params.risk_aversion,
            params.decay,
            params.least_half_bps,
        )
        is_full = held * price + params.quote_usdt > params.max_inventory_usdt
        is_on = not is_full and below < BPS and sqrt(variance) <= params.max_sigma_bps
        bid, ask = around(price, below, above)
        self._quotes = Quotes(bid, max(ask, top.ask), below + above, is_on, held, now_ns)
        self._wants_bid = is_on

    # -- the ask -----------------------------------------------------------------------------
    def _is_selling(self, held: Decimal, orders: Sequence[Order], now_ns: int) -> bool:
        """Is a sale under way, or was one asked for and nothing has come of it yet?"""
        if any(order.request.purpose is Purpose.EXIT for order in orders):
            return True
        again_ns = self._asked_ns + self._params.refresh_s * SECOND
        return held == self._asked_of and now_ns < again_ns

    def _sell(self, top: BookTop, held: Decimal, now_ns: int) -> Sequence[Intent]:
        self._asked_ns, self._asked_of = now_ns, held
        qty = min(held, self._params.quote_usdt / top.bid)
        return (Intent(top.symbol, Side.SELL, qty=qty, reduces=True, why="target"),)

    # -- the bid -----------------------------------------------------------------------------
    def _withdraw(self, bids: Sequence[Order]) -> Sequence[Intent]:
        """Take back bids that are not where they should be, or should not be at all."""
        return tuple(
            Intent(order.request.symbol, Side.BUY, cancel=order.key, why="requoted")
            for order in bids
            if not order.cancel_asked and not self._may_stay(order.request.limit_price)
        )

    def _may_stay(self, price: Decimal | None) -> bool:
        quotes = self._quotes
        if quotes is None or price is None or not quotes.is_bid_on:
            return False
        return abs(bps(price, quotes.bid)) <= self._params.tolerance_bps

    def _bid(self, symbol: str) -> Sequence[Intent]:
        """Once for each time it quotes, so that a refused one is not repeated at every top."""
        quotes = self._quotes
        if quotes is None or not self._wants_bid:
            return ()
        self._wants_bid = False
        return (
            Intent(
                symbol,
                Side.BUY,
                type="limit",
                price=quotes.bid,
                stop=quotes.bid * (ONE - self._params.stop_bps / BPS),
                qty=self._params.quote_usdt / quotes.bid,
                post_only=True,
                why="bid",
                expected_value_bps=quotes.width_bps - self._params.fees_bps,
            ),
        )
