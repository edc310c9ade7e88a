import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.errors import UsageError
from genesis.wire.symbols import QUOTES, from_venue, parse_symbol, symbols_in_name, to_venue


@pytest.mark.parametrize(
    ("venue", "ours"),
    [
        ("BTCUSDT", "BTC/USDT"),
        ("btcusdt", "BTC/USDT"),
        ("ETHBTC", "ETH/BTC"),
        ("BTCFDUSD", "BTC/FDUSD"),
        ("USDTTRY", "USDT/TRY"),
        ("1000SATSUSDT", "1000SATS/USDT"),
    ],
)
def test_venue_symbol_is_split_at_its_quote(venue: str, ours: str) -> None:
    assert from_venue(venue) == ours
    assert to_venue(ours) == venue.upper()


@given(st.text("ACDGHIJKLMNO", min_size=2, max_size=6), st.sampled_from(QUOTES))
def test_any_symbol_survives_the_venue(base: str, quote: str) -> None:
    symbol = from_venue(base + quote)
    assert to_venue(symbol) == base + quote
    assert len(symbol.partition("/")[2]) >= len(quote)


@pytest.mark.parametrize("text", ["", "USDT", "FOO", "BTC?USDT", "BTC/", "/USDT", "A/B/C"])
def test_unknown_symbol_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="BTC/USDT"):
        parse_symbol(text)


@pytest.mark.parametrize("text", ["btc/usdt", "BTC-USDT", "BTC_USDT", " BTCUSDT "])
def test_typed_symbol_is_understood(text: str) -> None:
    assert parse_symbol(text) == "BTC/USDT"


@pytest.mark.parametrize(
    ("name", "symbols"),
    [
        ("spot_btcusdt_20240808-trades.csv.gz", ("BTC/USDT",)),
        ("BTCUSDT-trades-2024-08-08.zip", ("BTC/USDT",)),
        ("XRP_ETH-trades.csv", ("XRP/ETH",)),
        ("BTCUSDT-and-ETHUSDT.csv", ("BTC/USDT", "ETH/USDT")),
        ("trades.csv", ()),
        ("industry.csv", ()),
    ],
)
def test_symbol_in_a_file_name(name: str, symbols: tuple[str, ...]) -> None:
    assert symbols_in_name(name) == symbols
