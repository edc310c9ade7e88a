"""What the indicators of tilt are called, on every face."""

from typing import Final

from genesis.domain.indicator_words import INDICATORS, indicator

__all__ = ["INDICATORS", "MEASURES", "indicator", "share"]

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


def share(multiplier: float) -> str:
    """A part of a size: `three quarters`, `60 %`."""
    return _SHARES.get(multiplier, f"{multiplier * 100:.3g} %")
