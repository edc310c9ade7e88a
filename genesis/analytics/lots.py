"""Lots: what was acquired, when and for how much, and which of it is given away first.

FIFO: the oldest; LIFO: the newest; HIFO: the dearest per unit; AVG: all at the moving average,
dated by the oldest. Costs are exact: what is taken and what stays always add up.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Final

from genesis.domain.money import ZERO

STEP: Final = Decimal("1e-18")
"""Shares of an amount are cut to this; the rest stays with what is left."""


class Method(StrEnum):
    FIFO = "FIFO"
    LIFO = "LIFO"
    HIFO = "HIFO"
    AVG = "AVG"


@dataclass(slots=True)
class Lot:
    """A quantity of one asset that came in at once. `note` says what is not known of it."""

    lot_id: str
    qty: Decimal
    cost: Decimal
    acquired_ns: int
    src: str
    note: str = ""


@dataclass(slots=True)
class Pool:
    """The lots of one asset in one wallet, in the order of their coming."""

    lots: list[Lot] = field(default_factory=list)

    @property
    def qty(self) -> Decimal:
        return sum((lot.qty for lot in self.lots), ZERO)

    @property
    def cost(self) -> Decimal:
        return sum((lot.cost for lot in self.lots), ZERO)

    def add(self, lot: Lot) -> None:
        """A lot came in; the pool stays in the order of acquisition."""
        later = (i for i, held in enumerate(self.lots) if held.acquired_ns > lot.acquired_ns)
        self.lots.insert(next(later, len(self.lots)), lot)

    def take(self, qty: Decimal, method: Method) -> list[Lot]:
        """At most `qty`, as parts of lots in the method's order; less where less is held."""
        if method is Method.AVG:
            self._level()
        taken: list[Lot] = []
        for lot in self._ordered(method):
            if qty <= 0:
                break
            part = _part(lot, min(qty, lot.qty))
            taken.append(part)
            qty -= part.qty
        self.lots = [lot for lot in self.lots if lot.qty > 0]
        return taken

    def _ordered(self, method: Method) -> Iterable[Lot]:
        if method is Method.LIFO:
            return list(reversed(self.lots))
        if method is Method.HIFO:
            return sorted(self.lots, key=lambda lot: -lot.cost / lot.qty)
        return list(self.lots)

    def _level(self) -> None:
        """Every lot at the average cost of all, to the last digit of their sum."""
        cost, qty = self.cost, self.qty
        for lot in self.lots:
            share = cost if lot.qty == qty else portion(cost, lot.qty, qty)
            lot.cost, cost, qty = share, cost - share, qty - lot.qty


def portion(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The share of `amount` that goes with `part` of `whole`, cut to 18 decimals."""
    return (amount * part / whole).quantize(STEP, ROUND_DOWN)


def _part(lot: Lot, qty: Decimal) -> Lot:
    """Cut `qty` off the lot."""
    cost = lot.cost if qty == lot.qty else portion(lot.cost, qty, lot.qty)
    lot.qty, lot.cost = lot.qty - qty, lot.cost - cost
    return replace(lot, qty=qty, cost=cost)
