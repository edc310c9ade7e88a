"""What the limits of the headroom are called, on every face."""

from typing import Final

LIMITS: Final = {
    "position_size": "one position",
    "exposure": "all positions",
    "trades_today": "entries today",
    "daily_loss_warning": "loss today (half sizes)",
    "daily_loss": "loss today (demotion)",
    "drawdown_critical": "below peak (no entries)",
    "drawdown_halt": "below peak (halt)",
    "open_risk": "at risk down to the stops",
    "entry_pace": "entries within seconds",
    "loss_7_days": "loss of 7 days (half sizes)",
    "loss_30_days": "loss of 30 days (quarter sizes)",
    "given_back": "given back of a good day",
    "portfolio_loss": "loss of all positions on a bad day",
}
NEAR: Final = 0.8
"""From this share on a limit is nearly used up."""


def limit_words(name: str) -> str:
    """The name of a limit; one of a book is its own."""
    return LIMITS.get(name, name.replace("_", " "))
