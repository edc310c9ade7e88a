"""`[execution]` of the rules files."""

from typing import Literal

from genesis.execution.rules import ExecutionRules
from genesis.rules.fields import FractionOrNone, Positive, Table, nanoseconds
from genesis.rules.slicing_schema import Slicing
from genesis.rules.tighter import Either, Locked, Lower


class Stops(Table):
    below_price: Locked[bool]


class WiderStops(Table):
    within_risk: Locked[bool]


class Apart(Table):
    apart: Locked[bool]


class Counting(Table):
    once: Locked[bool]


class Additions(Table):
    at_stop: Locked[bool]


class Start(Table):
    after_books: Locked[bool]


class Prices(Table):
    of_run: Locked[bool]


class Bare(Table):
    blocks: Locked[bool]


class Protection(Table):
    without_gap: Locked[bool]


class Receipts(Table):
    of_all: Locked[bool]


class Attached(Table):
    """Stops that an entry brings along."""

    partly_s: Locked[Positive]


class Execution(Table):
    default_stop_fraction: Either[FractionOrNone]
    stop_retry_s: Lower[Positive]
    fee_asset: Locked[Literal["received", "quote"]]
    # runs recorded before there were any have none of these
    stops: Locked[Stops | None] = None
    wider_stops: Locked[WiderStops | None] = None
    trades: Locked[Apart | None] = None
    counting: Locked[Counting | None] = None
    slicing: Either[Slicing | None] = None
    additions: Locked[Additions | None] = None
    start: Locked[Start | None] = None
    prices: Locked[Prices | None] = None
    bare: Locked[Bare | None] = None
    protection: Locked[Protection | None] = None
    attached: Locked[Attached | None] = None
    receipts: Locked[Receipts | None] = None

    def freeze(self) -> ExecutionRules:
        return ExecutionRules(
            default_stop_fraction=self.default_stop_fraction,
            stop_retry_ns=nanoseconds(self.stop_retry_s),
            fee_asset=self.fee_asset,
            stops_below=self.stops is not None and self.stops.below_price,
            stops_after_books=self.start is not None and self.start.after_books,
            prices_of_run=self.prices is not None and self.prices.of_run,
            bare_blocks=self.bare is not None and self.bare.blocks,
            stops_within_risk=self.wider_stops is not None and self.wider_stops.within_risk,
            trades_apart=self.trades is not None and self.trades.apart,
            trades_once=self.counting is not None and self.counting.once,
            slicing=None if self.slicing is None else self.slicing.freeze(),
            additions_at_stop=self.additions is not None and self.additions.at_stop,
            without_gap=self.protection is not None and self.protection.without_gap,
            receipts_of_all=self.receipts is not None and self.receipts.of_all,
            partly_ns=None if self.attached is None else nanoseconds(self.attached.partly_s),
        )
