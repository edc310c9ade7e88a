"""What the indicators of tilt are called, on every face and in every figure."""

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


def indicator(name: str) -> str:
    """The words of an indicator; an unknown one is told by its name."""
    return INDICATORS.get(name, name.replace("_", " "))
