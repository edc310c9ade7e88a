"""Where a value stands among the latest ones, in bounded memory and without sorting.

Values are counted in buckets of a logarithmic scale: 64 to each power of two, so that two values
in one bucket differ by less than 1.6 %. The scale is read from the float's own exponent and
mantissa: exact, the same on every machine.
"""

from array import array
from math import frexp, sqrt
from typing import Final

_OCTAVES: Final = 96
_LOWEST: Final = -48
_SUBS: Final = 64


class Ranks:
    """The latest `size` values, as counts of buckets; `count`: how many there are.

    A value costs the same whatever `size` is. How many values lie below the bucket last asked for
    is kept up to date, because values mostly follow their like.
    """

    __slots__ = ("_at", "_below", "_buckets", "_next", "_ring", "_size", "count")

    def __init__(self, size: int) -> None:
        self._size = size
        self.count = 0
        self._ring = array("H")
        self._next = 0
        self._buckets = [0] * (_OCTAVES * _SUBS)
        self._at = self._below = 0

    def take(self, value: float) -> float:
        """The rank of one more value >= 0 among those before it, which then is one of them.

        Its rank is the share of the values below it, in [0, 1]; equal ones count half. With
        nothing to compare with it is in the middle. The oldest value leaves when there are more
        than `size`.
        """
        bucket, buckets, count = self._seek(value), self._buckets, self.count
        rank = (self._below + buckets[bucket] / 2) / count if count else 0.5
        ring, place = self._ring, self._next
        if count < self._size:
            ring.append(bucket)
            self.count = count + 1
        else:
            oldest = ring[place]
            buckets[oldest] -= 1
            if oldest < bucket:
                self._below -= 1
            ring[place] = bucket
            self._next = place + 1 if place + 1 < self._size else 0
        buckets[bucket] += 1
        return rank

    def rank(self, value: float) -> float:
        """As `take`, but the value only asks."""
        bucket = self._seek(value)
        return (self._below + self._buckets[bucket] / 2) / self.count if self.count else 0.5

    def _seek(self, value: float) -> int:
        """The bucket of a value; how many lie below it is counted now."""
        bucket = 0
        if value > 0:
            mantissa, exponent = frexp(value)  # value = mantissa * 2**exponent, from 0.5 to 1
            octave = exponent - _LOWEST
            if 0 <= octave < _OCTAVES:
                bucket = octave * _SUBS + int((mantissa - 0.5) * 2 * _SUBS)
            elif octave >= _OCTAVES:
                bucket = _OCTAVES * _SUBS - 1
        at = self._at
        if bucket > at:
            self._below += sum(self._buckets[at:bucket])
        elif bucket < at:
            self._below -= sum(self._buckets[bucket:at])
        self._at = bucket
        return bucket


_MOVE_UNIT: Final = 1e-9
"""Moves are kept in billionths, so that their squares add up exactly, in whatever order."""


class Moves:
    """The latest `size` moves, for the root of their mean square."""

    __slots__ = ("_next", "_ring", "_size", "_squares")

    def __init__(self, size: int) -> None:
        self._size = size
        self._ring = array("q")
        self._next = 0
        self._squares = 0

    def take(self, move: float) -> float:
        """How many sigmas one more move is (up or down), which then is one of them.

        A sigma is the root mean square of the moves before it; 0 while nothing had moved.
        """
        ring, squares = self._ring, self._squares
        count = len(ring)
        units = round(move / _MOVE_UNIT)
        sigmas = abs(units) / sqrt(squares / count) if squares else 0.0
        if count < self._size:
            ring.append(units)
        else:
            at = self._next
            squares -= ring[at] * ring[at]
            ring[at] = units
            self._next = (at + 1) % self._size
        self._squares = squares + units * units
        return sigmas
