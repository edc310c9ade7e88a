"""The gate's verdict as types: execution accepts nothing but `Approved`.

Holding an `Approved` proves little by itself: it could be copied. What counts is that the gate
which issued it vouches, by identity, for this very object in the current step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest

_SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "UNKNOWN_SYMBOL": "symbol",
        "NO_PRICE": "symbol",
        "ORDER_UNRESOLVED": "symbol",
        "POSITION_LEAVING": "symbol",
        "MARKET_CRASH": "symbol",
        "STRATEGY_RESTS": "strategy",
        "STRATEGY_ON_PAPER": "strategy",
        "BREAKER_OPEN": "system",
        "FEED_LOST": "system",
        "STORE_FAILED": "system",
        "SYSTEM_FAILED": "system",
        "VENUE_MAINTENANCE": "system",
    }
)
"""Scopes by code; everything else locks the account."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed check: who refused (`risk`, `tilt`, `tier`, `venue`), a stable code, calm words."""

    stage: str
    code: str
    reason: str
    until_ns: int | None = None

    @property
    def scope(self) -> str:
        """What is locked: the `account`, the whole `system`, one `symbol` or one `strategy`."""
        return _SCOPES.get(self.code, "account")


@dataclass(frozen=True, slots=True, eq=False)
class Approved:
    """An order the gate let pass, with the key it was given and the limits it used."""

    key: OrderKey
    request: OrderRequest
    limits_used: tuple[tuple[str, Decimal], ...]
    notes: tuple[str, ...]
    seal: object


@dataclass(frozen=True, slots=True)
class Refused:
    """All failed checks, the strictest first; `until_ns` when the latest known lock ends."""

    failures: tuple[Failure, ...]
    until_ns: int | None = None


Verdict = Approved | Refused
