"""What the servers for a browser share: one address, one home, no trade key."""

import errno
import os
import socket
from typing import Final

from genesis.errors import ConfigError
from genesis.service.home import Home

HOST: Final = "127.0.0.1"
LONGEST_FOLDER: Final = 55
"""With which the kernels' sockets can be files in it: no port, and no neighbour can connect."""
_TRADE_KEYS: Final = ("GENESIS_API_KEY", "GENESIS_API_SECRET")
_BACKLOG: Final = 128


def listen(
    port: int, whose: str = "the dashboard", how: str = "--port or GENESIS_DASHBOARD_PORT"
) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one.

    whose, how: for the words of a refusal: what is served, and where another port is named.

    Raises:
        ConfigError: the port is in use or not allowed.
    """
    try:
        bound = socket.create_server((HOST, port), backlog=_BACKLOG)
    except OSError as problem:
        in_use = problem.errno == errno.EADDRINUSE
        why = "is in use" if in_use else f"cannot be used ({problem.strerror})"
        raise ConfigError(
            f"port {port} of {whose} {why}: end what holds it, or choose another with {how} "
            "(0 takes a free one)"
        ) from problem
    bound.setblocking(False)
    return bound


def use_home(home: Home) -> None:
    """Kernels of this process know the home, and no trade key."""
    os.environ["GENESIS_HOME"] = str(home.path)
    for name in _TRADE_KEYS:
        os.environ.pop(name, None)


def add_path(variable: str, folder: str) -> None:
    """Put a folder first into a variable that lists folders."""
    more = os.environ.get(variable)
    os.environ[variable] = f"{folder}{os.pathsep}{more}" if more else folder
