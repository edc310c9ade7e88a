"""Which files of the archive hold a span of days. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["trades", "aggTrades"]


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One zip file: the trades of one UTC day, or of a whole month."""

    kind: Kind
    venue_symbol: str
    first: date
    is_monthly: bool

    @property
    def name(self) -> str:
        """Such as `BTCUSDT-trades-2024-08-08.zip` or `BTCUSDT-trades-2024-08.zip`."""
        label = self.first.strftime("%Y-%m" if self.is_monthly else "%Y-%m-%d")
        return f"{self.venue_symbol}-{self.kind}-{label}.zip"

    @property
    def path(self) -> str:
        """Below the archive's base URL."""
        period = "monthly" if self.is_monthly else "daily"
        return f"data/spot/{period}/{self.kind}/{self.venue_symbol}/{self.name}"

    @property
    def span(self) -> str:
        """What it covers, for people."""
        return self.first.strftime("%Y-%m") if self.is_monthly else str(self.first)

    def days(self) -> tuple["ArchiveFile", ...]:
        """The daily files of a month's."""
        after = next_month(self.first)
        return tuple(
            ArchiveFile(self.kind, self.venue_symbol, day, is_monthly=False)
            for day in _days(self.first, after)
        )


def planned(kind: Kind, venue_symbol: str, first: date, end: date) -> tuple[ArchiveFile, ...]:
    """The files of the days in [first, end): monthly where a whole month is asked, else daily."""
    files = []
    day = first
    while day < end:
        is_whole = day.day == 1 and next_month(day) <= end
        files.append(ArchiveFile(kind, venue_symbol, day, is_whole))
        day = next_month(day) if is_whole else day + timedelta(days=1)
    return tuple(files)


def next_month(day: date) -> date:
    """The first day of the month after."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _days(first: date, end: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range((end - first).days))
