"""Times as they are sent to the API (ISO 8601 text or UTC nanoseconds), and as they are told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from genesis.domain.time import MINUTE, format_utc, parse_utc, until_words
from genesis.errors import UsageError
from genesis.service.clock import wall_ns

LATEST: Final = 9 * 10**18
"""In nanoseconds; the year 2255. JSON writes it exactly."""
VENUE_TIME: Final = "venue time"
_EPOCH: Final = 1970
_APART_NS: Final = MINUTE
_DRIFT: Final = 0.05


def moment_ns(told: str | int, field: str) -> int:
    """The moment that was told, from 1970 on: an earlier or a far later one is the nearest of them.

    field: what it is called where it was told.

    Raises:
        UsageError: it is no time.
    """
    if isinstance(told, int):
        return min(max(told, 0), LATEST)
    if told.isascii() and told.isdigit():
        digits = told.lstrip("0")
        return LATEST if len(digits) > len(str(LATEST)) else min(int(digits or "0"), LATEST)
    text = told.upper()
    try:
        return min(max(parse_utc(text), 0), LATEST)
    except ValueError as problem:
        try:
            year = datetime.fromisoformat(text).year
        except ValueError:
            wanted = f"{field}: {told!r} is no time such as {format_utc(0)}"
            raise UsageError(wanted) from problem
        return 0 if year < _EPOCH else LATEST


def when(until_ns: int | None, now_ns: int, speed: float = 1.0) -> str | None:
    """When a refusal or a limit ends, as every face tells it: `in 27 minutes (14:05:10 UTC)`.

    now_ns: on the clock of the venue, of which `speed` seconds pass in one of the wall. Where it is
    not the wall's, the words say so.
    """
    if until_ns is None:
        return None
    is_walls = abs(speed - 1) <= _DRIFT and abs(now_ns - wall_ns()) <= _APART_NS
    return until_words(until_ns, now_ns, "" if is_walls else VENUE_TIME)


def refused(told: Mapping[str, Any]) -> str:
    """Why something was refused, and when it can be asked for again where that is known."""
    reason = str(told.get("reason") or told.get("detail") or "it was not done")
    return f"{reason}; again {told['when']}" if told.get("when") else reason
