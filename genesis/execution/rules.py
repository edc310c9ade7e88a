"""The numbers of execution, as the rules files give them."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SlicingRules:
    """How parent orders are cut and sent.

    spread_fraction: a slice differs from its share by at most this. delays_ns: least and most
    between slices. impact_fraction: how far above its reference a slice may be paid. patience_ns:
    a slice that is not filled by then is taken back. slice_usdt: about so much is shown at once.
    resume_within_ns: what a restart interrupts goes on if no more time was lost; None: it ends.
    interval_ns: between slices of what lasts, at least, where that leaves enough of them. usual_ns,
    shortest_ns, longest_ns: how long it lasts. profile_days: the usual volume is that of so many.
    """

    slices_min: int
    slices_max: int
    spread_fraction: Decimal
    delays_ns: tuple[int, int]
    impact_fraction: Decimal
    patience_ns: int
    slice_usdt: Decimal
    resume_within_ns: int | None
    interval_ns: int
    usual_ns: int
    shortest_ns: int
    longest_ns: int
    profile_days: int


@dataclass(frozen=True, slots=True)
class ExecutionRules:
    """How orders are protected and what the simulated venue charges in.

    default_stop_fraction: distance of the protective stop below the entry where the intent names
        none; None (permissive rulebooks only): such an entry rests without a stop.
    stop_retry_ns: how long after the venue refused a protective stop it is tried again.
    fee_asset: `received` (base on a buy, quote on a sell) or `quote`.
    stops_below: a stop at or above the price is refused; else it sells at once.
    stops_after_books: at a start nothing is protected before the books are compared with the
        venue's: what is told one by one on the way there is not held any more.
    prices_of_run: no entry is sized by a price that was old when the run began; else by the last
        one that is known.
    bare_blocks: nothing is entered while the venue refuses the stop of a position.
    stops_within_risk: at a wider stop no more is lost than a new entry might lose; else as much as
        one likes.
    trades_apart: a position that was sold out is over, though an entry still works; else what that
        one buys joins it.
    trades_once: a trade that is told as an outsider's and as a fill of ours moves the books once;
        else as often as it is told.
    slicing: None in permissive rules and in those from before there were sliced orders.
    additions_at_stop: more of a position is sized at the stop that it has; else at its own.
    partly_ns: how long an entry that brought its stop along may stay filled in part; None: none
        brings one along.
    without_gap: an exit, or another stop, takes the place of a resting stop in one request where
        the venue offers that, and what an exit that failed leaves is protected until the next one.
    receipts_of_all: entries and exits that are sent whole have a receipt, too.
    """

    default_stop_fraction: Decimal | None
    stop_retry_ns: int
    fee_asset: str
    stops_below: bool = False
    stops_after_books: bool = False
    prices_of_run: bool = False
    bare_blocks: bool = False
    stops_within_risk: bool = False
    slicing: SlicingRules | None = None
    trades_apart: bool = False
    trades_once: bool = False
    additions_at_stop: bool = False
    without_gap: bool = False
    receipts_of_all: bool = False
    partly_ns: int | None = None
