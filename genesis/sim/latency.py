"""How long news and orders travel. The venue knows nothing of it: the driver adds it.

Latency is constant, or sampled: every message draws one that was measured, by the seed of the run
and by what the message is. No draw depends on how many were made before it, so a message keeps its
latency whatever else a run does, and the same seed gives the same run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Final

from genesis.domain.time import MILLISECOND
from genesis.errors import UsageError

MOST_SAMPLES: Final = 10_000
LONGEST_NS: Final = 3_600_000 * MILLISECOND
"""An hour: what takes longer is an outage, and no latency."""


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


@dataclass(frozen=True, slots=True, repr=False)
class SampledLatency:
    """The parts of `Latency` as they were measured: whole ns, each as likely as any other.

    They are kept sorted, at most `MOST_SAMPLES` of a part (`thinned` leaves as many). Draws are
    independent of each other: of latencies that come in bursts only the mix is kept.

    Raises:
        UsageError: a part without samples, with too many, or with one below 0 or above an hour.
    """

    feed_ns: tuple[int, ...] = (0,)
    entry_ns: tuple[int, ...] = (0,)
    response_ns: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _checked(field.name, getattr(self, field.name)))

    @property
    def sha256(self) -> str:
        """Names the samples."""
        told = repr((self.feed_ns, self.entry_ns, self.response_ns))
        return sha256(told.encode()).hexdigest()

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {told}" for name, told in self._told())
        return f"SampledLatency({parts}; samples {self.sha256[:12]})"

    def _told(self) -> Iterator[tuple[str, str]]:
        for name in ("feed", "entry", "response"):
            of: tuple[int, ...] = getattr(self, f"{name}_ns")
            middle, late = (of[len(of) * p // 100] / MILLISECOND for p in (50, 99))
            yield name, f"{middle:.3g} ms (99 %: {late:.3g})"


AnyLatency = Latency | SampledLatency


def thinned(samples: Iterable[int]) -> tuple[int, ...]:
    """Sorted; of more than `MOST_SAMPLES` as many that lie evenly between the least and the most.

    The k-th of m that stay is the one at rank round(k * (n - 1) / (m - 1)) of n.
    """
    ranked = sorted(samples)
    if len(ranked) <= MOST_SAMPLES:
        return tuple(ranked)
    last, gaps = len(ranked) - 1, MOST_SAMPLES - 1
    return tuple(ranked[(2 * k * last + gaps) // (2 * gaps)] for k in range(MOST_SAMPLES))


def pick(seed: str, key: str, samples: tuple[int, ...]) -> int:
    """The sample that `seed` and `key` draw: nothing else has a part in it."""
    head = sha256(f"{seed}|latency|{key}".encode()).digest()[:8]
    return samples[int.from_bytes(head) * len(samples) >> 64]


def _checked(name: str, samples: Iterable[int]) -> tuple[int, ...]:
    try:
        found = tuple(sorted(map(_whole, samples)))
    except (TypeError, ValueError) as wrong:
        raise UsageError(f"{name} must be whole ns, one or more of them: {wrong}") from wrong
    if not 1 <= len(found) <= MOST_SAMPLES:
        raise UsageError(
            f"{name} has {len(found):,} samples: give 1 to {MOST_SAMPLES:,} (`thinned` leaves so "
            "many)"
        )
    if not 0 <= found[0] <= found[-1] <= LONGEST_NS:
        raise UsageError(f"{name} lies between {found[0]:,} and {found[-1]:,}: 0 to an hour, in ns")
    return found


def _whole(sample: int) -> int:
    whole = int(sample)
    if whole != sample:
        raise ValueError(f"{sample!r} is no whole number")
    return whole
