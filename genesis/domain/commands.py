"""Requests to the outside, in the imperative. They leave only after their step is on disk."""

from dataclasses import dataclass

from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest
from genesis.domain.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class SubmitOrder:
    """Send this order once. Built by `execution.send` from an `Approved` the gate vouches for.

    replaces: a resting order that is taken away by the same request; where that cannot be done
    nothing new is placed. joins: the other order of the same request: of an entry the stop that it
    brings along, and of that stop the entry; the venue places it when all of the entry is bought.
    """

    ts_ns: int
    key: OrderKey
    request: OrderRequest
    replaces: OrderKey | None = None
    joins: OrderKey | None = None


@quick
@dataclass(frozen=True, slots=True)
class CancelOrder:
    ts_ns: int
    key: OrderKey
    symbol: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Ask for `TimerFired(key)` at `at_ns` venue time; the same key replaces the older one."""

    key: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class DropTimer:
    key: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the person. `level` is info, warning or critical."""

    ts_ns: int
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class RequestReconcile:
    ts_ns: int
    reason: str


Command = SubmitOrder | CancelOrder | SetTimer | DropTimer | Notify | RequestReconcile
