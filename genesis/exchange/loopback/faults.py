"""Faults of requests, for tests of those who must survive them: scripted, or by a seeded plan.

`POST /__genesis__/fault` with a JSON object (or {"faults": [...]}) arms them: `path` (such as
`/api/v3/order`; `*` is any), `method` (`*`: any), `mode`, and `count` (default 1; of requests that
fit), `skip` (let so many pass first), `seconds`, `status`, `body`, `content_type`, `headers`, and
`code` where the answer shall be one of Binance's errors.

drop_before      the connection breaks before the request is looked at
http             answer `status` and `body`, or the error `code`; the request is not looked at
delay_before     wait before the request is looked at (it may be too old then)
drop_after       carry the request out, then break the connection
http_after       carry it out, answer `status` and `body`, or the error `code`
delay_after      carry it out, wait, answer
truncate_after   carry it out, answer with the first half of the body, break the connection
garbage_after    carry it out, answer 200 and no JSON
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from genesis.errors import UsageError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ANY: Final = "*"
BEFORE: Final = ("drop_before", "http", "delay_before")
AFTER: Final = ("drop_after", "http_after", "delay_after", "truncate_after", "garbage_after")
MODES: Final = frozenset({*BEFORE, *AFTER})
GARBAGE: Final = "<html><body>Bad gateway</body></html>"

CODES: Final[dict[int, tuple[int, str]]] = {
    -1000: (500, "An unknown error occurred while processing the request."),
    -1001: (503, "Internal error; unable to process your request. Please try again."),
    -1002: (401, "You are not authorized to execute this request."),
    -1003: (429, "Too many requests queued."),
    -1006: (
        500,
        "An unexpected response was received from the message bus. Execution status unknown.",
    ),
    -1007: (
        504,
        "Timeout waiting for response from backend server. "
        "Send status unknown; execution status unknown.",
    ),
    -1008: (
        503,
        "Server is currently overloaded with other requests. Please try again in a few minutes.",
    ),
    -1013: (400, "Filter failure: LOT_SIZE"),
    -1014: (400, "Unsupported order combination."),
    -1015: (429, "Too many new orders."),
    -1016: (503, "This service is no longer available."),
    -1020: (400, "This operation is not supported."),
    -1021: (400, "Timestamp for this request is outside of the recvWindow."),
    -1022: (400, "Signature for this request is not valid."),
}
"""Binance's general errors: HTTP status and words."""
UNCERTAIN: Final = (-1000, -1001, -1006, -1007, -1008)
"""Those after which an order may have been placed."""
_RETRY_AFTER_S: Final = 2


@dataclass(slots=True)
class Fault:
    """One armed fault, `count` times."""

    path: str
    method: str
    mode: str
    count: int = 1
    skip: int = 0
    seconds: float = 0.0
    status: int = 0
    body: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    code: int | None = None

    def check(self) -> None:
        """Raises UsageError: an unknown mode or code."""
        if self.mode not in MODES:
            raise UsageError(f"fault mode {self.mode!r} is none of {', '.join(sorted(MODES))}")
        if self.code is not None and self.code not in CODES:
            raise UsageError(f"fault code {self.code} is none of {', '.join(map(str, CODES))}")

    def fits(self, method: str, path: str) -> bool:
        return self.path in (ANY, path) and self.method in (ANY, method)

    def answer(self) -> web.Response:
        if self.mode == "garbage_after":
            return web.Response(status=self.status or 200, text=self.body or GARBAGE)
        status, body, headers = self.status or 500, self.body, dict(self.headers)
        if self.code is not None:
            usual, words = CODES[self.code]
            status = self.status or usual
            body = json.dumps({"code": self.code, "msg": words})
        if status in (418, 429):
            headers.setdefault("Retry-After", str(_RETRY_AFTER_S))
        return web.Response(
            status=status, text=body, content_type=self.content_type, headers=headers
        )


Plan = Callable[[str, str], Fault | None]
"""Makes up a fault for a request (method, path), or lets it pass."""


class Faults:
    """The armed faults; each request meets the first that fits it, else what the plan has."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self.plan: Plan | None = None
        self.met: list[dict[str, Any]] = []
        """Every fault that happened: method, path, mode, code."""

    def arm(self, wanted: dict[str, Any]) -> None:
        """One fault, or {"faults": [...]}. Raises UsageError: an unknown mode, code or field."""
        made = []
        for each in wanted.get("faults", [wanted]):
            try:
                fault = Fault(**each)
            except TypeError as error:
                raise UsageError(f"fault {each}: {error}") from None
            fault.check()
            made.append(fault)
        self._armed += made

    def clear(self) -> None:
        self._armed.clear()
        self.plan = None

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self._armed:
            if fault.count > 0 and fault.fits(method, path):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.count -= 1
                return fault
        return self.plan(method, path) if self.plan else None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        is_ours = request.path.startswith("/__genesis__/")
        fault = None if is_ours else self.take(request.method, request.path)
        if fault is None:
            return await handler(request)
        told = {"method": request.method, "path": request.path}
        self.met.append(told | {"mode": fault.mode, "code": fault.code})
        if fault.mode == "drop_before":
            return _dropped(request)
        if fault.mode == "http":
            return fault.answer()
        if fault.mode == "delay_before":
            await asyncio.sleep(fault.seconds)
            return await handler(request)
        return await _after(fault, request, await handler(request))


async def _after(
    fault: Fault, request: web.Request, answer: web.StreamResponse
) -> web.StreamResponse:
    if fault.mode == "drop_after":
        return _dropped(request)
    if fault.mode in ("http_after", "garbage_after"):
        return fault.answer()
    if fault.mode == "delay_after":
        await asyncio.sleep(fault.seconds)
        return answer
    return await _truncated(request, answer)


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _truncated(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    assert isinstance(answer, web.Response)
    body = answer.text or ""
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    cut = web.StreamResponse(headers=headers)
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2].encode())
    _dropped(request)
    return cut
