"""The numbers of execution, as the rules files give them."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ExecutionRules:
    """How orders are protected and what the simulated venue charges in.

    default_stop_fraction: distance of the protective stop below the entry where the intent names
        none; None (permissive rulebooks only): such an entry rests without a stop.
    stop_retry_ns: how long after the venue refused a protective stop it is tried again.
    fee_asset: `received` (base on a buy, quote on a sell) or `quote`.
    """

    default_stop_fraction: Decimal | None
    stop_retry_ns: int
    fee_asset: str
