"""The guard of conftest.py: no process of a test leaves the machine, by whatever door."""

import asyncio
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import httpx
import pytest

from tests.support.process import environment
from tests.support.warm_process import Warm

guard = import_module("network_guard")
TRIED = "import socket; socket.create_connection(('192.0.2.1', 1), timeout=1)"


@pytest.fixture(autouse=True)
def _on_purpose() -> Iterator[None]:
    with guard.provoked():
        yield


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


def test_a_name_is_not_even_looked_up() -> None:
    with pytest.raises(AssertionError, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)
    with pytest.raises(AssertionError, match=r"example\.org"):
        socket.gethostbyname("example.org")


# -- processes of tests ----------------------------------------------------------------------
def test_a_process_of_a_test_is_guarded_and_counted(tmp_path: Path) -> None:
    counted = tmp_path / "attempts"
    ran = subprocess.run(
        [sys.executable, "-c", TRIED],
        env=environment(**{guard.ATTEMPTS: str(counted)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "a test tried to reach 192.0.2.1" in ran.stderr
    assert counted.read_text().startswith("192.0.2.1 by '-c' (socket.")


def test_a_forked_service_is_guarded_and_counted(tmp_path: Path) -> None:
    """Of a live venue that is no loopback address: nothing of it is spared."""
    counted, told = tmp_path / "attempts", tmp_path / "told"
    settings = {
        guard.ATTEMPTS: str(counted),
        "GENESIS_API_KEY": "k",
        "GENESIS_API_SECRET": "s",
        "GENESIS_HOME": str(tmp_path / "home"),
    }
    arguments = ("run", "--mode", "live", "--port", "0", "--venue-url", "https://192.0.2.1")
    with told.open("w") as errors:
        process = Warm(arguments, errors, tmp_path, environment(**settings))
        assert process.wait(60) != 0
        process.stdout.close()
    assert counted.read_text().startswith("192.0.2.1 by ")


def test_the_run_counts_where_all_its_processes_do() -> None:
    assert Path(os.environ[guard.ATTEMPTS]).is_file()
