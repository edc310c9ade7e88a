"""Request weight and unfilled orders, counted in wall time as the venue counts them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from genesis.domain.time import DAY, MINUTE, SECOND
from genesis.sim.orders import VenueRejected

_TEN_S: Final = 10 * SECOND


@dataclass(frozen=True, slots=True)
class Limits:
    """Binance's published limits; exchangeInfo tells them."""

    weight_per_minute: int = 6000
    orders_per_10s: int = 100
    orders_per_day: int = 200_000
    raw_per_5min: int = 300_000

    def told(self) -> list[dict[str, Any]]:
        return [
            _limit("REQUEST_WEIGHT", "MINUTE", 1, self.weight_per_minute),
            _limit("ORDERS", "SECOND", 10, self.orders_per_10s),
            _limit("ORDERS", "DAY", 1, self.orders_per_day),
            _limit("RAW_REQUESTS", "MINUTE", 5, self.raw_per_5min),
        ]


class Budget:
    """What this account has used. A filled order no longer counts against the orders."""

    def __init__(self, limits: Limits, elapsed: Callable[[], int]) -> None:
        self.limits = limits
        self._elapsed = elapsed
        self._minute = -1
        self._weight = 0
        self._placed: dict[int, int] = {}

    @property
    def used_weight(self) -> int:
        self._roll()
        return self._weight

    def charge(self, weight: int) -> None:
        """Raises VenueRejected: -1003, the minute's weight is used up."""
        self._roll()
        limit = self.limits.weight_per_minute
        if self._weight + weight > limit:
            raise VenueRejected(
                -1003,
                f"Too much request weight used; current limit is {limit} request weight per "
                "1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.",
            )
        self._weight += weight

    def check_order(self) -> None:
        """Raises VenueRejected: -1015, too many unfilled orders."""
        for span, limit, words in (
            (_TEN_S, self.limits.orders_per_10s, "10 SECOND"),
            (DAY, self.limits.orders_per_day, "1 DAY"),
        ):
            if self.orders_within(span) >= limit:
                raise VenueRejected(
                    -1015, f"Too many new orders; current limit is {limit} orders per {words}."
                )

    def placed(self, order_id: int) -> None:
        self._placed[order_id] = self._elapsed()

    def filled(self, order_id: int) -> None:
        self._placed.pop(order_id, None)

    def orders_within(self, span_ns: int) -> int:
        since = self._elapsed() - span_ns
        recent = 0
        for at in reversed(self._placed.values()):
            if at <= since:
                break
            recent += 1
        return recent

    def order_headers(self) -> dict[str, str]:
        return {
            "X-MBX-ORDER-COUNT-10S": str(self.orders_within(_TEN_S)),
            "X-MBX-ORDER-COUNT-1D": str(self.orders_within(DAY)),
        }

    def orders_told(self) -> list[dict[str, Any]]:
        """Unfilled order counts, as `rateLimit/order` answers."""
        _, ten_s, day, _ = self.limits.told()
        return [
            ten_s | {"count": self.orders_within(_TEN_S)},
            day | {"count": self.orders_within(DAY)},
        ]

    def weight_told(self) -> dict[str, Any]:
        return self.limits.told()[0] | {"count": self.used_weight}

    def seconds_left(self) -> int:
        """Wall seconds until the minute's weight is new."""
        return (MINUTE - self._elapsed() % MINUTE) // SECOND + 1

    def _roll(self) -> None:
        minute = self._elapsed() // MINUTE
        if minute != self._minute:
            self._minute, self._weight = minute, 0


def _limit(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
