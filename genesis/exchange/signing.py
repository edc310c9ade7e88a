"""Signatures of the WebSocket API; REST requests are signed by ccxt."""

import hmac
from collections.abc import Mapping
from hashlib import sha256


def signed(params: Mapping[str, str | int], api_secret: str) -> dict[str, str | int]:
    """The parameters with an HMAC over them, sorted by name, as `k=v` joined by `&`.

    Source: Binance WebSocket API documents, "SIGNED request example (HMAC)".
    """
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    signature = hmac.new(api_secret.encode(), payload.encode(), sha256).hexdigest()
    return {**params, "signature": signature}
