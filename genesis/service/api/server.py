"""uvicorn inside the service's loop, on a socket that was bound before anything else began."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from genesis.errors import ConfigError
from genesis.service.api.places import url_of

HOST: Final = "127.0.0.1"
_BACKLOG: Final = 128


def bind(port: int, host: str = HOST) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        ConfigError: the port is in use or not allowed, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named a TCP socket, what it accepts sends at once (asyncio sets TCP_NODELAY for no other):
    # an answer's body would wait 40 ms for the other side to confirm its head.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError as problem:
        bound.close()
        if problem.errno == errno.EADDRNOTAVAIL:
            raise ConfigError(
                f"{host} is no address of this machine: correct GENESIS_CONTROL_HOST"
            ) from problem
        why = "is in use" if problem.errno == errno.EADDRINUSE else f"cannot be used ({problem})"
        raise ConfigError(
            f"port {port} of the control API {why}: end what holds it, or set GENESIS_PORT "
            "(0 takes a free one)"
        ) from problem
    return bound


class _Server(uvicorn.Server):
    """Leaves signals to the service."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ApiServer:
    """Serves one app on one bound socket."""

    def __init__(self, app: ASGIApp, bound: socket.socket) -> None:
        self._socket = bound
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
            server_header=False,
            proxy_headers=False,
        )
        self._server = _Server(config)

    @property
    def url(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return url_of(host, port)

    async def run(self) -> None:
        await self._server.serve(sockets=[self._socket])

    async def started(self) -> None:
        while not self._server.started:
            await asyncio.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
