"""The paper service against an exchange in a process of its own: killed, restarted, misled."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from genesis.cli.main import main
from genesis.domain.events import RunStarted
from genesis.rules import load
from genesis.service.direct import close_everything
from genesis.service.settings import Settings
from genesis.sim.sample import START_NS
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from tests.support.patience import PATIENCE_S
from tests.support.process import Control, Process

SPEED = "4"


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Process]:
    arguments = ("exchange", "--sample", "--port", "0", "--speed", SPEED)
    held = ("--balance", "USDT=500", "--balance", "BTC=0.5")
    with Process(tmp_path, *arguments, *held) as it:
        yield it


def run(exchange: Process, home: Path) -> Process:
    arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(home))
    return Process(home.parent, *arguments, "--venue-url", exchange.ready["url"])


def agrees(exchange: Process, control: Control) -> None:
    """Our books equal the exchange's own ledger, beside the coins held before."""
    ledger = httpx.get(exchange.ready["url"] + "/__genesis__/ledger", trust_env=False).json()
    theirs = {b["asset"]: Decimal(b["free"]) + Decimal(b["locked"]) for b in ledger["balances"]}
    theirs["BTC"] -= Decimal("0.5")
    ours = {a: Decimal(q) for a, q in control.get("/account/status")["balances"].items()}
    assert {a: q for a, q in ours.items() if q} == {a: q for a, q in theirs.items() if q}
    fills = {fill["trade_id"] for fill in control.get("/fills?limit=1000")}
    assert fills == {int(trade["id"]) for trade in ledger["trades"]}


def test_killed_in_a_position_it_comes_back_with_position_stop_and_answers(
    exchange: Process, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with run(exchange, home) as first:
        control = Control(first.ready["url"], home)
        # coins held before the account was opened count for nothing
        assert Decimal(control.get("/account/status")["balance"]) == 500
        bought = control.say("buy 100 usdt btc", client_ref="r1")
        assert bought.status_code == 200
        control.until("a stop", "/orders", lambda o: o and o[0]["status"] == "OPEN")
        [before] = control.get("/positions")
        [stop] = control.get("/orders")
        first.kill()
    with run(exchange, home) as second:
        assert "reading the record" in second.told()
        control = Control(second.ready["url"], home)
        [position] = control.get("/positions")
        same = ("position_id", "quantity", "entry_price", "stop")
        assert {name: position[name] for name in same} == {name: before[name] for name in same}
        assert control.get("/orders") == [stop]
        agrees(exchange, control)
        again = control.say("buy 100 usdt btc", client_ref="r1")
        assert again.json() == bought.json()  # answered from the log; nothing was bought
        assert control.get("/locks") == []
        control.say("close btc")
        control.until("flat", "/positions", lambda told: told == [])
        agrees(exchange, control)
        assert control.say("buy 20 usdt btc limit 30000").status_code == 200
        control.until("it rests", "/orders", lambda o: o and o[0]["status"] == "OPEN")
        second.end()
    # a clean end cancels entries
    ledger = httpx.get(exchange.ready["url"] + "/__genesis__/ledger", trust_env=False).json()
    assert [o["status"] for o in ledger["orders"] if o["status"] == "NEW"] == []
    assert main(["verify", "--home", str(home)]) == 0


def test_a_first_start_that_was_interrupted_leaves_the_home_as_good_as_new(tmp_path: Path) -> None:
    """Between the start of the run and the opening of the account."""
    home, rules = tmp_path / "home", load("sniper")
    with EventLog.open(home / DATABASE_NAME) as log:
        started = RunStarted(START_NS, 1, rules.name, rules.text, rules.sha256, "code", "0")
        log.append(LogEntry(1, 1, started, 1)).result()
    arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(home))
    with Process(tmp_path, *arguments) as service:
        control = Control(service.ready["url"], home)
        status = control.get("/account/status")
        assert (Decimal(status["balance"]), status["tier"]) == (500, "SNIPER")
        assert control.get("/health")["status"] == "healthy"
        assert control.say("buy 100 usdt btc").status_code == 200


def test_a_lost_answer_is_resolved_and_nothing_is_bought_twice(
    exchange: Process, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    url = exchange.ready["url"]
    with run(exchange, home) as service:
        control = Control(service.ready["url"], home)
        fault = {"method": "POST", "path": "/api/v3/order", "mode": "drop_after", "count": 1}
        armed = httpx.post(f"{url}/__genesis__/fault", json=fault, trust_env=False)
        assert armed.status_code == 200, armed.text
        assert control.say("buy 100 usdt btc").status_code == 200
        control.until("a stop", "/orders", lambda o: o and o[0]["status"] == "OPEN")
        agrees(exchange, control)
        fills = control.get("/fills")
        assert len([fill for fill in fills if fill["side"] == "BUY"]) == 1
        # an interrupted user stream blocks new risk until the venue was asked
        httpx.post(f"{url}/__genesis__/disconnect", json={"what": "all"}, trust_env=False)
        time.sleep(0.5)
        control.until("free again", "/locks", lambda told: told == [])
        assert control.get("/health")["status"] == "healthy"


def test_close_all_direct_needs_nothing_of_ours_running(
    exchange: Process,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    with run(exchange, home) as service:
        control = Control(service.ready["url"], home)
        control.say("buy 100 usdt btc")
        control.until("a stop", "/orders", lambda o: o and o[0]["status"] == "OPEN")
        service.kill()
    monkeypatch.setenv("GENESIS_VENUE_URL", exchange.ready["url"])
    still = close_everything(Settings.read(home=home), max_slippage_percent=Decimal(-1))
    assert "BTC/USDT: left as it is" in asyncio.run(still)["errors"][0]
    ledger = httpx.get(exchange.ready["url"] + "/__genesis__/ledger", trust_env=False).json()
    assert [o["type"] for o in ledger["orders"] if o["status"] == "NEW"] == ["STOP_LOSS"]
    assert main(["close-all", "--direct", "--home", str(home)]) == 0
    assert "1 closed" in capsys.readouterr().out
    ledger = httpx.get(exchange.ready["url"] + "/__genesis__/ledger", trust_env=False).json()
    held = {b["asset"]: Decimal(b["free"]) + Decimal(b["locked"]) for b in ledger["balances"]}
    assert Decimal("0.5") <= held["BTC"] < Decimal("0.50001")  # what was held before stays
    assert [o for o in ledger["orders"] if o["status"] == "NEW"] == []
    # the next start finds the sale in the venue's own list, and the home goes on
    with run(exchange, home) as service:
        control = Control(service.ready["url"], home)
        assert control.get("/positions") == []
        agrees(exchange, control)
        assert control.get("/health")["status"] == "healthy"
        assert control.get("/locks") == []
        assert control.say("buy 100 usdt btc").status_code == 200
    assert main(["verify", "--home", str(home)]) == 0


# -- bad input: one line, the right code, nothing lost ---------------------------------------
def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    assert main(["run", "--mode", "paper", *arguments]) == code
    told = capsys.readouterr().err
    assert told.count("\n") == 1, told
    assert "Traceback" not in told
    return told


def test_bad_input_ends_with_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home = ("--home", str(tmp_path / "home"), "--port", "0")
    (tmp_path / "bad.toml").write_text("[risk\n")
    assert "loopback" in refused(capsys, *at_home, "--venue-url", "https://api.binance.com")
    assert "not_there" in refused(capsys, *at_home, "--strategies", "not_there")
    assert "bad.toml" in refused(capsys, *at_home, "--rules", str(tmp_path / "bad.toml"))
    assert "no rulebook" in refused(capsys, *at_home, "--rules", "not_there")
    assert main(["run", "--mode", "demo", *at_home]) == 2
    assert "paper or live" in capsys.readouterr().err
    assert main(["run", "--mode", "live", *at_home]) == 2
    assert "needs the venue's key" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_a_taken_port_and_an_unreadable_log_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert port in refused(capsys, "--home", str(home), "--port", port)
    (home / DATABASE_NAME).write_bytes(b"no database at all" * 100)
    for leftover in home.glob(DATABASE_NAME + "-*"):
        leftover.unlink()
    told = refused(capsys, "--home", str(home), "--port", "0")
    assert DATABASE_NAME in told
    assert (home / DATABASE_NAME).read_bytes().startswith(b"no database")


def test_a_venue_that_is_not_there_is_unreachable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    told = refused(capsys, "--home", str(tmp_path / "h"), "--port", "0", "--venue-url", url, code=3)
    assert url in told


def test_without_a_service_the_verbs_end_with_three(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home = ("--home", str(tmp_path))
    assert main(["status", *at_home]) == 3
    assert main(["halt", "--reason", "a good reason", *at_home]) == 3
    assert main(["close-all", *at_home]) == 3
    assert capsys.readouterr().err.count("genesis run") == 3


def test_doctor_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--home", str(tmp_path)]) in (0, 1)
    told = capsys.readouterr().out
    assert "ok  rules: sniper" in told


def test_the_module_runs_as_a_command(tmp_path: Path) -> None:
    from tests.support.process import command, environment

    found = subprocess.run(
        command("settings", "--json"),
        capture_output=True,
        text=True,
        env=environment(GENESIS_HOME=str(tmp_path)),
        cwd=tmp_path,
        timeout=PATIENCE_S,
        check=True,
    )
    assert "GENESIS_PORT" in found.stdout
