"""Who may ask what: the control key trades, the read key looks. Compared in constant time."""

from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated

from fastapi import Header, HTTPException

HEADER = "X-API-Key"
KeyHeader = Annotated[str | None, Header(alias=HEADER)]


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of a running service."""

    control: str
    read: str

    def may_read(self, x_api_key: KeyHeader = None) -> None:
        """Raises 401 without one of the keys."""
        if not (_same(x_api_key, self.control) or _same(x_api_key, self.read)):
            raise HTTPException(401, f"send the control key in the header {HEADER}")

    def may_trade(self, x_api_key: KeyHeader = None) -> None:
        """Raises 401 without a key, 403 with the read key."""
        self.may_read(x_api_key)
        if not _same(x_api_key, self.control):
            raise HTTPException(403, "this key may only read")


def _same(given: str | None, wanted: str) -> bool:
    return given is not None and compare_digest(given.encode(), wanted.encode())
