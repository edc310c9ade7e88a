"""Row 19 of the reconciliation matrix: the power fails while the log is written.

What was committed last is torn in the middle. The next start goes on from what is whole, and our
log is compared with the exchange's own ledger.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis.cli.main import main
from genesis.store.database import DATABASE_NAME
from tests.support.process import Control, Process

D = Decimal
LOT = D("0.00001")


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Process]:
    arguments = ("exchange", "--sample", "--port", "0", "--speed", "4")
    with Process(tmp_path, *arguments, "--balance", "USDT=500") as it:
        yield it


def run(exchange: Process, home: Path) -> Process:
    arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(home))
    return Process(home.parent, *arguments, "--venue-url", exchange.ready["url"])


def ledger(exchange: Process) -> Any:
    return httpx.get(exchange.ready["url"] + "/__genesis__/ledger", trust_env=False).json()


def protected(control: Control) -> Any:
    def rests(orders: Any) -> bool:
        return [(one["type"], one["status"]) for one in orders] == [("STOP_LOSS", "OPEN")]

    return control.until("a stop", "/orders", rests)[0]


def wire_ids(home: Path, copy: Path) -> set[str]:
    """Of the orders that the log still tells of; it is looked at in a copy."""
    shutil.copytree(home, copy)
    with closing(sqlite3.connect(copy / DATABASE_NAME)) as database:
        found = database.execute("SELECT wire_id FROM events WHERE wire_id IS NOT NULL")
        return {str(row[0]) for row in found}


@pytest.mark.parametrize("torn", [1, 5_000])
def test_row_19_the_end_of_the_log_is_torn_and_nothing_is_lost_or_doubled(
    exchange: Process, tmp_path: Path, torn: int
) -> None:
    """torn: bytes that never came to the disk: the last page, or the last commits."""
    home = tmp_path / "home"
    with run(exchange, home) as first:
        control = Control(first.ready["url"], home)
        assert control.say("buy 20 usdt btc").status_code == 200
        stop = protected(control)
        first.kill()
    written = home / f"{DATABASE_NAME}-wal"
    assert written.stat().st_size > torn, "nothing was left to be torn"
    with written.open("r+b") as file:
        file.truncate(written.stat().st_size - torn)
    is_known = stop["client_order_id"] in wire_ids(home, tmp_path / "copy")
    with run(exchange, home) as second:
        control = Control(second.ready["url"], home)
        now = protected(control)  # by the stop that rested; by another where its row was torn off
        assert (now["client_order_id"] == stop["client_order_id"]) is is_known
        truth = ledger(exchange)
        [position] = control.get("/positions")
        held = {row["asset"]: D(row["free"]) + D(row["locked"]) for row in truth["balances"]}
        assert D(position["quantity"]) == held["BTC"]
        resting = [row for row in truth["orders"] if row["status"] == "NEW"]
        assert [row["clientOrderId"] for row in resting] == [now["client_order_id"]]
        assert D(resting[0]["origQty"]) == held["BTC"] // LOT * LOT
        fills = control.get("/fills")
        assert sorted(one["trade_id"] for one in fills) == [row["id"] for row in truth["trades"]]
        assert control.get("/locks") == []
        assert second.end() == 0
    assert main(["verify", "--home", str(home)]) == 0
