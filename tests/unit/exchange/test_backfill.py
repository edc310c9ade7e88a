"""What was lost is fetched before later prints go on; what cannot be had is on record."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import Event, TicksMissed, TradeTick
from genesis.errors import ExchangeError, Rejected, Unreachable
from genesis.exchange import trade_sync
from genesis.exchange.backfill import Trades
from tests.support.stream_server import SYMBOL, Heard, tick

PAGE = 10
NOW_NS = 7


class Past:
    """The venue's list of prints; `absent` ones it does not have."""

    def __init__(self, newest: int, absent: Sequence[int] = ()) -> None:
        self.newest = newest
        self.asked: list[int] = []
        self._absent = set(absent)

    async def __call__(self, symbol: str, from_id: int) -> tuple[TradeTick, ...]:
        assert symbol == SYMBOL
        self.asked.append(from_id)
        await asyncio.sleep(0)
        found = [n for n in range(from_id, self.newest + 1) if n not in self._absent]
        return tuple(map(tick, found[:PAGE]))


async def quiet(heard: Heard, newest: int) -> None:
    """Until the newest print is told."""
    async with asyncio.timeout(30):
        while heard.ids[-1] != newest:
            await asyncio.sleep(0)


def played(past: object, live: Sequence[int], **options: object) -> Heard:
    """The prints that arrive, with what the venue answers in between."""
    heard = Heard()

    async def story() -> None:
        trades = Trades((SYMBOL,), past, heard.append, lambda: NOW_NS, **options)  # type: ignore[arg-type]
        for trade_id in live:
            trades.take(tick(trade_id))
        await quiet(heard, max(live))

    asyncio.run(story())
    return heard


def missed(heard: Heard) -> list[tuple[int, int, str]]:
    return [(gap.first_id, gap.last_id, gap.reason) for gap in heard.of(TicksMissed)]


def test_a_hole_is_filled_in_order_before_later_prints() -> None:
    past = Past(42)
    heard = played(past, [1, 2, 40, 41, 42])
    assert heard == [tick(n) for n in range(1, 43)]
    assert past.asked == [3, 13, 23, 33]


def test_what_another_line_tells_meanwhile_is_not_told_twice() -> None:
    heard = played(Past(6), [1, 5, 2, 3, 4, 6])
    assert heard.ids == [1, 2, 3, 4, 5, 6]


def test_what_the_venue_does_not_have_is_on_record_with_times() -> None:
    heard = played(Past(12, absent=[4, 5, 9]), [1, 9, 12])
    assert heard.ids == [1, 2, 3, *range(6, 13)]
    (gap,) = heard.of(TicksMissed)
    assert gap == TicksMissed(
        NOW_NS, SYMBOL, 4, 5, tick(3).ts_ns, tick(6).ts_ns, "the venue does not have them"
    )
    assert heard.index(gap) == heard.index(tick(3)) + 1


def test_of_too_many_the_oldest_are_let_go() -> None:
    heard = played(Past(80), [1, 80], filled_most=15)
    assert missed(heard) == [(2, 64, "they are too many to be fetched")]
    assert heard.ids == [1, *range(65, 81)]


@pytest.mark.parametrize("error", [Rejected("the venue refused"), Unreachable("no answer")])
def test_a_refusal_is_on_record_and_live_prints_go_on(error: ExchangeError) -> None:
    async def refused(symbol: str, from_id: int) -> tuple[TradeTick, ...]:
        raise error

    heard = played(refused, [1, 5, 6, 9])
    assert missed(heard) == [(2, 4, error.message), (7, 8, error.message)]
    assert heard.ids == [1, 5, 6, 9]


def test_nothing_is_held_back_for_long() -> None:
    async def silent(symbol: str, from_id: int) -> tuple[TradeTick, ...]:
        await asyncio.sleep(3600)
        return ()

    heard = played(silent, [1, 5], within_s=0.01)
    assert missed(heard) == [(2, 4, "the venue did not tell them within 0.01 s")]


def test_more_than_may_be_held_back_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(symbol: str, from_id: int) -> tuple[TradeTick, ...]:
        await asyncio.sleep(3600)
        return ()

    heard = Heard()

    async def story() -> None:
        trades = Trades((SYMBOL,), silent, heard.append, lambda: NOW_NS)
        for trade_id in (0, *range(2, trade_sync.HELD_MOST + 10)):
            trades.take(tick(trade_id))
        trades.stop()

    asyncio.run(story())
    assert [gap[:2] for gap in missed(heard)] == [(1, 1)]
    assert heard.ids == [0, *range(2, trade_sync.HELD_MOST + 10)]


def test_counting_that_began_anew_is_no_hole_and_no_repetition() -> None:
    heard = Heard()

    async def story() -> None:
        trades = Trades((SYMBOL,), Past(0), heard.append, lambda: NOW_NS)
        for trade_id in (500, 501):
            trades.take(tick(trade_id))
        trades.interrupt()
        for trade_id in (1, 2):
            trades.take(tick(trade_id))

    asyncio.run(story())
    assert heard.ids == [500, 501, 1, 2]


@given(st.data(), st.integers(1, 60))
def test_told_and_missed_are_together_everything(data: st.DataObject, newest: int) -> None:
    """Prints get lost, come twice and out of order; some the venue does not have either."""
    lost = data.draw(st.sets(st.integers(1, newest - 1) if newest > 1 else st.nothing()))
    absent = data.draw(st.sets(st.sampled_from(sorted(lost)))) if lost else set()
    live = [n for n in range(newest + 1) if n not in lost]
    again = data.draw(st.lists(st.sampled_from(live), max_size=10))
    swapped = data.draw(st.lists(st.integers(1, max(1, len(live) - 3)), max_size=5))
    for at in swapped:
        live[at : at + 2] = live[at : at + 2][::-1]
    heard = Heard()

    async def story() -> None:
        past = Past(newest, sorted(absent))
        trades = Trades((SYMBOL,), past, heard.append, lambda: NOW_NS)
        for trade_id in (0, *live, *again):
            trades.take(tick(trade_id))
            if data.draw(st.booleans()):
                await asyncio.sleep(0)
        await quiet(heard, newest)

    asyncio.run(story())
    assert heard.ids == sorted(set(range(newest + 1)) - absent)
    gone = [n for first, last, _ in missed(heard) for n in range(first, last + 1)]
    assert gone == sorted(absent)
    _assert_gaps_stand_in_their_place(heard)


def _assert_gaps_stand_in_their_place(heard: Sequence[Event]) -> None:
    reached = -1
    for event in heard:
        if isinstance(event, TicksMissed):
            assert event.first_id == reached + 1
            assert event.first_ns == tick(reached).ts_ns
            assert event.last_ns > event.first_ns
            reached = event.last_id
        elif isinstance(event, TradeTick):
            assert event.trade_id == reached + 1
            reached = event.trade_id
