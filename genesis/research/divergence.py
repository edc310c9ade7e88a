"""Where two runs of one day part, and what kind of parting that is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import takewhile
from typing import Final

from genesis.domain.events import BookTop, Event, OrderFilled, TradeTick
from genesis.domain.outcomes import OrderApproved
from genesis.domain.time import MILLISECOND, format_utc
from genesis.engine.replay import Difference
from genesis.research.day_log import DayLog, DayStep
from genesis.research.day_marks import Marks, Quote
from genesis.research.deeds import Deed, Deeds, Ending
from genesis.research.stored_prints import StoredPrints

NOTHING: Final = "nothing"
_BEFORE: Final = 4
"""Market events before an order was approved: what the book showed then is among them."""
_MOST: Final = 200
"""Market events before its fill in which the price of an order is looked for."""


class Class(StrEnum):
    """What made the two runs part."""

    DATA_GAP = "data gap"
    FILL_MODEL = "fill model"
    LATENCY = "latency"
    CODE_VERSION = "code version"
    NONDETERMINISM = "nondeterminism"


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first thing that is not the same on both sides, and why it is not.

    what: the decision, by its number on the day from 1, or the order it is about.
    """

    ts_ns: int
    what: str
    recorded: str
    twin: str
    kind: Class
    why: str

    def __str__(self) -> str:
        at = format_utc(self.ts_ns)
        return f"{at} {self.what}: recorded {self.recorded}, twin {self.twin}: {self.kind}"


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nothing, or not everything, was heard."""

    start_ns: int
    end_ns: int
    words: str


@dataclass(frozen=True)
class Judge:
    """Names what parts two runs of a day.

    within_ns: by how much the last word on an order may come at another time. gaps: of the record,
    where the twin's market comes from it.
    """

    log: DayLog
    recorded: Deeds
    twin: Deeds
    prints: Mapping[str, StoredPrints]
    gaps: Callable[[], Sequence[Gap]]
    within_ns: int

    def first(self) -> Divergence | None:
        """The first decision or order that is not the same; None where all are."""
        place = self._parting()
        sides = (self.recorded.decisions, self.twin.decisions)
        ours, theirs = (deeds[place] if place < len(deeds) else None for deeds in sides)
        stamps = [deed.ts_ns for deed in (ours, theirs) if deed is not None]
        order = self._order(place, min(stamps, default=None))
        if order is not None:
            return self._of_order(order)
        if not stamps:
            return None
        kind, why = self._why_decided(place, min(stamps))
        one, other = (NOTHING if deed is None else deed.words for deed in (ours, theirs))
        return Divergence(min(stamps), f"decision {place + 1}", one, other, kind, why)

    # -- decisions ---------------------------------------------------------------------------
    def _parting(self) -> int:
        pairs = zip(self.recorded.decisions, self.twin.decisions, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0].words == pair[1].words, pairs))

    def _why_decided(self, place: int, ts_ns: int) -> tuple[Class, str]:
        gap = self._gap(0, ts_ns)
        if gap is not None:
            return Class.DATA_GAP, f"before it, {gap}"
        if self._is_reordered(place):
            return Class.LATENCY, "the same was decided, in another order"
        late = self._late(ts_ns)
        if late is not None:
            return Class.LATENCY, f"before it, {late}"
        return (
            Class.NONDETERMINISM,
            "the market is the same, the record leads to its decisions, and no order before it "
            "went otherwise: nothing on record explains it",
        )

    def _is_reordered(self, place: int) -> bool:
        """Does the other side decide the same, soon before or after?"""
        one, other = (deeds[place:] for deeds in (self.recorded.decisions, self.twin.decisions))
        return bool(one and other) and self._has(other, one[0]) and self._has(one, other[0])

    def _has(self, deeds: Sequence[Deed], wanted: Deed) -> bool:
        near = (deed for deed in deeds if abs(deed.ts_ns - wanted.ts_ns) <= self.within_ns)
        return any(deed.words == wanted.words for deed in near)

    def _late(self, ts_ns: int) -> str | None:
        """An order whose last word came at another time, before the moment."""
        for name, ours in self.recorded.endings.items():
            theirs = self.twin.endings.get(name)
            if theirs is None or min(ours.ts_ns, theirs.ts_ns) > ts_ns:
                continue
            if ours.ts_ns != theirs.ts_ns:
                return f"order {name} ended {_apart(ours, theirs)}"
        return None

    # -- orders ------------------------------------------------------------------------------
    def _order(self, place: int, until_ns: int | None) -> str | None:
        """The first order that went otherwise, of those both sides sent, before they part."""
        both = {deed.order for deed in self.recorded.decisions[:place] if deed.order}
        later = {deed.order for deed in self.recorded.decisions[place:]} - both
        later |= {deed.order for deed in self.twin.decisions[place:]} - both
        names = {*self.recorded.endings, *self.twin.endings} - later
        found = [
            (self._first_ns(name), name)
            for name in names
            if not self._is_same(name) and (until_ns is None or self._first_ns(name) <= until_ns)
        ]
        return min(found)[1] if found else None

    def _sides(self, name: str) -> tuple[Ending | None, Ending | None]:
        return self.recorded.endings.get(name), self.twin.endings.get(name)

    def _first_ns(self, name: str) -> int:
        return min(side.ts_ns for side in self._sides(name) if side is not None)

    def _is_same(self, name: str) -> bool:
        ours, theirs = self._sides(name)
        if ours is None or theirs is None or ours.words != theirs.words:
            return False
        return abs(ours.ts_ns - theirs.ts_ns) <= self.within_ns

    def _of_order(self, name: str) -> Divergence:
        ours, theirs = self._sides(name)
        kind, why = self._why_filled(name, ours, theirs)
        one, other = (NOTHING if side is None else _at(side) for side in (ours, theirs))
        return Divergence(self._first_ns(name), f"order {name}", one, other, kind, why)

    def _why_filled(
        self, name: str, ours: Ending | None, theirs: Ending | None
    ) -> tuple[Class, str]:
        stamps = [side.ts_ns for side in (ours, theirs) if side is not None]
        gap = self._gap(self._sent_ns(name), max(stamps))
        if gap is not None:
            return Class.DATA_GAP, f"while it was under way, {gap}"
        if ours is None or theirs is None:
            side = "the simulated venue" if ours is None else "the venue of the record"
            return Class.FILL_MODEL, f"only {side} filled it or turned it down"
        if ours.words == theirs.words:
            return Class.LATENCY, f"it went alike, {_apart(ours, theirs)}"
        if ours.qty and theirs.qty and self._has_moved(ours, theirs):
            return Class.LATENCY, f"the market had moved on: it was filled {_apart(ours, theirs)}"
        if ours.qty and theirs.qty and self._was_shown(name, ours):
            return (
                Class.LATENCY,
                "the market had moved on: the price it got was shown before",
            )
        return Class.FILL_MODEL, "the market was the same when it was filled or turned down"

    def _sent_ns(self, name: str) -> int:
        sent = (deed.ts_ns for deed in self.recorded.decisions if deed.order == name)
        return next(sent, self.log.first_ns)

    def _has_moved(self, ours: Ending, theirs: Ending) -> bool:
        """Was the market another one before the first of the two moments than after the last?"""
        first_ns, last_ns = sorted((ours.ts_ns, theirs.ts_ns))
        if first_ns == last_ns:
            return False
        with self.log.tape() as pages:
            marks = Marks(pages, (ours.symbol,), self.log.rules.risk.mark_stale_ns)
            found = list(marks.at_moments((first_ns, last_ns + 1)))
        before, after = (_prices(each[ours.symbol]) for each in found)
        return before != after

    def _was_shown(self, name: str, ours: Ending) -> bool:
        """Was the price it got the best of the book, or that of a print, while it was under way?"""
        places = [step.tape_pos for step in self.log.steps if _is_about(step, name)]
        first = max(1, places[0] - _BEFORE, places[-1] - _MOST)
        with self.log.tape() as pages:
            for pos in range(first, places[-1] + 1):
                if ours.price in _shown(pages.event_at(pos), ours.symbol):
                    return True
        return False

    # -- what was not heard, or not kept -----------------------------------------------------
    def _gap(self, first_ns: int, last_ns: int) -> str | None:
        found = [prints.between(first_ns, last_ns) for prints in self.prints.values()]
        unlike = sorted((one.ts_ns, one.words) for one in found if one is not None)
        if unlike:
            return f"{unlike[0][1]} ({format_utc(unlike[0][0])})"
        over = (g for g in self.gaps() if g.start_ns <= last_ns and g.end_ns >= first_ns)
        return next((gap.words for gap in over), None)


def of_replay(first: Difference, is_same_code: bool, date: str) -> Divergence:
    """The record itself does not lead to its decisions."""
    kind = Class.NONDETERMINISM if is_same_code else Class.CODE_VERSION
    why = (
        "the events of the record lead to another decision under the very code that made it"
        if is_same_code
        else "the events of the record lead to another decision under the code that is here now"
    )
    if format_utc(first.ts_ns)[:10] != date:
        why += "; it was before the day, so the account may not be as it was"
    what = f"run {first.run}, step {first.step} ({first.event}), {first.place}"
    return Divergence(first.ts_ns, what, first.recorded, first.recomputed, kind, why)


def _at(side: Ending) -> str:
    return f"{side.words} ({format_utc(side.ts_ns)[11:]})"


def _apart(ours: Ending, theirs: Ending) -> str:
    apart = theirs.ts_ns - ours.ts_ns
    return f"{abs(apart) / MILLISECOND:,.0f} ms {'later' if apart > 0 else 'earlier'} in the twin"


def _is_about(step: DayStep, name: str) -> bool:
    """Did the step approve the order, or tell of a fill of it?"""
    if isinstance(step.event, OrderFilled) and str(step.event.key) == name:
        return True
    return any(isinstance(o, OrderApproved) and str(o.key) == name for o in step.outcomes)


def _shown(event: Event, symbol: str) -> tuple[Decimal, ...]:
    """The prices that a market event shows."""
    match event:
        case BookTop() if event.symbol == symbol:
            return event.bid, event.ask
        case TradeTick() if event.symbol == symbol:
            return (event.price,)
        case _:
            return ()


def _prices(quote: Quote) -> tuple[object, ...]:
    top = quote.top
    return (quote.last,) if top is None else (quote.last, top.bid, top.ask)
