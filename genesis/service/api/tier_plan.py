"""What the present mode asks for and allows, in a few calm lines."""

from typing import Final

from genesis.domain.account import TierMode
from genesis.domain.money import ONE, text
from genesis.domain.time import HOUR, format_utc
from genesis.tiers.halts import RECOVER
from genesis.tiers.rules import TierTable
from genesis.tiers.state import TierState

_SIZES: Final = "Sizes are {share} % of usual."
_LINES: Final[dict[TierMode, tuple[str, ...]]] = {
    TierMode.OPENING48: ("The first 48 hours are for looking: nothing is traded yet.",),
    TierMode.GO_LIVE: ("The first day of live trading: small positions only.",),
    TierMode.ACTIVE: ("Nothing is asked of you here. Every closed day is evaluated at 00:05 UTC.",),
    TierMode.PAPER48: (
        "All gates passed. Trading goes on in the present tier.",
        "The ceremony follows when the paper time is over and its days were good.",
        "A tilt warning, a breaker or a gate that no longer passes starts this over.",
    ),
    TierMode.CEREMONY: (
        "The way up is open: type the phrase exactly when you are ready.",
        "Gates are looked at again at that moment. There is no hurry, and no duty.",
    ),
    TierMode.ADJUST48: ("You are new in this tier: small sizes until the first trades are made.",),
    TierMode.EMERGENCY: (
        "The loss of a day was beyond its limit. New positions stay very small.",
        "Open positions keep their stops; leave them in your own time.",
        "Nothing has to be won back today.",
    ),
    TierMode.RECOVERY: ("Small sizes for a while: the way back is a quiet one.",),
    TierMode.HALTED: (
        "Trading is halted: positions may only be reduced, and keep their stops.",
        "Look at what happened before anything else.",
    ),
}


def plan(
    held: TierState,
    table: TierTable,
    phrase: str | None,
    reset_from_ns: int | None = None,
    *,
    is_broken: bool = False,
) -> list[str]:
    """Lines about the mode; with the numbers of the rules where it has some.

    phrase: of the ceremony that is open. reset_from_ns: when time allows the reset of a halt.
    is_broken: the record was not whole when trading was halted, and is not yet.
    """
    lines = list(_LINES[held.mode])
    effect = table.modes[held.mode]
    if 0 < effect.multiplier < ONE:
        lines.append(_SIZES.format(share=text(effect.multiplier * 100)))
    if effect.cap_usdt is not None:
        lines.append(f"A position takes {text(effect.cap_usdt)} USDT at most.")
    gates, course = table.gates.get(held.tier), table.course
    if held.mode is TierMode.PAPER48 and gates is not None and gates.ceremony is not None:
        hours, days = gates.ceremony.paper_ns / HOUR, gates.ceremony.paper_profitable_days
        lines.append(f"It takes {hours:g} hours and {days} profitable trading days in a row.")
    if held.mode is TierMode.ADJUST48 and course is not None:
        hours, trades = course.adjust_ns / HOUR, course.adjust_trades_min
        lines.append(f"It takes {hours:g} hours and {trades} trades without a violation.")
    lines += _way_on(held, table)
    if is_broken:
        lines.append(f"{RECOVER}: that comes first.")
    if reset_from_ns is not None and table.reset is not None:
        least, from_ = table.reset.reason_min, _minute(reset_from_ns)
        lines.append(f"`genesis tier reset` can be done from {from_}, with clean books.")
        lines.append(f"That takes a page about it and a reason of at least {least} characters.")
    if phrase is not None and held.until_ns is not None:
        lines.append(f"It can be held until {_minute(held.until_ns)}.")
    if held.no_promotion_before_ns is not None:
        lines.append(f"No promotion before {_minute(held.no_promotion_before_ns)}.")
    return lines


def _way_on(held: TierState, table: TierTable) -> list[str]:
    """What opening and recovery ask for."""
    opening, back = table.opening, table.recovery
    if held.mode is TierMode.OPENING48 and opening is not None:
        since = _minute(held.since_ns + opening.look_ns)
        return [f"From {since} the go-live protocol can be typed, with reconciled books."]
    if held.mode is TierMode.GO_LIVE and opening is not None:
        return [f"All positions together take {text(opening.at_work_usdt)} USDT at most."]
    if held.mode is TierMode.EMERGENCY and back is not None:
        hours, days = back.emergency_ns / HOUR, back.profitable_days
        return [f"The way back takes {hours:g} hours, a page, {days} profitable days and calm."]
    if held.mode is TierMode.RECOVERY and back is not None:
        days = back.trading_days
        return [f"It takes {days} trading days without a violation, and no loss over them."]
    return []


def _minute(ts_ns: int) -> str:
    return f"{format_utc(ts_ns)[:16].replace('T', ' ')} UTC"
