"""The log and the tape opened in the middle give what reading from the start gives."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BookTop, FeedRestored, TradeTick, is_market
from genesis.domain.time import HOUR, MINUTE, SECOND
from genesis.errors import EventLogError
from genesis.research.day_marks import Marks, Quote
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.event_log import EventLog
from genesis.store.reader import LogReader
from genesis.store.spans import bisected
from genesis.store.steps import LogEntry, LoggedStep
from genesis.store.tape import CODEC
from genesis.store.tape_pages import TapeBlock, TapePages, tape_pages
from tests.support.day_home import DAY_1, HomeMaker, buy, close, waves
from tests.support.log_steps import mixed

STALE_NS = 10 * SECOND
START = DAY_1 + 23 * HOUR


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 70), st.none() | st.integers(-10, 80))
def test_bisection_finds_the_first(low: int, span: int, first: int, guess: int | None) -> None:
    high = low + span
    asked: list[int] = []

    def is_late(number: int) -> bool:
        assert low <= number < high
        asked.append(number)
        return number >= first

    assert bisected(is_late, low, high, guess) == min(max(first, low), high)
    assert len(asked) <= 16


def test_a_good_guess_saves_questions() -> None:
    asked: list[int] = []

    def is_late(number: int) -> bool:
        asked.append(number)
        return number >= 777_777

    assert bisected(is_late, 0, 1_000_000, 777_775) == 777_777
    assert len(asked) < 8


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hours of trades and tops; the tops fall silent for a while, then the trades."""
    path = tmp_path_factory.mktemp("taped")
    maker = HomeMaker(path)
    maker.start(START)
    acts = [buy(START + 10 * MINUTE), close(START + 70 * MINUTE)]
    with_tops = waves(START + 1, START + HOUR, 700_000_000, tops=True)
    trades = waves(START + HOUR, START + 90 * MINUTE, 3 * SECOND)
    tops = (each for each in waves(START + 90 * MINUTE, START + 2 * HOUR, 4 * SECOND, tops=True)
            if isinstance(each, BookTop))  # fmt: skip
    maker.play([*with_tops, *trades, *tops], acts)
    maker.stop()
    maker.close()
    return path


@pytest.fixture(scope="module")
def database(home: Path) -> Iterator[Database]:
    opened = Database.open(home / DATABASE_NAME, read_only=True)
    yield opened
    opened.close()


@pytest.fixture
def pages(database: Database) -> Iterator[TapePages]:
    with tape_pages(database) as opened:
        yield opened


@pytest.fixture(scope="module")
def steps(database: Database) -> list[LoggedStep]:
    return list(LogReader(database).read())


def test_between_gives_the_rows_of_a_span(database: Database) -> None:
    reader = LogReader(database)
    rows = sorted(reader.recent(10_000), key=lambda row: row.seq)
    stamps = sorted({row.ts_ns for row in rows})
    for first, until in zip(stamps, stamps[3:], strict=False):
        for shift in (-1, 0, 1):
            span = (first + shift, until + shift)
            wanted = [row for row in rows if span[0] <= row.ts_ns < span[1]]
            assert list(reader.between(*span)) == wanted
    assert list(reader.between(0, 2**62)) == rows
    assert list(reader.between(0, 1)) == []
    assert list(reader.between(2**62, 2**62 + 1)) == []


def test_rows_by_kind(database: Database) -> None:
    reader = LogReader(database)
    rows = sorted(reader.recent(10_000), key=lambda row: row.seq)
    fills = [row for row in rows if row.kind == "OrderFilled"]
    assert reader.of_kinds(("OrderFilled",)) == fills
    assert reader.of_kinds(("OrderFilled",), fills[1].seq, fills[-1].seq + 1) == fills[1:]
    assert reader.newest(("OrderFilled", "RunEnded"), 2) == [rows[-1], fills[-1]]
    assert reader.newest(("OrderFilled",), 9, fills[-1].seq) == fills[:-1][::-1]
    assert reader.row(rows[3].seq) == rows[3]
    assert reader.row(0) is None and reader.row(len(rows) + 1) is None
    newest = reader.newest_by("symbol", ("PositionOpened", "PositionClosed"), len(rows) + 1)
    assert {symbol: row.kind for symbol, row in newest.items()} == {"BTC/USDT": "PositionClosed"}
    opened = reader.newest_by("symbol", ("PositionOpened", "PositionClosed"), fills[-1].seq)
    assert opened["BTC/USDT"].kind == "PositionOpened"


def known_before(steps: list[LoggedStep], ts_ns: int) -> Quote:
    last = top = None
    for step in steps:
        if step.ts_ns >= ts_ns:
            break
        if isinstance(step.event, TradeTick):
            last = step.event.price
        elif isinstance(step.event, BookTop):
            top = step.event
    return Quote(last, top)


def test_marks_are_those_of_a_full_read(pages: TapePages, steps: list[LoggedStep]) -> None:
    marks = Marks(pages, ("BTC/USDT",), STALE_NS)
    moments = [*range(START - MINUTE, START + 2 * HOUR + 2 * MINUTE, 37 * SECOND)]
    for at_ns, quotes in zip(moments, marks.at_moments(moments), strict=True):
        ours = quotes["BTC/USDT"].mark(at_ns, STALE_NS)
        assert ours == known_before(steps, at_ns).mark(at_ns, STALE_NS)


def test_marks_at_positions(pages: TapePages, steps: list[LoggedStep]) -> None:
    marks = Marks(pages, ("BTC/USDT",), STALE_NS)
    pos = 0
    for number, step in enumerate(steps):
        pos += is_market(step.event)
        if number % 97 == 0 and pos:
            ours = marks.at_position(pos, step.ts_ns)["BTC/USDT"].mark(step.ts_ns, STALE_NS)
            theirs = known_before(steps[: number + 1], 2**62).mark(step.ts_ns, STALE_NS)
            assert ours == theirs
    assert marks.position(2**62) == pos
    assert marks.position(0) == 0
    assert marks.at_position(0, START) == {}


def test_every_event_of_the_tape_by_its_position(pages: TapePages, steps: list[LoggedStep]) -> None:
    market = [step for step in steps if is_market(step.event)]
    for pos in range(1, len(market) + 1, 61):
        assert pages.event_at(pos) == market[pos - 1].event
        assert pages.ts_ns_at(pos) == market[pos - 1].ts_ns
    block = pages.block(2)
    assert [block.step(i) for i in range(len(block))] == [
        step.step for step in market[block.row.first_pos - 1 : block.row.last_pos]
    ]


def test_a_block_with_another_codec_says_so(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "log.db") as log:
        for entry, _ in zip(mixed(), range(20), strict=False):
            log.append(entry)
        log.flush().result()
        with tape_pages(log.database) as pages:
            row = pages.block(1).row._replace(codec="later")
    with pytest.raises(EventLogError, match="tape block 1: unknown codec later"):
        TapeBlock(row).ts_ns(0)
    with pytest.raises(EventLogError, match="tape block 1 cannot be read"):
        TapeBlock(row._replace(codec=CODEC, body=b"nothing")).ts_ns(0)


def test_a_span_stays_the_same_when_more_is_written(tmp_path: Path) -> None:
    """Stamps run against each other for a while, as those of venue and engine do."""
    stamps = [100 * n + (n * 7_919 % 13) * 90 for n in range(1, 400)]
    with EventLog.open(tmp_path / "log.db") as log:
        found: dict[int, set[int]] = {}
        for step, ts_ns in enumerate(stamps, 1):
            log.append(LogEntry(1, step, FeedRestored(ts_ns, "trades"), ts_ns))
            if step % 10 == 0:
                log.flush().result()
                for moment in range(5_000, 100 * step - 1_200, 3_000):
                    found.setdefault(moment, set()).add(log.reader.seq_at(moment))
        for moment, seqs in found.items():
            assert len(seqs) == 1
            assert seqs == {next(s for s, ts in enumerate(stamps, 1) if ts >= moment)}
