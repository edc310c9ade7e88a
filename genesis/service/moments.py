"""Times as they are sent to the API: ISO 8601 text or UTC nanoseconds."""

from datetime import datetime
from typing import Final

from genesis.domain.time import format_utc, parse_utc
from genesis.errors import UsageError

LATEST: Final = 9 * 10**18
"""In nanoseconds; the year 2255. JSON writes it exactly."""
_EPOCH: Final = 1970


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
