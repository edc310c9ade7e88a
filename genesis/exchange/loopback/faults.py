"""Faults on demand, for tests of those who must survive them.

`POST /__genesis__/fault` with a JSON object arms one: `path` (such as `/api/v3/order`), `method`,
`mode`, and `count` (default 1), `seconds`, `status`, `body`, `content_type`, `headers`.

drop_before      the connection breaks before the request is looked at
http             answer `status` and `body`; the request is not looked at
delay_before     wait before the request is looked at (it may be too old then)
drop_after       carry the request out, then break the connection
http_after       carry it out, answer `status` and `body`
delay_after      carry it out, wait, answer
truncate_after   carry it out, answer with the first half of the body, break the connection
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from genesis.errors import UsageError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MODES: Final = frozenset(
    {
        "drop_before",
        "http",
        "delay_before",
        "drop_after",
        "http_after",
        "delay_after",
        "truncate_after",
    }
)


@dataclass(slots=True)
class Fault:
    """One armed fault, `count` times."""

    path: str
    method: str
    mode: str
    count: int = 1
    seconds: float = 0.0
    status: int = 500
    body: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> web.Response:
        return web.Response(
            status=self.status,
            text=self.body,
            content_type=self.content_type,
            headers=self.headers,
        )


class Faults:
    """The armed faults; each request meets the first that fits it."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, wanted: dict[str, Any]) -> None:
        """Raises UsageError: an unknown mode or field."""
        try:
            fault = Fault(**wanted)
        except TypeError as error:
            raise UsageError(f"fault {wanted}: {error}") from None
        if fault.mode not in MODES:
            raise UsageError(f"fault mode {fault.mode!r} is none of {', '.join(sorted(MODES))}")
        self._armed.append(fault)

    def clear(self) -> None:
        self._armed.clear()

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self._armed:
            if fault.count > 0 and fault.path == path and fault.method == method:
                fault.count -= 1
                return fault
        return None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = self.take(request.method, request.path)
        if fault is None:
            return await handler(request)
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
    if fault.mode == "http_after":
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
