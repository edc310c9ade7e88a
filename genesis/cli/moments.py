"""Moments as they are typed on the command line."""

from genesis.domain.time import parse_utc
from genesis.errors import UsageError


def moment(text: str | None, option: str) -> int | None:
    """UTC ns of what was given to an option; None where nothing was.

    Raises:
        UsageError: the text is no moment.
    """
    if text is None:
        return None
    try:
        return parse_utc(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text!r} is not a UTC time such as 2024-08-08T12:00: {error}"
        ) from None


def span(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """--start and --end as UTC ns.

    Raises:
        UsageError: one of them is no moment, or they leave no time between them.
    """
    first, last = moment(start, "--start"), moment(end, "--end")
    if first is not None and last is not None and first >= last:
        raise UsageError(f"--start {start} is not before --end {end}: no time lies between them")
    return first, last
