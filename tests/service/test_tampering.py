"""A log that was meddled with is found out at the start: no new risk, and closing works."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis.cli.main import main
from genesis.store.database import DATABASE_NAME
from tests.support.process import Control, Process


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Process]:
    arguments = ("exchange", "--sample", "--port", "0", "--speed", "4")
    with Process(tmp_path, *arguments, "--balance", "USDT=500") as it:
        yield it


def run(exchange: Process, home: Path) -> Process:
    arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(home))
    return Process(home.parent, *arguments, "--venue-url", exchange.ready["url"])


def bought(control: Control) -> None:
    assert control.say("buy 100 usdt btc").status_code == 200
    control.until("a stop", "/orders", lambda o: o and o[0]["status"] == "OPEN")


def test_an_older_copy_is_found_out_by_the_orders_at_the_venue(
    exchange: Process,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    with run(exchange, home) as first:
        assert first.end() == 0
    shutil.copytree(home, copy)
    with run(exchange, home) as second:
        bought(Control(second.ready["url"], home))
        assert second.end() == 0
    for number in (1, 2):  # it stays so at the next start, too
        with run(exchange, copy) as service:
            assert "this log never sent it" in service.told()
            control = Control(service.ready["url"], copy)
            locks = {lock["code"]: lock["reason"] for lock in control.get("/locks")}
            assert "genesis recover" in locks["SYSTEM_FAILED"]
            refused = control.say("buy 20 usdt btc", client_ref=f"again{number}")
            assert refused.status_code == 409
            assert "SYSTEM_FAILED" in {each["code"] for each in refused.json()["all"]}
            assert service.end() == 0
    monkeypatch.setenv("GENESIS_VENUE_URL", exchange.ready["url"])
    assert main(["close-all", "--direct", "--home", str(copy)]) == 0
    assert "1 closed" in capsys.readouterr().out


def test_the_position_of_another_home_is_taken_over_with_its_stop(
    exchange: Process, tmp_path: Path
) -> None:
    """Both homes began with order 1-1-0: what the other one bought is not what this one sold."""
    home, other = tmp_path / "home", tmp_path / "other"
    with run(exchange, home) as first:
        control = Control(first.ready["url"], home)
        bought(control)
        assert control.say("close btc").status_code == 200
        control.until("flat", "/positions", lambda positions: not positions)
        assert first.end() == 0
    with run(exchange, other) as second:
        bought(Control(second.ready["url"], other))
        assert second.end() == 0
    with run(exchange, home) as service:
        control = Control(service.ready["url"], home)
        (position,) = control.get("/positions")
        control.until("its stop", "/orders", lambda o: o and o[0]["status"] == "OPEN")
        assert control.get("/orders")[0]["type"] == "STOP_LOSS"
        assert position["symbol"] == "BTC/USDT"
        assert service.end() == 0


def test_a_log_with_nothing_sound_in_it_is_told_and_positions_are_closed_without_the_log(
    exchange: Process,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    with run(exchange, home) as first:
        bought(Control(first.ready["url"], home))
        assert first.end() == 0
    connection = sqlite3.connect(home / DATABASE_NAME)
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE events SET body = replace(body, 'sniper', 'Sniper') WHERE seq = 1")
    connection.commit()
    connection.close()
    url = exchange.ready["url"]
    arguments = ("--home", str(home), "--port", "0", "--venue-url", url)
    assert main(["run", "--mode", "paper", *arguments]) == 2
    told = capsys.readouterr().err
    assert "events row" in told and "genesis close-all --direct" in told
    monkeypatch.setenv("GENESIS_VENUE_URL", url)
    assert main(["close-all", "--direct", "--home", str(home)]) == 0
    assert "1 closed" in capsys.readouterr().out
