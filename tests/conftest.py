"""Shared fixtures: where reference data lies, and a guard against leaving the machine."""

import os
import socket
from pathlib import Path

import pytest

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


_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
_connect = socket.socket.connect


def _guarded_connect(self: socket.socket, address: object) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])  # type: ignore[index]
        if not host.startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to reach {host}: only loopback is allowed")
    _connect(self, address)  # type: ignore[arg-type]


socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
