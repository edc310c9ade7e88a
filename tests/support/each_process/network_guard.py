"""No process of a test run reaches another machine, or looks one up: it fails, and is counted.

Each attempt is one line of the file that the environment names; who started the run counts them.
Loaded by every Python that a test starts, so it loads nothing.
"""

import os
import sys

ATTEMPTS = "NETWORK_ATTEMPTS"
"""The variable that names the file. Without it, attempts fail and nobody counts them."""
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
_LOOKED_AT = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
}
_NAMES = ("socket.getaddrinfo", "socket.gethostbyname")
_installed: list[bool] = []
_provoked: list[bool] = []


def install() -> None:
    """For this process, once; what is forked from it has it, too."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_look)


class provoked:  # noqa: N801 - used as a function is
    """In its block attempts fail, and are not counted: a test makes them on purpose."""

    def __enter__(self) -> None:
        _provoked.append(True)

    def __exit__(self, *_: object) -> None:
        _provoked.pop()


def _look(event: str, arguments: tuple[object, ...]) -> None:
    place = _LOOKED_AT.get(event)
    if place is None:
        return
    told = arguments[place]
    if not isinstance(told, tuple) and event not in _NAMES:
        return  # a socket file, or nowhere
    host = told[0] if isinstance(told, tuple) else told
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name.startswith(_LOOPBACK) or (event in _NAMES and name == os.uname().nodename):
        return  # this machine, by whatever name
    if not _provoked:
        _count(f"{name} by {' '.join(sys.argv)[:200]!r} ({event})")
    raise AssertionError(f"a test tried to reach {name}: only loopback is allowed")


def _count(line: str) -> None:
    path = os.environ.get(ATTEMPTS)
    if path:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{line}\n".encode())
        os.close(file)
