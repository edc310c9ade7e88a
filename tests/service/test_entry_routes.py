"""No way in: every route to an order, in every state that forbids new risk, on a real exchange."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import httpx
import pytest

from genesis.domain.time import MILLISECOND
from genesis.panels.garden import ZenGarden
from tests.support.ceremony_home import RecordedHome
from tests.support.closed_homes import CLOSED, OPENS_NS, calm, packaged
from tests.support.patience import PATIENCE_S
from tests.support.process import Control, Process, command, environment
from tests.support.tick_files import steady, write

BUY: Final = "buy 20 usdt btc"
INTENT: Final = {"symbol": "BTC/USDT", "side": "buy", "amount_usdt": "20"}


class Closed:
    """A service that may take no new risk, its exchange, and a greedy strategy in it."""

    def __init__(
        self,
        folder: Path,
        ending: ExitStack,
        home: RecordedHome,
        usdt: str | None = None,
        strategy: str = "greedy",
    ) -> None:
        self.folder, self.recorded, self.ending = folder, home, ending
        trades = steady(1, 20_000, start_ms=OPENS_NS // MILLISECOND, step_ms=250)
        market = write(folder / "BTCUSDT-trades-2024-01-01.csv", trades)
        feed = ("--feed", str(market), "--speed", "1", "--balance", f"USDT={usdt or home.usdt}")
        self.exchange = ending.enter_context(Process(folder, "exchange", *feed, "--port", "0"))
        self.strategy = strategy
        packaged(folder)
        self.start()

    def start(self) -> None:
        """The engine, from what its home holds."""
        self.engine = self.ending.enter_context(
            Process(self.folder, *self.arguments, **self.settings)
        )

    @property
    def arguments(self) -> tuple[str, ...]:
        return (*self.recorded.arguments, "--venue-url", self.exchange.ready["url"])

    @property
    def settings(self) -> dict[str, str]:
        path = f"{environment()['PYTHONPATH']}:{self.folder}"
        return {"PYTHONPATH": path, "GENESIS_STRATEGIES": self.strategy}

    @property
    def control(self) -> Control:
        return Control(self.engine.ready["url"], self.recorded.home)

    def entries(self) -> list[dict[str, Any]]:
        """Orders that the exchange has seen and that add risk."""
        url = f"{self.exchange.ready['url']}/__genesis__/ledger"
        ledger = httpx.get(url, trust_env=False, timeout=PATIENCE_S).json()
        return [order for order in ledger["orders"] if order["side"] == "BUY"]

    def refused_of(self, source: str) -> set[str]:
        """Reason codes of what was refused to this source so far, by the log."""
        told = self.control.get("/system/events?limit=1000")
        refused = [one["event_data"] for one in told if one["event_type"] == "OrderRefused"]
        mine = [one for one in refused if one["source"] == source]
        return {failure["code"] for one in mine for failure in one["failures"]}


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


# -- the routes: each gives the codes it was refused with ------------------------------------
def codes_in(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 409, answer.text
    return {one["code"] for one in answer.json()["all"]}


def typed(closed: Closed) -> set[str]:
    return codes_in(closed.control.say(BUY)) & codes_in(closed.control.say(f"{BUY} limit 50000"))


def intended(closed: Closed) -> set[str]:
    return codes_in(closed.control.post("/commands", intent=INTENT))


def from_a_panel(closed: Closed) -> set[str]:
    """A message of the browser, through the widget's kernel."""
    answers: list[dict[str, Any]] = []

    class Face(ZenGarden):
        def send(self, content: Any, buffers: Any = None) -> None:
            answers.extend([content] if content["kind"] == "answer" else [])

    async def ask() -> None:
        face = Face(closed.recorded.home)
        body = {"text": BUY, "client_ref": "panel"}
        asked = {"kind": "ask", "ref": "panel", "method": "POST", "path": "/commands"}
        face._handle_custom_msg({**asked, "body": body}, [])
        async with asyncio.timeout(PATIENCE_S):
            while not answers:
                await asyncio.sleep(0.05)
        face.close()

    asyncio.run(ask())
    [answer] = answers
    assert answer["status"] == 409, answer
    return {one["code"] for one in answer["body"]["all"]}


def by_strategy(closed: Closed) -> set[str]:
    """It has asked at every tick since the service began."""
    end = time.monotonic() + PATIENCE_S
    while not (found := closed.refused_of(f"strategy:{closed.strategy}")):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found


def said_again(closed: Closed) -> set[str]:
    """The same reference, and the same log read by a new process."""
    first = codes_in(closed.control.say(BUY, client_ref="again"))
    closed.engine.kill()
    closed.start()
    again = codes_in(closed.control.say(BUY, client_ref="again"))
    assert again == first
    return again & codes_in(closed.control.say(BUY, client_ref="after the restart"))


def by_a_second_process(closed: Closed) -> set[str]:
    """Another engine on the same home is not started; what the first says holds."""
    other = subprocess.run(
        command(*closed.arguments),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=closed.folder,
        env=environment(**closed.settings),
    )
    assert other.returncode == 2, other.stdout + other.stderr
    assert "another engine" in other.stderr
    return typed(closed)


ROUTES: Final[Mapping[str, Callable[[Closed], set[str]]]] = MappingProxyType(
    {
        "typed": typed,
        "intent": intended,
        "panel": from_a_panel,
        "strategy": by_strategy,
        "again": said_again,
        "second process": by_a_second_process,
    }
)


@pytest.mark.parametrize("code", CLOSED)
def test_no_route_leads_to_an_entry(code: str, tmp_path: Path, ending: ExitStack) -> None:
    closed = Closed(tmp_path, ending, CLOSED[code](tmp_path / "home"))
    found = {name: route(closed) for name, route in ROUTES.items()}
    assert not {name: codes for name, codes in found.items() if code not in codes}
    assert closed.entries() == []
    assert closed.control.say("cancel all").status_code == 200  # what adds no risk stays open


def test_an_account_that_is_not_reconciled_opens_nothing(tmp_path: Path, ending: ExitStack) -> None:
    closed = Closed(tmp_path, ending, calm(tmp_path / "home"), usdt="4321")
    found = {name: route(closed) for name, route in ROUTES.items()}
    assert not {name: codes for name, codes in found.items() if "RECONCILE_BLOCKED" not in codes}
    assert closed.entries() == []


def test_an_order_whose_end_is_unknown_keeps_others_from_its_symbol(
    tmp_path: Path, ending: ExitStack
) -> None:
    closed = Closed(tmp_path, ending, calm(tmp_path / "home"), strategy="")
    url = f"{closed.exchange.ready['url']}/__genesis__/fault"
    for method, mode in (("POST", "drop_before"), ("GET", "drop_before")):
        fault = {"method": method, "path": "/api/v3/order", "mode": mode, "count": 100_000}
        assert httpx.post(url, json=fault, trust_env=False).status_code == 200
    assert closed.control.say(BUY).status_code == 200
    closed.control.until(
        "an order with an unknown end",
        "/orders",
        lambda orders: any(one["status"] == "UNRESOLVED" for one in orders),
    )
    for route in (typed, intended, from_a_panel):
        assert "ORDER_UNRESOLVED" in route(closed)
    assert closed.entries() == []


def test_a_strategy_above_the_tier_opens_nothing(tmp_path: Path, ending: ExitStack) -> None:
    closed = Closed(tmp_path, ending, calm(tmp_path / "home"), strategy="eager")
    assert "TIER_FEATURE_LOCKED" in by_strategy(closed)
    assert closed.entries() == []
