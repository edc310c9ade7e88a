"""What may still be risked today, as `genesis status` tells it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

_OF_THE_DAY: Final = (
    "daily_loss_warning",
    "daily_loss",
    "trades_today",
    "entry_pace",
    "position_size",
    "exposure",
)
"""Always told; other limits only when little of them is left."""


def limits_lines(headroom: Mapping[str, Any]) -> list[str]:
    """The limits of the day, what makes sizes smaller, and how an entry is confirmed."""
    return [*_left(headroom["limits"]), *_sizes(headroom), *_confirm(headroom)]


def _left(limits: list[dict[str, Any]]) -> Iterator[str]:
    from genesis.panels.limit_words import NEAR, limit_words
    from genesis.panels.views import remaining

    for limit in limits:
        if limit["name"] in _OF_THE_DAY or limit["fraction"] >= NEAR:
            yield f"limit      {limit_words(limit['name'])}: {remaining(limit)}"


def _sizes(headroom: Mapping[str, Any]) -> Iterator[str]:
    if Decimal(headroom["multiplier"]) < 1:
        yield f"sizes      {headroom['multiplier_reason']} of usual"


def _confirm(headroom: Mapping[str, Any]) -> Iterator[str]:
    asked = headroom.get("confirmation")
    if asked is None:
        return
    yield (
        "confirm    in CAUTION an entry is asked for twice: the first asking is refused, and the "
        f"same one passes once, {asked['seconds']} seconds later"
    )
    for wish in asked["waiting"]:
        yield f"confirm    {wish['symbol']}: ask for the same again {wish['when']} and it passes"
