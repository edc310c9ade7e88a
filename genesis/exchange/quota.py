"""How much of one of the venue's limits is used up: never less than the venue itself has counted.

The venue counts in fixed spans of its own clock and tells its count with each answer; where a span
begins is not known here. So nothing is ever assumed to be forgotten: a count that was told holds
for one whole span after it was heard, and what is under way or stayed without an answer is added
to it. A lower count is believed only from a request that was sent after the higher one was heard:
answers overtake each other. Pure; times are monotonic ns.

Source: Binance spot API documents, "Limits" (X-MBX-USED-WEIGHT, X-MBX-ORDER-COUNT).
"""

from collections import deque

_NEVER = -(1 << 62)


class Quota:
    """One limit. limit: units in each fixed span of span_ns."""

    def __init__(self, limit: int, span_ns: int) -> None:
        self.limit = limit
        self.span_ns = span_ns
        self._told, self._told_ns = 0, _NEVER
        self._spare, self._spare_ns = 0, _NEVER
        self._flying: dict[int, tuple[int, int]] = {}
        self._lost: deque[tuple[int, int]] = deque()
        self._unsure = 0
        self._tickets = 0

    def used(self, now_ns: int) -> int:
        """The most that the venue can have counted by now, what is under way included."""
        self._forget(now_ns)
        return self._told + self._unsure

    def fits(self, weight: int, most: int, now_ns: int) -> bool:
        """May this much be sent, so that no more than `most` is used? Alone, anything may."""
        used = self.used(now_ns)
        return used + weight <= most or used == 0

    def room_in_ns(self, now_ns: int) -> int:
        """How long until something is forgotten, if no answer comes before."""
        ends = [told_ns + self.span_ns for told_ns in (self._told_ns,) if self._told]
        if self._lost:
            ends.append(self._lost[0][0] + self.span_ns)
        return max(0, min(ends, default=now_ns) - now_ns)

    def sent(self, weight: int, now_ns: int) -> int:
        """A request leaves; its ticket."""
        self._tickets += 1
        self._flying[self._tickets] = (now_ns, weight)
        self._unsure += weight
        return self._tickets

    def never_left(self, ticket: int) -> None:
        """Nothing was sent after all."""
        _, weight = self._flying.pop(ticket)
        self._unsure -= weight

    def answered(self, ticket: int, told: int | None, now_ns: int) -> None:
        """The answer's own count; None: there was no answer, or it told nothing."""
        self._forget(now_ns)
        sent_ns, weight = self._flying.pop(ticket)
        if told is None:
            self._lost.append((now_ns, weight))
            return
        self._unsure -= weight
        if told >= self._told or sent_ns > self._told_ns:
            kept = self._spare if self._spare_ns >= sent_ns else 0
            self._told, self._told_ns = max(told, kept), now_ns
            self._spare, self._spare_ns = 0, _NEVER
        else:  # perhaps of a newer span than what is believed: not forgotten
            self._spare, self._spare_ns = max(told, self._spare), now_ns

    def _forget(self, now_ns: int) -> None:
        while self._lost and now_ns - self._lost[0][0] >= self.span_ns:
            self._unsure -= self._lost.popleft()[1]
        if now_ns - self._told_ns >= self.span_ns:
            self._told, self._told_ns = self._spare, self._spare_ns
            self._spare, self._spare_ns = 0, _NEVER
        if now_ns - self._told_ns >= self.span_ns:
            self._told = 0
