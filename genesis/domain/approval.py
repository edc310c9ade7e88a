"""The gate's verdict as types: execution accepts nothing but `Approved`.

Holding an `Approved` proves little by itself: it could be copied. What counts is that the gate
which issued it vouches, by identity, for this very object in the current step.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest
from genesis.domain.quick import quick

_SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "UNKNOWN_SYMBOL": "symbol",
        "NO_PRICE": "symbol",
        "SYMBOL_SUSPENDED": "symbol",
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
_NUMBER: Final = re.compile(r"^GENESIS-\d+ ")


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


def told_once(told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What faces show of failures or locks: those of one reason together, with all their codes.

    The reason of a fault begins with the number of its error, which makes it no other reason.
    """
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for each in told:
        words = _NUMBER.sub("", str(each.get("reason")))
        key = (words, each.get("scope"), each.get("until"))
        if key not in found:
            found[key] = dict(each)
        elif each.get("code") not in str(found[key].get("code")).split(", "):
            found[key]["code"] = f"{found[key].get('code')}, {each.get('code')}"
    return list(found.values())


@quick
@dataclass(frozen=True, slots=True, eq=False)
class Approved:
    """An order the gate let pass, with the key it was given and the limits it used.

    slices: of a parent order, in base: it is not sent itself, and each slice is judged when it is.
    replaces: the resting order whose place it takes, in one request. joins: of a stop the entry
    that brings it along.
    """

    key: OrderKey
    request: OrderRequest
    limits_used: tuple[tuple[str, Decimal], ...]
    notes: tuple[str, ...]
    seal: object
    slices: tuple[Decimal, ...] = ()
    replaces: OrderKey | None = None
    joins: OrderKey | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """All failed checks, the strictest first; `until_ns` when the latest known lock ends."""

    failures: tuple[Failure, ...]
    until_ns: int | None = None


Verdict = Approved | Refused
