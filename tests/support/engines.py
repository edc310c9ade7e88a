"""An engine over the simulated venue, told by hand: the smallest whole flow."""

from decimal import Decimal

from genesis.domain.account import Balance
from genesis.domain.commands import CancelOrder, SetTimer, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    Event,
    InstrumentReported,
    OperatorActed,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    RunStarted,
    TimerFired,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderType, Side
from genesis.domain.outcomes import Outcome
from genesis.domain.time import DAY, SECOND
from genesis.engine.engine import Engine
from genesis.engine.rulebook import Rules
from genesis.engine.step import Step
from genesis.rules import load
from genesis.rules.edits import split
from tests.support.build import BTC, tick

T0 = 20_000 * DAY
SYMBOL = "BTC/USDT"
FEE = Decimal("0.001")


class Bench:
    """Drives an engine; the venue is the test itself, which answers when it likes."""

    def __init__(
        self, rules: str | Rules = "sniper", cash: str = "500", price: str = "67453"
    ) -> None:
        self.rules = rules if isinstance(rules, Rules) else load(rules)
        self.engine = Engine(self.rules, editor=split)
        self.now_ns = T0
        self.steps: list[Step] = []
        self._trade_id = 0
        self.start(1)
        self.tell(
            AccountOpened(
                T0, "acct", "test", True, "USDT", (Balance("USDT", Decimal(cash), Decimal(0)),)
            )
        )
        self.tell(InstrumentReported(T0, BTC))
        self.reconciled()
        self.tick(price)

    def start(self, run: int) -> Step:
        rules = self.rules
        return self.tell(
            RunStarted(self.now_ns, run, rules.name, rules.text, rules.sha256, "code", "seed")
        )

    def reconciled(self, *, clean: bool = True) -> Step:
        return self.tell(BalanceReported(self.now_ns, (), clean, "" if clean else "0.1 BTC"))

    # -- time and market ---------------------------------------------------------------------
    def tell(self, event: Event) -> Step:
        step = self.engine.handle(event)
        self.steps.append(step)
        return step

    def later(self, seconds: float) -> None:
        """Time passes; timers that are due fire."""
        end = self.now_ns + int(seconds * SECOND)
        while True:
            due = sorted((at, key) for key, at in self._timers().items() if at <= end)
            if not due:
                break
            at, key = due[0]
            self.now_ns = max(self.now_ns, at)
            self.tell(TimerFired(at, key))
        self.now_ns = end

    def _timers(self) -> dict[str, int]:
        timers: dict[str, int] = {}
        for step in self.steps:
            if isinstance(step.event, TimerFired):
                timers.pop(step.event.key, None)
            for command in step.commands:
                if isinstance(command, SetTimer):
                    timers[command.key] = command.at_ns
        return timers

    def tick(self, price: str | Decimal) -> Step:
        self.now_ns += SECOND // 1000
        return self.tell(tick(self.now_ns, price))

    # -- the operator ------------------------------------------------------------------------
    def act(self, verb: str, kind: str = "COMMAND", **given: object) -> Step:
        return self.tell(
            OperatorActed(
                self.now_ns,
                kind,
                client_ref=f"ref{len(self.steps)}",
                verb=verb,
                symbol=given.pop("symbol", SYMBOL),
                **given,  # type: ignore[arg-type]
            )
        )

    def buy(self, usdt: str = "100", **given: object) -> Step:
        return self.act(
            "trade",
            "ORDER_SUBMIT",
            side=Side.BUY,
            order_type=OrderType.MARKET,
            amount_usdt=Decimal(usdt),
            **given,
        )

    # -- the venue ---------------------------------------------------------------------------
    def accept(self, key: OrderKey) -> Step:
        return self.tell(OrderAccepted(self.now_ns, key, f"x{key}"))

    def fill(self, submitted: SubmitOrder, price: str, qty: str | None = None) -> Step:
        self._trade_id += 1
        request = submitted.request
        amount = request.qty if qty is None else Decimal(qty)
        is_buy = request.side is Side.BUY
        fee = amount * FEE if is_buy else amount * Decimal(price) * FEE
        fill = Fill(
            request.symbol,
            request.side,
            self._trade_id,
            Decimal(price),
            amount,
            fee,
            "BTC" if is_buy else "USDT",
            Liquidity.TAKER,
        )
        return self.tell(OrderFilled(self.now_ns, submitted.key, fill))

    def cancelled(self, key: OrderKey) -> Step:
        return self.tell(OrderCancelled(self.now_ns, key))

    def open_position(self, price: str = "67453", usdt: str = "100") -> SubmitOrder:
        """Buy, fill, and let the protective stop rest; returns the stop."""
        entry = submits(self.buy(usdt))[0]
        self.accept(entry.key)
        stop = submits(self.fill(entry, price))[0]
        self.accept(stop.key)
        return stop


def submits(step: Step) -> list[SubmitOrder]:
    return [c for c in step.commands if isinstance(c, SubmitOrder)]


def cancels(step: Step) -> list[CancelOrder]:
    return [c for c in step.commands if isinstance(c, CancelOrder)]


def only(step: Step, kind: type) -> list[Outcome]:
    return [o for o in step.outcomes if isinstance(o, kind)]
