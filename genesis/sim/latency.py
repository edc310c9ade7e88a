"""How long news and orders travel. The venue knows nothing of it: the driver adds it."""

from dataclasses import dataclass

from genesis.domain.time import MILLISECOND


@dataclass(frozen=True, slots=True)
class Latency:
    """Three constant parts in ns.

    feed_ns: from a market event at the venue to the engine.
    entry_ns: from a command of the engine to the venue.
    response_ns: from the venue's answer or fill to the engine.
    """

    feed_ns: int = 0
    entry_ns: int = 0
    response_ns: int = 0

    def __post_init__(self) -> None:
        if min(self.feed_ns, self.entry_ns, self.response_ns) < 0:
            raise ValueError(f"latency cannot be negative: {self}")

    @classmethod
    def of_ms(cls, feed: int, entry: int, response: int) -> "Latency":
        return cls(feed * MILLISECOND, entry * MILLISECOND, response * MILLISECOND)


NONE = Latency()
