"""Raw captures of a combined stream: `<receive stamp> {"stream":..,"data":..}`, one per line.

A bare REST depth snapshot may stand between them: `<receive stamp> {"lastUpdateId":..}`. The
receive stamp is in ns (19 digits) or µs (16 digits) of the recording machine's own clock: it
orders nothing and is kept beside the event.

Venue time: trades and depth differences tell it. A message that does not takes the largest venue
time told before it on the same connection; before the first: its receive time plus the first
offset measured (venue minus receive), or its receive time alone where no message ever tells one.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from genesis.domain.events import MarketEvent
from genesis.errors import DataError
from genesis.wire import amounts, streams

SYNTHETIC_STREAM: Final = "genesis@synthetic"
"""The stream of the first line of a made-up capture: it is never taken for a recorded one."""
_BARE: Final = "lastUpdateId"


class Captured(NamedTuple):
    """One event with its place in the capture: `arrival` counts from 0, `line` from 1."""

    arrival: int
    received_ns: int
    event: MarketEvent
    line: int


class BadLine(NamedTuple):
    """A line that cannot be used: its number (from 1), its bytes and the reason."""

    line: int
    raw: bytes
    reason: str


class _Line(NamedTuple):
    number: int
    raw: bytes
    received_ns: int
    stream: str
    message: dict[str, Any]

    def bad(self, reason: object) -> BadLine:
        return BadLine(self.number, self.raw, str(reason))


class Capture:
    """The messages of one connection, line by line.

    symbol: what a bare snapshot belongs to; None: the only symbol that the capture tells.
    """

    def __init__(self, symbol: str | None = None) -> None:
        self.ignored = 0
        """Messages understood and of no interest here (other stream kinds, open klines)."""
        self.is_synthetic = False
        """The capture says of itself that it is made up."""
        self._symbol = symbol
        self._only: str | None = None
        self._has_guessed = False
        self._latest_ns: int | None = None
        self._arrival = 0
        self._waiting: list[_Line] = []
        self._number = 0

    def take(self, raw: bytes) -> list[Captured | BadLine]:
        """What one more line makes known: nothing yet, itself, or earlier ones that had to wait."""
        self._number += 1
        if not raw.strip():
            return []
        try:
            here = _split(raw, self._number)
            told_ns = streams.venue_ns(here.message)
        except ValueError as error:
            return [BadLine(self._number, raw, str(error))]
        if here.stream == SYNTHETIC_STREAM:
            self.is_synthetic = True
            return []
        if told_ns is not None:
            return self._take_told(here, told_ns)
        if self._latest_ns is None:
            self._waiting.append(here)
            return []
        return self._give(here, self._latest_ns)

    def finish(self) -> list[Captured | BadLine]:
        """What still waited for a venue time when the capture ended."""
        return self._release(0)

    def _take_told(self, here: _Line, told_ns: int) -> list[Captured | BadLine]:
        try:
            streams.parse(here.message, told_ns, here.stream)
        except ValueError as error:
            return [here.bad(error)]
        earlier = self._release(told_ns - here.received_ns) if self._latest_ns is None else []
        self._latest_ns = max(told_ns, self._latest_ns or 0)
        return earlier + self._give(here, told_ns)

    def _release(self, offset_ns: int) -> list[Captured | BadLine]:
        waiting, self._waiting = self._waiting, []
        return [out for line in waiting for out in self._give(line, line.received_ns + offset_ns)]

    def _give(self, here: _Line, ts_ns: int) -> list[Captured | BadLine]:
        try:
            event = self._event(here, ts_ns)
            if event is None:
                self.ignored += 1
                return []
            self._meet(event.symbol)
        except ValueError as error:
            return [here.bad(error)]
        self._arrival += 1
        return [Captured(self._arrival - 1, here.received_ns, event, here.number)]

    def _event(self, here: _Line, ts_ns: int) -> MarketEvent | None:
        if here.stream or _BARE not in here.message:
            return streams.parse(here.message, ts_ns, here.stream)
        try:
            return streams.parse_snapshot(here.message, self._symbol_of_snapshot(here), ts_ns)
        except KeyError as absent:
            raise ValueError(f"field {absent} is missing") from None

    def _symbol_of_snapshot(self, here: _Line) -> str:
        if self._symbol is not None:
            return self._symbol
        if self._only is None:
            raise ValueError("a depth snapshot names no symbol and none was seen before it")
        self._has_guessed = True
        return self._only

    def _meet(self, symbol: str) -> None:
        """A snapshot was given to the only symbol seen: a second one makes that a guess."""
        self._only = self._only or symbol
        if symbol != self._only and self._has_guessed:
            raise ValueError(
                f"{symbol} follows a depth snapshot that may be its own: name a symbol"
            )


def _split(raw: bytes, number: int) -> _Line:
    stamp, _, text = raw.partition(b" ")
    if not stamp.isdigit():
        raise ValueError("it does not start with a receive stamp")
    received_ns = amounts.parse_stamp(int(stamp))
    try:
        message = json.loads(text)
    except ValueError as error:
        raise ValueError(f"its JSON cannot be read: {error}") from None
    if not isinstance(message, dict):
        raise ValueError("its JSON is not an object")
    if "stream" not in message:
        return _Line(number, raw, received_ns, "", message)
    stream, data = message["stream"], message.get("data")
    if not isinstance(stream, str) or not isinstance(data, dict):
        raise ValueError("its envelope holds no stream name and data")
    return _Line(number, raw, received_ns, stream, data)


def is_capture(raw: bytes) -> bool:
    """Does a line look like one of a capture?"""
    stamp, _, text = raw.partition(b" ")
    return stamp.isdigit() and text.lstrip().startswith(b"{")


def read(lines: Iterable[bytes], source: str, symbol: str | None = None) -> Iterator[Captured]:
    """The events of a capture in arrival order.

    source: name of the file, for complaints.

    Raises:
        DataError: a bad line, by file, line and reason.
    """
    capture = Capture(symbol)
    for raw in lines:
        yield from _good(capture.take(raw), source)
    yield from _good(capture.finish(), source)


def _good(given: Iterable[Captured | BadLine], source: str) -> Iterator[Captured]:
    for one in given:
        if isinstance(one, BadLine):
            raise DataError(f"{source} line {one.line}: {one.reason}")
        yield one


def write_line(received_ns: int, event: MarketEvent) -> bytes:
    """One line of a capture, newline included."""
    message = streams.write(event)
    if _BARE in message:
        text = json.dumps(message, separators=(",", ":"))
    else:
        text = streams.combined(streams.stream_name(event), message)
    return f"{received_ns} {text}\n".encode()


def write_label(received_ns: int, label: str) -> bytes:
    """The first line of a made-up capture: it says so."""
    return f"{received_ns} {streams.combined(SYNTHETIC_STREAM, {'label': label})}\n".encode()
