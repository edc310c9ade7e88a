"""CAUTION: an entry is asked for twice, a minute apart, and no new symbol is begun.

The first asking is refused and says from when the same wish passes; it then passes once, within
some minutes. Smaller is the same wish, larger is another. Only the operator's entries are asked
about: what makes things safer never is, and neither are strategies.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from genesis.domain.account import TiltLevel
from genesis.domain.approval import Failure
from genesis.domain.money import ZERO
from genesis.domain.orders import OrderType
from genesis.domain.outcomes import ConfirmationAsked, ConfirmationGiven
from genesis.domain.time import SECOND
from genesis.tilt.state import TiltState
from genesis.tilt.ways import InterventionRules

CONFIRM_CODE: Final = "TILT_CONFIRM"
NEW_SYMBOL_CODE: Final = "TILT_NEW_SYMBOL"


@dataclass(frozen=True, slots=True)
class Wish:
    """An entry the operator asks for: so many USDT, or so much of the base, or what fits."""

    symbol: str
    order_type: OrderType
    amount_usdt: Decimal | None
    qty: Decimal | None


@dataclass(frozen=True, slots=True)
class CautionState:
    """waiting: wishes asked for once, at most one per symbol and order type.

    traded_ns: when each symbol was last entered by the operator.
    """

    waiting: tuple[ConfirmationAsked, ...] = ()
    traded_ns: tuple[tuple[str, int], ...] = ()


Fact = ConfirmationAsked | ConfirmationGiven


# -- questions of the gate ---------------------------------------------------------------------
def new_symbol(
    state: CautionState, tilt: TiltState, symbol: str, now_ns: int, rules: InterventionRules | None
) -> Failure | None:
    """Why this symbol is not begun now; a trader who has none at all may begin his first."""
    if rules is None or tilt.level is not TiltLevel.CAUTION:
        return None
    since_ns = now_ns - rules.known_symbol_ns
    known = sorted(one for one, at_ns in state.traded_ns if at_ns > since_ns)
    if symbol in known or not known:
        return None
    reason = f"in CAUTION no new symbol is begun: stay with {', '.join(known)} until you are calm"
    return Failure("tilt", NEW_SYMBOL_CODE, reason)


def unconfirmed(
    state: CautionState, tilt: TiltState, wish: Wish, now_ns: int, rules: InterventionRules | None
) -> Failure | None:
    """Why the wish waits, or None; it is to be asked last, when nothing else stands against it."""
    if rules is None or rules.confirm_ns is None or tilt.level is not TiltLevel.CAUTION:
        return None
    asked = waiting_for(state, wish, now_ns)
    if asked is not None and now_ns >= asked.until_ns:
        return None
    until_ns = now_ns + rules.confirm_ns if asked is None else asked.until_ns
    reason = (
        f"take {rules.confirm_ns // SECOND} seconds in CAUTION: "
        "ask for the same again after them and it passes"
    )
    return Failure("tilt", CONFIRM_CODE, reason, until_ns)


def waiting_for(state: CautionState, wish: Wish, now_ns: int) -> ConfirmationAsked | None:
    """The earlier asking for the same, or for more of it, that still counts."""
    for asked in state.waiting:
        if now_ns < asked.valid_until_ns and _covers(asked, wish):
            return asked
    return None


def _covers(asked: ConfirmationAsked, wish: Wish) -> bool:
    if (asked.symbol, asked.order_type) != (wish.symbol, wish.order_type):
        return False
    return _fits(asked.amount_usdt, wish.amount_usdt) and _fits(asked.qty, wish.qty)


def _fits(asked: Decimal | None, wished: Decimal | None) -> bool:
    if asked is None or wished is None:
        return asked is wished
    return ZERO < wished <= asked


# -- facts -------------------------------------------------------------------------------------
def refused(
    state: CautionState, wish: Wish, now_ns: int, rules: InterventionRules
) -> tuple[Fact, ...]:
    """The wish was told to wait; the minute runs from its first asking."""
    if rules.confirm_ns is None or waiting_for(state, wish, now_ns) is not None:
        return ()
    until_ns = now_ns + rules.confirm_ns
    valid_ns = until_ns + rules.confirm_valid_ns
    asked = (wish.symbol, wish.order_type, wish.amount_usdt, wish.qty)
    return (ConfirmationAsked(now_ns, *asked, until_ns, valid_ns),)


def approved(state: CautionState, wish: Wish, now_ns: int) -> tuple[Fact, ...]:
    """The wish was let through: it waits no more, and another like it will."""
    if waiting_for(state, wish, now_ns) is None:
        return ()
    return (ConfirmationGiven(now_ns, wish.symbol, wish.order_type),)


def evolve(state: CautionState, fact: Fact) -> CautionState:
    """The state after a fact that was decided."""
    others = tuple(
        asked
        for asked in state.waiting
        if (asked.symbol, asked.order_type) != (fact.symbol, fact.order_type)
        and fact.ts_ns < asked.valid_until_ns
    )
    return replace(
        state, waiting=(*others, fact) if isinstance(fact, ConfirmationAsked) else others
    )


def traded(state: CautionState, symbol: str, ts_ns: int) -> CautionState:
    """An entry of the operator's was filled."""
    others = tuple(one for one in state.traded_ns if one[0] != symbol)
    return replace(state, traded_ns=(*others, (symbol, ts_ns)))
