"""How a recording goes: numbers for machines, lines for people."""

from dataclasses import asdict, dataclass
from typing import Any

_KINDS = ("trades", "books", "depth")


@dataclass(frozen=True, slots=True)
class SymbolProgress:
    """One symbol. Counts are rows that are durable (`acknowledged`) since the recorder began.

    trade_ids: the durable trades, as spans of ids. lag_ms: venue time from a trade to its receipt.
    gaps, missing: gaps that were written down and not filled since, and trades or updates they
    name.
    """

    symbol: str
    trades: int
    books: int
    depth: int
    trade_ids: tuple[tuple[int, int], ...]
    lag_ms: float | None
    gaps: int
    missing: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole recording.

    per_s: rows made durable per wall second since the last look. sealed: rows brought into the
    store. waiting_bytes: durable in the spool. lost: why nothing is heard; None while the line is
    open.
    """

    elapsed_s: float
    acknowledged: int
    sealed: int
    per_s: float
    waiting_bytes: int
    free_bytes: int
    complaints: int
    last_complaint: str
    lost: str | None
    symbols: tuple[SymbolProgress, ...]

    def told(self) -> dict[str, Any]:
        """As one JSON object."""
        return asdict(self)

    def line(self) -> str:
        """As one line for people."""
        trades = sum(each.trades for each in self.symbols)
        gaps = sum(each.gaps for each in self.symbols)
        lags = [each.lag_ms for each in self.symbols if each.lag_ms is not None]
        parts = [
            f"{self.elapsed_s:,.0f} s: {self.per_s:,.0f} rows/s",
            f"{trades:,} trades and {self.acknowledged - trades:,} book rows safe",
            f"lag {max(lags):,.0f} ms" if lags else "nothing heard yet",
            f"{gaps:,} gaps",
            f"disk {self.free_bytes / 1e9:,.1f} GB free",
        ]
        if self.complaints:
            parts.append(f"{self.complaints:,} complaints ({self.last_complaint[:60]})")
        if self.lost is not None:
            parts.append(f"the line is lost: {self.lost}")
        return ", ".join(parts)

    def ending(self) -> list[str]:
        """What is said at the end."""
        lines = [
            f"recorded {self.acknowledged:,} rows in {self.elapsed_s:,.0f} s,"
            f" {self.sealed:,} brought into the store"
        ]
        for each in self.symbols:
            counts = ", ".join(f"{getattr(each, kind):,} {kind}" for kind in _KINDS)
            missed = f"; {each.gaps:,} gaps, {each.missing:,} missing" if each.gaps else ""
            lines.append(f"  {each.symbol}: {counts}{missed}")
        return lines
