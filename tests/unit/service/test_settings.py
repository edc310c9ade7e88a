import json
import os
import stat
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.cli.main import main
from genesis.errors import ConfigError
from genesis.service.home import Home, find_checkout, resolve_home
from genesis.service.settings import Settings, show

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_are_those_of_the_manual() -> None:
    settings = Settings.read()
    assert (settings.port, settings.dashboard_port) == (8080, 8866)
    assert settings.symbols == ("BTC/USDT",)
    assert settings.strategies == ()
    assert (settings.rules, settings.capital) == ("sniper", Decimal(500))
    assert settings.venue_url is None


def test_a_venue_is_named_or_given_as_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for told, kept in (
        ("binance", "https://api.binance.com"),
        ("binance-testnet", "https://testnet.binance.vision"),
        ("bybit", "https://api.bybit.com"),
        ("http://127.0.0.1:9100/", "http://127.0.0.1:9100"),
        ("bybit+http://127.0.0.1:9100", "bybit+http://127.0.0.1:9100"),
    ):
        monkeypatch.setenv("GENESIS_VENUE_URL", told)
        assert Settings.read().venue_url == kept


def test_environment_wins_over_the_file_and_an_option_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("GENESIS_PORT=1\nGENESIS_RULES=a\nGENESIS_CAPITAL=7.5\n")
    monkeypatch.setenv("GENESIS_PORT", "2")
    monkeypatch.setenv("GENESIS_RULES", "b")
    settings = Settings.read(rules="c", home=None)
    assert (settings.port, settings.rules, settings.capital) == (2, "c", Decimal("7.5"))
    sources = {each.name: each.source for each in show(settings, {"rules"})}
    assert sources["GENESIS_PORT"] == "environment"
    assert sources["GENESIS_CAPITAL"] == ".env"
    assert sources["GENESIS_RULES"] == "option"
    assert sources["GENESIS_SYMBOLS"] == "default"


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_SYMBOLS", "btc/usdt, ETHUSDT,BTC/USDT")
    monkeypatch.setenv("GENESIS_STRATEGIES", "sma_cross,sma_cross")
    settings = Settings.read()
    assert settings.symbols == ("BTC/USDT", "ETH/USDT")
    assert settings.strategies == ("sma_cross",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "x"),
        ("PORT", "70000"),
        ("CAPITAL", "-1"),
        ("CAPITAL", "1e99"),
        ("SYMBOLS", "FOO"),
        ("SYMBOLS", ","),
        ("VENUE_URL", "127.0.0.1:1"),
        ("VENUE_URL", "http://[::1"),
        ("VENUE_URL", "kraken"),
        ("CONTROL_KEY", "clé"),
        ("CONTROL_HOST", "0.0.0.0"),
        ("CONTROL_HOST", "10.0.0.2"),
        ("CONTROL_HOST", "my.host"),
        ("CONTROL_ALLOW", "10.0.0.0/40"),
        ("CONTROL_ALLOW", "example.org"),
        ("RATE_LIMIT", "0"),
        ("RATE_LIMIT", "many"),
        ("API_KEY", "two words"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"GENESIS_{name}", value)
    with pytest.raises(ConfigError, match=f"GENESIS_{name}") as found:
        Settings.read()
    assert "\n" not in found.value.message


def test_the_control_api_listens_beyond_loopback_only_for_those_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = Settings.read()
    assert (plain.control_host, plain.control_allow, plain.rate_limit) == ("127.0.0.1", (), 10)
    monkeypatch.setenv("GENESIS_CONTROL_HOST", "10.0.0.2")
    with pytest.raises(ConfigError, match=r"GENESIS_CONTROL_HOST.*GENESIS_CONTROL_ALLOW"):
        Settings.read()
    monkeypatch.setenv("GENESIS_CONTROL_ALLOW", "10.0.0.7, 100.64.0.0/10")
    found = Settings.read()
    assert found.control_host == "10.0.0.2"
    assert found.control_allow == ("10.0.0.7", "100.64.0.0/10")
    assert Settings.read(control_host="localhost").control_host == "127.0.0.1"
    assert Settings.read(control_host="[::1]").control_host == "::1"


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"\.env cannot be read: it is not UTF-8"):
        Settings.read()


def test_secrets_are_masked_everywhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("API_KEY", "API_SECRET", "CONTROL_KEY", "CONTROL_READ_KEY"):
        monkeypatch.setenv(f"GENESIS_{name}", f"hush-{name}")
    assert "hush" not in repr(Settings.read())
    assert main(["settings"]) == 0
    assert main(["settings", "--json"]) == 0
    told = capsys.readouterr().out
    assert "hush" not in told
    shown = json.loads(told.splitlines()[-1])
    assert shown["GENESIS_API_SECRET"] == {"value": "********", "source": "environment"}


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.read().port = 1  # type: ignore[misc]


# -- the home --------------------------------------------------------------------------------
def test_home_is_the_named_one_then_the_variable_then_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolve_home(tmp_path / "x") == tmp_path / "x"
    assert resolve_home() == Path(os.environ["GENESIS_HOME"])
    monkeypatch.delenv("GENESIS_HOME")
    monkeypatch.chdir(ROOT / "genesis" / "domain")
    assert resolve_home() == ROOT / "data"
    monkeypatch.chdir(tmp_path)
    assert find_checkout(tmp_path) is None
    assert resolve_home().name == "genesis"


def test_a_key_is_made_once_readable_by_its_owner_only(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    key = home.key("control")
    assert len(key) > 30
    assert home.key("control") == key
    assert stat.S_IMODE((home.path / "control.key").stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_a_key_that_cannot_be_written_leaves_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home.open(tmp_path / "home")
    real = os.open

    def full(path: Path, flags: int, mode: int) -> int:
        os.close(real(path, flags, mode))
        return real("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(ConfigError, match=r"control\.key cannot be written \(No space left"):
        home.key("control")
    assert not (home.path / "control.key").exists()


def test_an_empty_key_file_and_an_unusable_home_are_refused(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    (home.path / "control.key").touch()
    for damaged in (b"", b"\xff"):
        (home.path / "control.key").write_bytes(damaged)
        with pytest.raises(ConfigError, match="empty or damaged"):
            home.key("control")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="GENESIS_HOME"):
        Home.open(tmp_path / "file" / "home")


def test_the_service_file_comes_and_goes(tmp_path: Path) -> None:
    home = Home.open(tmp_path)
    assert home.announced() is None
    home.announce({"url": "u"})
    assert home.announced() == {"url": "u"}
    home.withdraw()
    assert home.announced() is None
    for damaged in (b"", b"\xff", b"[]", b"{}", b'{"url": 1}'):
        home.service_file.write_bytes(damaged)
        assert home.announced() is None
