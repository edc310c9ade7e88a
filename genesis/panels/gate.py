"""Who may speak to the dashboards at all: a browser on this machine, or at the end of a tunnel.

A web page elsewhere can make a browser send requests here, under a name of its own (DNS rebinding)
or across origins. Such a request says so in its Host or Origin header and is refused before
anything reads it, whatever token or cookie it carries. The port is free: a forwarded port has
its own.
"""

import re
from typing import Final

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    ResponseStartLine,
)
from tornado.routing import Router
from tornado.web import Application

_OURS: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)


def refusal(host: str | None, origin: str | None) -> str | None:
    """Why a request with these headers gets nothing; None where it may go on.

    origin: None where the request names none, as navigation and plain scripts do.
    """
    if host is None or not _OURS.fullmatch(host):
        return "its Host is not this machine"
    if origin is not None and origin.lower() != f"http://{host}".lower():
        return "it comes from another origin"
    return None


class Gate(Router):
    """Stands before the application and its websockets."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def find_handler(
        self, request: HTTPServerRequest, **kwargs: object
    ) -> HTTPMessageDelegate | None:
        headers = request.headers
        origin = headers.get("Origin", headers.get("Sec-Websocket-Origin"))
        if refusal(headers.get("Host"), origin) is None:
            return self._application.find_handler(request, **kwargs)
        assert request.connection is not None
        return _Refused(request.connection)


class _Refused(HTTPMessageDelegate):
    """403 without a word."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def finish(self) -> None:
        headers = HTTPHeaders({"Content-Length": "0", "Connection": "close"})
        self._connection.write_headers(ResponseStartLine("HTTP/1.1", 403, "Forbidden"), headers)
        self._connection.finish()
