"""Totals compared exactly: our ledger, moved by the fills we had missed, and the venue's. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import Balance
from genesis.domain.fills import Fill
from genesis.domain.instrument import base_of, quote_of
from genesis.domain.money import ZERO, text
from genesis.domain.orders import Side


def moved(ledger: Mapping[str, Decimal], fills: Iterable[Fill]) -> dict[str, Decimal]:
    """The ledger's totals after these fills, each fee in the asset it was charged in."""
    totals = dict(ledger)
    for fill in fills:
        qty = fill.qty if fill.side is Side.BUY else -fill.qty
        for asset, change in (
            (base_of(fill.symbol), qty),
            (quote_of(fill.symbol), -qty * fill.price),
            (fill.fee_asset, -fill.fee),
        ):
            totals[asset] = totals.get(asset, ZERO) + change
    return totals


@dataclass(frozen=True, slots=True)
class Difference:
    """An asset whose totals are not equal."""

    asset: str
    theirs: Decimal
    ours: Decimal

    @property
    def qty(self) -> Decimal:
        """What the venue has beyond our books; negative: what it lacks."""
        return self.theirs - self.ours

    def __str__(self) -> str:
        return (
            f"{self.asset}: the venue has {text(self.theirs)}, our books say {text(self.ours)}, "
            f"difference {text(self.qty)}"
        )


def differences(
    ours: Mapping[str, Decimal], ring_fenced: Mapping[str, Decimal], balances: Iterable[Balance]
) -> tuple[Difference, ...]:
    """The assets whose totals are not equal, by name."""
    theirs = {balance.asset: balance.total for balance in balances}
    found = (
        Difference(
            asset, theirs.get(asset, ZERO), ours.get(asset, ZERO) + ring_fenced.get(asset, ZERO)
        )
        for asset in sorted({*ours, *ring_fenced, *theirs})
    )
    return tuple(each for each in found if each.qty)
