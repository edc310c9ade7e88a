"""Where the venue is, and that paper stays on this machine."""

import pytest

from genesis.errors import ConfigError
from genesis.exchange.venue import BINANCE, is_loopback, require_loopback, venue_at


def test_the_addresses_behind_a_base_url() -> None:
    venue = venue_at("http://127.0.0.1:9100/")
    assert venue.rest == "http://127.0.0.1:9100"
    assert venue.streams == "ws://127.0.0.1:9100/stream"
    assert venue.ws_api == "ws://127.0.0.1:9100/ws-api/v3"
    assert venue_at("https://venue.example").streams == "wss://venue.example/stream"
    assert venue_at(None) == venue_at("https://api.binance.com") == BINANCE


@pytest.mark.parametrize(
    "url",
    [
        *("", "127.0.0.1:9100", "ftp://host", "http://", "http://host/api/v3", "http://host?a"),
        *("http://[::1", "http://127.0.0.1:99999", "http://127.0.0.1:0", "http://127.0.0.1:x"),
        *("http://me:secret@127.0.0.1:9100", "http://127.0.0.1:9100@example.com", "http://host#a"),
    ],
)
def test_what_is_no_base_url(url: str) -> None:
    with pytest.raises(ConfigError, match="not a base URL"):
        venue_at(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9100", "http://127.9.9.9", "http://[::1]:80", "http://localhost:1"]
)
def test_this_machine(url: str) -> None:
    assert is_loopback(url)
    require_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://api.binance.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://localhost.example.com",
        "http://0.0.0.0:9100",
        "http://10.0.0.1",
        "127.0.0.1:9100",
    ],
)
def test_paper_refuses_everything_else(url: str | None) -> None:
    assert not is_loopback(url)
    with pytest.raises(ConfigError, match="not on loopback"):
        require_loopback(url)
