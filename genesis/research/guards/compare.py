"""The first decision in which two runs differ."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from genesis.research.guards.trace import Decision, Trace
from genesis.research.guards.wishes import in_words

Kept = Callable[[Decision], bool]
"""Which decisions are compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """at_ns: of the first decision that differs. one, other: what the two runs decided then."""

    at_ns: int
    one: str
    other: str


def everything(_: Decision) -> bool:
    return True


def first_difference(one: Trace, other: Trace, kept: Kept = everything) -> Difference | None:
    """Wishes are compared first, then outcomes and commands (where neither run broke)."""
    found = differing(one.wishes, other.wishes, kept)
    if found is not None or one.broke is not None or other.broke is not None:
        return found
    return differing(one.decided, other.decided, kept)


def differing(
    one: Iterable[Decision], other: Iterable[Decision], kept: Kept = everything
) -> Difference | None:
    """The first of two sequences of decisions that is not the same in both."""
    for ours, theirs in zip_longest(filter(kept, one), filter(kept, other)):
        if ours != theirs:
            return _told(ours, theirs)
    return None


def _told(ours: Decision | None, theirs: Decision | None) -> Difference:
    at_ns = min(each.at_ns for each in (ours, theirs) if each is not None)
    return Difference(at_ns, _words(ours, at_ns), _words(theirs, at_ns))


def _words(decision: Decision | None, at_ns: int) -> str:
    if decision is None or decision.at_ns != at_ns:
        return "nothing"
    return in_words(decision.what)


def count_differing(one: Sequence[Decision], other: Sequence[Decision]) -> int:
    """How many moments have a decision that the other run has not, or another one."""
    ours, theirs = _by_moment(one), _by_moment(other)
    return sum(ours.get(moment) != theirs.get(moment) for moment in ours.keys() | theirs.keys())


def _by_moment(decisions: Sequence[Decision]) -> dict[tuple[int, bool], list[Decision]]:
    found: dict[tuple[int, bool], list[Decision]] = {}
    for one in decisions:
        found.setdefault((one.at_ns, one.of_bar), []).append(one)
    return found
