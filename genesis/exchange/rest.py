"""Signed requests through ccxt: its signing and transport, our reading of the answers.

ccxt turns an answer into an exception by tables that depend on the URL and on what happened
before (a revoked key looks like a rate limit), and calls a cut-off answer a rejection. So the
answer itself is taken at `handle_errors`, where status, body and headers are still there.
"""

from collections.abc import Callable
from typing import Any, Final

import aiohttp
from ccxt.async_support.binance import binance
from ccxt.base.errors import BaseError

from genesis.domain.time import MILLISECOND
from genesis.exchange.classify import Answer
from genesis.exchange.venue import BINANCE, Venue

Clock = Callable[[], int]
_SAPI_VERSIONS: Final = {"sapi": 1, "sapiV2": 2, "sapiV3": 3, "sapiV4": 4}


class _AnswerError(Exception):
    """Carries an error answer out of ccxt, unjudged."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.told())
        self.answer = answer


class _Ccxt(binance):  # type: ignore[misc]
    """ccxt's Binance with the venue's clock in its signatures and its answers left unjudged."""

    venue_now_ns: Clock

    def milliseconds(self) -> int:
        return self.venue_now_ns() // MILLISECOND

    def handle_errors(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: dict[str, str],
        body: str,
        response: object,
        requestHeaders: object,  # noqa: N803 - ccxt's names
        requestBody: object,  # noqa: N803
    ) -> None:
        del url, method, requestHeaders, requestBody
        error = _error_code(response)
        if code < 400 and error is None:
            return
        message = str(response.get("msg", "")) if isinstance(response, dict) else _gist(body)
        raise _AnswerError(
            Answer(code, None, error, message or reason, True, _retry_after(headers))
        )


class Rest:
    """One venue's REST interface. `call` never raises for what the venue or the line does."""

    def __init__(
        self,
        venue: Venue,
        api_key: str,
        api_secret: str,
        now_ns: Clock,
        *,
        recv_window_ms: int,
        timeout_ms: int,
    ) -> None:
        config: dict[str, Any] = {
            "apiKey": api_key,
            "secret": api_secret,
            "enableRateLimit": False,
            "timeout": timeout_ms,
            "timeout_on_exit": 0,
            "options": {
                "defaultType": "spot",
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
                "recvWindow": recv_window_ms,
                "adjustForTimeDifference": False,
            },
        }
        if venue != BINANCE:
            config["urls"] = {"api": _api_urls(venue)}
        self._ccxt = _Ccxt(config)
        self._ccxt.venue_now_ns = now_ns

    def use(self, session: aiohttp.ClientSession) -> None:
        """Send over this session; its owner closes it."""
        self._ccxt.session = session
        self._ccxt.own_session = False

    async def close(self) -> None:
        await self._ccxt.close()

    async def call(self, endpoint: str, params: dict[str, str]) -> Answer:
        """One request, sent once. `endpoint` as ccxt names it, such as `privatePostOrder`."""
        try:
            body = await getattr(self._ccxt, endpoint)(params)
        except _AnswerError as told:
            return told.answer
        except BaseError as silence:
            return _no_answer(silence.__cause__ or silence)
        except (aiohttp.ClientError, OSError, ValueError) as silence:
            return _no_answer(silence)
        if not isinstance(body, dict | list):
            return Answer(None, message="the answer is not JSON")
        return Answer(200, body)


def _no_answer(why: BaseException) -> Answer:
    """A refused connection proves that nothing was sent; everything else proves nothing."""
    was_sent = not isinstance(why, aiohttp.ClientConnectorError)
    words = str(why) or type(why).__name__
    return Answer(None, message=f"{type(why).__name__}: {words}", was_sent=was_sent)


def _gist(body: str) -> str:
    """The beginning of a text that is no answer of a venue, such as a page for a browser."""
    return " ".join(body.split())[:80]


def _error_code(response: object) -> int | None:
    """The negative code of an error body; lists and data carry none."""
    if not isinstance(response, dict):
        return None
    try:
        code = int(response.get("code", 0))
    except (TypeError, ValueError):
        return None
    return code if code < 0 else None


def _retry_after(headers: dict[str, str]) -> float | None:
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    return float(value) if value.isdigit() else None


def _api_urls(venue: Venue) -> dict[str, str]:
    api = f"{venue.rest}/api/v3"
    sapi = {name: f"{venue.rest}/sapi/v{version}" for name, version in _SAPI_VERSIONS.items()}
    return {"public": api, "private": api, "v1": f"{venue.rest}/api/v1", **sapi}
