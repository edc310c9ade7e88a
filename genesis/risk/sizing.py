"""How large an entry may be. Exact, and always rounded down.

Source of the formula: sizing capital E_s = min(equity, tier ceiling);
cap = min(position_fraction * E_s * M, free money after fees, headroom of total exposure);
risk quantity = risk_fraction * E_s * M / (|entry - stop| + entry * (slippage + 2 fee)), and so that
all positions together lose at most a small multiple of risk_fraction * E_s at their stops.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO, round_up, text
from genesis.domain.quick import quick
from genesis.risk.limits import RiskRules, TierLimits

STOP_TOO_FAR: Final = "STOP_TOO_FAR"
VAR_CODE: Final = "VAR_REACHED"
"""What all positions together may lose on a bad day leaves no room."""


class SizingInput(NamedTuple):
    """All that sizing looks at.

    entry: the price the order is assumed to fill at, slippage included. stop: where it is left.
    multiplier: M, the smallest of all multipliers, in [0, 1]. absolute_cap_usdt: a cap no minimum
    may lift. exposure_usdt: what is already at work. requested_usdt / requested_qty: at most one.
    held_usdt: at work in this symbol: the cap is one of positions, not of orders. open_risk_usdt:
    what open positions and working entries may lose at their stops. cluster_room_usdt: what may
    still be held of all symbols that move with this one; None: no other is held. var_room_usdt:
    what may be added before a bad day could cost more than allowed; None: as much as one likes.
    probe_usdt: of an order that tries after a fault; None: none does. The smallest order that can
    be left again may be larger than it, else nothing could ever try.
    """

    equity_usdt: Decimal
    free_usdt: Decimal
    exposure_usdt: Decimal
    entry: Decimal
    stop: Decimal | None
    multiplier: Decimal
    absolute_cap_usdt: Decimal | None
    requested_usdt: Decimal | None
    requested_qty: Decimal | None
    is_market: bool
    fee_in_base: bool
    held_usdt: Decimal = ZERO
    open_risk_usdt: Decimal = ZERO
    cluster_room_usdt: Decimal | None = None
    var_room_usdt: Decimal | None = None
    probe_usdt: Decimal | None = None


@quick
@dataclass(frozen=True, slots=True)
class Sized:
    """A quantity on the grid, the cap that held, and whether the request was clipped to it."""

    qty: Decimal
    cap_usdt: Decimal
    risk_usdt: Decimal
    clipped_from_usdt: Decimal | None


@dataclass(frozen=True, slots=True)
class Infeasible:
    """No quantity fits: the venue's smallest order needs more than the cap allows."""

    code: str
    reason: str
    need_usdt: Decimal
    cap_usdt: Decimal


def sizing_capital(equity: Decimal, limits: TierLimits) -> Decimal:
    return equity if limits.ceiling_usdt is None else min(equity, limits.ceiling_usdt)


def position_cap_usdt(equity: Decimal, limits: TierLimits) -> Decimal:
    """The tier's cap for one position before any multiplier."""
    return max(ZERO, limits.position_fraction * sizing_capital(equity, limits))


def allowed_usdt(
    given: SizingInput, limits: TierLimits, rules: RiskRules, instrument: Instrument
) -> Decimal:
    """How large the position may be in all: the cap with its multiplier, lifted to the venue's
    minimum where that is allowed, and never above the absolute cap.
    """
    capital = max(ZERO, sizing_capital(given.equity_usdt, limits))
    least_usdt = smallest_qty(given, rules, instrument) * given.entry
    return _allowed(given, limits, capital, least_usdt)


def position_size(
    given: SizingInput, limits: TierLimits, rules: RiskRules, instrument: Instrument
) -> Sized | Infeasible:
    """The largest allowed quantity not above the request; never rounded up to fit."""
    capital = max(ZERO, sizing_capital(given.equity_usdt, limits))
    smallest = smallest_qty(given, rules, instrument)
    cap = _cap(given, limits, capital, smallest * given.entry)
    by_cap = cap / given.entry
    by_risk = _risk_qty(given, limits, rules, capital, smallest)
    requested = _requested_qty(given, by_cap)
    # what is bought is left by one market order: the venue's most for these counts for all
    largest = min(instrument.max_qty, instrument.max_market_qty)
    fits = min(by_cap, by_risk, requested, largest)
    qty: Decimal = instrument.fit_qty(fits, market=given.is_market)
    if qty < smallest:
        if largest < smallest:
            return _venue_forbids(given, largest, smallest)
        if _room_qty(given, limits, rules, capital) < smallest:
            return _no_room(given, limits, rules, capital, smallest)
        return _infeasible(given, by_risk, cap, smallest)
    stop = given.stop if given.stop is not None else given.entry
    clipped = requested * given.entry if qty < requested and requested > by_cap else None
    return Sized(qty, cap, qty * abs(given.entry - stop), clipped)


def smallest_qty(given: SizingInput, rules: RiskRules, instrument: Instrument) -> Decimal:
    """The smallest entry that can be left again.

    Its quantity net of a fee in base, on the grid, must exceed the venue's minimum at the stop.
    """
    worst = min(given.entry, given.stop) if given.stop is not None else given.entry
    need = instrument.min_notional_usdt * (ONE + rules.min_notional_margin_fraction) / worst
    step = max(instrument.qty_lot, instrument.market_lot)
    exit_qty = max(round_up(need, step), round_up(instrument.min_qty, step), step)
    if not given.fee_in_base:
        return exit_qty
    return round_up(exit_qty / (ONE - rules.taker_fee_fraction), step)


def _cap(given: SizingInput, limits: TierLimits, capital: Decimal, least_usdt: Decimal) -> Decimal:
    cap = _allowed(given, limits, capital, least_usdt)
    headroom = limits.exposure_fraction * capital - given.exposure_usdt
    rooms = [cap - given.held_usdt, headroom, given.free_usdt]
    if given.cluster_room_usdt is not None:
        rooms.append(given.cluster_room_usdt)
    if given.var_room_usdt is not None:
        rooms.append(given.var_room_usdt)
    return max(ZERO, min(rooms))


def _allowed(
    given: SizingInput, limits: TierLimits, capital: Decimal, least_usdt: Decimal
) -> Decimal:
    whole = limits.position_fraction * capital
    cap = whole * given.multiplier
    if given.multiplier > ZERO and cap < least_usdt <= whole:
        cap = least_usdt  # a small account could never recover otherwise
    if given.probe_usdt is not None:
        cap = min(cap, given.held_usdt + max(given.probe_usdt, least_usdt))
    return cap if given.absolute_cap_usdt is None else min(cap, given.absolute_cap_usdt)


def risk_per_unit(entry: Decimal, stop: Decimal, rules: RiskRules) -> Decimal:
    """What one unit of base may lose between entry and stop, slippage and both fees included."""
    costs = entry * (rules.slippage_fraction + 2 * rules.taker_fee_fraction)
    return abs(entry - stop) + costs


def lowest_stop(price: Decimal, qty: Decimal, loss_usdt: Decimal, rules: RiskRules) -> Decimal:
    """Where a quantity worth `price` each loses so much at its stop, slippage and fees included."""
    return price + risk_per_unit(price, price, rules) - loss_usdt / qty


def _risk_qty(
    given: SizingInput, limits: TierLimits, rules: RiskRules, capital: Decimal, smallest: Decimal
) -> Decimal:
    if given.stop is None:
        return Decimal("Infinity")
    whole = limits.risk_fraction * capital / risk_per_unit(given.entry, given.stop, rules)
    by_risk = whole * given.multiplier
    # as with the cap: a multiplier alone never puts the smallest order out of reach
    if given.multiplier > ZERO and by_risk < smallest <= whole:
        by_risk = smallest
    return min(by_risk, _room_qty(given, limits, rules, capital))


def _room_qty(
    given: SizingInput, limits: TierLimits, rules: RiskRules, capital: Decimal
) -> Decimal:
    """What the risk of all positions together leaves for this one."""
    if given.stop is None or rules.open_risk_factor is None:
        return Decimal("Infinity")
    room = rules.open_risk_factor * limits.risk_fraction * capital - given.open_risk_usdt
    return max(ZERO, room) / risk_per_unit(given.entry, given.stop, rules)


def _requested_qty(given: SizingInput, by_cap: Decimal) -> Decimal:
    if given.requested_qty is not None:
        return given.requested_qty
    if given.requested_usdt is not None:
        return given.requested_usdt / given.entry
    return by_cap


def _venue_forbids(given: SizingInput, largest: Decimal, smallest: Decimal) -> Infeasible:
    need, allowed = smallest * given.entry, largest * given.entry
    return Infeasible(
        "VENUE_MAXIMUM_TOO_SMALL",
        f"the venue takes at most {allowed:.2f} USDT in one order; the smallest that can be left "
        f"again needs {need:.2f} USDT",
        need,
        allowed,
    )


def _no_room(
    given: SizingInput, limits: TierLimits, rules: RiskRules, capital: Decimal, smallest: Decimal
) -> Infeasible:
    allowed = _room_qty(given, limits, rules, capital) * given.entry
    need = smallest * given.entry
    return Infeasible(
        "OPEN_RISK_REACHED",
        f"open positions may lose {given.open_risk_usdt:.2f} USDT at their stops; the "
        f"{allowed:.2f} USDT that may join them are less than the smallest order ({need:.2f} USDT)",
        need,
        allowed,
    )


def _infeasible(
    given: SizingInput, by_risk: Decimal, cap: Decimal, smallest: Decimal
) -> Infeasible:
    need = smallest * given.entry
    if by_risk < smallest and need <= cap:
        return Infeasible(
            STOP_TOO_FAR,
            f"with the stop at {text(given.stop or ZERO)} only {by_risk * given.entry:.2f} USDT "
            f"may be at work; the smallest order needs {need:.2f} USDT",
            need,
            cap,
        )
    asked = given.requested_usdt
    if asked is None and given.requested_qty is not None:
        asked = given.requested_qty * given.entry
    if asked is not None and asked < need <= cap:
        return Infeasible(
            "NOTIONAL_BELOW_MINIMUM",
            f"the request of {asked:.2f} USDT is below the smallest order that can be left "
            f"again ({need:.2f} USDT)",
            need,
            cap,
        )
    room = given.cluster_room_usdt
    if room is not None and room < need:
        return Infeasible(
            "CLUSTER_REACHED",
            f"what moves together with it leaves room for {room:.2f} USDT; the smallest order "
            f"needs {need:.2f} USDT",
            need,
            room,
        )
    left = given.var_room_usdt
    if left is not None and left < need:
        return Infeasible(
            VAR_CODE,
            f"what a bad day may cost leaves room for {left:.2f} USDT; the smallest order needs "
            f"{need:.2f} USDT",
            need,
            left,
        )
    if given.multiplier and cap < need and given.exposure_usdt and given.free_usdt >= need:
        return Infeasible(
            "EXPOSURE_REACHED",
            f"{given.exposure_usdt:.2f} USDT are at work already; {cap:.2f} USDT of room is "
            f"less than the smallest order ({need:.2f} USDT)",
            need,
            cap,
        )
    return Infeasible(
        "NOTIONAL_EXCEEDS_CAP",
        f"the smallest order that can be left again needs {need:.2f} USDT, the cap is "
        f"{cap:.2f} USDT",
        need,
        cap,
    )
