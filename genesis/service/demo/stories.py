"""What can be played on the demo's stage: a day of tilt, and the ladder of the tiers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from genesis.domain.instrument import Instrument
from genesis.domain.time import HOUR
from genesis.exchange.loopback.feed import OpenFeed
from genesis.service.demo.climber import Climber
from genesis.service.demo.door import HttpDoor
from genesis.service.demo.falling import FallingMarket
from genesis.service.demo.history import SYNTHETIC, record_history
from genesis.service.demo.stage import Player, Prepared
from genesis.service.demo.trader import ScriptedTrader
from genesis.sim.sample import START_NS

LADDER_NS: Final = START_NS + 9 * HOUR
"""When the market of the ladder opens: the night's evaluation lies behind it."""


@dataclass(frozen=True, slots=True)
class DayStory:
    """One trader and one day: calm, tilt, the page, the limited hour.

    calm_s: venue time for which he holds his first position.
    """

    opened: Sequence[OpenFeed]
    capital: Decimal
    calm_s: float

    def prepare(self, home: Path) -> Prepared:
        return Prepared(self.capital, self.opened)

    def player(self, door: HttpDoor, symbol: str, say: Callable[[str], None]) -> Player:
        return ScriptedTrader(door, symbol, say, self.calm_s)


@dataclass(frozen=True, slots=True)
class LadderStory:
    """Weeks that are made up, then a ceremony and an emergency demotion, live.

    pause_s: venue time for which each scene stands still.
    """

    instrument: Instrument
    market: FallingMarket
    seed: str
    pause_s: float

    def prepare(self, home: Path) -> Prepared:
        made = record_history(home, self.instrument, LADDER_NS, self.seed)
        told = f"the way so far is {SYNTHETIC}: weeks of trades, decided by the engine"
        return Prepared(Decimal(made.usdt), (self.market.feed,), str(made.rules), told)

    def player(self, door: HttpDoor, symbol: str, say: Callable[[str], None]) -> Player:
        return Climber(door, symbol, say, self.market, self.pause_s)
