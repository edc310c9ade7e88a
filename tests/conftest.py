"""Shared fixtures: where reference data lies, and a guard against leaving the machine."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "genesis",
    deadline=None,  # no test asserts on wall time
    suppress_health_check=[HealthCheck.too_slow],  # nor on a loaded machine
)
settings.load_profile("genesis")

# Tests start hundreds of processes; each would compile the whole package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def require(found: bool, what: str) -> None:
    """Skip with the reason where something optional is absent; fail where all must be there."""
    if found:
        return
    if os.environ.get("GENESIS_REQUIRE_ALL"):
        pytest.fail(f"{what} is required here and absent")
    pytest.skip(f"{what} is absent")


@pytest.fixture(scope="session")
def shared() -> Path:
    require(SHARED.is_dir(), "the reference data folder ../shared")
    return SHARED


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's data folder or settings."""
    for name in [name for name in os.environ if name.startswith("GENESIS_")]:
        if name != "GENESIS_REQUIRE_ALL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("GENESIS_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("share")))


_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
_LOOKED_AT = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0}


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    """Fails any attempt of this process to reach another machine, or to look one up."""
    place = _LOOKED_AT.get(event)
    if place is None:
        return
    told = arguments[place]
    host = told[0] if isinstance(told, tuple) else told
    if isinstance(told, tuple) or event == "socket.getaddrinfo":  # else: a socket file
        name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
        if not name.startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to reach {name}: only loopback is allowed")


sys.addaudithook(_guard)
