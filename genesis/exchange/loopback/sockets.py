"""The WebSocket interfaces: market streams, and the WebSocket API with the user data stream."""

import json
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from genesis.exchange.loopback.access import ws_payload
from genesis.exchange.loopback.door import Door
from genesis.exchange.loopback.endpoints import ENDPOINTS, WS_API
from genesis.exchange.loopback.hub import Hub, Listener, compact, open_socket
from genesis.exchange.loopback.lines import TOO_MANY, Lines, Pulse
from genesis.exchange.loopback.params import Params
from genesis.exchange.loopback.rest import error_of, status_of
from genesis.sim.orders import VenueRejected

_SUBSCRIBE: Final = "userDataStream.subscribe.signature"
_UNSUBSCRIBE: Final = "userDataStream.unsubscribe"
_MALFORMED: Final = "Malformed request: a JSON object with 'id' and 'method' is needed."
_NOTHING: Final[Params] = {}


class MarketStreams:
    """`/ws/<stream>`, `/stream?streams=`, and subscriptions sent over an open connection.

    first_listener: called when somebody subscribes to a market stream.
    """

    def __init__(
        self,
        hub: Hub,
        first_listener: Callable[[], None],
        lines: Lines,
        seconds: Callable[[], float],
    ) -> None:
        self._hub, self._first_listener = hub, first_listener
        self._lines, self._seconds = lines, seconds

    def routes(self) -> list[web.RouteDef]:
        paths = ("/ws", "/ws/{streams:.*}", "/stream", "/stream/ws", "/stream/ws/{streams:.*}")
        return [web.get(path, self.serve) for path in paths]

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = await open_socket(request)
        listener = Listener(socket, request.transport, combined=request.path == "/stream")
        self._hub.listeners.add(listener)
        named = request.query.get("streams") or request.match_info.get("streams", "")
        pulse = Pulse(socket, self._lines, self._seconds, lambda: listener.is_stalled)
        try:
            self._subscribe(listener, [name for name in named.split("/") if "@" in name])
            async for message in socket:
                if pulse.floods():
                    await socket.close(code=TOO_MANY)
                elif await pulse.heard(message):
                    listener.put(compact(self._obey(listener, message.data)))
        except VenueRejected:
            await socket.close(code=TOO_MANY)
        finally:
            self._hub.forget(listener)
            await pulse.end()
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
        if len(listener.streams | set(names)) > self._lines.streams:
            raise VenueRejected(-1191, "Too many subscriptions.")
        for name in names:
            self._hub.subscribe(listener, name)
        if names:
            self._first_listener()


class WsApi:
    """`/ws-api/v3`: the endpoints as methods, and the user data stream."""

    def __init__(self, door: Door, hub: Hub, lines: Lines, seconds: Callable[[], float]) -> None:
        self._door, self._hub, self._budget = door, hub, door.rooms.budget
        self._lines, self._seconds = lines, seconds

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws-api/v3", self.serve)]

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = await open_socket(request)
        listener = Listener(socket, request.transport, is_api=True)
        self._hub.listeners.add(listener)
        pulse = Pulse(socket, self._lines, self._seconds, lambda: listener.is_stalled)
        try:
            async for message in socket:
                if await pulse.heard(message):
                    listener.put(compact(self._obey(listener, message.data)))
        finally:
            self._hub.forget(listener)
            await pulse.end()
            await listener.end()
        return socket

    def _obey(self, listener: Listener, text: str) -> dict[str, Any]:
        asked_id, method, params = None, "", _NOTHING
        try:
            wanted = json.loads(text)
            asked_id = wanted.get("id")
            method, given = str(wanted["method"]), wanted.get("params") or {}
            params = {name: _text(value) for name, value in given.items() if value is not None}
            answer = {"status": 200, "result": self._result(listener, method, params)}
        except (ValueError, KeyError, TypeError, AttributeError):
            answer = _refusal(VenueRejected(-1102, _MALFORMED))
        except VenueRejected as refused:
            answer = _refusal(refused)
        if params.get("returnRateLimits") != "false":
            answer["rateLimits"] = self._limits(method)
        return {"id": asked_id, **answer}

    def _limits(self, method: str) -> list[dict[str, Any]]:
        name = WS_API.get(method)
        counts = name is not None and ENDPOINTS[name].counts
        return [*(self._budget.orders_told() if counts else ()), self._budget.weight_told()]

    def _result(self, listener: Listener, method: str, params: Params) -> Any:
        if method == _SUBSCRIBE:
            self._door.check(params, *_signed(params))
            self._door.rooms.permissions.check(trades=False)
            if listener in self._hub.users:
                raise VenueRejected(-2035, "User Data Stream subscription already active.")
            return {"subscriptionId": self._hub.join_users(listener)}
        if method == _UNSUBSCRIBE:
            self._hub.users.pop(listener, None)
            return {}
        if method not in WS_API:
            raise VenueRejected(-1020, "This operation is not supported.")
        return self._door.ask(ENDPOINTS[WS_API[method]], params, *_signed(params))


def _signed(params: Params) -> tuple[str | None, str]:
    """Key and signed text of a request."""
    return params.get("apiKey"), ws_payload(params)


def _refusal(refused: VenueRejected) -> dict[str, Any]:
    return {"status": status_of(refused), "error": error_of(refused)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
