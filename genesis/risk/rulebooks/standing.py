"""What goes into a rule and what comes out of it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from genesis.domain.money import ZERO


class Status(StrEnum):
    """OPEN: something to be reached is not reached yet. WARN: most of a limit is used."""

    PASS = "PASS"  # noqa: S105 - the word
    OPEN = "OPEN"
    WARN = "WARN"
    BREACH = "BREACH"


class Point(NamedTuple):
    """An account at one moment; amounts in quote currency.

    equity_usdt values what is open, balance_usdt has it at cost. flows_usdt: all money that came
    in less all that went out. largest_lots, largest_cost_usdt: of the largest open position.
    highest_usdt, lowest_usdt: equity by the best and worst price there is for the moment (None:
    there is one price only); a breach must hold for the best, a new peak for the worst.
    """

    ts_ns: int
    equity_usdt: Decimal
    balance_usdt: Decimal
    flows_usdt: Decimal = ZERO
    largest_lots: Decimal = ZERO
    largest_cost_usdt: Decimal = ZERO
    highest_usdt: Decimal | None = None
    lowest_usdt: Decimal | None = None


class Done(NamedTuple):
    """A trade as books count them: one order that was filled, however many fills it took.

    Every entry is one and every exit is one: leaving 5 as 2 + 2 + 1 makes four.
    """

    ts_ns: int
    is_entry: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How one rule stands.

    used_fraction: of its limit, at least 0 (None: nothing to use up). headroom_usdt: what may
    still be lost (None: not a loss). breach_ts_ns: when it was first broken. told: in words.
    """

    rule: str
    status: Status
    used_fraction: Decimal | None
    headroom_usdt: Decimal | None
    breach_ts_ns: int | None
    told: str


class Values(NamedTuple):
    """A point as the rules see it: flows since the book began are left out of the first four."""

    ts_ns: int
    equity: Decimal
    balance: Decimal
    highest: Decimal
    lowest: Decimal
    flows: Decimal
    largest_lots: Decimal
    largest_cost: Decimal


class Begun(NamedTuple):
    """What a book's rules know of its beginning. doubts: a break has to be proven by more marks."""

    ts_ns: int
    initial: Decimal
    warn_at: Decimal
    day: int
    doubts: bool


class Refusal(NamedTuple):
    """New risk is refused, and until when (None: no end is known)."""

    told: str
    until_ns: int | None
