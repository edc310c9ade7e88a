"""Totals compared exactly: our ledger, moved by the fills we had missed, and the venue's. Pure."""

from collections.abc import Iterable, Mapping
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


def differences(
    ours: Mapping[str, Decimal], ring_fenced: Mapping[str, Decimal], balances: Iterable[Balance]
) -> tuple[str, ...]:
    """One sentence for each asset whose totals are not equal, by asset name."""
    theirs = {balance.asset: balance.total for balance in balances}
    complaints = []
    for asset in sorted({*ours, *ring_fenced, *theirs}):
        expected = ours.get(asset, ZERO) + ring_fenced.get(asset, ZERO)
        found = theirs.get(asset, ZERO)
        if found != expected:
            complaints.append(
                f"{asset}: the venue has {text(found)}, our books say {text(expected)}, "
                f"difference {text(found - expected)}"
            )
    return tuple(complaints)
