"""Trade ids as spans, merged where they touch."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

MOST: Final = 100
"""Spans that are told; of more, the oldest are left out."""


class IdSpans:
    """A set of whole numbers, kept as (first, last) spans."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def add(self, ids: Iterable[int]) -> None:
        """Put numbers in, in any order."""
        for first, last in _runs(sorted(set(ids))):
            self._put(first, last)

    def told(self) -> tuple[tuple[int, int], ...]:
        """The spans in order, at most `MOST` of them, the latest ones."""
        return tuple(self._spans[-MOST:])

    def _put(self, first: int, last: int) -> None:
        spans = self._spans
        begin = bisect_left(spans, first - 1, key=lambda span: span[1])
        end = begin
        while end < len(spans) and spans[end][0] <= last + 1:
            first, last = min(first, spans[end][0]), max(last, spans[end][1])
            end += 1
        spans[begin:end] = [(first, last)]


def _runs(numbers: list[int]) -> Iterable[tuple[int, int]]:
    if not numbers:
        return
    begin = numbers[0]
    for one, other in pairwise(numbers):
        if other != one + 1:
            yield begin, one
            begin = other
    yield begin, numbers[-1]
