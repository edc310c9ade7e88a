"""Which requests pass the gate, by their Host and Origin alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.panels.gate import refusal

PORTS = st.integers(1, 65_535)
OURS = st.sampled_from(["localhost", "127.0.0.1", "[::1]", "LocalHost"])


@given(OURS, st.none() | PORTS)
def test_our_names_pass_at_every_port_without_origin_or_with_their_own(
    name: str, port: int | None
) -> None:
    host = name if port is None else f"{name}:{port}"
    assert refusal(host, None) is None
    assert refusal(host, f"http://{host}") is None
    assert refusal(host, f"HTTP://{host.upper()}") is None


@given(OURS, PORTS, PORTS, OURS)
def test_another_port_or_name_of_ours_is_another_origin(
    name: str, port: int, other: int, another: str
) -> None:
    same = port == other and name.lower() == another.lower()
    assert (refusal(f"{name}:{port}", f"http://{another}:{other}") is None) == same


@given(st.text())
def test_any_other_host_is_refused(host: str) -> None:
    plain = host.lower().partition(":")[0]
    if plain not in ("localhost", "127.0.0.1", "[", ""):
        assert refusal(host, None) is not None


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "localhost.evil.example",
        "localhost:80:80",
        "localhost:",
        "localhost:123456",
        "localhost:٣",
        "127.0.0.1\n",
        "127.1",
        "0.0.0.0",
        "::1",
        "a@localhost",
    ],
)
def test_these_hosts_are_refused(host: str | None) -> None:
    assert refusal(host, None) is not None


@pytest.mark.parametrize(
    "origin", ["null", "", "https://localhost:9", "http://localhost", "http://localhost:9/"]
)
def test_these_origins_are_foreign_to_localhost_9(origin: str) -> None:
    assert refusal("localhost:9", origin) is not None
