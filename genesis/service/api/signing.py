"""Signed requests: how a machine elsewhere proves that it holds a key, without sending it.

What is signed, joined by line feeds:

    GENESIS-1
    METHOD                      as sent, in capitals
    /path?query                 as sent, byte for byte
    timestamp                   nanoseconds since 1970 UTC, in digits
    SHA-256 of the body         64 hex digits, also of an empty one

Headers: `X-Genesis-Key` names the key (`control` or `control-read`), `X-Genesis-Timestamp` repeats
the timestamp, `X-Genesis-Signature` is the HMAC-SHA256 of the text above under the key, in hex. A
signature counts once, within 30 seconds after its timestamp and at most 2 seconds before it; the
key itself never travels.
"""

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from genesis.domain.time import SECOND
from genesis.service.api.keys import Keys, Role

KEY_NAME: Final = "X-Genesis-Key"
TIMESTAMP: Final = "X-Genesis-Timestamp"
SIGNATURE: Final = "X-Genesis-Signature"
WINDOW_NS: Final = 30 * SECOND
AHEAD_NS: Final = 2 * SECOND
"""So far may a client's clock run ahead of ours."""
_SCHEME: Final = "GENESIS-1"
_MOST_DIGITS: Final = 20
_NAMES: Final = {role.value: role for role in Role}


def signature(secret: str, method: str, target: str, timestamp: str, body: bytes) -> str:
    """The signature of one request, in hex. `target`: path and query as sent."""
    text = "\n".join((_SCHEME, method, target, timestamp, sha256(body).hexdigest()))
    return hmac.new(secret.encode(), text.encode("utf-8", "surrogateescape"), sha256).hexdigest()


def signed(
    role: Role, secret: str, method: str, target: str, body: bytes, now_ns: int
) -> dict[str, str]:
    """The headers that sign one request."""
    stamp = str(now_ns)
    made = signature(secret, method, target, stamp, body)
    return {KEY_NAME: role.value, TIMESTAMP: stamp, SIGNATURE: made}


class Signatures:
    """Tells who signed a request; remembers what it has seen for as long as it would count.

    now_ns: civil time of this machine. Whatever could have been accepted before this object was
    made counts as seen: a restart forgets nothing that matters.
    """

    def __init__(self, keys: Keys, now_ns: Callable[[], int]) -> None:
        self._keys = keys
        self._now_ns = now_ns
        self._since_ns = now_ns() + AHEAD_NS
        """A stamp counts when it is later."""
        self._seen: dict[str, int] = {}

    def role_of(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Role | str:
        """Who signed it, or why the signature does not count. `headers`: names in small letters."""
        role = _NAMES.get(headers.get(KEY_NAME.lower(), ""))
        stamp = headers.get(TIMESTAMP.lower(), "")
        given = headers.get(SIGNATURE.lower(), "")
        if role is None or not given or not _is_whole(stamp):
            return f"sign the request: {KEY_NAME}, {TIMESTAMP} and {SIGNATURE}; see /docs"
        now_ns, signed_ns = self._now_ns(), int(stamp)
        self._forget(now_ns)
        if signed_ns <= self._since_ns:
            return f"{TIMESTAMP} is older than 30 seconds, or than the service: sign anew"
        if signed_ns > now_ns + AHEAD_NS:
            return f"{TIMESTAMP} is more than 2 seconds ahead of this machine's clock: sign anew"
        wanted = signature(self._keys.secret(role), method, target, stamp, body)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
            return "the signature does not fit the request"
        if wanted in self._seen:
            return "this signature was used before: sign anew"
        self._seen[wanted] = signed_ns
        return role

    def _forget(self, now_ns: int) -> None:
        """Drop what is too old to count; nothing older counts again, should the clock step back."""
        self._since_ns = max(self._since_ns, now_ns - WINDOW_NS)
        if self._seen and next(iter(self._seen.values())) <= self._since_ns:
            self._seen = {made: at for made, at in self._seen.items() if at > self._since_ns}


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
