import gzip
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BookDelta, BookTop, TradeTick
from genesis.domain.time import MICROSECOND, MILLISECOND, SECOND
from genesis.errors import DataError
from genesis.wire import capture
from genesis.wire.capture import BadLine, Capture, Captured

SENT = 1_723_161_255_000  # ms, the venue's clock
HEARD = 1_723_161_253_700 * MILLISECOND  # ns, the recorder's, 1.3 s behind


def line(received_ns: int, stream: str, data: dict[str, object]) -> bytes:
    return f"{received_ns} {json.dumps({'stream': stream, 'data': data})}\n".encode()


def top(received_ns: int, update_id: int, symbol: str = "BTCUSDT") -> bytes:
    data = {"u": update_id, "s": symbol, "b": "1.0", "B": "1.0", "a": "2.0", "A": "1.0"}
    return line(received_ns, f"{symbol.lower()}@bookTicker", data)


def trade(received_ns: int, sent_ms: int, trade_id: int = 1, symbol: str = "BTCUSDT") -> bytes:
    data = {"e": "trade", "E": sent_ms, "s": symbol, "t": trade_id, "p": "1.5", "q": "2.0"}
    return line(received_ns, f"{symbol.lower()}@trade", {**data, "T": sent_ms - 1, "m": False})


def snapshot(received_ns: int) -> bytes:
    body = {"lastUpdateId": 9, "bids": [["1.0", "2.0"]], "asks": [["3.0", "4.0"]]}
    return f"{received_ns} {json.dumps(body)}\n".encode()


def read(lines: Iterable[bytes]) -> list[Captured]:
    return list(capture.read(lines, "capture.gz"))


def test_events_keep_their_order_receipt_and_line() -> None:
    got = read([trade(HEARD, SENT), b"\n", top(HEARD + 5, 7)])
    assert [(c.arrival, c.received_ns, c.line) for c in got] == [(0, HEARD, 1), (1, HEARD + 5, 3)]
    assert [type(c.event) for c in got] == [TradeTick, BookTop]


def test_message_without_venue_time_takes_the_largest_before_it() -> None:
    got = read(
        [
            trade(HEARD, SENT),
            top(HEARD + 1, 1),
            trade(HEARD + 2, SENT - 50),
            top(HEARD + 3, 2),
            snapshot(HEARD + 4),
        ]
    )
    assert [c.event.ts_ns // MILLISECOND for c in got] == [SENT - 1, SENT, SENT - 51, SENT, SENT]


def test_before_the_first_venue_time_the_first_offset_is_added() -> None:
    got = read([top(HEARD - 2 * SECOND, 1), snapshot(HEARD - SECOND), trade(HEARD, SENT)])
    told = SENT * MILLISECOND
    assert [c.event.ts_ns for c in got] == [told - 2 * SECOND, told - SECOND, told - MILLISECOND]
    assert [c.arrival for c in got] == [0, 1, 2]


def test_without_any_venue_time_the_receive_time_stands() -> None:
    assert [c.event.ts_ns for c in read([top(HEARD, 1), top(HEARD + 9, 2)])] == [HEARD, HEARD + 9]


def test_microsecond_receive_stamps() -> None:
    (only,) = read([trade(HEARD // MICROSECOND, SENT)])
    assert only.received_ns == HEARD


def test_snapshot_belongs_to_the_only_symbol() -> None:
    got = read([trade(HEARD, SENT), snapshot(HEARD)])
    assert isinstance(got[1].event, BookDelta)
    assert got[1].event.symbol == "BTC/USDT"
    assert got[1].event.is_snapshot


def test_snapshot_whose_symbol_is_a_guess_is_refused() -> None:
    lines = [trade(HEARD, SENT), snapshot(HEARD), trade(HEARD, SENT, symbol="ETHUSDT")]
    with pytest.raises(DataError, match=r"line 3: ETH/USDT follows a depth snapshot"):
        read(lines)
    assert len(list(capture.read(lines, "x", symbol="BTC/USDT"))) == 3


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"hello\n", "receive stamp"),
        (b"12 {}\n", "outside the years"),
        (f"{HEARD} {{\n".encode(), "JSON"),
        (f"{HEARD} []\n".encode(), "not an object"),
        (f'{HEARD} {{"stream":"x","data":5}}\n'.encode(), "envelope"),
        (trade(HEARD, SENT).replace(b'"1.5"', b'"x"'), "not a number"),
        (snapshot(HEARD).replace(b"asks", b"axes"), "'asks' is missing"),
    ],
)
def test_bad_line_is_named_and_the_capture_goes_on(bad: bytes, reason: str) -> None:
    lines = [trade(HEARD, SENT, 1), bad, trade(HEARD, SENT, 2)]
    with pytest.raises(DataError, match=f"capture.gz line 2: .*{reason}"):
        read(lines)
    parser = Capture()
    given_out = [one for raw in lines for one in parser.take(raw)]
    assert [type(one) for one in given_out] == [Captured, BadLine, Captured]


def test_bad_stamp_does_not_move_the_venues_time() -> None:
    parser = Capture()
    poisoned = trade(HEARD, SENT + 10**9).replace(b'"1.5"', b'"x"')
    lines = [trade(HEARD, SENT), poisoned, top(HEARD, 1)]
    given_out = [one for raw in lines for one in parser.take(raw)]
    assert isinstance(given_out[2], Captured)
    assert given_out[2].event.ts_ns == SENT * MILLISECOND


@given(st.lists(st.booleans(), max_size=30))
def test_every_line_becomes_one_event_in_order(is_trade: list[bool]) -> None:
    lines = [
        trade(HEARD + i, SENT + i, i) if told else top(HEARD + i, i)
        for i, told in enumerate(is_trade)
    ]
    got = read(lines)
    assert [c.received_ns - HEARD for c in got] == list(range(len(lines)))
    assert [c.line for c in got] == list(range(1, len(lines) + 1))


def test_written_capture_is_read_again() -> None:
    event = TradeTick(SENT * MILLISECOND, "BTC/USDT", 5, Decimal("1.5"), Decimal(2), True)
    book = BookDelta(event.ts_ns, "BTC/USDT", 4, 4, (), (), is_snapshot=True)
    lines = [
        capture.write_label(HEARD, "made up"),
        capture.write_line(HEARD, event),
        capture.write_line(HEARD + 1, book),
    ]
    assert [(c.received_ns, c.event) for c in read(lines)] == [(HEARD, event), (HEARD + 1, book)]
    parser = Capture()
    for raw in lines:
        parser.take(raw)
    assert parser.is_synthetic


def test_real_capture_follows_the_rule_at_every_line(shared: Path) -> None:
    """An independent reckoning of venue times over a whole recorded file."""
    path = shared / "data/capture/btcusdt_20240808.gz"
    with gzip.open(path) as file:
        lines = file.readlines()
    got = list(capture.read(lines, path.name))
    assert [c.line for c in got] == list(range(1, len(lines) + 1))
    latest = 0
    for raw, captured in zip(lines, got, strict=True):
        message = json.loads(raw.partition(b" ")[2])
        data = message.get("data", message)
        own = data.get("T", data.get("E"))
        latest = max(latest, data.get("E", 0))
        assert captured.event.ts_ns == (latest if own is None else own) * MILLISECOND
    kinds = [type(c.event) for c in got]
    counts = {kind: kinds.count(kind) for kind in (TradeTick, BookTop, BookDelta)}
    assert counts == {TradeTick: 9_757, BookTop: 28_040, BookDelta: 3_452}
