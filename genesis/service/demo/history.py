"""The past of the ladder's story: weeks of a calm trader, made up and recorded within seconds.

Nothing is skipped. Every day is traded by the real engine under the shipped gates and evaluated at
00:05 UTC, until it opens the ceremony; only the market is a line on paper, and time is virtual. The
record says so itself: the account is on `SYNTHETIC`.
"""

from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Final

from genesis.domain.account import TierMode
from genesis.domain.instrument import Instrument
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.errors import InvariantBroken
from genesis.service.demo.recording import Opening, RecordedHome, Recording

SYNTHETIC: Final = "a synthetic history (made up; no real market)"
CAPITAL: Final = Decimal(2100)
"""Enough for the gate of HUNTER, and little enough that the loss of the day ends in a demotion
before the drawdown ends in a halt."""
PRICE: Final = Decimal(60_000)
_GOOD: Final = (Decimal("1.018"), Decimal("1.006"))
_BAD: Final = (Decimal("0.991"),)
"""What the price is multiplied with while a position is held, trade by trade of a day."""
_BAD_EVERY_DAYS: Final = 6
_DAYS: Final = 35
_BEGIN_NS: Final = 9 * HOUR
_HELD_NS: Final = 40 * MINUTE
_BETWEEN_NS: Final = 2 * HOUR
_ASKED_USDT: Final = 100
_LATENCY_MS: Final = 4_000


def ladder_rules() -> str:
    """The text of the rules of the story."""
    return files("genesis.service.demo").joinpath("ladder.toml").read_text(encoding="utf-8")


def record_history(home: Path, instrument: Instrument, end_ns: int, seed: str) -> RecordedHome:
    """Record the weeks before `end_ns` into an empty home; they end with the open ceremony.

    Raises:
        InvariantBroken: the gates of the rules ask for more than these weeks hold.
    """
    opening = Opening(instrument, CAPITAL, PRICE, SYNTHETIC, "synthetic-history", seed)
    first_ns = end_ns // DAY * DAY - _DAYS * DAY
    with Recording(home, ladder_rules(), first_ns, opening) as told:
        for day in range(_DAYS):
            told.until(first_ns + day * DAY + _BEGIN_NS)
            for factor in _BAD if day % _BAD_EVERY_DAYS == 1 else _GOOD:
                _trade(told, factor)
        told.until(end_ns)
        mode = told.engine.state.tiers.state.mode
        if mode is not TierMode.CEREMONY:
            raise InvariantBroken(f"the history of the story ends in {mode}, not at the ceremony")
    return told.home


def _trade(told: Recording, factor: Decimal) -> None:
    """Calmly in and, a while later, out."""
    told.price(PRICE)
    told.buy(_ASKED_USDT, _LATENCY_MS)
    told.until(told.now_ns + _HELD_NS)
    told.price(PRICE * factor)
    told.close()
    told.until(told.now_ns + _BETWEEN_NS)
