"""What was meddled with is found at the start; closing works throughout, and a command resolves it.

The real files are changed and the real service is started again, on the loopback exchange.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.store.database import DATABASE_NAME
from tests.support.process import Control, Process

BUY = "buy 20 usdt btc"


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    arguments = ("exchange", "--sample", "--port", "0", "--speed", "8")
    with Process(tmp_path, *arguments, "--balance", "USDT=500") as it:
        monkeypatch.setenv("GENESIS_VENUE_URL", it.ready["url"])
        yield it


def run(exchange: Process, home: Path, *more: str) -> Process:
    arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(home), *more)
    return Process(home.parent, *arguments, "--venue-url", exchange.ready["url"])


def control_of(service: Process, home: Path) -> Control:
    return Control(service.ready["url"], home)


def bought(control: Control) -> Any:
    """A position with its stop at the venue; the stop."""
    answer = control.say(BUY)
    assert answer.status_code == 200, answer.text
    return protected(control)


def protected(control: Control) -> Any:
    def holds(orders: Any) -> bool:
        return [(o["type"], o["status"]) for o in orders] == [("STOP_LOSS", "OPEN")]

    return control.until("a stop", "/orders", holds)[0]


def refused(control: Control, ref: str) -> None:
    answer = control.say(BUY, client_ref=ref)
    assert answer.status_code == 409
    assert "SYSTEM_FAILED" in {each["code"] for each in answer.json()["all"]}


def flat(control: Control) -> None:
    control.until("flat", "/positions", lambda positions: not positions)
    control.until("nothing rests", "/orders", lambda orders: not orders)


def everything_that_reduces_works(control: Control, home: Path, *, is_blocked: bool = True) -> None:
    """A tighter stop, cancel, a part sold, and all of it closed by the verb."""
    stop = protected(control)
    price = float(stop["stop_price"])
    looser, tighter = f"stop btc {price * 0.99:.2f}", f"stop btc {price * 1.002:.2f}"
    assert not is_blocked or control.say(looser).status_code == 409
    assert control.say(tighter).status_code == 200
    control.until(
        "the tighter stop",
        "/orders",
        lambda o: len(o) == 1 and o[0]["status"] == "OPEN" and float(o[0]["stop_price"]) > price,
    )
    assert control.say("cancel all").status_code == 200
    held = float(control.get("/positions")[0]["quantity"])
    assert control.say("sell 10 usdt btc").status_code == 200
    control.until("a part is sold", "/positions", lambda p: p and float(p[0]["quantity"]) < held)
    protected(control)
    assert main(["close-all", "--max-slippage-percent", "50", "--home", str(home)]) == 0
    flat(control)


def meddle(home: Path, *statements: str) -> None:
    """Change a log past its triggers."""
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        known = triggers.fetchall()
        for name, _ in known:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in known:
            connection.execute(sql)
        connection.commit()


def step_of_the_buy(home: Path) -> int:
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        found = connection.execute("SELECT min(step) FROM events WHERE kind = 'OperatorActed'")
        return int(found.fetchone()[0])


def confirmed(control: Control) -> None:
    """After a fork it begins in CAUTION: the first asking waits for a minute."""
    assert control.get("/tilt/status")["tilt_level"] == "CAUTION"
    first = control.say(BUY, client_ref="first").json()
    assert first["code"] == "TILT_CONFIRM" and first["when"].endswith("venue time)")

    def is_over(told: Any) -> bool:
        return told["confirmation"]["waiting"][0]["when"].startswith("now")

    control.until("a minute is over", "/headroom", is_over)


def recovered(home: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["recover", "--yes", "--json", "--home", str(home)]) == 0
    out, err = capsys.readouterr()
    assert f"home: {home}" in err and "nothing is deleted" in err
    told: dict[str, Any] = json.loads(out)
    for name in told["set_aside"]:
        assert Path(name).is_file()
    assert main(["verify", "--home", str(home)]) == 0
    return told


def an_entry_is_possible_again(exchange: Process, home: Path) -> None:
    with run(exchange, home) as service:
        assert "genesis recover" not in service.told()
        control = control_of(service, home)
        control.until("no lock", "/locks", lambda locks: not locks)
        confirmed(control)
        bought(control)
        assert service.end() == 0
    assert main(["verify", "--home", str(home)]) == 0


def test_one_flipped_byte_of_an_event(
    exchange: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with run(exchange, home) as first:
        bought(control_of(first, home))
        assert first.end() == 0
    meddle(
        home,
        "UPDATE events SET body = replace(body, 'BUY', 'BUZ') WHERE kind = 'OperatorActed'",
    )
    for number in (1, 2):  # it stays so at the next start, too
        with run(exchange, home) as service:
            told = service.told()
            assert "its content was changed. No new risk until `genesis recover`" in told
            assert f"{home / DATABASE_NAME}: events row" in told
            control = control_of(service, home)
            refused(control, f"again{number}")
            protected(control)  # a stop of our own took the place of the one nobody knows
            if number == 2:
                everything_that_reduces_works(control, home)
            assert service.end() == 0
    assert main(["verify", "--home", str(home)]) == 1
    told = recovered(home, capsys)
    assert [Path(each).name for each in told["set_aside"]] == [
        f"{DATABASE_NAME}.set-aside-1",
        "second-log.jsonl.set-aside-1",
    ]
    assert told["orders_known"] >= 2
    an_entry_is_possible_again(exchange, home)


def test_a_tail_that_was_cut_after_an_order_was_sent(
    exchange: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with run(exchange, home) as first:
        stop = float(bought(control_of(first, home))["stop_price"])
        assert control_of(first, home).say(f"stop btc {stop * 1.003:.2f}").status_code == 200
        moved = control_of(first, home).until(
            "a tighter stop",
            "/orders",
            lambda o: o and o[0]["status"] == "OPEN" and float(o[0]["stop_price"]) > stop,
        )
        assert first.end() == 0
    step = step_of_the_buy(home)
    meddle(
        home,
        f"DELETE FROM events WHERE step >= {step}",
        f"DELETE FROM tape WHERE last_step >= {step}",
    )
    with run(exchange, home) as service:
        assert "this log never sent it" in service.told()
        control = control_of(service, home)
        locks = {lock["code"]: lock["reason"] for lock in control.get("/locks")}
        assert "genesis recover" in locks["SYSTEM_FAILED"]
        refused(control, "again")
        # the tighter stop nobody here placed holds on
        assert protected(control)["stop_price"] == moved[0]["stop_price"]
        assert control.say("close btc").status_code == 200
        flat(control)
        assert service.end() == 0
    told = recovered(home, capsys)
    assert [Path(each).name for each in told["set_aside"]] == [f"{DATABASE_NAME}.set-aside-1"]
    an_entry_is_possible_again(exchange, home)


def test_an_old_database_that_was_restored(
    exchange: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    with run(exchange, home) as first:
        assert first.end() == 0
    shutil.copytree(home, copy)
    with run(exchange, home) as second:
        bought(control_of(second, home))
        assert second.end() == 0
    with run(exchange, copy) as service:
        assert "this log never sent it" in service.told()
        control = control_of(service, copy)
        refused(control, "again")
        everything_that_reduces_works(control, copy)
        assert service.end() == 0
    recovered(copy, capsys)
    an_entry_is_possible_again(exchange, copy)
    assert main(["recover", "--yes", "--home", str(copy)]) == 0
    assert "the log is whole" in capsys.readouterr().out


def test_an_edited_rules_file_is_told_and_loosens_nothing(
    exchange: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, file = tmp_path / "home", tmp_path / "mine.toml"
    file.write_text('name = "mine"\n[risk.tiers.SNIPER]\nposition_fraction = 0.05\n')
    with run(exchange, home, "--rules", str(file)) as first:
        bought(control_of(first, home))
        assert first.end() == 0
    file.write_text('name = "mine"\n[risk.tiers.SNIPER]\nposition_fraction = 0.5\n')
    with run(exchange, home, "--rules", str(file)) as service:
        told = service.told()
        assert "rule risk.tiers.SNIPER.position_fraction 0.05 -> 0.5 is looser" in told
        control = control_of(service, home)
        answer = control.say("buy 100 usdt btc", client_ref="more")
        assert answer.status_code == 409  # the cap of before is used up
        assert "CAP" in answer.text or "EXPOSURE" in answer.text or "POSITION" in answer.text
        everything_that_reduces_works(control, home, is_blocked=False)
        file.write_text('name = "mine"\n[risk.tiers.SNIPER]\nposition_fraction = 0.05\n')
        assert main(["rules", "propose", str(file), "--home", str(home)]) == 0
        assert control.get("/rules")["pending"] == []
        assert control.get("/locks") == []
        assert 24 < float(control.get("/headroom")["position_cap"]) <= 25
        assert service.end() == 0
