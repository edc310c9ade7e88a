"""Which call to the venue waits for which: nothing that reduces risk waits for what adds it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import OrderEvent
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.service.calls import Calls

SLICE, NEXT_SLICE, STOP = OrderKey(1, 2, 1), OrderKey(1, 2, 2), OrderKey(1, 3, 0)


@dataclass
class SlowVenue:
    """Every entry's POST hangs until `answers`; `seen` is what arrived."""

    seen: list[str] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def submit(self, command: SubmitOrder, wire_id: str) -> Sequence[OrderEvent]:
        self.seen.append(wire_id)
        if not command.request.reduces:
            await self.answers.wait()
        return ()

    async def replace(
        self, command: SubmitOrder, wire_id: str, replaced: str
    ) -> Sequence[OrderEvent]:
        raise AssertionError("nothing is replaced here")

    async def cancel(self, key: OrderKey, wire_id: str, symbol: str) -> Sequence[OrderEvent]:
        self.seen.append(wire_id)
        return ()

    async def resolve(
        self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int
    ) -> Sequence[OrderEvent]:
        return ()


class Still:
    """A clock that nobody reads here."""

    def now_ns(self) -> int:
        return 0


def an_order(key: OrderKey, purpose: Purpose) -> SubmitOrder:
    is_entry = purpose is Purpose.ENTRY
    side, kind = (Side.BUY, OrderType.LIMIT) if is_entry else (Side.SELL, OrderType.STOP_LOSS)
    return SubmitOrder(0, key, OrderRequest("BTC/USDT", side, kind, Decimal(1), purpose))


async def seen_of(
    *asked: tuple[SubmitOrder | CancelOrder, str],
) -> tuple[list[str], list[str]]:
    """What the venue saw while the entry hung, and in all."""
    venue = SlowVenue()

    def broke(name: str, problem: BaseException) -> None:
        raise AssertionError(name) from problem

    calls = Calls(venue, Still(), lambda event: None, broke)  # type: ignore[arg-type]
    for command, wire_id in asked:
        if isinstance(command, SubmitOrder):
            calls.submit(command, wire_id)
        else:
            calls.cancel(command, wire_id)
    for _ in range(10):
        await asyncio.sleep(0)
    meanwhile = list(venue.seen)
    venue.answers.set()
    while calls.in_flight:
        await asyncio.sleep(0)
    return meanwhile, venue.seen


def test_a_hung_entry_keeps_neither_stop_nor_cancel_of_its_symbol_waiting() -> None:
    entry = (an_order(SLICE, Purpose.ENTRY), "slice")
    stop = (an_order(STOP, Purpose.PROTECT), "stop")
    other = (CancelOrder(0, OrderKey(1, 1, 0), "BTC/USDT"), "cancel another entry")
    meanwhile, _ = asyncio.run(seen_of(entry, stop, other))
    assert sorted(meanwhile) == ["cancel another entry", "slice", "stop"]


def test_a_cancel_waits_for_its_own_order_and_an_entry_for_the_one_before() -> None:
    entry = (an_order(SLICE, Purpose.ENTRY), "slice")
    following = (an_order(NEXT_SLICE, Purpose.ENTRY), "next slice")
    taken_back = (CancelOrder(0, SLICE, "BTC/USDT"), "cancel slice")
    meanwhile, seen = asyncio.run(seen_of(entry, following, taken_back))
    assert meanwhile == ["slice"]
    assert sorted(seen) == ["cancel slice", "next slice", "slice"]
