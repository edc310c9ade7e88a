"""kill -9 at random moments of a run: nothing lost, nothing doubled, every stop in place."""

import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis.cli.main import main
from tests.support.patience import PATIENCE_S
from tests.support.process import Process

RULES = Path(__file__).with_name("rules.toml")
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

    def __init__(self, folder: Path) -> None:
        self._folder, self.home = folder, folder / "home"
        arguments = ("--sample", "--speed", "20", "--port", "0", "--balance", "USDT=500")
        self.exchange = Process(folder, "exchange", *arguments)
        self.url = self.exchange.ready["url"]
        self.service: Process | None = None
        self.api = ""

    def start(self) -> None:
        self.service = Process(
            self._folder,
            "run",
            "--mode",
            "paper",
            "--home",
            str(self.home),
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
        self.api = self.service.ready["url"]

    def kill(self) -> None:
        assert self.service is not None
        self.service.kill()

    def stop(self) -> int:
        assert self.service is not None
        return self.service.end(signal.SIGTERM)

    def end(self) -> None:
        for process in (self.service, self.exchange):
            if process is not None:
                process.kill()

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


def whole_lots(positions: list[dict[str, Any]]) -> Decimal:
    """What of the positions can be sold at all."""
    return sum((Decimal(p["quantity"]) // LOT * LOT for p in positions), Decimal(0))


def covered(truth: dict[str, Any]) -> Decimal:
    """How much the stops that rest at the exchange would sell."""
    stops = [o for o in resting(truth) if (o["type"], o["side"]) == STOP]
    return sum((Decimal(o["origQty"]) for o in stops), Decimal(0))


def resting(truth: dict[str, Any]) -> list[dict[str, Any]]:
    return [o for o in truth["orders"] if o["status"] == "NEW"]


def hold_protected(machine: Machine) -> None:
    """Buy until a position is held and its stop covers all of it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        held = whole_lots(machine.call("GET", "/positions"))
        stopped = covered(machine.ledger())
        if held and held == stopped:
            return
        if not held:
            machine.call("POST", "/commands", text="buy 100 usdt BTC/USDT")
        time.sleep(0.2)
    raise AssertionError(f"no position that a stop covers: {held} held, {stopped} covered")


def check(machine: Machine) -> None:
    """Compare our projections with the exchange's own ledger, once nothing is under way."""
    hold_protected(machine)
    machine.call("POST", "/commands", text="cancel all")
    machine.call(
        "POST", "/emergency/halt", reason="the end of the test", confirmation="HALT TRADING NOW"
    )
    calm(machine)
    truth, told = one_moment(machine)
    held = {b["asset"]: Decimal(b["free"]) + Decimal(b["locked"]) for b in truth["balances"]}
    assert {a: Decimal(q) for a, q in told["balances"].items() if Decimal(q)} == {
        a: q for a, q in held.items() if q
    }
    assert Counter(told["trades"]) == Counter(int(t["id"]) for t in truth["trades"])

    placed = Counter(o["clientOrderId"] for o in truth["orders"])
    assert max(placed.values(), default=0) <= 1, "an order was placed twice"
    assert {o["clientOrderId"] for o in resting(truth)} == told["orders"]
    assert whole_lots(told["positions"]) == covered(truth)


def one_moment(machine: Machine) -> tuple[dict[str, Any], dict[str, Any]]:
    """The exchange's ledger and what we know, with nothing traded in between.

    The market goes on while we ask: a stop that sells between two questions is no difference.
    """
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        truth = machine.ledger()
        told = {
            "balances": machine.call("GET", "/account/status")["balances"],
            "trades": [int(f["trade_id"]) for f in machine.call("GET", "/fills?limit=1000")],
            "orders": {o["client_order_id"] for o in machine.call("GET", "/orders")},
            "positions": machine.call("GET", "/positions"),
        }
        if machine.ledger() == truth:
            return truth, told
    raise AssertionError("the exchange's ledger never stayed the same for as long as we asked")


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
    assert main(["verify", "--home", str(machine.home)]) == 0


def test_three_kills(machine: Machine) -> None:
    torture(machine, kills=3, seed=1)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3])
def test_twenty_kills(machine: Machine, seed: int) -> None:
    torture(machine, kills=20, seed=seed)
