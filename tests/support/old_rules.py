"""The text of rules as runs recorded it before there were evaluations and overrides."""

import re

_LATER = (
    *("tiers.course", "tiers.gates.SNIPER.ceremony", "tilt.fixed.", "tilt.override"),
    *("tilt.interventions", "tilt.reading"),
    *("tiers.opening", "tiers.capital", "tiers.recovery", "tiers.reset", "tiers.false_alarms"),
    *("tiers.interruptions", "tiers.outside", "tiers.bypass"),
    *("tiers.gates.HUNTER", "tiers.gates.STRATEGIST", "risk.cap", "execution.stops"),
    *("execution.wider_stops", "execution.trades", "execution.additions", "execution.start"),
    *("execution.protection", "execution.attached", "execution.counting", "risk.breakers.unsent"),
    *("execution.receipts", "execution.prices", "execution.bare"),
)


def _without(text: str, *later: str) -> str:
    """The canonical text without the tables whose first line begins so."""
    tables = re.split(r"\n(?=\[)", text)
    return "\n".join(one for one in tables if not one.startswith(later))


def text_before_the_course(text: str) -> str:
    """The canonical text without the tables that came later."""
    return _without(text, *(f"[{name}" for name in _LATER))


def text_before_own_doing(text: str) -> str:
    """The canonical text of rules that do not ask whose doing it was."""
    later = ("[tilt.behaviour.doing]", "[tilt.behaviour.pride]", "[tilt.recovery.points]")
    return _without(text, *later)


def text_before_stops_were_checked(text: str) -> str:
    """The canonical text of rules under which a stop above the price sells at once."""
    return _without(text, "[execution.stops]")


def text_before_wider_stops_were_limited(text: str) -> str:
    """The canonical text of rules under which a wider stop may cost anything."""
    return _without(text, "[execution.wider_stops]")


def text_before_additions(text: str) -> str:
    """The canonical text of rules under which more of a position is sized at a stop of its own."""
    return _without(text, "[execution.additions]")


def text_before_books_came_first(text: str) -> str:
    """The canonical text of rules under which a start protects what it is told of at once."""
    return _without(text, "[execution.start]")


def text_before_stops_made_room(text: str) -> str:
    """The canonical text of rules under which a stop is cancelled before an exit is sent."""
    return _without(text, "[execution.protection]")


def text_before_trades_counted_once(text: str) -> str:
    """The canonical text of rules under which a trade counts as often as it is told."""
    return _without(text, "[execution.counting]")


def text_before_entries_brought_stops(text: str) -> str:
    """The canonical text of rules under which a stop is sent when its entry was filled."""
    return _without(text, "[execution.attached]")


def text_before_all_had_receipts(text: str) -> str:
    """The canonical text of rules under which only what is sent in slices has a receipt."""
    return _without(text, "[execution.receipts]")


def text_before_unsent_was_told_apart(text: str) -> str:
    """The canonical text of rules under which an order that never left counts as a failed one."""
    return _without(text, "[risk.breakers.unsent]")


def text_before_refused_stops(text: str) -> str:
    """The canonical text of rules under which a stop that was refused counts as moved."""
    return _without(text, "[tilt.behaviour.stops]")


_BEHAVIOUR = (
    *("tilt.behaviour", "tilt.odds", "tilt.priors.lat", "tilt.priors.slen"),
    *(f"tilt.rates.{name}]" for name in ("typo", "skip", "rej", "widen")),
    *(
        f"tilt.indicators.{name}]"
        for name in (
            *("lat", "size", "size_w", "slen", "hours", "typo", "skip"),
            *("rej", "widen", "joint", "vel", "clicks"),
        )
    ),
)


def text_before_behaviour(text: str) -> str:
    """The canonical text of rules that know the first four indicators only."""
    return _without(text, *(f"[{name}" for name in _BEHAVIOUR))


def text_before_prices_came_first(text: str) -> str:
    """The canonical text of rules under which a start sizes entries by the last price it knows."""
    return _without(text, "[execution.prices]")


def text_before_bare_positions_blocked(text: str) -> str:
    """The canonical text of rules under which entries go on while a position has no stop."""
    return _without(text, "[execution.bare]")
