"""The REST interface: /api/v3, and the few parts of /sapi that ccxt asks for."""

from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from genesis.exchange.loopback.access import Keys, check_timing, rest_payload
from genesis.exchange.loopback.endpoints import ENDPOINTS, REST, Rooms
from genesis.exchange.loopback.hub import compact
from genesis.sim.orders import VenueRejected

KEY_HEADER: Final = "X-MBX-APIKEY"
HTTP_STATUS: Final = {-1003: 429, -1015: 429, -1020: 404, -2014: 401, -2015: 401}
"""Where a refusal is not a 400."""
_SAPI: Final[dict[str, Any]] = {
    "/sapi/v1/system/status": {"status": 0, "msg": "normal"},
    "/sapi/v1/capital/config/getall": [],
    "/sapi/v1/margin/allPairs": [],
    "/sapi/v1/margin/isolated/allPairs": [],
}


class Rest:
    """Requests in, answers out; a refusal becomes Binance's error body."""

    def __init__(self, rooms: Rooms, keys: Keys, *, enforce_window: bool) -> None:
        self._rooms, self._keys = rooms, keys
        self._enforce_window = enforce_window

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/api/v3/{path:.+}", self.answer),
            web.route("*", "/sapi/{path:.+}", self.sapi),
        ]

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.text() if request.method != "GET" else ""
        try:
            result = self._result(request, body)
        except VenueRejected as refused:
            return self._refusal(refused)
        headers = self._headers()
        if REST.get((request.method, request.match_info["path"])) == "place":
            headers |= self._rooms.budget.order_headers()
        return _json(result, headers)

    async def sapi(self, request: web.Request) -> web.Response:
        if request.path not in _SAPI:
            return self._refusal(_unsupported())
        return _json(_SAPI[request.path], self._headers())

    def _result(self, request: web.Request, body: str) -> Any:
        name = REST.get((request.method, request.match_info["path"]))
        if name is None:
            raise _unsupported()
        endpoint = ENDPOINTS[name]
        query = request.raw_path.partition("?")[2]
        params = dict(parse_qsl(body, keep_blank_values=True))
        params |= dict(parse_qsl(query, keep_blank_values=True))
        self._rooms.budget.charge(endpoint.weigh(params))
        if endpoint.signed:
            payload = rest_payload(query, body)
            self._keys.check(request.headers.get(KEY_HEADER), params.get("signature"), payload)
            clock = self._rooms.clock
            enforce = self._enforce_window and not clock.is_held
            sent, window = params.get("timestamp"), params.get("recvWindow")
            check_timing(sent, window, clock.now_ns(), enforce=enforce)
        return endpoint.answer(self._rooms, params)

    def _headers(self) -> dict[str, str]:
        used = str(self._rooms.budget.used_weight)
        return {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}

    def _refusal(self, refused: VenueRejected) -> web.Response:
        status = HTTP_STATUS.get(refused.venue_code, 400)
        headers = self._headers()
        if status == 429:
            headers["Retry-After"] = str(self._rooms.budget.seconds_left())
        return _json({"code": refused.venue_code, "msg": refused.message}, headers, status)


def _json(value: Any, headers: dict[str, str], status: int = 200) -> web.Response:
    return web.Response(
        text=compact(value), status=status, content_type="application/json", headers=headers
    )


def _unsupported() -> VenueRejected:
    return VenueRejected(-1020, "This operation is not supported.")
