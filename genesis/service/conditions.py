"""What makes line and machine unfit for new risk, each condition by itself. Pure.

A condition holds while its words are not None. Slow orders are another matter: without new orders
nobody could tell that they are fast again, so that one passes at once, and what it tripped rests
and then tries.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from genesis.domain.time import MILLISECOND, SECOND
from genesis.risk.limits import ConditionRules

CONNECTIVITY: Final = "connectivity"
CIRCUIT: Final = "circuit"
LIMITS: Final = "limits"
CLOCK: Final = "clock"
LATENCY: Final = "latency"
DISK: Final = "disk"
MEMORY: Final = "memory"
_MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at everything. None: it cannot be known here.

    silent_ns: since the venue last answered. silence, circuit, clock: why nothing, nothing new or
    no entry is sent. limits: (what, used, limit). order_latencies: the latest, the oldest first,
    and orders_timed: how many there were ever.
    """

    silent_ns: int = 0
    silence: str | None = None
    circuit: str | None = None
    clock: str | None = None
    limits: tuple[tuple[str, int, int], ...] = ()
    order_latencies: Sequence[int] = ()
    orders_timed: int = 0
    disk_free_bytes: int | None = None
    memory_share: Decimal | None = None


@dataclass(slots=True)
class Conditions:
    """Remembers only which slow orders were told already."""

    rules: ConditionRules
    _told_slow: int = field(default=0, init=False)

    def problems(self, seen: Seen) -> dict[str, str | None]:
        """Every lasting condition with what is wrong; None: all is well."""
        return {
            CONNECTIVITY: self._silent(seen),
            CIRCUIT: seen.circuit,
            LIMITS: seen.silence or self._used_up(seen),
            CLOCK: seen.clock,
            DISK: self._disk(seen),
            MEMORY: self._memory(seen),
        }

    def slow(self, seen: Seen) -> str | None:
        """Told once for the same orders."""
        count = self.rules.slow_orders
        latest = list(seen.order_latencies)[-count:]
        if len(latest) < count or seen.orders_timed - self._told_slow < count:
            return None
        if min(latest) <= self.rules.slow_order_ns:
            return None
        self._told_slow = seen.orders_timed
        most_ms = self.rules.slow_order_ns / MILLISECOND
        return f"the last {count} orders each took more than {most_ms:g} ms"

    def _silent(self, seen: Seen) -> str | None:
        if seen.silent_ns <= self.rules.silent_ns:
            return None
        return f"the venue has answered nothing for {seen.silent_ns // SECOND} s"

    def _used_up(self, seen: Seen) -> str | None:
        for what, used, limit in seen.limits:
            if used > self.rules.limit_share * limit:
                return f"{used} of {limit} {what} are used"
        return None

    def _disk(self, seen: Seen) -> str | None:
        free = seen.disk_free_bytes
        if free is None or free >= self.rules.disk_free_bytes:
            return None
        return f"only {free // _MB} MB are free where the home is"

    def _memory(self, seen: Seen) -> str | None:
        share = seen.memory_share
        if share is None or share <= self.rules.memory_share:
            return None
        return f"{share:.0%} of this machine's memory is used"
