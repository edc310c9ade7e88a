"""Homes with a past: the real engine recorded over some virtual days, for a service to go on.

    recorded = record_ceremony_home(tmp_path / "home")   # ends in SNIPER/CEREMONY
    recorded = record_warning_home(tmp_path / "home")    # ends with the page still to be written

Both write the event log and, beside it, `rules.toml` (lowered numbers), which the service must be
told: `genesis run --mode paper --home HOME --rules HOME/rules.toml --port 0`. Without a venue URL
it opens the synthetic sample, whose clock starts at the first minutes of 2024, after the record's
end. An exchange of another process does as well when it holds `recorded.usdt` USDT.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path

from genesis.domain.account import Balance, TierMode, TiltLevel
from genesis.domain.commands import CancelOrder, DropTimer, SetTimer, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    Event,
    FeedLost,
    FeedRestored,
    InstrumentReported,
    OperatorActed,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    RunEnded,
    RunStarted,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.money import text
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.engine.digest import DecisionDigest
from genesis.engine.engine import Engine
from genesis.rules import load
from genesis.service.timers import Timers
from genesis.sim.sample import START_NS
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from tests.support.build import BTC, tick

SYMBOL = "BTC/USDT"
SEED = "0"
CASH = Decimal(5000)
PRICE = Decimal(60_000)
PHRASE = "I understand the responsibilities"
RULES_NAME = "rules.toml"
LOWERED = """name = "lowered"
[tiers.course]
adjust_hours = 24
adjust_trades_min = 2
[tiers.gates.SNIPER]
days_at_tier = 2
trading_days_min = 2
closes_required = 2
[tiers.gates.SNIPER.ceremony]
paper_hours = 24
paper_profitable_days = 1
"""
"""Two good days open the paper time, one more the ceremony."""
_END_NS = START_NS - 2 * HOUR
_CHASE_NS = START_NS - 5 * MINUTE
_DAYS = 4
_FEE = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class RecordedHome:
    """home: the folder. rules: the file to run it under. digest: of everything decided so far.

    end_ns: venue time of the last event. usdt: all the account holds.
    """

    home: Path
    rules: Path
    digest: str
    end_ns: int
    usdt: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """Of `genesis run`, to go on."""
        where = ("--home", str(self.home), "--rules", str(self.rules))
        return ("run", "--mode", "paper", "--json", "--port", "0", *where)


def record_ceremony_home(home: Path, rules_text: str = LOWERED) -> RecordedHome:
    """Days of small gains, evaluated every night, up to the open ceremony."""
    with Recording(home, rules_text, _END_NS // DAY * DAY - _DAYS * DAY) as told:
        while told.now_ns < _END_NS - DAY:
            told.until(told.now_ns // DAY * DAY + 9 * HOUR)
            for _ in range(2):
                told.trade("61200")
                told.until(told.now_ns + 2 * HOUR)
            told.until((told.now_ns // DAY + 1) * DAY + 10 * MINUTE)
        told.until(_END_NS)
        assert told.engine.state.tiers.state.mode is TierMode.CEREMONY
    return told.home


def record_warning_home(home: Path, rules_text: str = LOWERED) -> RecordedHome:
    """A quiet day, then a chase: stopped out and in again, until tilt pauses trading."""
    with Recording(home, rules_text, _END_NS - DAY) as told:
        told.until(_END_NS - 4 * HOUR)
        told.trade("61200")
        told.until(_CHASE_NS)
        told.chase()
        assert told.engine.state.tilt.state.level is TiltLevel.WARNING
    return told.home


class Recording:
    """Writes a home as a runner would: every step to the log, timers as they fall due.

    The venue fills market orders at the last price at once. Trade ids are negative, so that they
    cannot meet those of the exchange the home goes on with.
    """

    def __init__(self, home: Path, rules_text: str, start_ns: int) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._rules_file = home / RULES_NAME
        self._rules_file.write_text(rules_text, encoding="utf-8")
        self._rules = load(self._rules_file)
        self._folder = home
        self._log = EventLog.open(home / DATABASE_NAME)
        self._digest = DecisionDigest()
        self._numbers, self._refs, self._ticks = count(1), count(1), count(1)
        self._trades = count(-1_000_000)
        self._timers = Timers()
        self._price = PRICE
        self.engine = Engine(self._rules, seed=SEED)
        self.now_ns = start_ns
        self.home: RecordedHome

    def __enter__(self) -> "Recording":
        rules, at = self._rules, self.now_ns
        cash = (Balance("USDT", CASH, Decimal(0)),)
        self.tell(
            RunStarted(at, 1, rules.name, rules.text, rules.sha256, "c" * 64, SEED, (SYMBOL,))
        )
        for stream in ("market", "user"):
            self.tell(FeedLost(at, stream, "not connected yet"))
        self.tell(InstrumentReported(at, BTC))
        self.tell(AccountOpened(at, "recorded", "loopback", True, "USDT", cash))
        for stream in ("market", "user"):
            self.tell(FeedRestored(at, stream))
        self.tell(BalanceReported(at, cash))
        self.price(PRICE)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.tell(RunEnded(self.now_ns, 1, "closed"))
            held = self.engine.state.ledger.balances
            assert {asset for asset, qty in held.items() if qty} == {"USDT"}
            digest, usdt = self._digest.hexdigest(), text(held["USDT"])
            self.home = RecordedHome(self._folder, self._rules_file, digest, self.now_ns, usdt)
        self._log.close()

    # -- time and market ---------------------------------------------------------------------
    def until(self, at_ns: int) -> None:
        """Time passes; timers that fall due fire on the way."""
        while (due := self._timers.pop_due(at_ns)) is not None:
            self.now_ns = max(self.now_ns, due.ts_ns)
            self.tell(due)
        self.now_ns = at_ns

    def price(self, price: Decimal) -> None:
        self._price = price
        self.tell(tick(self.now_ns, price, qty="0.00100", trade_id=next(self._ticks)))

    def tell(self, event: Event) -> None:
        """One event, and what the venue says to its commands."""
        waiting: list[Event] = [event]
        while waiting:
            step = self.engine.handle(waiting.pop(0))
            self._digest.add(step)
            number = next(self._numbers)
            wire_ids = tuple(map(self._wire_id, step.commands))
            self._log.append(
                LogEntry(1, number, step.event, number, step.outcomes, step.commands, wire_ids)
            )
            for command in step.commands:
                if isinstance(command, SetTimer):
                    self._timers.set(command.key, command.at_ns)
                elif isinstance(command, DropTimer):
                    self._timers.drop(command.key)
                else:
                    waiting += self._venue(command)

    def _wire_id(self, command: object) -> str | None:
        if not isinstance(command, SubmitOrder):
            return None
        return f"g-1-{command.key.n}-0-{self._log.head[:16]}"

    def _venue(self, command: object) -> Iterator[Event]:
        if isinstance(command, CancelOrder):
            yield OrderCancelled(self.now_ns, command.key)
        elif isinstance(command, SubmitOrder):
            yield OrderAccepted(self.now_ns, command.key, f"x{command.key.n}")
            if command.request.purpose is not Purpose.PROTECT:
                yield self._filled(command)

    def _filled(self, command: SubmitOrder) -> OrderFilled:
        """The whole order at the last price; the fee in quote, so that no dust is left."""
        request = command.request
        fee = (request.qty * self._price * _FEE).quantize(Decimal("0.00000001"))
        fill = Fill(
            SYMBOL, request.side, next(self._trades), self._price, request.qty, fee, "USDT",
            Liquidity.TAKER,
        )  # fmt: skip
        return OrderFilled(self.now_ns, command.key, fill)

    # -- the trader --------------------------------------------------------------------------
    def act(self, verb: str, kind: str = "COMMAND", **given: object) -> None:
        ref = f"recorded-{next(self._refs)}"
        self.tell(
            OperatorActed(self.now_ns, kind, ref, verb, session_id="s", **given)  # type: ignore[arg-type]
        )

    def buy(self, usdt: int = 50, latency_ms: int = 4000) -> None:
        self.act(
            "trade", "ORDER_SUBMIT", symbol=SYMBOL, side=Side.BUY, order_type=OrderType.MARKET,
            amount_usdt=Decimal(usdt), latency_ms=latency_ms,
        )  # fmt: skip

    def trade(self, leave_at: str) -> None:
        """Calmly in, half an hour later out."""
        self.price(PRICE)
        self.buy()
        self.until(self.now_ns + HOUR // 2)
        self.price(Decimal(leave_at))
        self.act("close", symbol=SYMBOL, reduces_risk=True)

    def chase(self, paused: Callable[[TiltLevel], bool] = lambda at: at.rank > 1) -> None:
        """Stopped out and in again three seconds later, in haste, until tilt has had enough."""
        while not paused(self.engine.state.tilt.state.level):
            self.price(PRICE)
            self.buy(latency_ms=1000)
            self.until(self.now_ns + 5 * SECOND)
            self.stopped_out(PRICE - 300)
            self.until(self.now_ns + 3 * SECOND)

    def stopped_out(self, price: Decimal) -> None:
        """The protective stop fills."""
        self.price(price)
        for order in tuple(self.engine.state.execution.orders.all_working()):
            if order.request.purpose is Purpose.PROTECT:
                self.tell(self._filled(SubmitOrder(self.now_ns, order.key, order.request)))
