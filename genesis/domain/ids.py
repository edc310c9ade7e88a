"""Replayable identity and jitter: nothing here is random, so a replay meets the same numbers."""

from hashlib import sha256
from typing import Final, NamedTuple

EXTERNAL_RUN: Final = 0
"""Run of an order key that is not ours: the fill was made outside of Genesis."""


class OrderKey(NamedTuple):
    """Name of one order of ours.

    `run` is the ordinal of the run that gave birth to it, `n` counts that run's parent orders
    from 1 (a protective stop is a parent of its own), `slice` counts children from 0.
    """

    run: int
    n: int
    slice: int = 0

    def __str__(self) -> str:
        return f"{self.run}-{self.n}-{self.slice}"

    @classmethod
    def parse(cls, text: str) -> "OrderKey":
        """The inverse of `str`."""
        run, n, child = text.split("-")
        return cls(int(run), int(n), int(child))


def jitter(seed: str, key: str, low: float, high: float) -> float:
    """A number in [low, high) that depends only on `seed` and `key`."""
    head = sha256(f"{seed}|{key}".encode()).digest()[:8]
    return low + (high - low) * (int.from_bytes(head) / 2**64)
