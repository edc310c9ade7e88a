"""Homes whose past forbids new risk, one for each reason, for a service to go on with.

    recorded = CLOSED["LOCKED"](tmp_path / "home")

`packaged(folder)` puts a strategy that wants to buy at every tick where a service finds it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.sim.sample import START_NS
from tests.support.ceremony_home import PRICE, RecordedHome, Recording

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
        return [Intent(event.symbol, Side.BUY)]


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


def calm(home: Path) -> RecordedHome:
    """One good trade; nothing forbids anything."""
    with _begun(home) as told:
        told.until(_LATE_NS)
    return told.home


def warned(home: Path) -> RecordedHome:
    """A chase that ended in WARNING."""
    with _begun(home) as told:
        told.until(_LATE_NS)
        told.chase()
        assert told.engine.state.tilt.state.level is TiltLevel.WARNING
    return told.home


def locked(home: Path) -> RecordedHome:
    """Warned, written, and at it again within the day."""
    with _begun(home) as told:
        told.until(_LATE_NS - 3 * HOUR)
        told.chase()
        told.until(told.now_ns + 20 * MINUTE)
        told.tell(JournalAssessed(told.now_ns, "a" * 64, 512, True, "accepted"))
        told.until(_LATE_NS)
        told.chase(lambda level: level is TiltLevel.LOCKED)
    return told.home


def halted(home: Path) -> RecordedHome:
    """Halted by the operator."""
    with _begun(home) as told:
        told.until(_LATE_NS)
        told.act("halt", reason="enough for today, says the trader")
        assert told.engine.state.tiers.state.mode is TierMode.HALTED
    return told.home


def cooling(home: Path) -> RecordedHome:
    """Three calm losses in a row, the last a moment ago."""
    with _begun(home) as told:
        for before_h in (9, 6):
            told.until(_LATE_NS - before_h * HOUR)
            told.trade(str(PRICE - 300))
        told.until(_LATE_NS - HOUR // 2)
        told.trade(str(PRICE - 300))
        assert told.engine.state.tilt.state.level.rank < TiltLevel.WARNING.rank
    return told.home


def demoted(home: Path) -> RecordedHome:
    """Below the critical drawdown: an emergency."""
    with _begun(home, SMALL_LOSSES) as told:
        for before_h in (9, 6):
            told.until(_LATE_NS - before_h * HOUR)
            told.trade(str(PRICE - 900))
        told.until(_LATE_NS)
    return told.home


def _begun(home: Path, rules: str = ROOMY) -> Recording:
    return Recording(home, rules, _BEGUN_NS)


CLOSED: Final[Mapping[str, Callable[[Path], RecordedHome]]] = MappingProxyType(
    {
        "TILT_WARNING": warned,
        "TILT_LOCKED": locked,
        "TRADING_HALTED": halted,
        "COOLDOWN_ACTIVE": cooling,
        "DRAWDOWN_CRITICAL": demoted,
    }
)
"""By the reason code that new risk is refused with."""
