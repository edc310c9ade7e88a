"""Request weight and unfilled orders, counted in wall time as the venue counts them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from genesis.domain.time import DAY, MINUTE, SECOND
from genesis.sim.orders import VenueRejected

_TEN_S: Final = 10 * SECOND
_LONGEST_BAN_S: Final = 3 * DAY // SECOND


class TooMany(VenueRejected):
    """A limit: HTTP `status` (429, 418 for a ban), to be asked again after `retry_after_s`."""

    def __init__(
        self, venue_code: int, message: str, retry_after_s: int, status: int = 429
    ) -> None:
        super().__init__(venue_code, message)
        self.retry_after_s, self.status = retry_after_s, status


@dataclass(frozen=True, slots=True)
class Limits:
    """Binance's published limits; exchangeInfo tells them."""

    weight_per_minute: int = 6000
    orders_per_10s: int = 100
    orders_per_day: int = 200_000
    raw_per_5min: int = 300_000
    ban_after: int = 20
    """Requests that are refused by weight within one minute until the address is banned."""
    ban_s: int = 120
    """Length of the first ban; each further one is twice as long, up to three days."""

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
        self._refused = 0
        self._bans = 0
        self._banned_until = 0
        self._placed: dict[int, int] = {}

    @property
    def used_weight(self) -> int:
        self._roll()
        return self._weight

    def charge(self, weight: int) -> None:
        """Raises TooMany: -1003, the minute's weight is used up, or the address is banned."""
        self._roll()
        self._check_ban()
        limit = self.limits.weight_per_minute
        if self._weight + weight > limit:
            self._refused += 1
            if self._refused >= self.limits.ban_after:
                self.ban(min(self.limits.ban_s << self._bans, _LONGEST_BAN_S))
                self._check_ban()
            raise TooMany(
                -1003,
                f"Too much request weight used; current limit is {limit} request weight per "
                "1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.",
                self._seconds_to(MINUTE),
            )
        self._weight += weight

    def spend(self, weight: int) -> None:
        """Count weight without asking whether there is any left."""
        self._roll()
        self._weight += weight

    def ban(self, seconds: int) -> None:
        """Answer nothing but 418 for so long."""
        self._bans += 1
        self._refused = 0
        self._banned_until = self._elapsed() + seconds * SECOND

    def _check_ban(self) -> None:
        left = self._banned_until - self._elapsed()
        if left > 0:
            raise TooMany(
                -1003,
                "Way too much request weight used; IP banned. Please use WebSocket Streams for "
                "live updates to avoid bans.",
                left // SECOND + 1,
                status=418,
            )

    def check_order(self) -> None:
        """Raises TooMany: -1015, too many unfilled orders."""
        for span, limit, words in (
            (_TEN_S, self.limits.orders_per_10s, "10 SECOND"),
            (DAY, self.limits.orders_per_day, "1 DAY"),
        ):
            if self.orders_within(span) >= limit:
                raise TooMany(
                    -1015,
                    f"Too many new orders; current limit is {limit} orders per {words}.",
                    self._seconds_to(span),
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

    def _seconds_to(self, span_ns: int) -> int:
        """Wall seconds until the next span of that length begins."""
        return (span_ns - self._elapsed() % span_ns) // SECOND + 1

    def _roll(self) -> None:
        minute = self._elapsed() // MINUTE
        if minute != self._minute:
            self._minute, self._weight, self._refused = minute, 0, 0


def _limit(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
