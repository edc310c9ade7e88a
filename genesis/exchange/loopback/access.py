"""Who may ask: API key, signature and timing of a signed request.

Source: binance-spot-api-docs, "Request Security" (rest-api.md, web-socket-api.md).
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from genesis.domain.time import MILLISECOND
from genesis.sim.orders import VenueRejected

DEFAULT_API_KEY: Final = "genesis-loopback-key"
DEFAULT_API_SECRET: Final = "genesis-loopback-secret"  # noqa: S105  # opens play money on 127.0.0.1
_AHEAD_MS: Final = 1000
_DEFAULT_WINDOW_MS: Final = 5000.0
_MAX_WINDOW_MS: Final = 60_000.0


def sign(secret: str, payload: str) -> str:
    """HMAC-SHA256 of a request's parameters, in hex."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def rest_payload(query: str, body: str) -> str:
    """What a REST request signs: query string and body as sent, without the signature."""
    return _unsigned(query) + _unsigned(body)


def ws_payload(params: Mapping[str, str]) -> str:
    """What a WebSocket API request signs: all parameters but the signature, sorted by name."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "signature")


@dataclass(frozen=True, slots=True)
class Keys:
    """The one account's key pair."""

    api_key: str = DEFAULT_API_KEY
    secret: str = DEFAULT_API_SECRET

    def check(self, api_key: str | None, signature: str | None, payload: str) -> None:
        """Raises VenueRejected: no or a wrong key (-2014, -2015), no or a wrong signature."""
        if not api_key:
            raise VenueRejected(-2014, "API-key format invalid.")
        if not hmac.compare_digest(api_key.encode(), self.api_key.encode()):
            raise VenueRejected(-2015, "Invalid API-key, IP, or permissions for action.")
        if not signature:
            raise VenueRejected(
                -1102,
                "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
            )
        expected = sign(self.secret, payload)
        if not hmac.compare_digest(expected.encode(), signature.lower().encode()):
            raise VenueRejected(-1022, "Signature for this request is not valid.")


@dataclass(slots=True)
class Permissions:
    """What the key may do, as the account's owner set it; it can change at any moment.

    has_access: False = revoked, or asked from an address that is not allowed.
    """

    reading: bool = True
    trading: bool = True
    withdrawals: bool = False
    ip_restricted: bool = True
    has_access: bool = True

    def check(self, *, trades: bool) -> None:
        """Raises VenueRejected: -2015, the key may not do this."""
        if not self.has_access or not (self.trading if trades else self.reading):
            raise VenueRejected(-2015, "Invalid API-key, IP, or permissions for action.")

    def told(self) -> dict[str, Any]:
        """The answer of `account/apiRestrictions`."""
        return {
            "ipRestrict": self.ip_restricted,
            "createTime": 1_600_000_000_000,
            "enableReading": self.reading,
            "enableWithdrawals": self.withdrawals,
            "enableInternalTransfer": False,
            "enableMargin": False,
            "enableFutures": False,
            "permitsUniversalTransfer": False,
            "enableVanillaOptions": False,
            "enableFixApiTrade": False,
            "enableFixReadOnly": False,
            "enableSpotAndMarginTrading": self.trading,
            "enablePortfolioMarginTrading": False,
        }


def check_timing(timestamp: str | None, window: str | None, now_ns: int, *, enforce: bool) -> None:
    """Raises VenueRejected: -1102, -1131, or -1021 where the window is enforced."""
    try:
        sent_ms = int(timestamp or "")
        window_ms = float(window) if window else _DEFAULT_WINDOW_MS
    except ValueError:
        raise VenueRejected(
            -1102,
            "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
        ) from None
    if window_ms > _MAX_WINDOW_MS:
        raise VenueRejected(-1131, "recvWindow must be less than 60000")
    if not enforce:
        return
    now_ms = now_ns // MILLISECOND
    if sent_ms >= now_ms + _AHEAD_MS:
        raise VenueRejected(
            -1021, "Timestamp for this request was 1000ms ahead of the server's time."
        )
    if now_ms - sent_ms > window_ms:
        raise VenueRejected(-1021, "Timestamp for this request is outside of the recvWindow.")


def _unsigned(text: str) -> str:
    return "&".join(part for part in text.split("&") if not part.startswith("signature="))
