"""Where the venue is, and that paper stays on this machine."""

import ccxt.pro as ccxtpro
import pytest

from genesis.errors import ConfigError
from genesis.exchange.venue import (
    BINANCE,
    BINANCE_TESTNET,
    BYBIT,
    BYBIT_TESTNET,
    KNOWN,
    Speaks,
    Venue,
    is_loopback,
    require_loopback,
    require_tls,
    venue_at,
)


def test_the_addresses_behind_a_base_url() -> None:
    venue = venue_at("http://127.0.0.1:9100/")
    assert venue.rest == "http://127.0.0.1:9100"
    assert venue.streams == "ws://127.0.0.1:9100/stream"
    assert venue.ws_api == "ws://127.0.0.1:9100/ws-api/v3"
    assert venue_at("https://venue.example").streams == "wss://venue.example/stream"
    assert venue_at(None) == venue_at("https://api.binance.com") == BINANCE


def test_a_known_venue_is_named_by_one_word() -> None:
    assert {name: venue_at(name) for name in KNOWN} == KNOWN
    assert venue_at(" Binance-Testnet ") == BINANCE_TESTNET
    assert venue_at("https://testnet.binance.vision/") == BINANCE_TESTNET
    assert (BINANCE.has_wallet, BINANCE_TESTNET.has_wallet) == (True, False)


def test_a_url_says_whose_protocol_is_spoken_there() -> None:
    assert venue_at("http://127.0.0.1:9100").speaks is Speaks.BINANCE
    other = venue_at("bybit+http://127.0.0.1:9100")
    assert other == Venue("http://127.0.0.1:9100", speaks=Speaks.BYBIT)


@pytest.mark.parametrize(
    "url", [*KNOWN, "http://127.0.0.1:1", "bybit+http://127.0.0.1:1", "https://venue.example"]
)
def test_a_venue_is_found_again_by_its_own_url(url: str) -> None:
    venue = venue_at(url)
    assert venue_at(venue.url) == venue
    assert is_loopback(venue.url) is is_loopback(url)


def test_the_addresses_are_those_of_ccxt() -> None:
    binance, bybit = ccxtpro.binance().urls, ccxtpro.bybit()
    for venue, table in ((BINANCE, binance["api"]), (BINANCE_TESTNET, binance["test"])):
        assert table["private"] == table["public"] == f"{venue.rest}/api/v3"
        assert table["ws"]["spot"].removesuffix("/ws") == venue.streams.removesuffix("/stream")
        assert table["ws"]["ws-api"]["spot"] == venue.ws_api
    for venue, name in ((BYBIT, "api"), (BYBIT_TESTNET, "test")):
        assert bybit.implode_hostname(bybit.urls[name]["private"]) == venue.rest


def test_the_hosts_of_each_venue() -> None:
    assert {name: sorted(venue.hosts) for name, venue in KNOWN.items()} == {
        "binance": ["api.binance.com", "stream.binance.com", "ws-api.binance.com"],
        "binance-testnet": [
            "stream.testnet.binance.vision",
            "testnet.binance.vision",
            "ws-api.testnet.binance.vision",
        ],
        "bybit": ["api.bybit.com"],
        "bybit-testnet": ["api-testnet.bybit.com"],
    }


@pytest.mark.parametrize("name", ["kraken", "binance2", "kraken+http://127.0.0.1:1"])
def test_an_unknown_venue_is_told_which_are_known(name: str) -> None:
    with pytest.raises(ConfigError, match=r"no venue we know \(binance, binance-testnet, bybit"):
        venue_at(name)


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


def test_real_money_travels_encrypted_or_not_at_all() -> None:
    for url in ("binance", "https://elsewhere.example", "http://127.0.0.1:9100"):
        require_tls(venue_at(url))
    with pytest.raises(ConfigError, match="not encrypted"):
        require_tls(venue_at("http://elsewhere.example"))


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
        "binance",
        "binance-testnet",
        "bybit",
        "bybit+https://api.bybit.com",
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
