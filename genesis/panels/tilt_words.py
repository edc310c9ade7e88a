"""What the indicators of tilt are called, on every face."""

from typing import Final

INDICATORS: Final = {
    "gap": "little time between acts",
    "lat": "decided in a hurry",
    "size": "larger than usual",
    "size_l": "larger after a loss",
    "size_w": "larger after wins",
    "reent": "soon back in after a stop",
    "slen": "a long session",
    "hours": "an unusual hour",
    "cancel": "orders cancelled",
    "typo": "slips of the keys",
    "skip": "a check skipped",
    "rej": "orders refused",
    "widen": "stops moved away",
    "joint": "several things at once",
    "vel": "many entries an hour",
    "clicks": "quick clicks",
    "override": "an override",
    "phrase": "a phrase that was not exact",
    "left": "the page left at once",
    "paste": "a page that was pasted",
    "deposit": "money added right after a loss",
    "edit": "rules loosened after a loss",
}
MEASURES: Final = {
    **INDICATORS,
    "gap": "time between acts",
    "lat": "time to decide",
    "size": "size of an entry",
    "reent": "time until back in after a stop",
    "slen": "length of a session",
    "skip": "checks skipped",
    "cancel": "orders cancelled",
}
_SHARES: Final = {0.25: "a quarter", 0.5: "half", 0.75: "three quarters"}


def indicator(name: str) -> str:
    """The words of an indicator; an unknown one is told by its name."""
    return INDICATORS.get(name, name.replace("_", " "))


def share(multiplier: float) -> str:
    """A part of a size: `three quarters`, `60 %`."""
    return _SHARES.get(multiplier, f"{multiplier * 100:.3g} %")
