"""Frames whose columns keep their types when there is no row."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pandas as pd

_TIMES: Final = frozenset(
    {"at", "from", "to", "opened", "closed", "approved", "started", "ended", "until"}
)
_TEXTS: Final = frozenset(
    {"symbol", "who", "reason", "level", "side", "stage", "code", "codes", "note", "kind", "what"}
    | {"order", "type", "purpose", "fee_asset", "how", "pages", "limit", "unit", "alert"}
    | {"measure", "rules", "strategies", "before", "after", "gate", "required", "current"}
    | {"missing", "odds", "algorithm"}
)
_COUNTS: Final = frozenset(
    {"trades", "wins", "losses", "tilt_events", "count", "estimated", "words", "score", "run"}
    | {"slices", "slices_sent"}
)
_DATES: Final = frozenset({"date"})


def utc(ts_ns: int) -> pd.Timestamp:
    """A stamp as pandas has it, to the microsecond."""
    return pd.Timestamp(ts_ns // 1_000, unit="us", tz="UTC")


def frame(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> pd.DataFrame:
    """A frame of rows; times in UTC, amounts as floats."""
    made = pd.DataFrame(list(rows), columns=list(columns))
    for name in _TIMES.intersection(columns):
        made[name] = pd.to_datetime(made[name], utc=True)  # all absent: no time zone yet
    return made.astype({name: _kind(name) for name in columns})


def _kind(name: str) -> str:
    if name in _TIMES:
        return "datetime64[us, UTC]"
    if name in _DATES:
        return "datetime64[us]"
    if name in _COUNTS:
        return "int64"
    if name == "passed":
        return "bool"
    return "object" if name in _TEXTS else "float64"
