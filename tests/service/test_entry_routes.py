"""No way in: every route to an order, in every state that forbids new risk, on a real exchange.

And always a way out: in each of these states, and with a log that takes nothing any more, stops are
tightened, orders cancelled and positions left.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import httpx
import pytest

from genesis.domain.time import MILLISECOND
from genesis.panels.garden import ZenGarden
from genesis.service.client import Client
from genesis.service.home import read_key
from genesis.store.database import DATABASE_NAME
from tests.support.closed_homes import CAPPED, CLOSED, OPENS_NS, calm, elsewhere, packaged
from tests.support.holding import HeldHome, place
from tests.support.patience import PATIENCE_S
from tests.support.process import Control, Process, environment, going_on, ran
from tests.support.tick_files import steady, write

BUY: Final = "buy 20 usdt btc"
INTENT: Final = {"symbol": "BTC/USDT", "side": "buy", "amount_usdt": "20"}


class Closed:
    """A service that goes on with a home, its exchange, and a greedy strategy in it.

    fault: what the exchange does wrong from the beginning.
    """

    def __init__(
        self,
        folder: Path,
        ending: ExitStack,
        home: HeldHome,
        usdt: str | None = None,
        strategy: str = "greedy",
        fault: tuple[dict[str, object], ...] = (),
    ) -> None:
        self.folder, self.recorded, self.ending = folder, home, ending
        feed: list[str] = []
        for symbol in home.symbols:
            trades = steady(1, 20_000, start_ms=OPENS_NS // MILLISECOND, step_ms=250)
            name = f"{symbol.replace('/', '')}-trades-2024-01-01.csv"
            feed += ["--feed", str(write(folder / name, trades))]
        for asset, amount in (("USDT", usdt or home.usdt), *home.coins):
            feed += ["--balance", f"{asset}={amount}"]
        arguments = ("exchange", *feed, "--speed", "1", "--port", "0")
        self.exchange = ending.enter_context(Process(folder, *arguments))
        place(self.exchange.ready["url"], home.stops)
        self.arm(*fault)
        self.strategy = strategy
        packaged(folder)
        self.start()

    def arm(self, *faults: dict[str, object]) -> None:
        """What the exchange does wrong from now on."""
        for each in faults:
            url = f"{self.exchange.ready['url']}/__genesis__/fault"
            assert httpx.post(url, json=each, trust_env=False).status_code == 200

    def start(self) -> None:
        """The engine, from what its home holds."""
        self.engine = self.ending.enter_context(
            Process(self.folder, *self.arguments, **self.settings)
        )

    @property
    def arguments(self) -> tuple[str, ...]:
        return (*going_on(self.recorded), "--venue-url", self.exchange.ready["url"])

    @property
    def settings(self) -> dict[str, str]:
        path = f"{environment()['PYTHONPATH']}:{self.folder}"
        symbols = ",".join(self.recorded.symbols)
        strategy = self.strategy
        return {"PYTHONPATH": path, "GENESIS_STRATEGIES": strategy, "GENESIS_SYMBOLS": symbols}

    @property
    def control(self) -> Control:
        return Control(self.engine.ready["url"], self.recorded.home)

    def ledger(self) -> dict[str, Any]:
        """The exchange's own truth."""
        url = f"{self.exchange.ready['url']}/__genesis__/ledger"
        told: dict[str, Any] = httpx.get(url, trust_env=False, timeout=PATIENCE_S).json()
        return told

    def entries(self) -> list[dict[str, Any]]:
        """Orders that the exchange has seen and that add risk."""
        return [order for order in self.ledger()["orders"] if order["side"] == "BUY"]

    def orders(self) -> list[str]:
        """Type, side and state of every order that the exchange has seen."""
        orders = self.ledger()["orders"]
        return [f"{one['type']} {one['side']} {one['status']}" for one in orders]

    def stops(self) -> list[Decimal]:
        """Where the exchange holds open stops."""
        orders = self.ledger()["orders"]
        waiting = [o for o in orders if o["type"] == "STOP_LOSS" and o["status"] == "NEW"]
        return [Decimal(order["stopPrice"]) for order in waiting]

    def held(self) -> dict[str, Decimal]:
        """Coins of the account at the exchange, free or locked."""
        found = {
            one["asset"]: Decimal(one["free"]) + Decimal(one["locked"])
            for one in self.ledger()["balances"]
        }
        return {asset: qty for asset, qty in found.items() if qty and asset != "USDT"}

    def break_log(self) -> None:
        """From now on the event log takes nothing."""
        with closing(sqlite3.connect(self.recorded.home / DATABASE_NAME, timeout=PATIENCE_S)) as db:
            db.execute(
                "CREATE TRIGGER full BEFORE INSERT ON events "
                "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
            )
            db.commit()

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


def from_a_notebook(closed: Closed) -> set[str]:
    """A cell with the client of the home."""
    key = read_key(closed.recorded.home / "control.key")
    with Client(closed.engine.ready["url"], key) as client:
        told = client.post("/commands", {"intent": INTENT})
    assert told["verdict"] == "refused", told
    return {one["code"] for one in told["all"]}


def by_strategy(closed: Closed, code: str | None = None) -> set[str]:
    """It has asked at every tick since the service began. code: the answer that must come."""
    end = time.monotonic() + PATIENCE_S
    while not (found := closed.refused_of(f"strategy:{closed.strategy}")) or (
        code is not None and code not in found
    ):
        assert time.monotonic() < end, found
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
    other = ran(closed.folder, *closed.arguments, **closed.settings)
    assert other.returncode == 2, other.stdout + other.stderr
    assert "another engine" in other.stderr
    return typed(closed)


ROUTES: Final[Mapping[str, Callable[[Closed], set[str]]]] = MappingProxyType(
    {
        "typed": typed,
        "intent": intended,
        "panel": from_a_panel,
        "notebook": from_a_notebook,
        "strategy": by_strategy,
        "again": said_again,
        "second process": by_a_second_process,
    }
)


def no_way_in(closed: Closed, code: str) -> None:
    found = {name: route(closed) for name, route in ROUTES.items()}
    assert not {name: codes for name, codes in found.items() if code not in codes}
    assert closed.entries() == []


def comes(what: str, told: Callable[[], Any], wanted: Any) -> None:
    """It becomes true at the exchange."""
    end = time.monotonic() + PATIENCE_S
    while (found := told()) != wanted:
        assert time.monotonic() < end, f"{what}: {found}, not {wanted}"
        time.sleep(0.1)


def a_way_out(closed: Closed) -> None:
    """Tighter stops, cancelling and leaving; from the middle on without a log."""
    [(asset, _)] = closed.recorded.coins
    symbol = f"{asset}/USDT"
    assert len(closed.stops()) == 1  # kept through everything that was tried
    assert closed.control.say(f"stop {symbol} 59400").status_code == 200
    comes("a tighter stop", closed.stops, [Decimal(59400)])
    assert closed.control.say("cancel all").status_code == 200
    comes("the stop stays", closed.stops, [Decimal(59400)])
    closed.break_log()
    refused = codes_in(closed.control.say(BUY))
    assert "STORE_FAILED" in refused | codes_in(closed.control.say(BUY, client_ref="without a log"))
    assert closed.control.say(f"stop {symbol} 59500").status_code == 200
    comes("a tighter stop without a log", closed.stops, [Decimal(59500)])
    assert closed.control.say(f"close {symbol}").status_code == 200
    comes("nothing held", closed.held, {})
    assert closed.entries() == []


@pytest.mark.parametrize("code", CLOSED)
def test_no_route_leads_to_an_entry_and_every_one_leads_out(
    code: str, tmp_path: Path, ending: ExitStack
) -> None:
    closed = Closed(tmp_path, ending, CLOSED[code](tmp_path / "home"))
    no_way_in(closed, code)
    a_way_out(closed)


def test_an_account_that_is_not_reconciled_opens_nothing(tmp_path: Path, ending: ExitStack) -> None:
    closed = Closed(tmp_path, ending, calm(tmp_path / "home", holds=True), usdt="4321")
    no_way_in(closed, "RECONCILE_BLOCKED")
    a_way_out(closed)


LOST: Final[dict[str, object]] = {
    "method": "POST", "path": "/api/v3/order", "mode": "drop_before", "count": 1
}  # fmt: skip
SILENT: Final = {**LOST, "method": "GET", "count": 100_000}
"""The first order never arrives, and nobody can ask for it."""


def once_there_is_a_price(ask: Callable[[], httpx.Response]) -> None:
    """Nothing is bought at a price of before the start: asked again until there was a print."""
    end = time.monotonic() + PATIENCE_S
    while (answer := ask()).status_code != 200:
        assert "NO_PRICE" in codes_in(answer) and time.monotonic() < end, answer.text
        time.sleep(0.2)


def wait_for_the_unknown(closed: Closed) -> None:
    closed.control.until(
        "an order with an unknown end",
        "/orders",
        lambda orders: any(one["status"] == "UNRESOLVED" for one in orders),
    )


def test_an_order_whose_end_is_unknown_keeps_others_from_its_symbol(
    tmp_path: Path, ending: ExitStack
) -> None:
    """Every route but those that need a start: no engine starts while the venue tells nothing."""
    closed = Closed(tmp_path, ending, elsewhere(tmp_path / "home", "HUNTER"), strategy="")
    closed.arm(LOST, SILENT)
    once_there_is_a_price(lambda: closed.control.say(BUY))
    wait_for_the_unknown(closed)
    for route in (typed, intended, from_a_panel, from_a_notebook, by_a_second_process):
        assert "ORDER_UNRESOLVED" in route(closed)
    a_way_out(closed)


def test_a_position_is_left_beside_an_order_whose_end_is_unknown(
    tmp_path: Path, ending: ExitStack
) -> None:
    """In the same symbol, too."""
    closed = Closed(tmp_path, ending, calm(tmp_path / "home", holds=True), strategy="")
    closed.arm(LOST, SILENT)
    once_there_is_a_price(lambda: closed.control.say(BUY))
    wait_for_the_unknown(closed)
    assert "ORDER_UNRESOLVED" in typed(closed)
    assert closed.control.say("close btc").status_code == 200
    comes("nothing held", closed.held, {})
    assert closed.entries() == []


def test_a_strategy_waits_for_the_end_of_its_order(tmp_path: Path, ending: ExitStack) -> None:
    closed = Closed(tmp_path, ending, calm(tmp_path / "home"), fault=(LOST, SILENT))
    wait_for_the_unknown(closed)
    by_strategy(closed, "ORDER_UNRESOLVED")
    assert closed.entries() == []


def test_a_strategy_above_the_tier_opens_nothing(tmp_path: Path, ending: ExitStack) -> None:
    closed = Closed(tmp_path, ending, calm(tmp_path / "home", holds=True), strategy="eager")
    by_strategy(closed, "TIER_FEATURE_LOCKED")
    assert closed.entries() == []


# -- states that only make sizes smaller -----------------------------------------------------
def spent(closed: Closed) -> Decimal:
    """What all entries together have cost, or may still cost."""
    return sum((Decimal(one["cummulativeQuoteQty"]) for one in closed.entries()), Decimal(0))


FIRST: Final[Mapping[str, Callable[[Closed], httpx.Response]]] = MappingProxyType(
    {
        "adjustment": lambda closed: closed.control.say("buy 400 usdt btc"),
        "emergency": lambda closed: closed.control.post(
            "/commands", intent={**INTENT, "amount_usdt": "400"}
        ),
    }
)
"""Who takes the cap; otherwise the strategy does."""


@pytest.mark.parametrize("name", CAPPED)
def test_what_only_makes_sizes_smaller_holds_for_all_routes_together(
    name: str, tmp_path: Path, ending: ExitStack
) -> None:
    make, cap = CAPPED[name]
    by_operator = FIRST.get(name)
    strategy = "" if by_operator else "greedy"
    closed = Closed(tmp_path, ending, make(tmp_path / "home"), strategy=strategy)
    if by_operator:
        once_there_is_a_price(lambda: by_operator(closed))
    comes("a stop", lambda: len(closed.stops()), 1)
    taken = spent(closed)
    assert cap * Decimal("0.9") < taken <= cap, "the cap, and no more"
    for route in (typed, intended, from_a_panel, from_a_notebook):
        assert route(closed)  # there is no room left for anybody
    closed.engine.kill()
    closed.strategy = "greedy"
    closed.start()
    assert by_strategy(closed)
    assert spent(closed) == taken
    assert closed.control.say("close btc").status_code == 200
    comes("a sale", lambda: "MARKET SELL FILLED" in closed.orders(), True)
