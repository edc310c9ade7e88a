"""Has capital fallen below the floor of the tier, and was it lost or taken out?"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from genesis.domain.money import ZERO
from genesis.tiers.days import ClosedDay
from genesis.tiers.rules import CapitalRules


class CapitalFall(StrEnum):
    """LOST: trading had a part in it. WITHDRAWN: withdrawals alone did it."""

    LOST = "LOST"
    WITHDRAWN = "WITHDRAWN"


def capital_fall(
    days: Sequence[ClosedDay], floor_usdt: Decimal, rules: CapitalRules
) -> CapitalFall | None:
    """What the closes since the tier began say; None: capital is there.

    Withdrawals alone did it when capital had fallen without the losses in the tier, too, and had
    not with what was taken out still there.
    """
    closes = [day.capital_usdt for day in days]
    if not _is_low(closes, floor_usdt, rules):
        return None
    lost = max(ZERO, -sum((day.pnl_usdt for day in days), ZERO))
    out = sum((day.withdrawn_usdt for day in days), ZERO)
    without_losses = _is_low([one + lost for one in closes], floor_usdt, rules)
    without_withdrawals = _is_low([one + out for one in closes], floor_usdt, rules)
    alone = without_losses and not without_withdrawals
    return CapitalFall.WITHDRAWN if alone else CapitalFall.LOST


def _is_low(closes: Sequence[Decimal], floor_usdt: Decimal, rules: CapitalRules) -> bool:
    if not closes:
        return False
    last = closes[-rules.closes :]
    slowly = len(last) == rules.closes and max(last) < rules.slow_share * floor_usdt
    return slowly or closes[-1] < rules.fast_share * floor_usdt
