"""How the exchange as a whole behaves just now: its clock, its memory, its maintenance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesis.domain.time import MILLISECOND
from genesis.errors import UsageError

_TIMES = ("skew_ms", "lag_ms", "trades_lag_ms")


@dataclass(slots=True)
class Moods:
    """skew_ns: how far its clock is off. lag_ns: how long queries do not yet know of an order.
    trades_lag_ns: how long of a trade; None: as long as of an order.

    in_maintenance: as the system status says.
    """

    skew_ns: int = 0
    lag_ns: int = 0
    trades_lag_ns: int | None = None
    in_maintenance: bool = False

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Set `skew_ms`, `lag_ms`, `trades_lag_ms` or `maintenance`.

        Raises:
            UsageError: another name or kind.
        """
        for name, value in wanted.items():
            if name == "maintenance" and isinstance(value, bool):
                self.in_maintenance = value
            elif name in _TIMES and type(value) is int:
                setattr(self, name.replace("_ms", "_ns"), value * MILLISECOND)
            else:
                raise UsageError(f"{name}={value!r} is not maintenance or {', '.join(_TIMES)}")

    def knows(self, ts_ns: int, now_ns: int) -> bool:
        """Do queries tell of an order of that moment already?"""
        return ts_ns <= now_ns - self.lag_ns

    def knows_trade(self, ts_ns: int, now_ns: int) -> bool:
        lag_ns = self.lag_ns if self.trades_lag_ns is None else self.trades_lag_ns
        return ts_ns <= now_ns - lag_ns

    def system_status(self) -> dict[str, Any]:
        msg = "system_maintenance" if self.in_maintenance else "normal"
        return {"status": int(self.in_maintenance), "msg": msg}
