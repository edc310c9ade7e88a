"""The guard of conftest.py: no test leaves the machine, by whatever door."""

import asyncio
import socket
import urllib.request

import httpx
import pytest

OUTSIDE = ["192.0.2.1", "8.8.8.8", "10.0.0.1"]


@pytest.mark.parametrize("host", OUTSIDE)
def test_a_plain_connection_outside_fails_the_test(host: str) -> None:
    with pytest.raises(AssertionError, match=host), socket.socket() as door:
        door.connect((host, 443))
    with pytest.raises(AssertionError, match=host):
        socket.create_connection((host, 443), timeout=1)


def test_ipv6_is_guarded_too() -> None:
    with (
        pytest.raises(AssertionError, match="2001:db8::1"),
        socket.socket(socket.AF_INET6) as door,
    ):
        door.connect(("2001:db8::1", 443))


def test_an_async_connection_outside_fails_the_test() -> None:
    with pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        asyncio.run(asyncio.open_connection("192.0.2.1", 443))


def test_http_clients_are_guarded_too() -> None:
    with pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        httpx.get("http://192.0.2.1/", trust_env=False)
    with pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open("http://192.0.2.1/", timeout=1)


def test_loopback_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, listening.getsockname()[1]), timeout=1):
                pass
