"""Signed requests through ccxt: its signing and transport, our reading of the answers.

ccxt turns an answer into an exception by tables that depend on the URL and on what happened
before (a revoked key looks like a rate limit), and calls a cut-off answer a rejection. So the
answer itself is taken at `handle_errors`, where status, body and headers are still there.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from typing import Any

import aiohttp
import ccxt.async_support
from ccxt.base.errors import BaseError

from genesis.domain.time import MILLISECOND
from genesis.errors import InvariantBroken
from genesis.exchange.classify import Answer
from genesis.exchange.conduct import Conduct, timeouts
from genesis.exchange.dialect import BINANCE_DIALECT, Dialect, ErrorOf
from genesis.exchange.retries import Retries
from genesis.exchange.traffic import Passage, Request, Traffic
from genesis.exchange.venue import Venue
from genesis.exchange.weights import Lane, is_read

Clock = Callable[[], int]
_headers: ContextVar[Mapping[str, str]] = ContextVar("headers of the answer to this call")


class _AnswerError(Exception):
    """Carries an error answer out of ccxt, unjudged."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.told())
        self.answer = answer


class _Tapped:
    """ccxt's class with the venue's clock in its signatures and its answers left unjudged."""

    venue_now_ns: Clock
    error_of: ErrorOf

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
        lower = {name.lower(): value for name, value in headers.items()}
        _headers.set(lower)
        number, words = self.error_of(response) or (None, "")
        if code < 300 and number is None:
            return
        words = words or _told(response, body) or reason
        details = response if isinstance(response, dict) and "data" in response else None
        raise _AnswerError(Answer(code, details, number, words, True, _retry_after(lower)))


@cache
def tapped(name: str) -> Any:
    """ccxt's class of a venue, tapped."""
    whole = getattr(ccxt.async_support, name)
    return type(f"Tapped{name.capitalize()}", (_Tapped, whole), {})


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
        elapsed_ns: Clock,
        conduct: Conduct | None = None,
        dialect: Dialect = BINANCE_DIALECT,
    ) -> None:
        self._ccxt = tapped(dialect.speaks.value)(
            {
                "apiKey": api_key,
                "secret": api_secret,
                "enableRateLimit": False,
                "timeout": timeout_ms,
                "timeout_on_exit": 0,
                **dialect.config(venue, recv_window_ms),
            }
        )
        self._ccxt.venue_now_ns = now_ns
        self._ccxt.error_of = dialect.error_of
        self._dialect = dialect
        self._elapsed_ns = elapsed_ns
        self._timeout = timeouts(timeout_ms / 1000)
        self._is_open = False
        self.traffic = Traffic(conduct or Conduct(), elapsed_ns, dialect.codes, dialect.tariff)

    def use(self, session: aiohttp.ClientSession) -> None:
        """Send over this session; its owner closes it."""
        self._ccxt.session = _Hurried(session, self._timeout)
        self._ccxt.own_session = False
        self._is_open = True

    async def close(self) -> None:
        self._is_open = False
        await self._ccxt.close()

    async def call(self, endpoint: str, params: dict[str, str], lane: Lane | None = None) -> Answer:
        """One request, sent at most once. `endpoint` as ccxt names it, such as `privatePostOrder`.

        lane: who it goes before; default: as its endpoint says (`weights.lane_of`).
        """
        request = Request.of(endpoint, params, lane, self._dialect.tariff)
        entered = await self.traffic.enter(request)
        if isinstance(entered, Answer):
            return entered
        if not self._is_open:
            self.traffic.never_left(entered)
            return Answer(None, message="nothing was sent: the gateway is not open", was_sent=False)
        return await self._pass(entered, endpoint, params)

    async def read(self, endpoint: str, params: dict[str, str], lane: Lane | None = None) -> Answer:
        """A question, asked again (1, 2, 4, 8 s later) while no answer comes, at most for 30 s.

        Raises:
            InvariantBroken: it is no question; an order or a cancel is never sent twice here.
        """
        if not is_read(endpoint):
            raise InvariantBroken(f"{endpoint} is no question: it must not be repeated")
        terms, codes = self.traffic.conduct.retries, self._dialect.codes
        retries = Retries(terms, self._elapsed_ns(), codes)
        while True:
            answer = await self.call(endpoint, params, lane)
            pause_s = retries.pause_s(answer, self._elapsed_ns())
            if pause_s is None:
                return answer
            await asyncio.sleep(pause_s)

    async def _pass(self, passage: Passage, endpoint: str, params: dict[str, str]) -> Answer:
        """Send it, and let the traffic know how it ended."""
        _headers.set({})
        try:
            answer = replace(await self._send(endpoint, params), headers=_headers.get())
        except BaseException:
            self.traffic.gave_up(passage)
            raise
        self.traffic.left(passage, answer)
        return answer

    async def _send(self, endpoint: str, params: dict[str, str]) -> Answer:
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


class _Hurried:
    """The session that ccxt sends over, with our limits of time in place of its single one.

    ccxt asks it for `headers`, and for `get`, `post`, `put` and `delete`. None follows a redirect:
    that would send an order twice, and our key to whoever answered.
    """

    def __init__(self, session: aiohttp.ClientSession, timeout: aiohttp.ClientTimeout) -> None:
        self._session, self._timeout = session, timeout
        self.headers = session.headers

    def __getattr__(self, method: str) -> Callable[..., Any]:
        send = getattr(self._session, method)
        own = {"timeout": self._timeout, "allow_redirects": False}
        return lambda url, **given: send(url, **{**given, **own})


def _no_answer(why: BaseException) -> Answer:
    """A refused connection proves that nothing was sent; everything else proves nothing."""
    was_sent = not isinstance(why, aiohttp.ClientConnectorError)
    words = str(why) or type(why).__name__
    return Answer(None, message=f"{type(why).__name__}: {words}", was_sent=was_sent)


def _told(response: object, body: str) -> str:
    """The words of an object, or how a text begins that is no answer of a venue, such as a page for
    a browser.
    """
    if isinstance(response, dict):
        return str(response.get("msg", ""))
    return " ".join(body.split())[:80]


def _retry_after(headers: dict[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.isdigit() else None
