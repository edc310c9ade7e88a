"""What was decided on a day, and how its orders ended: in words that two runs of it can compare.

Numbers of orders, stamps and headroom are left out of the words: where one run has one order more,
all that follows is still the same decision.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any, Final

from genesis.domain.commands import CancelOrder, Command
from genesis.domain.events import (
    Event,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.money import ZERO, text
from genesis.domain.orders import OrderRequest, Purpose
from genesis.domain.outcomes import (
    CommandAnswered,
    Halted,
    InterventionOpened,
    OrderApproved,
    OrderRefused,
    Outcome,
    OverrideJudged,
    PositionClosed,
    PositionOpened,
    TierChanged,
    TiltLevelChanged,
)

_PRICES: Final = (("limit_price", "at"), ("stop_price", "stop"), ("stop_plan", "plans a stop"))


@dataclass(frozen=True, slots=True)
class Deed:
    """Something decided. order: the key of an approved one."""

    ts_ns: int
    words: str
    order: str = ""


@dataclass(slots=True)
class Ending:
    """How an order went at the venue: what was filled of it, or why it was not.

    ts_ns: of the last thing heard of it.
    """

    ts_ns: int
    symbol: str = ""
    qty: Decimal = ZERO
    paid: Decimal = ZERO
    refused: str = ""

    @property
    def price(self) -> Decimal | None:
        """Mean price of the fills."""
        return self.paid / self.qty if self.qty else None

    @property
    def words(self) -> str:
        if not self.qty:
            return self.refused
        assert self.price is not None
        told = f"filled {text(self.qty)} {self.symbol} at {_short(self.price)}"
        return f"{told}, then {self.refused}" if self.refused else told


@dataclass(frozen=True, slots=True)
class Wish:
    """Something asked for, and the answer. source: who asked; request, refused: one of both."""

    ts_ns: int
    source: str
    request: OrderRequest | None = None
    refused: OrderRefused | None = None

    @property
    def is_approved(self) -> bool:
        return self.request is not None


class Deeds:
    """Decisions and endings of one run of a day, taken step by step.

    wishes: by a name that another run of the day knows, too: the reference of a command, else who
    asked, for what and when. opened_by: the wish behind each trade of `closed`, where it is known.
    """

    def __init__(self) -> None:
        self.decisions: list[Deed] = []
        self.endings: dict[str, Ending] = {}
        self.closed: list[PositionClosed] = []
        self.opened_by: list[str] = []
        self.wishes: dict[str, Wish] = {}
        self.interventions: list[InterventionOpened] = []
        self._wish_of: dict[OrderKey, str] = {}
        self._open: dict[str, str] = {}

    def take(self, event: Event, outcomes: Iterable[Outcome], commands: Iterable[Command]) -> None:
        """One step of the day."""
        self._ended(event)
        for told in (*outcomes, *commands):
            words = _WORDS[type(told)](told) if type(told) in _WORDS else None
            if words is not None:
                order = str(told.key) if isinstance(told, OrderApproved) else ""
                self.decisions.append(Deed(event.ts_ns, words, order))
            self._learn(event, told)

    def _learn(self, event: Event, told: Outcome | Command) -> None:
        match told:
            case OrderApproved(request=request) if request.purpose is not Purpose.PROTECT:
                name = _name(request.client_ref, request.source, request.symbol, event.ts_ns)
                self._wish_of[told.key] = name
                self.wishes.setdefault(name, Wish(event.ts_ns, request.source, request=request))
            case OrderRefused():
                name = _name(told.client_ref, told.source, told.symbol, event.ts_ns)
                self.wishes.setdefault(name, Wish(event.ts_ns, told.source, refused=told))
            case PositionOpened(symbol=symbol) if isinstance(event, OrderFilled):
                self._open[symbol] = self._wish_of.get(event.key, "")
            case PositionClosed(symbol=symbol):
                self.closed.append(told)
                self.opened_by.append(self._open.pop(symbol, ""))
            case InterventionOpened():
                self.interventions.append(told)
            case _:
                pass

    def _ended(self, event: Event) -> None:
        if isinstance(event, OrderFilled) and event.key.run != EXTERNAL_RUN:
            found = self._of(event.key, event.ts_ns)
            found.symbol = event.fill.symbol
            found.qty += event.fill.qty
            found.paid += event.fill.qty * event.fill.price
        elif isinstance(event, OrderRejected | OrderExpired | OrderUnresolved):
            self._of(event.key, event.ts_ns).refused = _refused(event)

    def _of(self, key: OrderKey, ts_ns: int) -> Ending:
        found = self.endings.setdefault(str(key), Ending(ts_ns))
        found.ts_ns = ts_ns
        return found

    @property
    def result_usdt(self) -> Decimal:
        """What the trades closed on the day earned, net of fees."""
        return sum((trade.pnl_usdt for trade in self.closed), ZERO)


def agreeing(one: list[Deed], other: list[Deed]) -> int:
    """How many decisions two runs have in common, in the same order."""
    ours, theirs = ([deed.words for deed in deeds] for deeds in (one, other))
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks)


def _name(ref: str | None, source: str, symbol: str, ts_ns: int) -> str:
    return ref or f"{source} {symbol} {ts_ns}"


def _short(price: Decimal) -> str:
    return text(round(price, 8).normalize())


def _refused(event: OrderRejected | OrderExpired | OrderUnresolved) -> str:
    if isinstance(event, OrderRejected):
        return f"rejected by the venue ({event.code})"
    return "expired" if isinstance(event, OrderExpired) else "unresolved"


def _approved(told: OrderApproved) -> str:
    request = told.request
    said = [f"{request.purpose.lower()}: {request.side} {text(request.qty)} {request.symbol}"]
    said.append(request.type.lower() + (" post-only" if request.post_only else ""))
    for name, word in _PRICES:
        price = getattr(request, name)
        said += [f"{word} {text(price)}"] if price is not None else []
    return ", ".join(said)


def _refusal(told: OrderRefused) -> str:
    codes = ", ".join(failure.code for failure in told.failures)
    whose = told.client_ref or told.source
    return " ".join(f"refused {told.side or ''} {told.symbol} of {whose}: {codes}".split())


_WORDS: Final[dict[type, Any]] = {
    OrderApproved: _approved,
    OrderRefused: _refusal,
    CommandAnswered: lambda told: f"{told.verb}: {'done' if told.accepted else 'no'}",
    CancelOrder: lambda told: f"cancel an order of {told.symbol}",
    Halted: lambda told: f"halted by {told.source}",
    TierChanged: lambda told: f"tier {told.tier}, {told.mode}",
    TiltLevelChanged: lambda told: f"tilt {told.new}",
    InterventionOpened: lambda told: f"intervention at {told.level}",
    OverrideJudged: lambda told: f"override {'accepted' if told.accepted else told.reason}",
}
