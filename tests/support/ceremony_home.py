"""Homes with a past: the real engine recorded over some virtual days, for a service to go on.

    recorded = record_ceremony_home(tmp_path / "home")   # ends in SNIPER/CEREMONY
    recorded = record_warning_home(tmp_path / "home")    # ends with the page still to be written

Both write the event log and, beside it, `rules.toml` (lowered numbers), which the service must be
told: `genesis run --mode paper --home HOME --rules HOME/rules.toml --port 0`. Without a venue URL
it opens the synthetic sample, whose clock starts at the first minutes of 2024, after the record's
end. An exchange of another process does as well when it holds `recorded.usdt` USDT.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.commands import SubmitOrder
from genesis.domain.orders import Purpose
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.service.demo import recording
from genesis.service.demo.recording import Opening, RecordedHome
from genesis.sim.sample import START_NS
from tests.support.build import BTC

SYMBOL = "BTC/USDT"
CASH = Decimal(5000)
PRICE = Decimal(60_000)
PHRASE = "I understand the responsibilities"
LOWERED = """name = "lowered"
[tiers.course]
adjust_hours = 24
adjust_trades_min = 2
[tiers.gates.SNIPER]
days_at_tier = 2
trading_days_min = 2
closes_required = 2
[tiers.gates.SNIPER.ceremony]
paper_hours = 24
paper_profitable_days = 1
"""
"""Two good days open the paper time, one more the ceremony."""
_END_NS = START_NS - 2 * HOUR
_CHASE_NS = START_NS - 8 * MINUTE
_DAYS = 4


def record_ceremony_home(home: Path, rules_text: str = LOWERED) -> RecordedHome:
    """Days of small gains, evaluated every night, up to the open ceremony."""
    with Recording(home, rules_text, _END_NS // DAY * DAY - _DAYS * DAY) as told:
        while told.now_ns < _END_NS - DAY:
            told.until(told.now_ns // DAY * DAY + 9 * HOUR)
            for _ in range(2):
                told.trade("61200")
                told.until(told.now_ns + 2 * HOUR)
            told.until((told.now_ns // DAY + 1) * DAY + 10 * MINUTE)
        told.until(_END_NS)
        assert told.engine.state.tiers.state.mode is TierMode.CEREMONY
    return told.home


def record_warning_home(home: Path, rules_text: str = LOWERED) -> RecordedHome:
    """A quiet day, then a chase: stopped out and in again, until tilt pauses trading."""
    with Recording(home, rules_text, _END_NS - DAY) as told:
        told.until(_END_NS - 4 * HOUR)
        told.trade("61200")
        told.until(_CHASE_NS)
        told.chase()
        assert told.engine.state.tilt.state.level is TiltLevel.WARNING
    return told.home


class Recording(recording.Recording):
    """A recording of 5000 USDT, with a trader who can be hasty, too."""

    def __init__(self, home: Path, rules_text: str, start_ns: int) -> None:
        super().__init__(home, rules_text, start_ns, Opening(BTC, CASH, PRICE, "loopback"))

    # -- the trader --------------------------------------------------------------------------
    def buy(self, usdt: int = 50, latency_ms: int = 4000) -> None:
        super().buy(usdt, latency_ms)

    def trade(self, leave_at: str) -> None:
        """Calmly in, half an hour later out."""
        self.price(PRICE)
        self.buy()
        self.until(self.now_ns + HOUR // 2)
        self.price(Decimal(leave_at))
        self.close()

    def chase(self, paused: Callable[[TiltLevel], bool] = lambda at: at.rank > 1) -> None:
        """Stopped out and in again three seconds later, in haste, until tilt has had enough."""
        while not paused(self.engine.state.tilt.state.level):
            self.price(PRICE)
            self.buy(latency_ms=1000)
            self.until(self.now_ns + 5 * SECOND)
            self.stopped_out(PRICE - 300)
            self.until(self.now_ns + 3 * SECOND)

    def stopped_out(self, price: Decimal) -> None:
        """The protective stop fills."""
        self.price(price)
        for order in tuple(self.engine.state.execution.orders.all_working()):
            if order.request.purpose is Purpose.PROTECT:
                self.tell(self.filled(SubmitOrder(self.now_ns, order.key, order.request)))
