"""The order book: tops, depth, snapshots, and which of them leads."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.events import BookDelta, BookTop, Level
from genesis.domain.orders import Side
from genesis.market.book import Book
from genesis.market.market import SymbolMarket

D = Decimal
S = "BTC/USDT"


def rows(*pairs: tuple[int, int]) -> tuple[Level, ...]:
    return tuple(Level(D(price), D(qty)) for price, qty in pairs)


def delta(
    first: int, last: int, bids: tuple[Level, ...] = (), asks: tuple[Level, ...] = ()
) -> BookDelta:
    return BookDelta(last, S, first, last, bids, asks)


def snapshot(last: int) -> BookDelta:
    return BookDelta(
        last,
        S,
        last,
        last,
        rows((99, 1), (98, 2), (95, 3)),
        rows((101, 1), (102, 2)),
        is_snapshot=True,
    )


def top(update_id: int, bid: int, ask: int, bid_qty: int = 7, ask_qty: int = 8) -> BookTop:
    return BookTop(update_id, S, update_id, D(bid), D(bid_qty), D(ask), D(ask_qty))


def a_book(*events: BookDelta | BookTop) -> Book:
    book = Book()
    for event in events:
        book.apply(event)
    return book


def test_nothing_is_known_of_an_empty_book() -> None:
    book = a_book()
    assert book.top() is None
    assert book.best(Side.BUY) is None
    assert book.displayed(Side.BUY, D(99)) is None
    assert book.impact(Side.BUY, D(1)) is None


def test_a_top_alone_is_one_row_each() -> None:
    book = a_book(top(1, 99, 101))
    assert book.top() == top(1, 99, 101)
    assert book.depth(Side.BUY) == rows((99, 7))
    assert book.depth(Side.SELL) == rows((101, 8))
    assert book.displayed(Side.BUY, D(99)) == 7
    assert book.displayed(Side.BUY, D(100)) == 0
    assert book.displayed(Side.BUY, D(98)) is None


def test_a_snapshot_then_deltas() -> None:
    book = a_book(snapshot(10), delta(11, 12, rows((98, 0), (97, 4)), rows((100, 5))))
    assert book.depth(Side.BUY) == rows((99, 1), (97, 4), (95, 3))
    assert book.depth(Side.SELL, 2) == rows((100, 5), (101, 1))
    assert book.top() == BookTop(12, S, 12, D(99), D(1), D(100), D(5))
    assert book.displayed(Side.BUY, D(96)) == 0
    assert book.displayed(Side.BUY, D(94)) is None


def test_deltas_before_the_snapshot_wait_and_those_it_contains_are_dropped() -> None:
    early = delta(5, 8, rows((99, 9)))
    straddling = delta(9, 12, rows((98, 6)))
    book = a_book(early, straddling)
    assert not book.synced
    book.apply(snapshot(10))
    assert book.synced
    assert book.last_id == 12
    assert book.depth(Side.BUY) == rows((99, 1), (98, 6), (95, 3))


def test_a_gap_makes_the_depth_unknown_until_the_next_snapshot() -> None:
    book = a_book(snapshot(10), delta(12, 13, rows((99, 9))), delta(14, 15, rows((97, 1))))
    assert not book.synced
    assert book.depth(Side.BUY) == ()
    book.apply(snapshot(13))
    assert book.synced
    assert book.last_id == 15
    assert book.displayed(Side.BUY, D(97)) == 1


def test_a_repeated_delta_changes_nothing() -> None:
    book = a_book(snapshot(10), delta(11, 12, rows((99, 9))), delta(11, 12, rows((99, 5))))
    assert book.displayed(Side.BUY, D(99)) == 9


def test_a_newer_top_hides_contradicted_rows_until_the_deltas_catch_up() -> None:
    book = a_book(snapshot(10), top(12, 97, 101))
    assert book.depth(Side.BUY) == rows((97, 7), (95, 3))
    assert book.top() == top(12, 97, 101)
    book.apply(delta(11, 11, rows((99, 2))))
    assert book.top() == top(12, 97, 101)
    book.apply(delta(12, 13, rows((99, 0), (98, 4))))
    assert book.depth(Side.BUY) == rows((98, 4), (95, 3))


def test_an_older_top_says_nothing() -> None:
    book = a_book(snapshot(10), top(9, 50, 200))
    assert book.depth(Side.BUY, 1) == rows((99, 1))


def test_impact_is_the_average_price_of_taking() -> None:
    book = a_book(snapshot(10))
    assert book.impact(Side.BUY, D(2)) == D("101.5")
    assert book.impact(Side.SELL, D(3)) == (99 + 2 * D(98)) / 3
    assert book.impact(Side.BUY, D(4)) is None


def test_an_empty_side_of_a_top_has_no_row() -> None:
    book = a_book(top(1, 99, 0, ask_qty=0))
    assert book.best(Side.SELL) is None
    assert book.depth(Side.BUY) == rows((99, 7))


changes = st.lists(
    st.tuples(st.integers(90, 99), st.integers(0, 3), st.integers(100, 110), st.integers(0, 3)),
    max_size=30,
)


@given(changes)
@settings(max_examples=60, deadline=None)
def test_rows_are_sorted_and_equal_a_plain_replay(steps: list[tuple[int, int, int, int]]) -> None:
    book = a_book(snapshot(10))
    bids, asks = {D(99): D(1), D(98): D(2), D(95): D(3)}, {D(101): D(1), D(102): D(2)}
    for n, (bid, bid_qty, ask, ask_qty) in enumerate(steps, 11):
        book.apply(delta(n, n, rows((bid, bid_qty)), rows((ask, ask_qty))))
        bids[D(bid)], asks[D(ask)] = D(bid_qty), D(ask_qty)
    assert book.depth(Side.BUY) == tuple(
        sorted(((p, q) for p, q in bids.items() if q), reverse=True)
    )
    assert book.depth(Side.SELL) == tuple(sorted((p, q) for p, q in asks.items() if q))


def test_a_recorded_book_syncs_and_its_depth_agrees_with_the_recorded_tops(shared: Path) -> None:
    book, agreed, asked = Book(), 0, 0
    tops: dict[int, BookTop] = {}
    with gzip.open(shared / "data/capture/btcusdt_20240808.gz", "rt") as lines:
        for n, line in enumerate(lines):
            if n > 12_000:
                break
            event = _event(json.loads(line.split(" ", 1)[1]))
            if isinstance(event, BookTop):
                tops[event.update_id] = event
            elif event is not None:
                book.apply(event)
                known = tops.get(book.last_id)
                if book.synced and known is not None:
                    asked += 1
                    agreed += (book.best(Side.BUY), book.best(Side.SELL)) == (
                        (known.bid, known.bid_qty),
                        (known.ask, known.ask_qty),
                    )
    assert asked > 30
    assert agreed == asked


def _event(message: dict) -> BookDelta | BookTop | None:  # type: ignore[type-arg]
    def levels(raw: list[list[str]]) -> tuple[Level, ...]:
        return tuple(Level(D(price), D(qty)) for price, qty in raw)

    if "lastUpdateId" in message:
        last = message["lastUpdateId"]
        bids, asks = levels(message["bids"]), levels(message["asks"])
        return BookDelta(0, S, last, last, bids, asks, is_snapshot=True)
    data = message["data"]
    if data.get("e") == "depthUpdate":
        return BookDelta(data["E"], S, data["U"], data["u"], levels(data["b"]), levels(data["a"]))
    if "B" in data:
        return BookTop(0, S, data["u"], D(data["b"]), D(data["B"]), D(data["a"]), D(data["A"]))
    return None


def test_rows_of_a_depth_that_went_silent_are_not_taken_for_fresh() -> None:
    market = SymbolMarket(S, ())
    market.book, market.top = a_book(snapshot(10), top(50, 99, 101)), top(50, 99, 101)
    assert len(list(market.rows(Side.BUY, 60, 55))) == 3
    assert [row.qty for row in market.rows(Side.BUY, 60, 20)] == [7], "the top alone"
    assert not list(market.rows(Side.BUY, 200, 20))
