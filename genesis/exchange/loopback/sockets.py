"""The WebSocket interfaces: market streams, and the WebSocket API with the user data stream."""

import json
from collections.abc import Callable
from typing import Any, Final

from aiohttp import WSMsgType, web

from genesis.exchange.loopback.access import Keys, check_timing, ws_payload
from genesis.exchange.loopback.endpoints import ENDPOINTS, WS_API, Rooms
from genesis.exchange.loopback.hub import Hub, Listener, compact, open_socket
from genesis.exchange.loopback.params import Params
from genesis.exchange.loopback.rest import HTTP_STATUS
from genesis.sim.orders import VenueRejected

_SUBSCRIBE: Final = "userDataStream.subscribe.signature"
_UNSUBSCRIBE: Final = "userDataStream.unsubscribe"
_MALFORMED: Final = "Malformed request: a JSON object with 'id' and 'method' is needed."
_NOTHING: Final[Params] = {}


class MarketStreams:
    """`/ws/<stream>`, `/stream?streams=`, and subscriptions sent over an open connection.

    first_listener: called when somebody subscribes to a market stream.
    """

    def __init__(self, hub: Hub, first_listener: Callable[[], None]) -> None:
        self._hub, self._first_listener = hub, first_listener

    def routes(self) -> list[web.RouteDef]:
        paths = ("/ws", "/ws/{streams:.*}", "/stream", "/stream/ws", "/stream/ws/{streams:.*}")
        return [web.get(path, self.serve) for path in paths]

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = await open_socket(request)
        listener = Listener(socket, request.transport, combined=request.path == "/stream")
        self._hub.listeners.add(listener)
        named = request.query.get("streams") or request.match_info.get("streams", "")
        self._subscribe(listener, [name for name in named.split("/") if "@" in name])
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    listener.put(compact(self._obey(listener, message.data)))
        finally:
            self._hub.forget(listener)
            await listener.end()
        return socket

    def _obey(self, listener: Listener, text: str) -> dict[str, Any]:
        try:
            wanted = json.loads(text)
            method, names = wanted["method"], wanted.get("params", [])
            return {"result": self._result(listener, method, names), "id": wanted.get("id")}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return {"error": {"code": 3, "msg": f"Invalid JSON: {error}"}}
        except VenueRejected as refused:
            return {"error": {"code": 2, "msg": refused.message}, "id": wanted.get("id")}

    def _result(self, listener: Listener, method: str, names: list[Any]) -> Any:
        if method == "SUBSCRIBE":
            self._subscribe(listener, [str(name) for name in names])
        elif method == "UNSUBSCRIBE":
            for name in names:
                self._hub.unsubscribe(listener, str(name))
        elif method == "LIST_SUBSCRIPTIONS":
            return sorted(listener.streams)
        elif method == "SET_PROPERTY":
            listener.combined = bool(names[1])
        elif method == "GET_PROPERTY":
            return listener.combined
        else:
            raise VenueRejected(-1020, f"Invalid request: unknown method {method}")
        return None

    def _subscribe(self, listener: Listener, names: list[str]) -> None:
        for name in names:
            self._hub.subscribe(listener, name)
        if names:
            self._first_listener()


class WsApi:
    """`/ws-api/v3`: the endpoints as methods, and the user data stream."""

    def __init__(self, rooms: Rooms, hub: Hub, keys: Keys, *, enforce_window: bool) -> None:
        self._rooms, self._hub, self._keys = rooms, hub, keys
        self._enforce_window = enforce_window

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws-api/v3", self.serve)]

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = await open_socket(request)
        listener = Listener(socket, request.transport)
        self._hub.listeners.add(listener)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    listener.put(compact(self._obey(listener, message.data)))
        finally:
            self._hub.forget(listener)
            await listener.end()
        return socket

    def _obey(self, listener: Listener, text: str) -> dict[str, Any]:
        asked_id, params = None, _NOTHING
        try:
            wanted = json.loads(text)
            asked_id = wanted.get("id")
            given = wanted.get("params") or {}
            params = {name: _text(value) for name, value in given.items() if value is not None}
            answer = {"status": 200, "result": self._result(listener, wanted["method"], params)}
        except (ValueError, KeyError, TypeError, AttributeError):
            answer = _refusal(VenueRejected(-1102, _MALFORMED))
        except VenueRejected as refused:
            answer = _refusal(refused)
        if params.get("returnRateLimits") != "false":
            answer["rateLimits"] = [self._rooms.budget.weight_told()]
        return {"id": asked_id, **answer}

    def _result(self, listener: Listener, method: str, params: Params) -> Any:
        if method == _SUBSCRIBE:
            self._check(params)
            if listener in self._hub.users:
                raise VenueRejected(-2035, "User Data Stream subscription already active.")
            return {"subscriptionId": self._hub.join_users(listener)}
        if method == _UNSUBSCRIBE:
            self._hub.users.pop(listener, None)
            return {}
        if method not in WS_API:
            raise VenueRejected(-1020, "This operation is not supported.")
        endpoint = ENDPOINTS[WS_API[method]]
        self._rooms.budget.charge(endpoint.weigh(params))
        if endpoint.signed:
            self._check(params)
        return endpoint.answer(self._rooms, params)

    def _check(self, params: Params) -> None:
        self._keys.check(params.get("apiKey"), params.get("signature"), ws_payload(params))
        clock = self._rooms.clock
        enforce = self._enforce_window and not clock.is_held
        sent, window = params.get("timestamp"), params.get("recvWindow")
        check_timing(sent, window, clock.now_ns(), enforce=enforce)


def _refusal(refused: VenueRejected) -> dict[str, Any]:
    return {
        "status": HTTP_STATUS.get(refused.venue_code, 400),
        "error": {"code": refused.venue_code, "msg": refused.message},
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
