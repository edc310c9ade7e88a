"""The REST interface: /api/v3, and the parts of /sapi that tell of the account's flows and keys."""

from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from genesis.exchange.loopback.access import rest_payload
from genesis.exchange.loopback.budget import TooMany
from genesis.exchange.loopback.door import Door
from genesis.exchange.loopback.endpoints import ENDPOINTS, REST, SAPI, Endpoint
from genesis.exchange.loopback.hub import compact
from genesis.exchange.loopback.replace import NotReplaced
from genesis.sim.orders import VenueRejected

KEY_HEADER: Final = "X-MBX-APIKEY"
HTTP_STATUS: Final = {-1020: 404, -2014: 401, -2015: 401, -2021: 409}
"""Where a refusal is not a 400."""


class Rest:
    """Requests in, answers out; a refusal becomes Binance's error body."""

    def __init__(self, door: Door) -> None:
        self._door, self._budget = door, door.rooms.budget

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/api/v3/{path:.+}", self.answer),
            web.route("*", "/sapi/{path:.+}", self.sapi),
        ]

    async def answer(self, request: web.Request) -> web.Response:
        name = REST.get(_asked(request))
        endpoint = None if name is None else ENDPOINTS[name]
        answer = await self._answer(request, endpoint, sapi=False)
        used = str(self._budget.used_weight)
        answer.headers.update({"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used})
        if endpoint is not None and endpoint.counts and answer.status == 200:
            answer.headers.update(self._budget.order_headers())
        return answer

    async def sapi(self, request: web.Request) -> web.Response:
        answer = await self._answer(request, SAPI.get(_asked(request)), sapi=True)
        used = str(self._door.sapi_budget.used_weight)
        answer.headers["X-SAPI-USED-UID-WEIGHT-1M"] = used
        return answer

    async def _answer(
        self, request: web.Request, endpoint: Endpoint | None, *, sapi: bool
    ) -> web.Response:
        body = await request.text() if request.method != "GET" else ""
        query = request.raw_path.partition("?")[2]
        params = dict(parse_qsl(body, keep_blank_values=True))
        params |= dict(parse_qsl(query, keep_blank_values=True))
        payload = rest_payload(query, body)
        key = request.headers.get(KEY_HEADER)
        try:
            if endpoint is None:
                raise VenueRejected(-1020, "This operation is not supported.")
            return _json(self._door.ask(endpoint, params, key, payload, sapi=sapi))
        except VenueRejected as refused:
            return _refusal(refused)


def status_of(refused: VenueRejected) -> int:
    """The HTTP status of a refusal."""
    if isinstance(refused, TooMany):
        return refused.status
    return HTTP_STATUS.get(refused.venue_code, 400)


def error_of(refused: VenueRejected) -> dict[str, Any]:
    """The error body of a refusal."""
    told = {"code": refused.venue_code, "msg": refused.message}
    return told | {"data": refused.data} if isinstance(refused, NotReplaced) else told


def _refusal(refused: VenueRejected) -> web.Response:
    answer = _json(error_of(refused), status_of(refused))
    if isinstance(refused, TooMany):
        answer.headers["Retry-After"] = str(refused.retry_after_s)
    return answer


def _asked(request: web.Request) -> tuple[str, str]:
    return request.method, request.match_info["path"]


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(text=compact(value), status=status, content_type="application/json")
