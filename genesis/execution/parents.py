"""Parent orders: icebergs, TWAPs and VWAPs, each a state machine that a restart finds again.

A parent was approved as a whole. Its slices are limit orders, priced where the impact the rules
allow ends; each is judged by the gate at the moment it is sent, and none is sent before the one
before it ended. Waiting is a timer of the symbol; what ends a parent early leaves what was filled
to the protective stop. One parent at a time in a symbol.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from genesis.domain.approval import Approved, Refused, Verdict
from genesis.domain.commands import Command, DropTimer, SetTimer
from genesis.domain.events import OrderEvent, OrderFilled
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import Order, OrderStatus, Side
from genesis.domain.outcomes import Outcome
from genesis.domain.slicing import Algorithm, ParentStarted
from genesis.execution.draft import Draft
from genesis.execution.iceberg_hunter import timings_hunter as iceberg_timings
from genesis.execution.order_book import OrderBook
from genesis.execution.phases import STARTING, TRANSITIONS, Phase, Signal
from genesis.execution.receipts import COMPLETE, Ending, Tally, receipt
from genesis.execution.rules import SlicingRules
from genesis.execution.slicing import Draws, Timing, lasting_ns
from genesis.execution.twap_hunter import timings_hunter as even_timings

SLICE_TIMER: Final = "slice:"


class SliceFacts(Protocol):
    """What parents need to know of the world."""

    @property
    def taker_fee_fraction(self) -> Decimal: ...
    def price(self, symbol: str) -> Decimal | None: ...
    def mark(self, symbol: str) -> Decimal | None: ...
    def walk(self, symbol: str, side: Side, qty: Decimal) -> Decimal | None: ...
    def instrument(self, symbol: str) -> Instrument | None: ...


class Answered(NamedTuple):
    """What the gate's word led to: facts, and a slice for it to judge."""

    told: tuple[Outcome, ...] = ()
    drafts: tuple[Draft, ...] = ()


NO_ANSWER: Final = Answered()


@dataclass(slots=True)
class Parent:
    """One parent order. next: the slice that is sent next; child: the one at the venue.

    rules: those it began under. sent_ns: when the last slice was sent. ending: why it ends, where
    that is known before its last slice has ended.
    """

    wish: Draft
    rules: SlicingRules
    key: OrderKey
    slices: tuple[Decimal, ...]
    timings: tuple[Timing, ...]
    tally: Tally
    phase: Phase = Phase.JUDGING
    next: int = 0
    child: OrderKey | None = None
    sent_ns: int = 0
    wake_ns: int | None = None
    ending: Ending | None = None

    def take(self, signal: Signal) -> bool:
        """Move as the table says; False where it says nothing."""
        target = TRANSITIONS[self.phase].get(signal)
        if target is None:
            return False
        self.phase = target
        return True

    @property
    def algorithm(self) -> Algorithm:
        assert self.wish.algorithm is not None
        return self.wish.algorithm


class Parents:
    """The parents that are under way, by symbol. unwanted: slices that are to be cancelled."""

    def __init__(
        self, orders: OrderBook, rules: SlicingRules | None, now: Callable[[], int]
    ) -> None:
        """now: venue time of the event that is handled, UTC ns."""
        self._orders = orders
        self.rules = rules
        self._now = now
        self.seed = ""
        self.running: dict[str, Parent] = {}
        self._told: list[Outcome] = []
        self._timers: list[Command] = []
        self.unwanted: list[OrderKey] = []

    # -- the beginning -----------------------------------------------------------------------
    def priced(self, wish: Draft, view: SliceFacts) -> Draft:
        """A wish for a parent, with the worst price its slices may have now."""
        mid, instrument = view.mark(wish.symbol), view.instrument(wish.symbol)
        if self.rules is None or mid is None or instrument is None:
            return wish
        return wish._replace(limit_price=worst_price(mid, instrument, self.rules))

    def draws(self, n: int) -> Draws:
        return Draws(self.seed, n)

    def begin(self, wish: Draft, approved: Approved, view: SliceFacts) -> Answered:
        """The gate approved it as a whole: tell, and offer the first slice."""
        rules, algorithm, symbol = self.rules, wish.algorithm, wish.symbol
        mid = view.mark(symbol)
        assert rules is not None and algorithm is not None and mid is not None
        walked = view.walk(symbol, wish.side, approved.request.qty) or mid
        timings, now_ns = self._timings(wish, approved, rules), self._now()
        tally = Tally(now_ns, approved.request.qty, mid, walked, view.taker_fee_fraction)
        parent = Parent(wish, rules, approved.key, approved.slices, timings, tally)
        self.running[symbol] = parent
        started = ParentStarted(
            now_ns,
            approved.key,
            symbol,
            wish.side,
            algorithm.value,
            approved.request.qty,
            approved.slices,
            mid,
            tally.walk_price,
            now_ns + sum(timing.delay_ns for timing in timings) + timings[-1].offset_ns,
            wish.source,
            wish.client_ref,
            approved.limits_used,
            approved.notes,
        )
        drafts = self._offer(parent, view)
        return Answered((started, *self.take_told()), drafts)

    def _timings(self, wish: Draft, approved: Approved, rules: SlicingRules) -> tuple[Timing, ...]:
        assert wish.algorithm is not None
        count, draws = len(approved.slices), self.draws(approved.key.n)
        if not wish.algorithm.lasts:
            return iceberg_timings(count, draws, rules)
        over_ns, _ = lasting_ns(wish.algorithm, wish.over_ns, rules)
        return even_timings(count, over_ns, draws, rules)

    # -- a slice -----------------------------------------------------------------------------
    def due(self, symbol: str, view: SliceFacts) -> tuple[Draft, ...]:
        """The symbol's timer fired: the next slice's moment, or the end of patience."""
        parent = self.running.get(symbol)
        if parent is None or parent.wake_ns is None or self._now() < parent.wake_ns:
            return ()
        child = None if parent.child is None else self._orders.orders[parent.child]
        if child is not None and child.status is OrderStatus.UNRESOLVED:
            self._be_patient(parent)  # nobody knows of it yet: it is asked about, not taken back
            return ()
        if parent.take(Signal.DUE):
            parent.wake_ns = None
            return self._offer(parent, view)
        if parent.take(Signal.LATE):
            parent.wake_ns = None
            parent.ending = Ending("late", "a slice was not filled in time: the price went away")
            self._take_back(parent)
        return ()

    def _offer(self, parent: Parent, view: SliceFacts) -> tuple[Draft, ...]:
        """The next slice as a draft; none, and the end, where it would cost too much."""
        wish, qty = parent.wish, parent.slices[parent.next]
        instrument, mid = view.instrument(wish.symbol), view.mark(wish.symbol)
        walked = view.walk(wish.symbol, wish.side, qty)
        if instrument is None or mid is None or walked is None:
            self._end(parent, Signal.REFUSED, Ending("refused", "there is no price"))
            return ()
        reference = mid if parent.algorithm.lasts else parent.tally.arrival_mid
        worst = worst_price(reference, instrument, parent.rules)
        if walked > worst:
            told = f"slice {parent.next + 1} would pay {walked:.8g}, the most is {worst:.8g}"
            self._end(parent, Signal.TOO_DEAR, Ending("impact", told))
            return ()
        draft = wish._replace(
            qty=qty,
            amount_usdt=None,
            limit_price=worst,
            parent=parent.key,
            slice=parent.next,
        )
        return (draft,)

    def judged(self, draft: Draft, verdict: Verdict) -> tuple[Outcome, ...]:
        """The gate's word on a slice."""
        parent = self.running[draft.symbol]
        if isinstance(verdict, Refused):
            why = verdict.failures[0]
            self._end(parent, Signal.REFUSED, Ending("refused", f"{why.code}: {why.reason}"))
        else:
            parent.take(Signal.SENT)
            parent.child, parent.next = verdict.key, parent.next + 1
            parent.sent_ns = self._now()
            parent.tally.sent += 1
            self._be_patient(parent)
        return self.take_told()

    # -- what happens to it ------------------------------------------------------------------
    def heard(self, event: OrderEvent, order: Order) -> None:
        """One of our orders moved: a slice filled or ended."""
        parent = self.running.get(order.request.symbol)
        if parent is None:
            return
        if isinstance(event, OrderFilled) and order.request.reduces:
            self._stop(parent, Ending("stopped", "the position is being left"))
        if order.key != parent.child:
            return
        if isinstance(event, OrderFilled):
            parent.tally.fill(event.fill)
        if order.is_working:
            return
        parent.child = None
        self._child_ended(parent, order)

    def _child_ended(self, parent: Parent, order: Order) -> None:
        """A slice that never reached the venue is left out, and the next one follows."""
        if order.status not in (OrderStatus.FILLED, OrderStatus.NEVER_PLACED):
            told = order.note or order.status.value.lower()
            self._end(parent, Signal.SHORT, Ending("rejected", told))
        elif parent.next == len(parent.slices):
            self._end(parent, Signal.LAST_FILLED, parent.tally.ending())
        else:
            self._end(parent, Signal.FILLED, parent.tally.ending())
            self._wait(parent)

    def _wait(self, parent: Parent) -> None:
        """Wait for the next slice's moment, unless the process must first find its feet."""
        if parent.phase is not Phase.WAITING:
            return
        now_ns, timings = self._now(), parent.timings
        timing, before = timings[parent.next], timings[parent.next - 1]
        planned = parent.tally.started_ns + timing.offset_ns
        spaced = parent.sent_ns + timing.offset_ns - before.offset_ns  # what is late is not rushed
        self._wake(parent, max(planned, spaced, now_ns + timing.delay_ns))

    def _be_patient(self, parent: Parent) -> None:
        self._wake(parent, self._now() + parent.rules.patience_ns)

    def has_begun(self, key: OrderKey) -> bool:
        """Is the slice of this key part of a trade that begun with an earlier one?"""
        earlier = (self._orders.orders.get(key._replace(slice=at)) for at in range(key.slice))
        return any(order is not None and order.filled_qty > ZERO for order in earlier)

    # -- the end -----------------------------------------------------------------------------
    def stop(
        self,
        why: str,
        source: str | None = None,
        symbol: str | None = None,
        *,
        starting_too: bool = True,
    ) -> int:
        """No slice any more: how many parents that ended that had none at the venue.

        source: only those it asked for; symbol: only that of it; None: all. starting_too: those,
        too, that wait until the account is known.
        """
        if not self.running:
            return 0
        chosen = [
            parent
            for parent in self._every()
            if source in (None, parent.wish.source)
            and symbol in (None, parent.wish.symbol)
            and (starting_too or parent.phase not in STARTING)
        ]
        waiting = sum(1 for parent in chosen if parent.child is None)
        for parent in chosen:
            self._stop(parent, Ending("stopped", why))
        return waiting

    def _stop(self, parent: Parent, ending: Ending) -> None:
        if parent.child is None:
            self._end(parent, Signal.STOPPED, ending)
        elif parent.take(Signal.STOPPED):
            parent.ending = ending
            self._take_back(parent)

    def owner(self, key: OrderKey) -> Parent | None:
        """The parent under way that an order's key belongs to."""
        return next((one for one in self._every() if one.key[:2] == key[:2]), None)

    def _take_back(self, parent: Parent) -> None:
        if parent.child is not None:
            self.unwanted.append(parent.child)

    def _end(self, parent: Parent, signal: Signal, ending: Ending) -> None:
        """Move; where that is the end, write the receipt. What began the end is told."""
        if not parent.take(signal) or parent.phase is not Phase.ENDED:
            return
        symbol = parent.wish.symbol
        del self.running[symbol]
        if parent.wake_ns is not None:
            self._timers.append(DropTimer(SLICE_TIMER + symbol))
        told = ending if ending.how == COMPLETE else parent.ending or ending
        made = receipt(parent.key, parent.wish, len(parent.slices), parent.tally, told, self._now())
        self._told.append(made)

    # -- a restart ---------------------------------------------------------------------------
    def begin_run(self, seed: str) -> None:
        """A new process: nothing is sent until the account is known."""
        self.seed = seed
        for parent in self._every():
            parent.take(Signal.RESTARTED)

    def reconciled(self) -> None:
        """The account is known: go on where it stopped, or end, as the rules say."""
        for parent in self._every():
            if parent.phase not in STARTING:
                continue
            if not self._resumes(parent):
                self._stop(parent, Ending("restart", "what the restart interrupted has ended"))
                continue
            parent.take(Signal.RESUMED)
            if parent.child is None:
                self._wait(parent)
            else:
                self._be_patient(parent)

    def _resumes(self, parent: Parent) -> bool:
        """Do the rules let it go on, and was it not interrupted for too long?"""
        within_ns = None if self.rules is None else self.rules.resume_within_ns
        if within_ns is None or parent.wake_ns is None:
            return False
        return self._now() - parent.wake_ns <= within_ns

    # -- small things ------------------------------------------------------------------------
    @property
    def is_telling(self) -> bool:
        """Are there facts or timers that no step has taken yet?"""
        return bool(self._told or self._timers)

    def take_timers(self) -> tuple[Command, ...]:
        timers = tuple(self._timers)
        self._timers.clear()
        return timers

    def tell(self, told: Outcome) -> None:
        """Something that the next step tells, too."""
        self._told.append(told)

    def take_told(self) -> tuple[Outcome, ...]:
        told = tuple(self._told)
        self._told.clear()
        return told

    def _every(self) -> Iterator[Parent]:
        return iter(tuple(self.running.values()))

    def _wake(self, parent: Parent, at_ns: int) -> None:
        parent.wake_ns = at_ns
        self._timers.append(SetTimer(SLICE_TIMER + parent.wish.symbol, at_ns))


def worst_price(reference: Decimal, instrument: Instrument, rules: SlicingRules) -> Decimal:
    """The most a slice may cost."""
    return instrument.fit_price(reference * (ONE + rules.impact_fraction))
