"""What every request passes before a route sees it, in this order:

1. the address: loopback, or one of GENESIS_CONTROL_ALLOW (403 without detail);
2. Host and Origin: from loopback only our own names, no page of another origin (403);
3. the key: from loopback in the header X-API-Key, or a signature; from elsewhere a signature only
   (401). `GET /ping` alone needs none; paths that do not exist need one, too;
4. the pace: so many requests a second of one key to one endpoint (429 with Retry-After); what
   asks for less risk with the control key never waits;
5. the size of the body (413).

Every answer carries X-Request-ID (the one that was sent, if it is plain) and X-API-Version.
"""

import re
import secrets
from dataclasses import dataclass
from math import ceil
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from genesis.domain.time import SECOND
from genesis.service.api.endpoints import Endpoints
from genesis.service.api.keys import HEADER, Keys, Role
from genesis.service.api.pace import Pace
from genesis.service.api.places import Places, is_loopback
from genesis.service.api.signing import SIGNATURE, Signatures
from genesis.service.api.urgent import is_urgent
from genesis.service.logs import log

API_VERSION: Final = "1.0.0"
REQUEST_ID: Final = "X-Request-ID"
VERSION_HEADER: Final = "X-API-Version"
MOST_BYTES: Final = 8_000_000
_OPEN: Final = ("GET", "/ping")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_NOWHERE: Final = "a path that does not exist"
"""All of these count as one endpoint."""
_LOOKS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_log = log("api")


@dataclass(frozen=True, slots=True)
class No:
    """A refusal before any route: status, one line, seconds to wait."""

    status: int
    detail: str
    retry_s: int | None = None

    def response(self) -> JSONResponse:
        headers = {} if self.retry_s is None else {"Retry-After": str(self.retry_s)}
        if self.status == 401:
            headers["WWW-Authenticate"] = f'ApiKey header="{HEADER}"'
        return JSONResponse({"detail": self.detail}, self.status, headers)


@dataclass(frozen=True, slots=True)
class Lock:
    """Everything the guard asks."""

    keys: Keys
    places: Places
    pace: Pace
    signatures: Signatures
    endpoints: Endpoints


class Guard:
    """The app behind its lock."""

    def __init__(self, app: ASGIApp, lock: Lock) -> None:
        self.app = app
        self._lock = lock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers.get(REQUEST_ID))
        with bound_contextvars(correlation_id=request_id):
            answer = _Stamped(send, request_id)
            passed = await self._passed(scope, headers, receive)
            if passed is None:
                return
            if isinstance(passed, No):
                self._note_refusal(scope, passed)
                await passed.response()(scope, receive, answer)
            else:
                _note(scope)
                await self.app(scope, _again(passed, receive), answer)

    # -- the steps ---------------------------------------------------------------------------
    async def _passed(self, scope: Scope, headers: Headers, receive: Receive) -> bytes | No | None:
        """The body of a request that may go on; None: who asked is gone."""
        no = self._before_body(scope, headers)
        if no is not None:
            return no
        body = await _body(headers, receive)
        if not isinstance(body, bytes):
            return body
        no = self._signed(scope, headers, body)
        if no is None and not self._is_urgent(scope, body):
            no = self._paced(scope)
        return no or body

    def _before_body(self, scope: Scope, headers: Headers) -> No | None:
        """What can be told from the head of the request."""
        places, peer = self._lock.places, _peer(scope)
        if not places.is_allowed(peer):
            return No(403, "forbidden")
        if is_loopback(peer):
            hosts = headers.getlist("host")
            if len(hosts) != 1 or not places.is_our_name(hosts[0]):
                return No(403, "this is not a name of this service")
        origins = headers.getlist("origin")
        if origins and not _is_own_origin(origins, headers.get("host", "")):
            return No(403, "pages of another origin may not ask")
        return self._known(scope, headers)

    def _known(self, scope: Scope, headers: Headers) -> No | None:
        """The key in the header, where one may be sent. A signature is judged with the body."""
        is_local = is_loopback(_peer(scope))
        role: Role | None = None
        if is_local and SIGNATURE not in headers:
            role = self._lock.keys.role_of(headers.get(HEADER))
        scope.setdefault("state", {})["role"] = role
        if role is not None or SIGNATURE in headers or _is_open(scope):
            return None
        wanted = f"send a key of the service in the header {HEADER}"
        return self._paced(scope) or No(
            401, wanted if is_local else "requests from another machine are signed: see the manual"
        )

    def _signed(self, scope: Scope, headers: Headers, body: bytes) -> No | None:
        """A signature, where there is one."""
        if SIGNATURE not in headers or _is_open(scope):
            return None
        found = self._lock.signatures.role_of(scope["method"], _target(scope), headers, body)
        if not isinstance(found, Role):
            return self._paced(scope) or No(401, found)
        scope["state"]["role"] = found
        return None

    def _is_urgent(self, scope: Scope, body: bytes) -> bool:
        may_trade = scope["state"]["role"] is Role.TRADE
        return may_trade and is_urgent(self._endpoint(scope), body)

    def _endpoint(self, scope: Scope) -> str:
        return f"{scope['method']} {self._lock.endpoints.asked(scope) or _NOWHERE}"

    def _paced(self, scope: Scope) -> No | None:
        who = scope["state"]["role"] or _peer(scope) or ""
        endpoint = self._endpoint(scope)
        wait_ns = self._lock.pace.wait_ns((str(who), endpoint))
        if not wait_ns:
            return None
        most = self._lock.pace.most
        return No(429, f"more than {most} requests a second to {endpoint}", ceil(wait_ns / SECOND))

    def _note_refusal(self, scope: Scope, no: No) -> None:
        """A line for the log; of one peer only now and then."""
        if not self._lock.pace.wait_ns((_peer(scope) or "", f"refused {no.status}")):
            _log.warning("refused", peer=_peer(scope), status=no.status, reason=no.detail)


class _Stamped:
    """Answers with the headers that every answer has."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID] = self._request_id
            headers[VERSION_HEADER] = API_VERSION
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


def _note(scope: Scope) -> None:
    """Who asked for a change; what it was stands in the event log."""
    if scope["method"] not in _LOOKS:
        _log.info("asked", method=scope["method"], path=scope["path"], peer=_peer(scope))


def _request_id(given: str | None) -> str:
    if given is not None and _PLAIN.fullmatch(given):
        return given
    return secrets.token_hex(8)


def _is_open(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) == _OPEN


def _peer(scope: Scope) -> str | None:
    client = scope.get("client")
    return client[0] if client else None


def _target(scope: Scope) -> str:
    """Path and query as they were sent."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("utf-8", "surrogateescape")


def _is_own_origin(origins: list[str], host: str) -> bool:
    return all(origin in (f"http://{host}", f"https://{host}") for origin in origins)


async def _body(headers: Headers, receive: Receive) -> bytes | No | None:
    """The whole body, if it is not too large; None where it was cut off midway."""
    too_large = No(413, f"the body is larger than {MOST_BYTES} bytes")
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > MOST_BYTES:
        return too_large
    if length == "0" and "transfer-encoding" not in headers:
        return b""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return too_large
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, an empty one, too, then whatever else comes.

    Of a body that was read to its end nothing comes but that who asked has left.
    """
    told = False

    async def receive_again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
