"""A trader's session on paper through real processes, told from outside as he would see it.

An iceberg, a stop that is tightened and sells while the venue cannot be reached, a TWAP with a
deposit under way, an exit by hand, and a second position that is still held at the end. What the
service says is compared with the exchange's own ledger.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from genesis.domain.instrument import Instrument
from genesis.domain.time import SECOND, format_utc
from tests.support import swaying
from tests.support.build import BTC
from tests.support.patience import PATIENCE_S
from tests.support.process import Control, Process

D = Decimal
HUNTER = 'name = "hunter"\n[tiers]\nopening_tier = "HUNTER"\n'
PATIENT = (  # the wall is slow where the venue's clock is fast
    "[execution.slicing]\npatience_s = 600\n"
    "[risk.breakers.system]\nrest_s = 15\n"
    "[risk.breakers.system.conditions]\nslow_order_ms = 60000\n"
)
CASH = D(6_000)
DEPOSIT = D(500)
_LEAST_USDT = D("0.95")  # of what was asked for: sizes are rounded down, and a fee is taken


@dataclass(frozen=True, slots=True)
class Course:
    """speed: of the venue's clock. lasts_s, breath_s: venue time, in all and between two acts.

    how: an outage begins, `stall` or `disconnect`. outage_s: wall time, at least. dead: the paths
    that nothing gets through to meanwhile; where questions are among them the gateway rests for a
    minute before it asks again. twap: minutes.
    """

    speed: float
    lasts_s: int
    breath_s: int
    how: str
    outage_s: float
    dead: tuple[str, ...]
    twap: int


QUARTER_HOUR = Course(1, 900, 20, how="stall", outage_s=60, dead=("*",), twap=4)
BRIEF = Course(15, 300, 1, how="disconnect", outage_s=0, dead=("/stream", "/ws-api/v3"), twap=1)


class PaperRun:
    """`begin`, the acts in any order, `end`. `told`: what happened, in venue time."""

    def __init__(self, folder: Path, course: Course) -> None:
        self.folder, self.course = folder, course
        self.home = folder / "home"
        self.told: list[str] = []
        self.begun = time.monotonic()
        self.refused: dict[str, Any] = {}
        market = swaying.write_market(folder / "market.txt", 4 * course.lasts_s)
        speed, balance = f"{course.speed:g}", f"USDT={CASH}"
        venue = ("exchange", "--feed", str(market), "--speed", speed, "--balance", balance)
        self.exchange = Process(folder, *venue, "--port", "0", "--hold")
        self.url: str = self.exchange.ready["url"]
        rules = folder / "hunter.toml"
        rules.write_text(HUNTER if course.speed == 1 else HUNTER + PATIENT)
        run = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(self.home))
        self.service = Process(folder, *run, "--rules", str(rules), "--venue-url", self.url)
        self.control = Control(self.service.ready["url"], self.home)

    def close(self) -> None:
        for process in (self.service, self.exchange):
            process.__exit__(None, None, None)

    # -- the trader's acts -------------------------------------------------------------------
    def buy_in_slices(self, how: str, then: Callable[[], None] = lambda: None) -> None:
        """One order in parts, until all of it is held and a stop covers it.

        then: what is done while it is under way.
        """
        self.until("nothing stands in the way", lambda: not self.locks(), is_news=False)
        answer = self.say(f"buy 280 usdt btc {how}")
        assert answer["verdict"] == "approved", answer
        then()
        least = D(answer["qty"]) * _LEAST_USDT
        self.until(f"all of {answer['qty']}", lambda: self.held() >= least)
        self.until_covered()

    def tighten(self, price: Decimal) -> None:
        """Move the stop up, until it rests at the venue; or has sold already."""
        assert self.say(f"stop btc {price:.2f}")["verdict"] == "approved"
        self.until_there(price)

    def tighten_where_the_tide_will_take_it(self) -> None:
        """While the market rises, just below it: it sells on the way back."""
        price = swaying.CENTRE - 30
        self.until("a rising market", lambda: swaying.phase(self.now_ns()) >= 0.9)
        while self.say(f"stop btc {price:.2f}")["verdict"] != "approved":  # we were late
            self.until("a rising market", lambda: swaying.phase(self.now_ns()) >= 0.9)
        self.until_there(price)

    def outage(self) -> None:
        """Nothing is heard and nothing gets through, until the stop has sold on its own."""
        assert self.course.speed > 1 or self.stops(), "it sold too early"
        self.note("the line goes dead")
        for path in self.course.dead:
            self.admin("fault", path=path, method="*", mode="drop_before", count=10**9)
        self.admin(self.course.how, what="all", seconds=PATIENCE_S)
        ends = time.monotonic() + self.course.outage_s
        self.until("an unfit system", self._is_unfit)
        self.refused = self.say("buy 100 usdt btc")
        assert self.refused["verdict"] == "refused", self.refused
        self.until("the stop sold at the venue", self.is_sold)
        time.sleep(max(0.0, ends - time.monotonic()))
        self.admin("calm")
        self.note("the line is back")
        self.until("the books are compared", lambda: not self.held() and not self.locks())

    def probe(self) -> None:
        """After an outage one small order tries whether all is well."""
        answer = self.say("buy 100 usdt btc")
        assert answer["verdict"] == "approved", answer
        self.until_covered()

    def deposit(self) -> None:
        self.admin("flow", kind="deposit", asset="USDT", amount=str(DEPOSIT))

        def is_told() -> bool:
            return [D(f["amount"]) for f in self.control.get("/flows")] == [DEPOSIT]

        self.until("the deposit in the books", is_told)

    def close_by_hand(self) -> None:
        assert self.say("close btc")["verdict"] == "approved"
        self.until("flat", lambda: not self.held() and not self.stops())

    def hiccup(self) -> None:
        """The market falls silent for longer than is borne, and comes back."""
        self.admin("fault", path="/stream", method="GET", mode="drop_before", count=8)
        self.admin("stall", what="streams", seconds=PATIENCE_S)
        self.note("the market streams hang")
        self.until("a silent feed", self._is_unfit)
        self.until("it is heard again", lambda: not self._is_unfit())

    def breathe(self, seconds: float | None = None) -> None:
        """Venue seconds in which nothing is done."""
        ends_ns = self.now_ns() + int((seconds or self.course.breath_s) * SECOND)
        self.until("time", lambda: self.now_ns() >= ends_ns, is_news=False)

    # -- looking -----------------------------------------------------------------------------
    def say(self, text: str) -> Any:
        answer = self.control.say(text).json()
        self.note(f"{text!r}: {answer['verdict']} {answer.get('reason', '')}".rstrip())
        return answer

    def now_ns(self) -> int:
        return int(self._ask("feed")["now_ns"])

    def ledger(self) -> Any:
        return self._ask("ledger")

    def admin(self, act: str, **wanted: Any) -> Any:
        return self._ask(act, wanted)

    def stops(self) -> list[Any]:
        """What rests at the venue to sell what is held."""
        found = [o for o in self.ledger()["orders"] if o["status"] == "NEW"]
        return [o for o in found if (o["type"], o["side"]) == ("STOP_LOSS", "SELL")]

    def held(self) -> Decimal:
        """What the service says is held and can be sold, BTC."""
        return sellable(D(p["quantity"]) for p in self.control.get("/positions"))

    def locks(self) -> list[str]:
        return [lock["code"] for lock in self.control.get("/locks")]

    def is_sold(self) -> bool:
        """Does the exchange have nothing of ours left that could be sold?"""
        held = [b for b in self.ledger()["balances"] if b["asset"] == "BTC"]
        return sellable(D(b["free"]) + D(b["locked"]) for b in held) == 0

    def until_there(self, price: Decimal) -> None:
        """Until a stop rests at the venue at this price; or has sold already."""

        def is_there() -> bool:
            return price in [D(o["stopPrice"]) for o in self.stops()] or self.is_sold()

        self.until("the tighter stop", is_there)

    def until_covered(self) -> None:
        """Until a stop at the venue covers everything that is held."""

        def is_covered() -> bool:
            stopped = sum((D(o["origQty"]) for o in self.stops()), D(0))
            return stopped == self.held() > 0

        self.until("a stop for all of it", is_covered)

    def until(self, what: str, holds: Any, *, is_news: bool = True) -> None:
        deadline = time.monotonic() + PATIENCE_S + 60 * self.course.twap / self.course.speed
        while not holds():
            assert time.monotonic() < deadline, f"{what} never came: {self.told}"
            time.sleep(0.2 if self.course.speed > 1 else 0.5)
        if is_news:
            self.note(what)

    def note(self, words: str) -> None:
        self.told.append(
            f"{time.monotonic() - self.begun:6.1f} {format_utc(self.now_ns())[11:23]} {words}"
        )

    def one_moment(self) -> tuple[Any, dict[str, Any]]:
        """The exchange's ledger and what the service knows, with nothing traded in between."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            truth = self.ledger()
            told = {
                "balances": self.control.get("/account/status")["balances"],
                "trades": [int(f["trade_id"]) for f in self.control.get("/fills?limit=1000")],
                "orders": {o["client_order_id"] for o in self.control.get("/orders")},
                "held": self.held(),
            }
            if self.ledger() == truth:
                return truth, told
        raise AssertionError("the ledger never stood still for as long as we asked")

    def _is_unfit(self) -> bool:
        return "FEED_LOST" in self.locks()

    def _ask(self, what: str, wanted: dict[str, Any] | None = None) -> Any:
        method, url = "GET" if wanted is None else "POST", f"{self.url}/__genesis__/{what}"
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            answer = client.request(method, url, json=wanted)
        assert answer.status_code == 200, answer.text
        return answer.json()


def sellable(amounts: Any, instrument: Instrument = BTC) -> Decimal:
    return sum((instrument.fit_qty(qty, market=True) for qty in amounts), D(0))
