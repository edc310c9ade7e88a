"""What holds for every book and every path."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import HOUR, parse_utc
from genesis.risk.rulebooks import Book, Done, Point, RulebookDesk, Status, Tracker, evaluate
from genesis.risk.rulebooks.book import Amount, Of
from genesis.rules import known_books, load, load_book

START = parse_utc("2026-03-27T10:00:00Z")  # clocks change within the next days
STOP = Decimal("0.02")
RULES = load("sniper").risk

books = st.sampled_from([load_book(name) for name in known_books()])
amounts = st.integers(-4_000, 4_000).map(lambda cents: Decimal(cents))
moves = st.lists(st.tuples(st.integers(0, 9), amounts, amounts), min_size=1, max_size=40)


def path_of(moved: list[tuple[int, Decimal, Decimal]]) -> list[Point]:
    """From (hours later, move of the balance, open result): no flows."""
    at, balance = START, Decimal(50_000)
    path = [Point(at, balance, balance)]
    for hours, closed, floating in moved:
        at, balance = at + hours * HOUR + 1, balance + closed
        path.append(Point(at, balance + floating, balance))
    return path


def with_flows(path: list[Point], flows: list[Decimal]) -> list[Point]:
    """The same results with money coming in and going out between the marks."""
    total, moved = Decimal(0), [path[0]]
    for i, point in enumerate(path[1:]):
        total += flows[i % len(flows)]
        moved.append(
            point._replace(
                equity_usdt=point.equity_usdt + total,
                balance_usdt=point.balance_usdt + total,
                flows_usdt=total,
            )
        )
    return moved


def of_the_start(book: Book) -> Book:
    """With amounts that are no part of a baseline, which holds the money that came in."""
    daily = book.max_daily_loss
    if daily is None:
        return book
    return replace(
        book, max_daily_loss=replace(daily, amount=Amount(daily.amount.value, Of.INITIAL))
    )


@given(book=books.map(of_the_start), moved=moves, flows=st.lists(amounts, min_size=1, max_size=5))
def test_flows_change_nothing(book: Book, moved, flows) -> None:
    path = path_of(moved)
    bare, fed = evaluate(book, path), evaluate(book, with_flows(path, flows))
    for mine, other in zip(bare, fed, strict=True):
        assert (mine.status, mine.headroom_usdt, mine.used_fraction, mine.breach_ts_ns) == (
            other.status, other.headroom_usdt, other.used_fraction, other.breach_ts_ns,
        )  # fmt: skip


@given(book=books, moved=moves)
def test_a_breach_stays_where_it_was_and_floors_of_losses_in_all_never_fall(book, moved) -> None:
    path = path_of(moved)
    tracker, seen = Tracker(book, path[0]), {}
    for point in path[1:]:
        before = {floor.name: floor.floor for floor in tracker.floors}
        tracker.mark(point)
        for floor in tracker.floors:
            if floor.name != "max_daily_loss":
                assert floor.floor >= before[floor.name]
                assert floor.floor <= max(p.equity_usdt for p in path)
            if floor.breach_ts_ns is not None:
                assert seen.setdefault(floor.name, floor.breach_ts_ns) == floor.breach_ts_ns


@given(book=books, moved=moves)
def test_status_headroom_and_use_tell_the_same(book, moved) -> None:
    for one in evaluate(book, path_of(moved)):
        if one.headroom_usdt is None:
            continue
        assert one.used_fraction is not None
        assert one.used_fraction >= 0
        if one.status in (Status.PASS, Status.WARN):
            assert one.headroom_usdt >= 0
            assert (one.status is Status.WARN) == (one.used_fraction >= book.warn_at_fraction)
        else:
            assert one.breach_ts_ns is not None


@given(book=books, moved=moves, at=st.integers(0, 40))
def test_a_streamed_prefix_goes_on_as_the_whole(book, moved, at) -> None:
    path = path_of(moved)
    done = [Done(point.ts_ns, i % 2 == 0) for i, point in enumerate(path[1:])]
    tracker = Tracker(book, path[0])
    for trade, point in zip(done, path[1:], strict=True):
        tracker.trade(trade)
        tracker.mark(point)
        tracker.standings()
        list(tracker.refusals(point))
    assert tracker.standings() == evaluate(book, path, done)


@given(moved=moves, names=st.sets(st.sampled_from(known_books()), min_size=1))
def test_another_book_only_makes_it_tighter(moved, names) -> None:
    path = path_of(moved)
    shelf = [load_book(name) for name in sorted(names)]
    all_of_them, alone = RulebookDesk(shelf), [RulebookDesk([book]) for book in shelf]
    for point in path:
        for desk in (all_of_them, *alone):
            desk.mark(point, RULES, is_certain=True)
    last, price = path[-1], Decimal(100)
    cap = all_of_them.room(last, STOP, price)
    caps = [room.cap_usdt for desk in alone if (room := desk.room(last, STOP, price))]
    assert (None if cap is None else cap.cap_usdt) == min(caps, default=None)
    told = [failure for desk in alone for failure in desk.failures(last)]
    assert sorted(f.reason for f in all_of_them.failures(last)) == sorted(f.reason for f in told)


@given(moved=moves, book=books, risk=st.integers(0, 5_000), tighter=st.integers(1, 4))
def test_room_shrinks_with_open_risk_and_distance_and_is_never_below_zero(
    moved, book, risk, tighter
) -> None:
    path = path_of(moved)
    desk = RulebookDesk([book])
    for point in path:
        desk.mark(point, RULES, is_certain=True)
    room, last, price = desk.room(path[-1], STOP, Decimal(100)), path[-1], Decimal(100)
    assert room is not None
    assert room.cap_usdt >= 0
    with_risk = desk.room(last, STOP, price, Decimal(risk))
    wider = desk.room(last, STOP * tighter, price)
    assert with_risk is not None
    assert wider is not None
    assert max(with_risk.cap_usdt, wider.cap_usdt) <= room.cap_usdt


@given(moved=moves, book=books)
def test_a_loss_at_the_stop_of_the_largest_position_breaks_nothing(moved, book) -> None:
    path = path_of(moved)
    desk = RulebookDesk([book])
    for point in path:
        desk.mark(point, RULES, is_certain=True)
    last = path[-1]
    room = desk.room(last, STOP, Decimal(100))
    if desk.failures(last) or room is None:
        return
    lost = last._replace(ts_ns=last.ts_ns, equity_usdt=last.equity_usdt - room.cap_usdt * STOP)
    desk.mark(lost, RULES, is_certain=True)
    assert not any(tracker.is_broken for tracker in desk.trackers)
