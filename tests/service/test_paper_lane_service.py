"""The paper lane in a running service: the session that ends a lock, and no order at the venue."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.paper import PaperLaneReported
from genesis.domain.time import DAY, HOUR, MILLISECOND, MINUTE
from genesis.service.demo.recording import RecordedHome
from tests.support.ceremony_home import Recording
from tests.support.closed_homes import OPENS_NS, ROOMY, calm
from tests.support.patience import PATIENCE_S
from tests.support.process import Control, Process, going_on, ran
from tests.support.tick_files import steady, write

BUY = "buy 20 usdt btc"
SPEED = "120"


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def waiting(home: Path) -> RecordedHome:
    """Locked a day and a half ago; page and lock time are behind, the session is not."""
    with Recording(home, ROOMY, OPENS_NS - 3 * DAY) as told:
        told.until(OPENS_NS - 40 * HOUR)
        told.chase()
        told.until(told.now_ns + 20 * MINUTE)
        told.tell(JournalAssessed(told.now_ns, "a" * 64, 512, True, "accepted"))
        told.until(told.now_ns + HOUR)
        told.chase(lambda level: level is TiltLevel.LOCKED)
        told.tell(PaperLaneReported(told.now_ns, True))
        told.until(told.now_ns + HOUR)
        told.tell(JournalAssessed(told.now_ns, "b" * 64, 512, True, "accepted"))
        told.until(OPENS_NS - 5 * MINUTE)
        assert told.engine.state.tilt.state.session_due
    return told.home


class Stage:
    """An exchange, and a service on a recorded home."""

    def __init__(self, folder: Path, ending: ExitStack, home: RecordedHome, speed: str) -> None:
        self.folder, self.recorded, self.ending = folder, home, ending
        trades = steady(1, 20_000, start_ms=OPENS_NS // MILLISECOND, step_ms=1_000)
        market = write(folder / "BTCUSDT-trades-2024-01-01.csv", trades)
        feed = ("--feed", str(market), "--speed", speed, "--balance", f"USDT={home.usdt}")
        self.exchange = ending.enter_context(Process(folder, "exchange", *feed, "--port", "0"))
        self.start()

    def start(self) -> None:
        arguments = (*going_on(self.recorded), "--venue-url", self.exchange.ready["url"])
        self.engine = self.ending.enter_context(Process(self.folder, *arguments))
        self.control = Control(self.engine.ready["url"], self.recorded.home)

    def orders(self) -> list[dict[str, Any]]:
        """All that the exchange was ever sent."""
        url = f"{self.exchange.ready['url']}/__genesis__/ledger"
        ledger = httpx.get(url, trust_env=False, timeout=PATIENCE_S).json()
        return list(ledger["orders"])

    def session(self, act: str) -> dict[str, Any]:
        return dict(self.control.post("/paper/session", act=act).json())

    def genesis(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return ran(self.folder, *arguments, "--home", str(self.recorded.home))


def test_a_quiet_session_on_paper_opens_live_trading_and_sends_nothing(
    tmp_path: Path, ending: ExitStack
) -> None:
    stage = Stage(tmp_path, ending, waiting(tmp_path / "home"), SPEED)
    control = stage.control
    assert "quiet session" in control.say(BUY).json()["reason"]
    told = control.get("/paper/status")
    assert told["open"] and told["account"]["stream"] == "paper-1"
    assert told["session"] == {
        "required": True,
        "begun_at": None,
        "signs": 0,
        "minutes": 30,
        "minutes_left": 30,
    }
    assert stage.session("begin")["done"]
    bought = control.say(BUY, lane="paper", client_ref="on paper")
    assert bought.status_code == 200, bought.text
    assert control.say(BUY, lane="paper", client_ref="on paper").json() == bought.json()
    assert control.get("/commands/on%20paper")["order_key"] == bought.json()["order_key"]
    stage.engine.kill()  # in the middle of the session
    stage.start()
    control = stage.control
    told = control.get("/paper/status")
    assert [position["symbol"] for position in told["account"]["positions"]] == ["BTC/USDT"]
    assert told["session"]["begun_at"] and told["session"]["minutes_left"] <= 30
    closed = stage.genesis("paper", "command", "close btc")
    assert closed.returncode == 0, closed.stderr
    assert stage.session("begin")["done"]
    early = stage.session("end")
    assert early["accepted"] is False and early["reason"] == "it was shorter than 30 minutes"
    assert stage.session("begin")["session"]["minutes_left"] == 30
    assert stage.orders() == []  # not one of all this
    control.until(
        "thirty quiet minutes",
        "/paper/status",
        lambda told: told["session"]["minutes_left"] == 0,
    )
    ended = stage.genesis("paper", "session", "end")
    assert (ended.returncode, ended.stdout) == (0, "accepted\n"), ended.stderr
    control.until("no lane is needed any more", "/paper/status", lambda told: not told["open"])
    assert control.say(BUY, lane="paper").json()["code"] == "NO_PAPER_LANE"
    limited = control.say(BUY)
    assert limited.status_code in (200, 409), limited.text
    assert control.get("/tilt/status")["intervention_active"] is False
    assert stage.engine.end() == 0
    verified = stage.genesis("verify")
    assert verified.returncode == 0, verified.stdout


def test_where_nothing_asks_for_a_lane_there_is_none(tmp_path: Path, ending: ExitStack) -> None:
    stage = Stage(tmp_path, ending, calm(tmp_path / "home"), "1")
    refused = stage.control.say(BUY, lane="paper")
    assert refused.status_code == 409 and refused.json()["code"] == "NO_PAPER_LANE"
    assert stage.control.get("/paper/status")["open"] is False
    assert stage.control.post("/paper/session", act="begin").status_code == 409
    assert stage.control.say(BUY, lane="elsewhere").status_code == 422
    assert stage.orders() == []
