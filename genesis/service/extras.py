"""What may follow a symbol in a typed order: its price, its stop, and how it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from genesis.domain.slicing import Algorithm
from genesis.domain.time import MINUTE
from genesis.errors import UsageError

PRICES: Final = ("limit", "stop")
ALGORITHMS: Final = tuple(algorithm.value for algorithm in Algorithm)
_MAX_DIGITS: Final = 24
_MOST_MINUTES: Final = 100_000


class NotUnderstood(UsageError):
    """The words are no command; the message says which word and what was expected."""

    code = "GENESIS-1110"


@dataclass(frozen=True, slots=True)
class Extras:
    """All None: one order at the market, with the usual stop."""

    limit: Decimal | None = None
    stop: Decimal | None = None
    algorithm: Algorithm | None = None
    over_ns: int | None = None

    @property
    def is_priced(self) -> bool:
        """Does a limit hold its price, be it given or the algorithm's own?"""
        return self.limit is not None or self.algorithm is not None


def extras(words: Sequence[str]) -> Extras:
    """`limit PRICE`, `stop PRICE`, `iceberg`, `twap [over MINUTES]`, `vwap [over MINUTES]`, in any
    order, each at most once.

    Raises:
        NotUnderstood: another word, one that lacks its number, or two that contradict each other.
    """
    left, prices = [word.lower() for word in words], dict[str, Decimal]()
    algorithm: Algorithm | None = None
    over_ns: int | None = None
    while left:
        name = left.pop(0)
        if name in PRICES and name not in prices and left:
            prices[name] = amount(left.pop(0), f"{name} price")
        elif name in ALGORITHMS and algorithm is None:
            algorithm = Algorithm(name)
            if left[:1] == ["over"]:
                over_ns, left = _over(left[1:2], algorithm), left[2:]
        else:
            told = "after the symbol come limit PRICE or stop PRICE, or how it is sent: iceberg, "
            raise NotUnderstood(f"{told}twap over MINUTES or vwap over MINUTES, not {name!r}")
    if algorithm is not None and "limit" in prices:
        raise NotUnderstood(f"{algorithm.value} sets its own limits: leave out limit PRICE")
    return Extras(prices.get("limit"), prices.get("stop"), algorithm, over_ns)


def _over(words: Sequence[str], algorithm: Algorithm) -> int:
    if not algorithm.lasts:
        raise NotUnderstood("an iceberg has no duration: its slices follow each other in seconds")
    if not words:
        raise NotUnderstood(f"over needs minutes: {algorithm.value} over 30")
    minutes = amount(words[0], "minutes")
    if minutes > _MOST_MINUTES:
        raise NotUnderstood(f"{words[0]} minutes are too many")
    return int(minutes * MINUTE)


def amount(word: str, what: str) -> Decimal:
    """A positive amount in plain digits.

    Raises:
        NotUnderstood: it is none.
    """
    try:
        value = Decimal(word)
    except InvalidOperation:
        raise NotUnderstood(f"{what} {word!r} is not a number") from None
    if not value.is_finite() or value <= 0 or len(word) > _MAX_DIGITS or "e" in word.lower():
        raise NotUnderstood(f"{what} {word!r} is not a positive amount in plain digits")
    return value
