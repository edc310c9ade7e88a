"""Sliced orders through the real service: typed, killed between two slices, resumed, verified."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from genesis.cli.main import main
from genesis.domain.commands import SubmitOrder
from genesis.domain.orders import Purpose
from genesis.domain.slicing import OrderReceipt, ParentStarted
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from genesis.store.steps import LoggedStep
from tests.support.process import Control, Process

HUNTER = 'name = "hunter"\n[tiers]\nopening_tier = "HUNTER"\n'


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Process]:
    arguments = ("exchange", "--sample", "--port", "0", "--speed", "4")
    with Process(tmp_path, *arguments, "--balance", "USDT=6000") as it:
        yield it


def run(exchange: Process, folder: Path) -> Process:
    rules = folder / "hunter.toml"
    rules.write_text(HUNTER)
    arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(folder / "home"))
    return Process(folder, *arguments, "--rules", str(rules), "--venue-url", exchange.ready["url"])


def logged(home: Path) -> list[LoggedStep]:
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        return list(LogReader(database).read())
    finally:
        database.close()


def test_killed_between_two_slices_it_goes_on_with_the_next_one(
    exchange: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with run(exchange, tmp_path) as first:
        control = Control(first.ready["url"], home)
        told = control.say("buy 280 usdt btc iceberg").json()
        assert told["verdict"] == "approved" and told["notes"][-1].startswith("iceberg in 3 slices")
        control.until("the first slice", "/positions", lambda held: held != [])
        (under_way,) = control.get("/orders/sliced")
        assert (under_way["algorithm"], under_way["slices"]) == ("iceberg", 3)
        assert under_way["quantity"] == told["qty"] and 1 <= under_way["sent"] < 3
        assert main(["status", "--home", str(home)]) == 0
        assert "in parts   iceberg BUY 0.00" in capsys.readouterr().out
        first.kill()
    with run(exchange, tmp_path) as second:
        control = Control(second.ready["url"], home)

        def is_whole(held: list[dict[str, str]]) -> bool:
            qty = sum(Decimal(one["quantity"]) for one in held)
            return qty >= Decimal(told["qty"]) * Decimal("0.998")

        control.until("all slices", "/positions", is_whole)
        control.until("its stop", "/orders", lambda o: o and o[0]["status"] == "OPEN")
        second.end()
    steps = logged(home)
    outcomes = [one for step in steps for one in step.outcomes]
    (started,) = [one for one in outcomes if isinstance(one, ParentStarted)]
    (receipt,) = [one for one in outcomes if isinstance(one, OrderReceipt)]
    sent = [
        (command, wire_id)
        for step in steps
        for command, wire_id in zip(step.commands, step.wire_ids, strict=True)
        if isinstance(command, SubmitOrder) and command.request.purpose is Purpose.ENTRY
    ]
    assert [command.key.slice for command, _ in sent] == [0, 1, 2]
    assert [command.request.qty for command, _ in sent] == list(started.slices)
    assert (receipt.ended, receipt.filled_qty) == ("complete", started.qty)
    ledger = httpx.get(exchange.ready["url"] + "/__genesis__/ledger", trust_env=False).json()
    theirs = [order for order in ledger["orders"] if order["side"] == "BUY"]
    assert [order["clientOrderId"] for order in theirs] == [wire_id for _, wire_id in sent]
    assert main(["verify", "--home", str(home)]) == 0
