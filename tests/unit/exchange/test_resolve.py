"""Resolving by questions, on clocks that the test holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from genesis.domain.events import OrderAccepted, OrderRejected
from genesis.domain.ids import OrderKey
from genesis.errors import OutOfSync, Unreachable
from genesis.exchange.gateway import VenueOrder, VenueTrade
from genesis.exchange.resolve import NEVER_PLACED, Bound, Resolver

KEY = OrderKey(1, 1)
BOUND = Bound(visibility_ms=1_000)
PROVEN_NS = BOUND.proven_ns(0)
RESTING = VenueOrder("BTC/USDT", "7", "w", "NEW", Decimal(0), 5)
MISSING = None


@dataclass
class Venue:
    """Answers one question after another; the last answer stays. Each takes some wall time."""

    answers: Sequence[VenueOrder | Exception | None]
    in_lists: VenueOrder | None = None
    step_ns: int = 300_000_000
    asked: int = 0
    elapsed: int = field(default=10**9)

    async def order(self, wire_id: str, symbol: str) -> VenueOrder | None:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        self.elapsed += self.step_ns
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def order_trades(self, order: VenueOrder) -> tuple[VenueTrade, ...]:
        return ()

    async def find_in_lists(self, wire_id: str, symbol: str) -> VenueOrder | None:
        return self.in_lists


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(seconds: float) -> None:
        assert 0 < seconds <= 5

    monkeypatch.setattr(asyncio, "sleep", at_once)


def resolved(venue: Venue, now_ns: int) -> object:
    resolver = Resolver(venue, lambda: now_ns, lambda: venue.elapsed, BOUND)
    (event,) = asyncio.run(resolver.resolve(KEY, "w", "BTC/USDT", 0))
    return event


def test_an_order_that_is_found_ends_the_questions() -> None:
    venue = Venue([MISSING, MISSING, RESTING])
    assert resolved(venue, 0) == OrderAccepted(5, KEY, "7")
    assert venue.asked == 3


def test_missing_once_is_no_proof_even_after_the_bound() -> None:
    """A replaying venue's clock outruns its sockets: the request may still lie in one."""
    venue = Venue([MISSING, RESTING])
    assert isinstance(resolved(venue, PROVEN_NS), OrderAccepted)


def test_missing_throughout_the_margin_after_the_bound_is_proof() -> None:
    venue = Venue([MISSING])
    event = resolved(venue, PROVEN_NS)
    assert isinstance(event, OrderRejected)
    assert event.code == NEVER_PLACED
    assert venue.asked == 5  # 300 ms apart, over more than a second


def test_an_outage_is_neither() -> None:
    outage = [Unreachable("down"), OutOfSync("garbage")] * 10
    assert isinstance(resolved(Venue([*outage, RESTING]), PROVEN_NS), OrderAccepted)


def test_the_lists_have_the_last_word() -> None:
    assert isinstance(resolved(Venue([MISSING], in_lists=RESTING), PROVEN_NS), OrderAccepted)
