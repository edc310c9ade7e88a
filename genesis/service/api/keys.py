"""Who may ask what: the control key trades, the read key looks. Compared in constant time.

The guard finds out who asks before a request reaches a route; routes say what they need.
"""

from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from typing import Annotated, Final

from fastapi import HTTPException, Request, Security
from fastapi.security import APIKeyHeader

HEADER: Final = "X-API-Key"
_Sent = Annotated[
    str | None,
    Security(
        APIKeyHeader(
            name=HEADER,
            scheme_name="ApiKeyAuth",
            description="control key or read key; from another machine: sign instead, see /docs",
            auto_error=False,
        )
    ),
]


class Role(StrEnum):
    """What a key allows; also the name it is signed under."""

    READ = "control-read"
    TRADE = "control"


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of a running service."""

    control: str
    read: str

    def role_of(self, given: str | None) -> Role | None:
        """Whose key this is, if anybody's. Both are always compared."""
        may_trade, may_read = _same(given, self.control), _same(given, self.read)
        if may_trade:
            return Role.TRADE
        return Role.READ if may_read else None

    def secret(self, role: Role) -> str:
        return self.control if role is Role.TRADE else self.read

    def may_read(self, request: Request, _sent: _Sent = None) -> None:
        """Raises 401 for a request that no key stands behind."""
        if not isinstance(_role(request), Role):
            raise HTTPException(401, f"send a key of the service in the header {HEADER}")

    def may_trade(self, request: Request, _sent: _Sent = None) -> None:
        """Raises 401 without a key, 403 with the read key."""
        self.may_read(request)
        if _role(request) is not Role.TRADE:
            raise HTTPException(403, "this key may only read")


def _role(request: Request) -> object:
    """What the guard found; nothing where there is no guard."""
    return getattr(request.state, "role", None)


def _same(given: str | None, wanted: str) -> bool:
    return compare_digest((given or "").encode(), wanted.encode()) and bool(wanted)
