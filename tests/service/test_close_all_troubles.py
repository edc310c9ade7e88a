"""`genesis close-all` under every trouble, with real processes and their combinations.

Each row ends as the exchange's own ledger must show it: all that was held is sold, and once;
entries are cancelled, and no stop is left over.
"""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest

from genesis.cli.main import main
from tests.service.test_entry_routes import LOST, SILENT, Closed, comes, wait_for_the_unknown
from tests.support.closed_homes import CLOSED, calm, elsewhere
from tests.support.holding import HeldHome

BUY: Final = "buy 20 usdt btc"
DEAD: Final = "the engine is dead"
HUNG: Final = "the engine hangs"
UNWRITABLE: Final = "the log takes nothing"
BOTH: Final = "neither log takes anything"
UNRESOLVED: Final = "an order on another symbol is unresolved"
LOCKED: Final = "tilt is LOCKED"


def rests(closed: Closed) -> None:
    """An entry rests at the exchange."""
    assert closed.control.say(f"{BUY} limit 50000").status_code == 200
    comes("an entry rests", lambda: closed.orders().count("LIMIT BUY NEW"), 1)


def unresolved(closed: Closed) -> None:
    closed.arm(LOST, SILENT)
    assert closed.control.say(BUY).status_code == 200
    wait_for_the_unknown(closed)


def no_log_at_all(closed: Closed) -> None:
    (closed.recorded.home / "second-log.jsonl").mkdir()
    closed.break_log()


def locked(closed: Closed) -> None:
    assert closed.control.get("/tilt/status")["tilt_level"] == "LOCKED"


HOMES: Final[Mapping[str, Callable[[Path], HeldHome]]] = MappingProxyType(
    {LOCKED: CLOSED["TILT_LOCKED"], UNRESOLVED: lambda home: elsewhere(home, "HUNTER")}
)
"""Where a trouble needs a past of its own; otherwise a calm one."""
COMES_ABOUT: Final[Mapping[str, Callable[[Closed], Any]]] = MappingProxyType(
    {
        UNRESOLVED: unresolved,
        LOCKED: locked,
        UNWRITABLE: Closed.break_log,
        BOTH: no_log_at_all,
        DEAD: lambda closed: closed.engine.kill(),
        HUNG: lambda closed: closed.engine.process.send_signal(signal.SIGSTOP),
    }
)
"""How it comes about, in this order."""
ROWS: Final = (
    {DEAD},
    {HUNG},
    {UNWRITABLE},
    {UNRESOLVED},
    {LOCKED},
    {LOCKED, BOTH},
    {UNRESOLVED, UNWRITABLE},
    {UNRESOLVED, BOTH, DEAD},
)


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("troubles", ROWS, ids=lambda row: ", ".join(sorted(row)))
def test_all_that_is_held_is_sold_once(
    troubles: set[str],
    tmp_path: Path,
    ending: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make = next((HOMES[each] for each in troubles if each in HOMES), None)
    home = make(tmp_path / "home") if make else calm(tmp_path / "home", holds=True)
    closed = Closed(tmp_path, ending, home, strategy="")
    [(asset, amount)] = home.coins
    assert closed.held() == {asset: Decimal(amount)} and len(closed.stops()) == 1
    if make is None:
        rests(closed)
    for trouble, happens in COMES_ABOUT.items():
        if trouble in troubles:
            happens(closed)
    monkeypatch.setenv("GENESIS_VENUE_URL", closed.exchange.ready["url"])
    how = ["--direct"] if troubles & {DEAD, HUNG} else []
    code = main(["close-all", *how, "--max-slippage-percent", "50", "--home", str(home.home)])
    told = capsys.readouterr().out
    assert (code, told.startswith("1 closed")) == (0, True), told
    assert ("a service of this home still runs" in told) is (HUNG in troubles)
    assert sold(closed) == {asset: Decimal(amount)}
    assert closed.held() == {}
    comes("nothing rests", lambda: [one for one in closed.orders() if one.endswith(" NEW")], [])


def sold(closed: Closed) -> dict[str, Decimal]:
    """Of each coin, by the executions at the exchange."""
    found: dict[str, Decimal] = {}
    for trade in closed.ledger()["trades"]:
        if not trade["isBuyer"]:
            asset = trade["symbol"].removesuffix("USDT")
            found[asset] = found.get(asset, Decimal(0)) + Decimal(trade["qty"])
    return found


def test_a_stop_that_was_placed_again_is_known_to_the_next_run(
    tmp_path: Path,
    ending: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The venue took the cancel, and no sale: the stop that is put back is the one in the log."""
    home = calm(tmp_path / "home", holds=True)
    closed = Closed(tmp_path, ending, home, strategy="")
    [before] = closed.control.get("/orders")
    closed.engine.kill()
    refusal = {"method": "POST", "mode": "http", "code": -1013}
    closed.arm({**refusal, "path": "/api/v3/order/cancelReplace"})
    closed.arm({**refusal, "path": "/api/v3/order", "count": 5})
    monkeypatch.setenv("GENESIS_VENUE_URL", closed.exchange.ready["url"])
    assert main(["close-all", "--direct", "--home", str(home.home)]) == 1
    assert "is placed again" in capsys.readouterr().out
    assert "STOP_LOSS SELL CANCELED" in closed.orders() and len(closed.stops()) == 1
    closed.start()
    [after] = closed.control.get("/orders")
    same = ("client_order_id", "order_key", "status", "stop_price", "quantity")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert closed.control.get("/locks") == []
    assert closed.control.say("close btc").status_code == 200
    comes("nothing held", closed.held, {})
