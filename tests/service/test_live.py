"""Live trading begins with a fit key, an account of its own kind, and nothing at risk."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from genesis.cli.exits import BAD_INPUT, DONE, NO
from genesis.cli.main import main
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from tests.support.process import Control, Process

KEYS = {"GENESIS_API_KEY": DEFAULT_API_KEY, "GENESIS_API_SECRET": DEFAULT_API_SECRET}
HELD = ("--balance", "USDT=500", "--balance", "BTC=0.5")


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Process]:
    with Process(tmp_path, "exchange", "--sample", "--port", "0", "--speed", "4", *HELD) as it:
        yield it


def run(exchange: Process, home: Path, mode: str = "live", **settings: str) -> Process:
    arguments = ("run", "--mode", mode, "--json", "--port", "0", "--home", str(home))
    venue = ("--venue-url", exchange.ready["url"])
    return Process(home.parent, *arguments, *venue, **(KEYS | settings))


def refused(exchange: Process, home: Path, mode: str = "live", **settings: str) -> str:
    with pytest.raises(AssertionError, match=f"it ended with {BAD_INPUT}") as told:
        run(exchange, home, mode, **settings)
    return str(told.value)


def set_key(exchange: Process, **allowed: bool) -> None:
    url = exchange.ready["url"] + "/__genesis__/key"
    httpx.post(url, json=allowed, trust_env=False).raise_for_status()


def orders(exchange: Process) -> list[dict[str, str]]:
    url = exchange.ready["url"] + "/__genesis__/ledger"
    found: list[dict[str, str]] = httpx.get(url, trust_env=False).json()["orders"]
    return found


def test_it_opens_with_nothing_at_risk_and_keeps_its_kind(
    exchange: Process, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with run(exchange, home) as service:
        control = Control(service.ready["url"], home)
        account = control.get("/account/status")
        assert (account["tier"], account["mode"]) == ("SNIPER", "OPENING48")
        assert Decimal(account["balance"]) == 500  # what was held before is no part of it
        told = control.say("buy 20 usdt btc").json()
        assert told["verdict"] == "refused"
        assert orders(exchange) == []
        assert "held already, and left alone for good: 0.5 BTC" in service.told()
        assert service.end() == 0
    assert "this home keeps a live account: run it with --mode live" in refused(
        exchange, home, "paper"
    )
    with run(exchange, home) as again:
        mode = Control(again.ready["url"], home).get("/account/status")["mode"]
        assert mode == "OPENING48"
        assert again.end() == 0


def test_a_key_that_could_empty_the_account_opens_nothing(
    exchange: Process, tmp_path: Path
) -> None:
    set_key(exchange, withdrawals=True, ip_restricted=False)
    told = refused(exchange, tmp_path / "home")
    assert "may move money out of the account" in told and "works from every address" in told
    set_key(exchange, withdrawals=False, trading=False)
    assert "allow reading and spot trading for it" in refused(exchange, tmp_path / "home")
    set_key(exchange, trading=True)
    assert "GENESIS_KEY_ANY_ADDRESS=1" in refused(exchange, tmp_path / "home")
    accepted = {"GENESIS_KEY_ANY_ADDRESS": "1"}
    with run(exchange, tmp_path / "home", **accepted) as service:
        assert service.end() == 0


def test_without_a_key_it_says_which_to_make(exchange: Process, tmp_path: Path) -> None:
    told = refused(exchange, tmp_path / "home", GENESIS_API_KEY="", GENESIS_API_SECRET="")
    assert "set GENESIS_API_KEY and GENESIS_API_SECRET" in told
    assert "without withdrawals" in told


def test_rules_without_stops_trade_no_real_money(exchange: Process, tmp_path: Path) -> None:
    told = refused(exchange, tmp_path / "home", GENESIS_RULES="research")
    assert "place no stop" in told and "`--rules sniper`" in told
    assert not (tmp_path / "home").exists()


def test_the_doctor_asks_the_venue_and_names_all_that_is_wrong(
    exchange: Process,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {**KEYS, "GENESIS_VENUE_URL": exchange.ready["url"]}.items():
        monkeypatch.setenv(name, value)
    asked = ["doctor", "--live", "--json", "--home", str(tmp_path / "home")]
    assert main(asked) == DONE
    found = {each["what"]: each for each in json.loads(capsys.readouterr().out)}
    assert all(each["ok"] for each in found.values())
    assert "0.5 BTC" in found["account"]["detail"]
    set_key(exchange, withdrawals=True)
    assert main(asked) == NO
    found = {each["what"]: each for each in json.loads(capsys.readouterr().out)}
    assert [what for what, each in found.items() if not each["ok"]] == ["venue key"]
    monkeypatch.setenv("GENESIS_API_KEY", "wrong")
    assert main(asked) == NO
    assert "the venue" in capsys.readouterr().out
    assert orders(exchange) == []
