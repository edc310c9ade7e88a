"""Time as integer UTC nanoseconds. There is no `now` here: time arrives with the events."""

from datetime import UTC, date, datetime
from typing import Final, NewType

Ns = NewType("Ns", int)
"""Nanoseconds since 1970-01-01T00:00:00Z."""

MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_HELD: Final = 2**63
"""Stores and columns hold times as signed 64-bit nanoseconds."""
_EPOCH: Final = date(1970, 1, 1).toordinal()
_AHEAD: Final = ((SECOND, "second"), (MINUTE, "minute"), (HOUR, "hour"))
_MOST: Final = 90
"""So many of a unit are told before the next larger one is taken."""
_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}


def parse_utc(s: str) -> Ns:
    """ISO 8601 text (a date, or a date and time; UTC unless it names an offset) to nanoseconds.

    Raises:
        ValueError: the text is no such time, fractions of a second do not follow a point, or it
            lies outside what 64 bits of nanoseconds can hold.
    """
    if "," in s:
        raise ValueError(f"time {s!r} has a comma: write fractions of a second after a point")
    head, dot, tail = s.strip().partition(".")
    digits = ""
    if dot:
        digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
        head += tail[len(digits) :]
    moment = datetime.fromisoformat(head)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    found = int(moment.timestamp()) * SECOND + int(digits[:9].ljust(9, "0") or "0")
    if not -_HELD <= found < _HELD:
        raise ValueError(f"time {s!r} is not between 1677-09-22 and 2262-04-11")
    return Ns(found)


def format_utc(t: int) -> str:
    """Nanoseconds to ISO 8601 text with as many decimals as are needed: none, 3, 6 or 9."""
    seconds, rest = divmod(t, SECOND)
    stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    decimals = f"{rest:09d}"
    while decimals.endswith("000"):
        decimals = decimals[:-3]
    return f"{stamp}.{decimals}Z" if decimals else f"{stamp}Z"


def moment_words(t: int) -> str:
    """`2024-08-08 14:05:10 UTC`: a moment as people read it, to the second it is over in."""
    whole = -(-t // SECOND) * SECOND
    return f"{format_utc(whole)[:-1].replace('T', ' ')} UTC"


def until_words(until_ns: int, now_ns: int, clock: str = "") -> str:
    """`in 27 minutes (14:05:10 UTC)`, with the date where that is another day than now.

    clock: what is said of the clock that counts, such as `venue time`.
    """
    moment = moment_words(until_ns)
    shown = moment if utc_day(until_ns) != utc_day(now_ns) else moment.partition(" ")[2]
    named = f"{shown}, {clock}" if clock else shown
    return f"{_ahead(until_ns - now_ns)} ({named})"


def _ahead(span_ns: int) -> str:
    """How far ahead, in the largest unit that still tells enough; never less than it is."""
    if span_ns <= 0:
        return "now"
    unit_ns, name = next((unit for unit in _AHEAD if span_ns <= unit[0] * _MOST), (DAY, "day"))
    count = -(-span_ns // unit_ns)
    return f"in {count} {name}{'s' if count != 1 else ''}"


def utc_day(t: int) -> int:
    """Number of the UTC day that holds `t`; the boundary instant belongs to the new day."""
    return t // DAY


def date_of(day: int) -> date:
    """The date of a UTC day number."""
    return date.fromordinal(_EPOCH + day)


def parse_width(text: str) -> int:
    """A bar width such as `1m`, `5m`, `1h` in nanoseconds.

    Raises:
        ValueError: the text is not a positive whole number followed by s, m, h or d.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not _is_whole(number) or int(number) == 0:
        raise ValueError(f"bar width {text!r} is not a number followed by s, m, h or d, such as 1m")
    return int(number) * _UNITS[unit]


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()
