"""A HUNTER's engine with a book, for orders that are sent in slices."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import BookTop, TimerFired
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.outcomes import Outcome
from genesis.domain.slicing import Algorithm, OrderReceipt, ParentStarted
from genesis.engine.rulebook import Rules
from genesis.engine.step import Step
from genesis.execution.parents import SLICE_TIMER
from genesis.rules import load
from tests.support.engines import SYMBOL, Bench, cancels, submits

MID = Decimal(60_000)
HUNTER = 'name = "in_slices"\n[tiers]\nopening_tier = "HUNTER"\n'


@cache
def rules(more: str = "", tier: str = "HUNTER") -> Rules:
    """The base rules with an account that opens in this tier."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rules.toml"
        path.write_text(HUNTER.replace("HUNTER", tier) + more)
        return load(path)


class SliceBench(Bench):
    """The venue fills slices when told to; the book is a top as deep as the test likes."""

    def __init__(self, more: str = "", tier: str = "HUNTER", cash: str = "6000") -> None:
        held = rules(more, tier)
        super().__init__(held, cash, str(MID))
        self.update_id = 0
        self.book()

    def book(self, mid: Decimal | int = MID, qty: str = "5") -> Step:
        """A fresh top, 2 USDT wide."""
        self.update_id += 1
        mid, size = Decimal(mid), Decimal(qty)
        self.tick(mid)
        return self.tell(BookTop(self.now_ns, SYMBOL, self.update_id, mid - 1, size, mid + 1, size))

    def sliced(self, algorithm: str = "iceberg", usdt: str = "300", **given: object) -> Step:
        return self.act(
            "trade",
            "ORDER_SUBMIT",
            side=Side.BUY,
            order_type=OrderType.LIMIT,
            amount_usdt=Decimal(usdt),
            algorithm=algorithm,
            **given,
        )

    def until_next_slice(self, mid: Decimal | int = MID) -> Step:
        """Time passes until the symbol's slice timer fires, with a fresh book; that step."""
        at_ns = self._timers()[SLICE_TIMER + SYMBOL]
        self.now_ns = max(self.now_ns, at_ns)
        self.book(mid)
        return self.tell(TimerFired(self.now_ns, SLICE_TIMER + SYMBOL))

    def fill_slice(self, step: Step, price: str = "60001") -> Step:
        """The slice that a step sent is accepted and filled; its stop is let rest."""
        (slice_,) = entries(step)
        self.accept(slice_.key)
        return self.protect(self.fill(slice_, price))

    def protect(self, step: Step) -> Step:
        """The venue does what keeps the position protected; the first step again."""
        waiting = [step]
        while waiting:
            one = waiting.pop()
            waiting += [self.cancelled(c.key) for c in cancels(one)]
            for sent in submits(one):
                if sent.request.reduces:
                    self.accept(sent.key)
        return step

    def told(self, kind: type) -> list[Outcome]:
        return [o for step in self.steps for o in step.outcomes if isinstance(o, kind)]

    @property
    def receipts(self) -> list[OrderReceipt]:
        """Of what was sent in slices."""
        told = [o for o in self.told(OrderReceipt) if isinstance(o, OrderReceipt)]
        return [one for one in told if one.algorithm in tuple(Algorithm)]

    @property
    def started(self) -> list[ParentStarted]:
        return [o for o in self.told(ParentStarted) if isinstance(o, ParentStarted)]

    @property
    def slices(self) -> list[SubmitOrder]:
        return [c for step in self.steps for c in entries(step)]

    def is_protected(self) -> bool:
        """Does a stop rest for all that is held and can be sold?"""
        held = self.engine.view.position(SYMBOL)
        instrument = self.engine.view.instrument(SYMBOL)
        assert instrument is not None
        if held is None:
            return True
        resting = self.engine.state.execution.orders.sells(SYMBOL)
        return sum(o.remaining_qty for o in resting) == instrument.fit_qty(held.qty, market=True)


def entries(step: Step) -> list[SubmitOrder]:
    return [c for c in submits(step) if c.request.purpose is Purpose.ENTRY]


def whole(slices: Sequence[SubmitOrder]) -> Decimal:
    return sum((c.request.qty for c in slices), Decimal(0))
