"""What an answer to a new order means: the one table that decides placed, rejected or unknown.

Only the venue's numeric code and the HTTP status are read, never the class of an exception:
libraries raise "rejected" for cut-off answers and "network error" for definite refusals.
Everything the table does not name is UNRESOLVED.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Standing(StrEnum):
    """What is known of an order after one POST."""

    PLACED = "PLACED"
    REJECTED = "REJECTED"
    """The venue looked at the order and said no."""
    NOT_PLACED = "NOT_PLACED"
    """The order never came to the matching engine: limits, clock, ban, or nothing was sent."""
    UNRESOLVED = "UNRESOLVED"
    """Nobody knows: never send again, ask by client id."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer of the venue, or its absence.

    status: HTTP status; None when no complete answer came.
    body: parsed JSON of a 2xx answer.
    code, message: the venue's numeric error code and words.
    was_sent: False when no connection was made, so that nothing can have arrived.
    retry_after_s: what a 429 or 418 asks to wait.
    """

    status: int | None
    body: Any = None
    code: int | None = None
    message: str = ""
    was_sent: bool = True
    retry_after_s: float | None = None

    @property
    def is_ok(self) -> bool:
        return self.status is not None and self.status < 300 and self.code is None

    def told(self) -> str:
        """The answer in one line, for reasons and errors."""
        if self.status is None:
            return f"no answer ({self.message})" if self.message else "no answer"
        code = f" {self.code}" if self.code is not None else ""
        return f"HTTP {self.status}{code} {self.message}".rstrip()


_REJECTED: Final = Standing.REJECTED
_NOT_PLACED: Final = Standing.NOT_PLACED
_UNRESOLVED: Final = Standing.UNRESOLVED

DUPLICATE: Final = "Duplicate order sent."
NO_SUCH_ORDER: Final = -2013
UNKNOWN_ORDER: Final = -2011
BAD_TIMESTAMP: Final = -1021
BAD_SYMBOL: Final = -1121

BY_CODE: Final[dict[int, Standing]] = {
    -1000: _UNRESOLVED,  # unknown error while processing
    -1001: _UNRESOLVED,  # internal error, disconnected
    -1003: _NOT_PLACED,  # too much request weight
    -1006: _UNRESOLVED,  # unexpected response from the backend
    -1007: _UNRESOLVED,  # backend timeout: "execution status unknown"
    -1008: _UNRESOLVED,  # overloaded: the documents do not say "not placed"
    -1013: _REJECTED,  # a filter of the symbol
    -1015: _NOT_PLACED,  # too many orders
    -1016: _REJECTED,  # the service is shutting down
    -1020: _REJECTED,  # operation not supported
    -1021: _NOT_PLACED,  # outside of recvWindow, judged before the matching engine
    -1022: _REJECTED,  # signature
    **dict.fromkeys(range(-1131, -1099), _REJECTED),  # malformed parameters, -1121 bad symbol
    -2010: _REJECTED,  # new order rejected: funds, would trigger, would match, market closed
    -2014: _REJECTED,  # key format
    -2015: _REJECTED,  # key, address or permission
    -2021: _UNRESOLVED,  # cancel-replace half done: one leg happened
}
"""The venue's code on a 4xx answer -> what is known."""

BY_STATUS: Final[dict[int, Standing]] = {
    403: _NOT_PLACED,  # web application firewall
    418: _NOT_PLACED,  # banned
    429: _NOT_PLACED,  # rate limit
}
"""HTTP status -> what is known, whatever the body says."""


def classify(answer: Answer) -> Standing:
    """What the answer to POST order proves."""
    if not answer.was_sent:
        return _NOT_PLACED
    if answer.status is None or answer.status >= 500:
        return _UNRESOLVED
    if answer.is_ok:
        return Standing.PLACED if _names_an_order(answer.body) else _UNRESOLVED
    if answer.status in BY_STATUS:
        return BY_STATUS[answer.status]
    if answer.status < 400 or answer.code is None:
        return _UNRESOLVED
    if answer.code == -2010 and DUPLICATE in answer.message:
        return _UNRESOLVED  # an order with this id is live: no refusal of the intent
    return BY_CODE.get(answer.code, _UNRESOLVED)


def _names_an_order(body: Any) -> bool:
    """Garbage with status 200 is no proof of anything."""
    return isinstance(body, dict) and body.get("orderId") not in (None, "") and "status" in body
