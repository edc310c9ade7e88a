"""Writes the log of a home by hand, as a runner would: how the past of a story is made.

The real engine decides everything; time and prices are moved by the caller. What comes of it is a
record like any other, and a service can go on with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Final, Self

from genesis.domain.account import Balance
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
    TradeTick,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO, text
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.engine.engine import Engine
from genesis.exchange.wire_id import compose
from genesis.rules import load
from genesis.service.timers import Timers
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.private import FOLDER_MODE
from genesis.store.steps import LogEntry

RULES_NAME: Final = "rules.toml"
_STREAMS: Final = ("market", "user")
_FEE: Final = Decimal("0.001")
_CENT_OF_CENT: Final = Decimal("0.00000001")
_TICK_QTY: Final = Decimal("0.001")
_FIRST_TRADE_ID: Final = -1_000_000
_CODE: Final = "0" * 64
"""No code manifest: what was recorded by hand was not run by a service."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The account that is opened, and where the market stands.

    venue: what the record, and every report of it, says the account is on.
    """

    instrument: Instrument
    cash_usdt: Decimal
    price: Decimal
    venue: str
    account_id: str = "recorded"
    seed: str = "0"


@dataclass(frozen=True, slots=True)
class RecordedHome:
    """home: the folder. rules: the file to run it under.

    end_ns: venue time of the last event. usdt: all the account holds.
    """

    home: Path
    rules: Path
    end_ns: int
    usdt: str


class Recording:
    """Records one account into `home`, under rules that are written beside the log.

    Use as a context manager: it opens the account, and at the end `home` tells what was made. The
    venue fills market orders at the last price at once. Trade ids are negative, so that they cannot
    meet those of the exchange the home goes on with.
    """

    home: RecordedHome

    def __init__(self, home: Path, rules_text: str, start_ns: int, opening: Opening) -> None:
        home.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        self._rules_file = home / RULES_NAME
        self._rules_file.write_text(rules_text, encoding="utf-8")
        self._rules = load(self._rules_file)
        self._folder, self._opening = home, opening
        self._symbol = opening.instrument.symbol
        self._log = EventLog.open(home / DATABASE_NAME)
        self._numbers, self._refs, self._ticks = count(1), count(1), count(1)
        self._trades = count(_FIRST_TRADE_ID)
        self._timers = Timers()
        self._price = opening.price
        self.engine = Engine(self._rules, seed=opening.seed)
        self.now_ns = start_ns

    def __enter__(self) -> Self:
        rules, at, opening = self._rules, self.now_ns, self._opening
        instrument = opening.instrument
        cash = (Balance(instrument.quote, opening.cash_usdt, ZERO),)
        self.tell(
            RunStarted(
                at, 1, rules.name, rules.text, rules.sha256, _CODE, opening.seed, (self._symbol,)
            )
        )
        for stream in _STREAMS:
            self.tell(FeedLost(at, stream, "not connected yet"))
        self.tell(InstrumentReported(at, instrument))
        self.tell(
            AccountOpened(at, opening.account_id, opening.venue, True, instrument.quote, cash)
        )
        for stream in _STREAMS:
            self.tell(FeedRestored(at, stream))
        self.tell(BalanceReported(at, cash))
        self.price(self._price)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.tell(RunEnded(self.now_ns, 1, "closed"))
            held, quote = self.engine.state.ledger.balances, self._opening.instrument.quote
            assert {asset for asset, qty in held.items() if qty} == {quote}, "something is held yet"
            self.home = RecordedHome(self._folder, self._rules_file, self.now_ns, text(held[quote]))
        self._log.close()

    # -- time and market ---------------------------------------------------------------------
    def until(self, at_ns: int) -> None:
        """Time passes; timers that fall due fire on the way."""
        while (due := self._timers.pop_due(at_ns)) is not None:
            self.now_ns = max(self.now_ns, due.ts_ns)
            self.tell(due)
        self.now_ns = at_ns

    def price(self, price: Decimal) -> None:
        """A trade in the market."""
        self._price = price
        self.tell(TradeTick(self.now_ns, self._symbol, next(self._ticks), price, _TICK_QTY, False))

    def tell(self, event: Event) -> None:
        """One event, and what the venue says to its commands."""
        waiting: list[Event] = [event]
        while waiting:
            step = self.engine.handle(waiting.pop(0))
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
        return compose(command.key, self._log.head) if isinstance(command, SubmitOrder) else None

    def _venue(self, command: object) -> Iterator[Event]:
        if isinstance(command, CancelOrder):
            yield OrderCancelled(self.now_ns, command.key)
        elif isinstance(command, SubmitOrder):
            yield OrderAccepted(self.now_ns, command.key, f"x{command.key.n}")
            if command.request.purpose is not Purpose.PROTECT:
                yield self.filled(command)

    def filled(self, command: SubmitOrder) -> OrderFilled:
        """The whole order at the last price; the fee in quote, so that no dust is left."""
        request = command.request
        fee = (request.qty * self._price * _FEE).quantize(_CENT_OF_CENT)
        fill = Fill(
            self._symbol, request.side, next(self._trades), self._price, request.qty, fee,
            self._opening.instrument.quote, Liquidity.TAKER,
        )  # fmt: skip
        return OrderFilled(self.now_ns, command.key, fill)

    # -- the trader --------------------------------------------------------------------------
    def act(self, verb: str, kind: str = "COMMAND", **given: object) -> None:
        """One act of the operator."""
        ref = f"recorded-{next(self._refs)}"
        self.tell(
            OperatorActed(self.now_ns, kind, ref, verb, session_id="s", **given)  # type: ignore[arg-type]
        )

    def buy(self, usdt: int, latency_ms: int) -> None:
        self.act(
            "trade", "ORDER_SUBMIT", symbol=self._symbol, side=Side.BUY,
            order_type=OrderType.MARKET, amount_usdt=Decimal(usdt), latency_ms=latency_ms,
        )  # fmt: skip

    def close(self) -> None:
        self.act("close", symbol=self._symbol, reduces_risk=True)
