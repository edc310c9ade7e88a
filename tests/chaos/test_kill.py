"""kill -9 at random moments of a run: nothing lost, nothing doubled, every stop in place."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.patience import PATIENCE_S

RULES = Path(__file__).with_name("rules.toml")
ROOT = Path(__file__).resolve().parents[2]
LINES = (
    "buy 100 usdt BTC/USDT",
    "buy 12 usdt BTC/USDT",
    "buy 100 usdt BTC/USDT limit {near}",
    "sell 8 usdt BTC/USDT",
    "close BTC/USDT",
    "stop BTC/USDT {tight}",
    "cancel all",
)
LOT = Decimal("0.00001")
STOP = ("STOP_LOSS", "SELL")


class Machine:
    """An exchange that stays, and a service that is killed again and again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = os.environ | {"PYTHONPATH": str(ROOT), "GENESIS_HOME": str(home)}
        self.exchange, told = self._start(
            "exchange", "--sample", "--speed", "20", "--port", "0", "--balance", "USDT=500"
        )
        self.url = told["url"]
        self.service: subprocess.Popen[str] | None = None
        self.api = ""

    def _start(self, *verb: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "genesis", *verb],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                return process, json.loads(line)
        assert process.stderr is not None
        raise AssertionError(f"{verb[0]} did not start: {process.stderr.read()}")

    def start(self) -> None:
        self.service, told = self._start(
            "run",
            "--mode",
            "paper",
            "--venue-url",
            self.url,
            "--port",
            "0",
            "--rules",
            str(RULES),
            "--strategies",
            "spread_capture",
            "--json",
        )
        self.api = told["url"]

    def kill(self) -> None:
        assert self.service is not None
        self.service.send_signal(signal.SIGKILL)
        self.service.wait()

    def stop(self) -> int:
        assert self.service is not None
        self.service.send_signal(signal.SIGTERM)
        return self.service.wait(timeout=PATIENCE_S)

    def end(self) -> None:
        for process in (self.service, self.exchange):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    # -- talking -----------------------------------------------------------------------------
    def call(self, method: str, path: str, **body: Any) -> Any:
        key = (self.home / "control.key").read_text().strip()
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            answer = client.request(
                method, self.api + path, headers={"X-API-Key": key}, json=body or None
            )
        return answer.json()

    def ledger(self) -> dict[str, Any]:
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            return client.get(self.url + "/__genesis__/ledger").json()

    def last(self) -> Decimal:
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            told = client.get(self.url + "/api/v3/ticker/price", params={"symbol": "BTCUSDT"})
        return Decimal(told.json()["price"])

    def trade(self, draw: random.Random, seconds: float) -> None:
        """Ask for all kinds of things until the time is over or the service is gone."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            price = self.last()
            line = draw.choice(LINES).format(
                near=f"{price - draw.randint(0, 5):.2f}", tight=f"{price - draw.randint(1, 30):.2f}"
            )
            with contextlib.suppress(httpx.TransportError):
                self.call("POST", "/commands", text=line)
            time.sleep(draw.uniform(0, 0.08))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    running = Machine(tmp_path)
    yield running
    running.end()


def calm(machine: Machine) -> None:
    """Wait until nothing is under way: no unresolved order, no exit on its way out."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        orders = machine.call("GET", "/orders")
        if all(o["status"] == "OPEN" for o in orders):
            locks = machine.call("GET", "/locks")
            if not any("RECONCILE" in lock["code"] for lock in locks):
                return
        time.sleep(0.2)
    raise AssertionError(f"it did not come to rest: {orders}")


def exposure(machine: Machine) -> tuple[Decimal, Decimal]:
    """What we hold in whole lots, and how much of it stops at the exchange would sell."""
    positions = machine.call("GET", "/positions")
    held = sum((Decimal(position["quantity"]) // LOT * LOT for position in positions), Decimal(0))
    stops = [o for o in resting(machine.ledger()) if (o["type"], o["side"]) == STOP]
    return held, sum((Decimal(o["origQty"]) for o in stops), Decimal(0))


def resting(truth: dict[str, Any]) -> list[dict[str, Any]]:
    return [o for o in truth["orders"] if o["status"] == "NEW"]


def hold_protected(machine: Machine) -> None:
    """Buy until a position is held and its stop covers all of it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        held, covered = exposure(machine)
        if held and held == covered:
            return
        if not held:
            machine.call("POST", "/commands", text="buy 100 usdt BTC/USDT")
        time.sleep(0.2)
    raise AssertionError(f"no position that a stop covers: {held} held, {covered} covered")


def check(machine: Machine) -> None:
    """Compare our projections with the exchange's own ledger, once nothing is under way."""
    hold_protected(machine)
    machine.call("POST", "/commands", text="cancel all")
    machine.call(
        "POST", "/emergency/halt", reason="the end of the test", confirmation="HALT TRADING NOW"
    )
    calm(machine)
    truth = machine.ledger()
    ours = machine.call("GET", "/account/status")["balances"]
    held = {b["asset"]: Decimal(b["free"]) + Decimal(b["locked"]) for b in truth["balances"]}
    assert {a: Decimal(q) for a, q in ours.items() if Decimal(q)} == {
        a: q for a, q in held.items() if q
    }

    fills = machine.call("GET", "/fills?limit=1000")
    assert Counter(int(f["trade_id"]) for f in fills) == Counter(
        int(t["id"]) for t in truth["trades"]
    )

    placed = Counter(o["clientOrderId"] for o in truth["orders"])
    assert max(placed.values(), default=0) <= 1, "an order was placed twice"
    known = {o["client_order_id"] for o in machine.call("GET", "/orders")}
    assert {o["clientOrderId"] for o in resting(truth)} == known

    held, covered = exposure(machine)  # the market goes on: the stop may have sold it all
    assert held == covered


def torture(machine: Machine, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(kills):
        machine.start()
        machine.trade(draw, draw.uniform(0.1, 2.0))
        machine.kill()
    machine.start()
    machine.trade(draw, 1.0)
    until = time.monotonic() + PATIENCE_S
    while len(machine.ledger()["trades"]) <= kills:  # a slow machine does little in a second
        assert time.monotonic() < until, "it hardly traded: nothing was tested"
        machine.trade(draw, 1.0)
    check(machine)
    assert machine.stop() == 0
    verified = subprocess.run(
        [sys.executable, "-m", "genesis", "verify"],
        env=machine.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout.splitlines()[-1])["verified"] is True


def test_three_kills(machine: Machine) -> None:
    torture(machine, kills=3, seed=1)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3])
def test_twenty_kills(machine: Machine, seed: int) -> None:
    torture(machine, kills=20, seed=seed)
