"""Names of what can block new risk, and the stable codes people and scripts read."""

from typing import Final

STARTING: Final = "reconcile at start"
"""A new run has not been compared with the venue yet: an ordinary pause, orders stay."""
RECONCILE: Final = "reconcile"
VENUE: Final = "venue"
CODE: Final = "code"
"""The code is not the one that was confirmed, or was changed at a bad time."""
FEED: Final = "feed "
"""Prefix; the stream's name follows."""
INCOMPLETE: Final = frozenset({STARTING, RECONCILE})
"""Blocks under which the balance is not known in full: nothing is confirmed by it."""

_CODES: Final = {
    STARTING: "RECONCILE_BLOCKED",
    RECONCILE: "RECONCILE_BLOCKED",
    VENUE: "VENUE_MAINTENANCE",
    "store": "STORE_FAILED",
    CODE: "CODE_CHANGED",
}


def code_of(source: str) -> str:
    """The refusal's code for a block of this source."""
    if source.startswith(FEED):
        return "FEED_LOST"
    return _CODES.get(source, "SYSTEM_FAILED")
