"""What an answer to a new order means: the one table that decides placed, rejected or unknown.

Only the venue's numeric code and the HTTP status are read, never the class of an exception:
libraries raise "rejected" for cut-off answers and "network error" for definite refusals.
Everything the table does not name is UNRESOLVED. Another venue brings a table of its own (`Codes`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    body: parsed JSON of a 2xx answer, or of an error that tells details (`data`).
    code, message: the venue's numeric error code and words.
    was_sent: False when no connection was made, so that nothing can have arrived.
    retry_after_s: what a 429 or 418 asks to wait, or how long we ourselves send nothing yet.
    headers: of the answer, names in lower case.
    """

    status: int | None
    body: Any = None
    code: int | None = None
    message: str = ""
    was_sent: bool = True
    retry_after_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def is_ok(self) -> bool:
        return self.status is not None and self.status < 300 and self.code is None

    def is_kept_back_for(self, seconds: float) -> bool:
        """Did we ourselves not send it, and will not for longer than this?"""
        return not self.was_sent and (self.retry_after_s or 0.0) > seconds

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
BAD_FILTER: Final = -1013
MARKET_CLOSED: Final = "Market is closed."
TOO_MANY_ORDERS: Final = -1015
TOO_MANY: Final = 429
BANNED: Final = 418
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

BAD_KEYS: Final[dict[int, str]] = {
    -1022: "GENESIS_API_SECRET is not the secret of GENESIS_API_KEY",
    -2014: "GENESIS_API_KEY does not look like a key of this venue",
    -2015: "it is wrong or was revoked, may not do this, or may not be used from this machine's "
    "address",
}
"""The venue's code -> what is wrong with our key."""

BY_STATUS: Final[dict[int, Standing]] = {
    403: _NOT_PLACED,  # web application firewall
    418: _NOT_PLACED,  # banned
    429: _NOT_PLACED,  # rate limit
}
"""HTTP status -> what is known, whatever the body says."""


def _is_order(body: Any) -> bool:
    """Garbage with status 200 is no proof of anything."""
    return isinstance(body, dict) and body.get("orderId") not in (None, "") and "status" in body


@dataclass(frozen=True, slots=True)
class Codes:
    """What one venue's numbers mean.

    by_code: on an answer that can refuse. by_status: whatever the body says. by_words: where the
    words beside a code matter. refuses_from: the lowest HTTP status of an answer that can refuse.
    is_order: does a good answer prove that the order was taken?
    The others name what an answer asks of us: to set our clock, to learn the filters anew (by code
    or by its words), to send nothing for a while (for a ban: nothing at all). bad_keys: what is
    wrong with our key, in words.
    """

    by_code: Mapping[int, Standing]
    by_status: Mapping[int, Standing]
    by_words: Mapping[tuple[int, str], Standing]
    refuses_from: int
    is_order: Callable[[Any], bool]
    bad_timestamp: int
    bad_filters: frozenset[int]
    closed_words: str
    too_many: frozenset[int]
    too_many_orders: frozenset[int]
    banned: frozenset[int]
    bad_keys: Mapping[int, str] = field(default_factory=dict)


BINANCE_CODES: Final = Codes(
    by_code=BY_CODE,
    by_status=BY_STATUS,
    by_words={(-2010, DUPLICATE): _UNRESOLVED},  # an order with this id is live: no refusal
    refuses_from=400,
    is_order=_is_order,
    bad_timestamp=BAD_TIMESTAMP,
    bad_filters=frozenset({BAD_FILTER}),
    closed_words=MARKET_CLOSED,
    too_many=frozenset({TOO_MANY}),
    too_many_orders=frozenset({TOO_MANY_ORDERS}),
    banned=frozenset({BANNED}),
    bad_keys=BAD_KEYS,
)


def classify(answer: Answer, codes: Codes = BINANCE_CODES) -> Standing:
    """What the answer to the POST of an order proves."""
    if not answer.was_sent:
        return _NOT_PLACED
    if answer.status is None or answer.status >= 500:
        return _UNRESOLVED
    if answer.is_ok:
        return Standing.PLACED if codes.is_order(answer.body) else _UNRESOLVED
    if answer.status in codes.by_status:
        return codes.by_status[answer.status]
    if answer.status < codes.refuses_from or answer.code is None:
        return _UNRESOLVED
    for (code, words), standing in codes.by_words.items():
        if answer.code == code and words in answer.message:
            return standing
    return codes.by_code.get(answer.code, _UNRESOLVED)
