"""A year in the life of an account, under the shipped gates; its tiers were written down first."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.account import Tier, TierMode
from genesis.domain.commands import DropTimer, SetTimer
from genesis.domain.events import Event, FlowReported, JournalAssessed, RunStarted, TimerFired
from genesis.domain.outcomes import OrderApproved, TierAnnounced, TierChanged, TierEvaluated
from genesis.domain.time import DAY, HOUR, SECOND, utc_day
from genesis.engine.step import Step
from genesis.service.strategies import engine_for
from tests.support.ceremony_home import PHRASE
from tests.support.engines import SYMBOL, T0, Bench, submits

D = Decimal
RULES = "[risk]\ndaily_loss_fraction = 0.005\n"
"""One position of these tiers cannot lose 15 % of the account: the line is drawn closer."""
REASON = "I halted because the news came in and I did not trust myself. " * 2
SNIPER, HUNTER = Tier.SNIPER, Tier.HUNTER

TIERS = [
    # (day, tier, mode), by hand: the account opens with 2,500 USDT and trades twice a day, well
    (0, SNIPER, TierMode.ACTIVE),
    (30, SNIPER, TierMode.PAPER48),  # 30 days at the tier
    (33, SNIPER, TierMode.CEREMONY),  # three good days
    (33, HUNTER, TierMode.ADJUST48),
    (35, HUNTER, TierMode.ACTIVE),  # 48 hours and ten trades
    # day 40: 3,000 come in, day 55: they go out again. Neutral. Day 50 to 53: nothing runs
    # day 60: 1,200 of the old money are taken out: 80 % of 2,000 is more than what is left
    (61, SNIPER, TierMode.ACTIVE),
    # day 62: 1,200 come in at noon; they are young at the closes up to day 91
    (95, SNIPER, TierMode.PAPER48),  # closes of the days 92, 93 and 94
    (98, SNIPER, TierMode.CEREMONY),
    (98, HUNTER, TierMode.ADJUST48),
    (100, HUNTER, TierMode.ACTIVE),
    (110, SNIPER, TierMode.EMERGENCY),  # the loss of a day, at noon
    (114, SNIPER, TierMode.RECOVERY),  # 72 hours, a page, the good days 111, 112 and 113
    (121, SNIPER, TierMode.ACTIVE),  # seven quiet days
    (141, SNIPER, TierMode.PAPER48),  # 30 days after the noon of day 110
    (144, SNIPER, TierMode.CEREMONY),
    (151, SNIPER, TierMode.ACTIVE),  # nobody came
    (152, SNIPER, TierMode.PAPER48),
    (155, SNIPER, TierMode.CEREMONY),
    (155, HUNTER, TierMode.ADJUST48),
    (156, SNIPER, TierMode.ADJUST48),  # his own choice
    (158, SNIPER, TierMode.ACTIVE),
    (170, SNIPER, TierMode.HALTED),  # his own, too
    (171, SNIPER, TierMode.ACTIVE),  # a day later, with a page and a reason: as if nothing was
    (186, SNIPER, TierMode.PAPER48),  # 30 days after the steps of day 155 (up) and 156 (down)
    (189, SNIPER, TierMode.CEREMONY),
    (190, HUNTER, TierMode.ADJUST48),
    (192, HUNTER, TierMode.ACTIVE),
    # day 200 to 260: nothing runs. The rest of the year: no icebergs, and no drills
]


class Year(Bench):
    """A bench that remembers its timers, so that a year of steps stays quick."""

    def __init__(self, rules: str) -> None:
        self._due: dict[str, int] = {}
        self._pages = 0
        super().__init__(rules, cash="2500", price="60000")

    def tell(self, event: Event) -> Step:
        if isinstance(event, RunStarted):
            self._due.clear()
        if isinstance(event, TimerFired):
            self._due.pop(event.key, None)
        step = super().tell(event)
        for command in step.commands:
            if isinstance(command, SetTimer):
                self._due[command.key] = command.at_ns
            elif isinstance(command, DropTimer):
                self._due.pop(command.key, None)
        return step

    def _timers(self) -> dict[str, int]:
        return self._due

    # -- days --------------------------------------------------------------------------------
    @property
    def day(self) -> int:
        return utc_day(self.now_ns) - utc_day(T0)

    @property
    def at(self) -> tuple[Tier, TierMode]:
        held = self.engine.state.tiers.state
        return held.tier, held.mode

    def until(self, day: int, hour: int = 0) -> None:
        self.later((T0 + day * DAY + hour * HOUR - self.now_ns) / SECOND)

    def trade(self, out: str = "61800") -> None:
        """In at 60000, out half an hour later."""
        self.tick("60000")
        (entry,) = submits(self.buy("50"))
        self.accept(entry.key)
        (stop,) = submits(self.fill(entry, "60000"))
        self.accept(stop.key)
        self.later(1800)
        self.tick(out)
        self.leave(stop, out)

    def leave(self, stop: Any, price: str) -> None:
        self.act("close", reduces_risk=True)
        (leave,) = submits(self.cancelled(stop.key))
        self.accept(leave.key)
        self.fill(leave, price)

    def calm_day(self, trades: int = 2) -> None:
        """Trades from two in the afternoon on, to the next midnight and ten minutes."""
        self.later(max(0.0, (T0 + self.day * DAY + 14 * HOUR - self.now_ns) / SECOND))
        for _ in range(trades):
            self.trade()
            self.later(2700)
        self.later((T0 + (self.day + 1) * DAY + HOUR // 6 - self.now_ns) / SECOND)

    def calm_until(self, day: int, trades: int = 2) -> None:
        while self.day < day:
            self.calm_day(trades)

    # -- what happens ------------------------------------------------------------------------
    def flow(self, amount: str) -> None:
        at = self.now_ns
        self.tell(FlowReported(at, "USDT", D(amount), "flow", f"r{at}"))

    def ceremony(self) -> None:
        self.act("ceremony", "CEREMONY_STEP", phrase=PHRASE, symbol=None)

    def page(self) -> None:
        self._pages += 1
        text = f"{self._pages:064x}"
        self.tell(JournalAssessed(self.now_ns, text, 520, True, "accepted"))

    def sleep(self, days: int) -> None:
        """Nothing runs for so long; then a new process starts."""
        self.now_ns += days * DAY
        self.start(self.engine.state.run + 1)
        self.reconciled()
        self.tick("60000")

    def crash(self) -> None:
        """A position falls by a quarter at once; its stop is left by hand."""
        self.tick("60000")
        (entry,) = submits(self.buy("100"))
        self.accept(entry.key)
        (stop,) = submits(self.fill(entry, "60000"))
        self.accept(stop.key)
        for _ in range(3):
            self.later(2)
            self.tick("45000")
        self.leave(stop, "45000")


def live(year: Year) -> None:
    """The year, as it happens."""
    year.calm_until(33)
    year.until(33, 10)
    year.ceremony()
    year.calm_until(36, trades=5)
    year.calm_until(40)
    year.flow("3000")
    year.calm_until(50)
    year.sleep(3)
    year.calm_until(55)
    year.flow("-3000")
    year.calm_until(60)
    year.flow("-1200")
    year.calm_until(62)
    year.until(62, 12)
    year.flow("1200")
    year.calm_until(98)
    year.until(98, 10)
    year.ceremony()
    year.calm_until(101, trades=5)
    year.calm_until(110)
    year.until(110, 12)
    year.crash()
    year.later(6 * 3600)
    year.page()  # of the intervention a loss may have led to, or of the emergency
    year.page()
    year.until(111, 1)
    year.calm_until(155)
    year.until(155, 10)
    year.ceremony()
    year.calm_day(2)
    year.until(156, 12)
    year.act("step_down", reduces_risk=True, symbol=None)
    year.calm_until(159, trades=5)
    year.calm_until(170)
    year.until(170, 10)
    year.act("halt", reason="the news is out", reduces_risk=True, symbol=None)
    year.page()
    year.page()
    year.until(171, 11)
    year.act("reset", reason=REASON, symbol=None)
    year.calm_until(190)
    year.until(190, 10)
    year.ceremony()
    year.calm_until(193, trades=5)
    year.calm_until(200)
    year.sleep(60)
    year.calm_until(270)
    year.until(365)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    path: Path = tmp_path_factory.mktemp("year") / "year.toml"
    path.write_text(RULES)
    found = Year(str(path))
    live(found)
    return found


def every(year: Year, kind: type) -> list[Any]:
    return [o for step in year.steps for o in step.outcomes if isinstance(o, kind)]


def test_the_tiers_are_those_that_were_written_down(year: Year) -> None:
    found = [(utc_day(c.ts_ns) - utc_day(T0), c.tier, c.mode) for c in every(year, TierChanged)]
    assert found == TIERS
    assert year.at == (HUNTER, TierMode.ACTIVE)


def test_every_day_that_closed_under_a_running_process_was_evaluated_once(year: Year) -> None:
    days = [told.day - utc_day(T0) for told in every(year, TierEvaluated)]
    asleep = {50, 51, *range(200, 259)}
    assert days == [day for day in range(365 - 1) if day not in asleep]


def test_the_trader_was_told_in_the_words_of_the_moment(year: Year) -> None:
    told = [announced.message for announced in every(year, TierAnnounced)]
    ready = (
        "🎯 TIER ADVANCEMENT READY\n"
        "You've earned Hunter tier capabilities\n"
        "New features: iceberg_hunter, multi_pair, twap_hunter\n"
        "Type 'I understand the responsibilities' to proceed"
    )
    (hard,) = [words for words in told if words.startswith("⚠️")]
    assert told.count(ready) == 5
    lines = hard.splitlines()
    assert lines[0] == "⚠️ EMERGENCY TIER DEMOTION"
    assert lines[1].startswith("Excessive losses detected: -0.") and lines[1].endswith("%")
    assert lines[2:] == [
        "Reverting to SNIPER tier for capital protection",
        "30-day minimum before re-advancement",
    ]


def test_i26_no_entry_of_the_emergency_was_larger_than_ten_usdt(year: Year) -> None:
    hard, back = T0 + 110 * DAY + 12 * HOUR + 60 * SECOND, T0 + 114 * DAY
    entries = [
        one.request.qty * 60_000
        for one in every(year, OrderApproved)
        if hard < one.ts_ns < back and not one.request.reduces
    ]
    assert len(entries) == 6
    assert max(entries) <= 10


def test_every_position_kept_its_stop_and_nothing_was_sold_by_a_tier(year: Year) -> None:
    assert SYMBOL not in year.engine.state.ledger.positions
    for step in year.steps:
        if any(isinstance(o, TierChanged) for o in step.outcomes):
            assert submits(step) == []


def test_the_year_is_replayed_to_the_same_decisions(year: Year) -> None:
    engine = None
    for step in year.steps:
        if engine is None:
            engine = engine_for(step.event, None)  # its first RunStarted
        again = engine.handle(step.event)
        assert (again.outcomes, again.commands) == (step.outcomes, step.commands)
