"""Homes whose past forbids new risk, one for each reason, for a service to go on with.

    recorded = CLOSED["TILT_LOCKED"](tmp_path / "home")

Each of `CLOSED` holds a position at its end, bought on another device, whose stop must be at the
venue when a service goes on (`holding.place`). Those of `CAPPED` allow new risk up to a small cap.
`packaged(folder)` puts a strategy that wants to buy at every tick where a service finds it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import InstrumentReported, JournalAssessed, TradeTick
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.sim.sample import START_NS
from tests.support.build import BTC
from tests.support.ceremony_home import LOWERED, PHRASE, PRICE
from tests.support.holding import HeldHome, Holding

ROOMY: Final = """name = "roomy"
[tiers]
opening_tier = "SNIPER"
[risk.tiers.SNIPER]
max_trades_per_day = 100
"""
SMALL_LOSSES: Final = """name = "small losses"
[tiers]
opening_tier = "SNIPER"
[risk.tiers.SNIPER.drawdown]
info_trade_usdt = 0.1
warning_daily_usdt = 0.2
critical_total_usdt = 0.4
halt_total_usdt = 500
"""
SMALL_DAYS: Final = """name = "small days"
[tiers]
opening_tier = "SNIPER"
[risk.tiers.SNIPER.drawdown]
info_trade_usdt = 0.1
warning_daily_usdt = 0.2
critical_total_usdt = 400
halt_total_usdt = 500
"""
ANXIOUS: Final = """name = "anxious"
[tiers]
opening_tier = "SNIPER"
[risk]
daily_loss_fraction = 0.0004
"""
NARROW: Final = """name = "narrow"
title = "A floor close below the start"
initial_usdt = "account"
warn_at_fraction = 0.8
headroom_share = 0.5
max_daily_loss = "none"
max_loss_trailing_eod = "none"
max_loss_trailing_intraday = "none"
max_position = "none"
min_trading_days = "none"
no_trade_window = "none"
profit_target = "none"
consistency = "none"
inactivity = "none"
trade_limit = "none"
[day]
zone = "UTC"
reset = "00:00"
from_year = 2020
until_year = 2030
[max_loss_static]
amount = 0.5
of = "usdt"
"""
SECOND_SYMBOL: Final = "ETH/USDT"
OPENS_NS: Final = START_NS + 14 * HOUR
"""When the market of the service goes on."""
_BEGUN_NS = OPENS_NS - DAY
_LATE_NS = OPENS_NS - 5 * MINUTE

GREEDY: Final = '''"""Strategies that want to buy at every tick."""

from dataclasses import dataclass
from typing import ClassVar

from genesis.domain.account import Tier
from genesis.domain.events import TradeTick
from genesis.domain.orders import Side
from genesis.strategy import Intent


@dataclass(frozen=True)
class Nothing:
    """No parameters."""


class Greedy:
    """Asks once a tick, whatever it is told."""

    name: ClassVar[str] = "greedy"
    tier: ClassVar[Tier] = Tier.SNIPER
    bar: ClassVar[None] = None
    wants = frozenset({TradeTick})
    Params = Nothing

    def __init__(self, params=None):
        """Take no parameters."""

    def on_event(self, event, view):
        """Buy."""
        return [Intent(event.symbol, Side.BUY)] if event.symbol == "BTC/USDT" else []


class Eager(Greedy):
    """The same above its station."""

    name: ClassVar[str] = "eager"
    tier: ClassVar[Tier] = Tier.HUNTER
'''


def packaged(folder: Path) -> Path:
    """A folder for the path of a process, with a package that brings both strategies."""
    (folder / "greedy_strategies.py").write_text(GREEDY, encoding="utf-8")
    about = folder / "greedy_strategies-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: greedy-strategies\nVersion: 1.0\n"
    )
    (about / "entry_points.txt").write_text(
        "[genesis.strategies]\ngreedy = greedy_strategies:Greedy\neager = greedy_strategies:Eager\n"
    )
    return folder


def calm(home: Path, *, holds: bool = False) -> HeldHome:
    """Nothing forbids anything."""
    with _begun(home) as told:
        told.until(_LATE_NS)
        if holds:
            told.bought_outside()
    return told.home


def warned(home: Path) -> HeldHome:
    """A chase that ended in WARNING."""
    with _begun(home) as told:
        told.until(_LATE_NS)
        told.chase()
        assert told.engine.state.tilt.state.level is TiltLevel.WARNING
        told.bought_outside()
    return told.home


def locked(home: Path, *, holds: bool = False) -> HeldHome:
    """Warned, written, and at it again within the day."""
    with _begun(home) as told:
        told.until(_LATE_NS - 3 * HOUR)
        told.chase()
        told.until(told.now_ns + 20 * MINUTE)
        told.tell(JournalAssessed(told.now_ns, "a" * 64, 512, True, "accepted"))
        told.until(_LATE_NS)
        told.chase(lambda level: level is TiltLevel.LOCKED)
        if holds:
            told.bought_outside()
    return told.home


def halted(home: Path) -> HeldHome:
    """Halted by the operator."""
    with _begun(home) as told:
        told.until(_LATE_NS)
        told.act("halt", reason="enough for today, says the trader")
        assert told.engine.state.tiers.state.mode is TierMode.HALTED
        told.bought_outside()
    return told.home


def cooling(home: Path) -> HeldHome:
    """Three calm losses in a row, the last a moment ago."""
    with _begun(home) as told:
        for before_h in (9, 6):
            told.until(_LATE_NS - before_h * HOUR)
            told.trade(str(PRICE - 300))
        told.until(_LATE_NS - HOUR // 2)
        told.trade(str(PRICE - 300))
        assert told.engine.state.tilt.state.level.rank < TiltLevel.WARNING.rank
        told.price(PRICE)
        told.bought_outside()
    return told.home


def fallen(home: Path) -> HeldHome:
    """Below the critical drawdown."""
    with _begun(home, SMALL_LOSSES) as told:
        for before_h in (9, 6):
            told.until(_LATE_NS - before_h * HOUR)
            told.trade(str(PRICE - 900))
        told.until(_LATE_NS)
        told.price(PRICE)
        told.bought_outside()
    return told.home


def broken(home: Path) -> HeldHome:
    """A book's floor was broken by a position that is still held: three marks over two seconds."""
    home.mkdir(parents=True, exist_ok=True)
    book = home / "narrow.toml"
    book.write_text(NARROW, encoding="utf-8")
    with _begun(home, f'name = "bound"\nbooks = ["{book}"]\n') as told:
        told.until(_LATE_NS)
        told.bought_outside()
        for _ in range(3):
            told.until(told.now_ns + SECOND)
            told.price(PRICE - 900)
        assert "RULEBOOK_BREACH" in {one.code for one in told.engine.gate.forbids("BTC/USDT")}
    return told.home


def elsewhere(home: Path, tier: str = "SNIPER") -> HeldHome:
    """A position in another symbol: SNIPER trades one at a time, HUNTER several."""
    with _begun(home, ROOMY.replace("SNIPER", tier)) as told:
        other = replace(BTC, symbol=SECOND_SYMBOL, base="ETH")
        told.tell(InstrumentReported(told.now_ns, other))
        told.until(_LATE_NS)
        told.tell(TradeTick(told.now_ns, SECOND_SYMBOL, 1, PRICE, Decimal("0.001"), False))
        told.bought_outside(SECOND_SYMBOL)
    return told.home


# -- those that only make sizes smaller ------------------------------------------------------
def adjusting(home: Path) -> HeldHome:
    """In the first day of the next tier."""
    with Holding(home, LOWERED, START_NS - 5 * DAY) as told:
        while told.engine.state.tiers.state.mode is not TierMode.CEREMONY:
            told.until(told.now_ns // DAY * DAY + 9 * HOUR)
            for _ in range(2):
                told.trade("61200")
                told.until(told.now_ns + 2 * HOUR)
            told.until((told.now_ns // DAY + 1) * DAY + 10 * MINUTE)
        told.until(_LATE_NS)
        told.act("ceremony", "CEREMONY_STEP", phrase=PHRASE)
        assert told.engine.state.tiers.state.mode is TierMode.ADJUST48
    return told.home


def demoted(home: Path) -> HeldHome:
    """A day that lost more than its fraction: an emergency."""
    with _begun(home, ANXIOUS) as told:
        told.until(_LATE_NS - 6 * HOUR)
        told.trade(str(PRICE - 3000))
        told.until(_LATE_NS)
        assert told.engine.state.tiers.state.mode is TierMode.EMERGENCY
    return told.home


def bad_day(home: Path) -> HeldHome:
    """The warning row of the day was touched."""
    with _begun(home, SMALL_DAYS) as told:
        told.until(_LATE_NS - 6 * HOUR)
        told.trade(str(PRICE - 300))
        told.until(_LATE_NS)
    return told.home


def _begun(home: Path, rules: str = ROOMY) -> Holding:
    return Holding(home, rules, _BEGUN_NS)


CLOSED: Final[Mapping[str, Callable[[Path], HeldHome]]] = MappingProxyType(
    {
        "TILT_WARNING": warned,
        "TILT_LOCKED": partial(locked, holds=True),
        "TRADING_HALTED": halted,
        "COOLDOWN_ACTIVE": cooling,
        "DRAWDOWN_CRITICAL": fallen,
        "RULEBOOK_BREACH": broken,
        "TIER_FEATURE_LOCKED": elsewhere,
    }
)
"""By the reason code that new risk is refused with."""
CAPPED: Final[Mapping[str, tuple[Callable[[Path], HeldHome], Decimal]]] = MappingProxyType(
    {
        "adjustment": (adjusting, Decimal(125)),
        "emergency": (demoted, Decimal(10)),
        "daily warning": (bad_day, Decimal(50)),
    }
)
"""With the most that a position may cost: half of 5 % of the equity, of 2000 USDT at most in
SNIPER; ten in an emergency."""
