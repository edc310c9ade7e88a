"""Falls of equity against the drawdown table and the daily loss limit.

All measures are trading results: equity less the money that came in or went out. A breach that
stops or demotes (HALT, daily loss) must be confirmed by several marks over some time, and so must
the rows that the rules name; until then entries are blocked and nothing else happens. Baselines are
fixed at 00:00 UTC: that of the day, and those of the days before for the rolling limits.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from genesis.domain.money import ZERO, text
from genesis.domain.outcomes import AlertRaised, DayStarted, Halted
from genesis.domain.time import DAY, utc_day
from genesis.risk.confirmations import Confirmations
from genesis.risk.limits import DrawdownTable, GiveBackRules, RiskRules, TierLimits
from genesis.risk.multipliers import WHOLE, Multiplier
from genesis.risk.rolling import RollingPeaks

INFO: Final = "INFO"
WARNING: Final = "WARNING"
CRITICAL: Final = "CRITICAL"
HALT: Final = "HALT"
DAILY_LOSS: Final = "DAILY_LOSS"
GIVE_BACK: Final = "GIVE_BACK"
GIVE_BACK_ARMED: Final = "GIVE_BACK_ARMED"
HALT_SOURCE: Final = "drawdown"
NEAR: Final = "NEAR_"

_OF_THE_DAY: Final = frozenset(
    {
        WARNING,
        NEAR + WARNING,
        DAILY_LOSS,
        NEAR + DAILY_LOSS,
        INFO,
        GIVE_BACK,
        GIVE_BACK_ARMED,
    }
)

Fact = AlertRaised | DayStarted | Halted


class Drawdown:
    """Follows equity; says when a row of the table is touched. One per account."""

    def __init__(self) -> None:
        self.base_usdt = ZERO
        self.peak_usdt = ZERO
        self.day = -1
        self.day_equity_usdt = ZERO
        self.day_base_usdt = ZERO
        self._began_empty = False
        self.critical_until_ns: int | None = None
        self.halted: Halted | None = None
        self._raised: set[str] = set()
        self._confirming = Confirmations()
        self.rolling = RollingPeaks()
        self._carried: dict[int, frozenset[str]] = {}
        self._carried_days: dict[int, tuple[Decimal, Decimal]] = {}
        self._carried_starts: dict[int, Decimal] = {}

    # -- facts -------------------------------------------------------------------------------
    def open(self, equity: Decimal) -> None:
        """The account begins with `equity`: results count from here."""
        self.base_usdt = self.day_base_usdt = self.day_equity_usdt = equity
        self._began_empty = equity <= ZERO
        self.peak_usdt = ZERO

    def flowed(self, equity: Decimal, flows: Decimal) -> None:
        """Money came in or went out: a day that began with nothing begins with what came in before
        anything was won or lost.
        """
        if self._began_empty and equity - flows == self.day_base_usdt:
            self.day_equity_usdt = max(ZERO, equity)

    def start_day(
        self, ts_ns: int, equity: Decimal, flows: Decimal, limits: TierLimits, rules: RiskRules
    ) -> DayStarted:
        """Fix the baseline of the UTC day that holds `ts_ns`.

        Rows of the day are armed again; those of the fall from the peak only after a recovery.
        """
        self.day = utc_day(ts_ns)
        self.day_equity_usdt = equity
        self.day_base_usdt = equity - flows
        self._began_empty = equity <= ZERO
        self._raised -= _OF_THE_DAY
        self._confirming.forget(GIVE_BACK)  # the floor was that of the day before
        table = limits.drawdown
        fall = self.peak_usdt - (equity - flows - self.base_usdt)
        if table is None or fall < rules.notify_at_fraction * table.critical_usdt:
            self._raised -= {CRITICAL, NEAR + CRITICAL, NEAR + HALT}
        self.critical_until_ns = None
        result = equity - flows - self.base_usdt
        self.rolling.start_day(self.day, result, limits.rolling)
        self._take_starts()
        for window in limits.rolling:  # armed again after a recovery, as the critical row
            if self.rolling.peak(window) - result < rules.notify_at_fraction * window.loss_usdt:
                self._raised -= {window.name, NEAR + window.name}
        self._take_carried()
        return DayStarted(ts_ns, self.day, equity)

    def carry(self, day: int, alerts: Iterable[str]) -> None:
        """Rows that a lost part of the record had raised on that day count on, when it is here.

        What halts, demotes or ends the day is not among them: a raised row is not raised again.
        """
        found = frozenset(alerts) - {HALT, DAILY_LOSS, GIVE_BACK}
        self._carried[day] = found | self._carried.get(day, frozenset())
        self._take_carried()

    def carry_day(self, day: int, equity: Decimal, flows: Decimal) -> None:
        """The baseline a day had in a lost part of the record: what it lost since is lost still.

        flows: money that had come in when the day began, less what went out.
        """
        self._carried_days[day] = (equity, equity - flows)
        self._take_carried()

    def carry_start(self, day: int, equity: Decimal, flows: Decimal) -> None:
        """That baseline counts for the falls of the days after it, and from the peak."""
        result = equity - flows - self.base_usdt
        self.peak_usdt = max(self.peak_usdt, result)
        self._carried_starts[day] = result
        self._take_starts()

    def carry_lasting(self, alerts: Iterable[str]) -> None:
        """Rows of several days that the lost part had raised: the start of a day may arm them."""
        self._raised |= frozenset(alerts)

    def _take_starts(self) -> None:
        for day in sorted(self._carried_starts):
            if day <= self.day:
                self.rolling.carry(day, self._carried_starts.pop(day))

    def _take_carried(self) -> None:
        alerts = self._carried.get(self.day, frozenset())
        self._raised |= alerts
        if CRITICAL in alerts:
            self.critical_until_ns = (self.day + 1) * DAY
        equity, base = self._carried_days.get(self.day, (ZERO, self.day_base_usdt))
        if base > self.day_base_usdt:
            flows = self.day_equity_usdt - self.day_base_usdt
            self.day_equity_usdt = min(equity, base + flows)  # what it allows is no more than that
            self.day_base_usdt = base

    def mark(
        self,
        ts_ns: int,
        equity: Decimal,
        kindest: Decimal,
        flows: Decimal,
        worst_trade: Decimal | None,
        limits: TierLimits,
        rules: RiskRules,
        *,
        sternest: Decimal | None = None,
        is_complete: bool = True,
    ) -> tuple[Fact, ...]:
        """Judge one valuation.

        `equity` values positions at the mark, `kindest` at the better of book mid and last trade
        (what stops or demotes must hold for both), `sternest` at the worse of them (so must what
        raises a peak; None: the mark), `worst_trade` is the lowest result of any open position.
        Without one (None) nothing is valued: a breach is certain at once. While the balance is
        not `is_complete` no breach is: it waits.
        """
        self._confirming.look(is_certain=worst_trade is None, is_complete=is_complete)
        if worst_trade is None:
            self._raised.discard(INFO)
        result = equity - flows - self.base_usdt
        held = equity if sternest is None else min(equity, sternest)
        self.peak_usdt = max(self.peak_usdt, held - flows - self.base_usdt)
        facts: list[Fact] = []
        table = limits.drawdown
        if table is not None:
            day_loss = self.day_base_usdt - (equity - flows)
            fall, doubt = self.peak_usdt - result, kindest - equity
            if worst_trade is not None:
                self._row(facts, ts_ns, INFO, "trade", -worst_trade, table.info_usdt)
            self._near(facts, ts_ns, WARNING, day_loss, table.warning_usdt, rules)
            limit = table.warning_usdt
            self._proven_row(facts, ts_ns, WARNING, "day", day_loss, doubt, limit, rules)
            self._near(facts, ts_ns, CRITICAL, fall, table.critical_usdt, rules)
            limit = table.critical_usdt
            if self._proven_row(facts, ts_ns, CRITICAL, "drawdown", fall, doubt, limit, rules):
                self.critical_until_ns = (utc_day(ts_ns) + 1) * DAY
            self._halt(facts, ts_ns, fall - doubt, table, rules)
            if rules.give_back is not None:
                profit = held - flows - self.day_base_usdt
                left = kindest - flows - self.day_base_usdt
                self._give_back(facts, ts_ns, profit, left, rules, table)
        self._daily_loss(facts, ts_ns, kindest - flows, rules)
        self._windows(facts, ts_ns, kindest - flows - self.base_usdt, limits, rules)
        return tuple(facts)

    def new_peak(self, equity: Decimal, flows: Decimal) -> None:
        """A new tier begins: falls count from here, and its rows of the fall are armed."""
        self.peak_usdt = equity - flows - self.base_usdt
        self.rolling.count_from(self.day, self.peak_usdt)
        self._raised &= _OF_THE_DAY
        self._confirming.forget_all()

    def reset(self, equity: Decimal, flows: Decimal) -> None:
        """The halt was lifted by the tier machine's manual reset: falls count from here."""
        self.halted = None
        self.new_peak(equity, flows)

    # -- questions ---------------------------------------------------------------------------
    @property
    def warned_today(self) -> bool:
        return WARNING in self._raised

    @property
    def is_confirming(self) -> bool:
        """A breach that would stop or demote waits for confirmation: no entries meanwhile."""
        return self._confirming.is_pending

    def multipliers(self, limits: TierLimits, rules: RiskRules) -> list[Multiplier]:
        """What losses of the day and of the last days do to sizes."""
        found = []
        if self.warned_today:
            told = "after the loss of this day"
            found.append(Multiplier(rules.warning_multiplier, "DAILY_LOSS_REACHED", told))
        for window in limits.rolling:
            if window.name in self._raised:
                told = f"after the losses of the last {window.days} days"
                found.append(Multiplier(window.share, "ROLLING_LOSS_REACHED", told))
        return found or [WHOLE]

    @property
    def floor_is_armed(self) -> bool:
        """Did this day earn so much that part of it is protected?"""
        return GIVE_BACK_ARMED in self._raised

    def is_raised(self, alert: str) -> bool:
        """Was the row touched already, and not armed again since?"""
        return alert in self._raised

    # -- rows --------------------------------------------------------------------------------
    def _row(
        self,
        facts: list[Fact],
        ts_ns: int,
        alert: str,
        measure: str,
        amount: Decimal,
        limit: Decimal,
    ) -> bool:
        if amount < limit or alert in self._raised:
            return False
        self._raised.add(alert)
        facts.append(AlertRaised(ts_ns, alert, measure, amount, limit))
        return True

    def _proven_row(
        self,
        facts: list[Fact],
        ts_ns: int,
        alert: str,
        measure: str,
        amount: Decimal,
        doubt: Decimal,
        limit: Decimal,
        rules: RiskRules,
    ) -> bool:
        """As `_row`; where the rules ask for it, confirmed, and without what is in doubt."""
        if alert in rules.confirmed_rows and alert not in self._raised:
            amount -= doubt
            if not self._confirming.confirmed(alert, ts_ns, amount >= limit, rules):
                return False
        return self._row(facts, ts_ns, alert, measure, amount, limit)

    def _near(
        self,
        facts: list[Fact],
        ts_ns: int,
        alert: str,
        amount: Decimal,
        limit: Decimal,
        rules: RiskRules,
    ) -> None:
        if alert not in self._raised:
            self._row(facts, ts_ns, NEAR + alert, "near", amount, limit * rules.notify_at_fraction)

    def _halt(
        self,
        facts: list[Fact],
        ts_ns: int,
        fall: Decimal,
        table: DrawdownTable,
        rules: RiskRules,
    ) -> None:
        self._near(facts, ts_ns, HALT, fall, table.halt_usdt, rules)
        if HALT in self._raised or not self._confirming.confirmed(
            HALT, ts_ns, fall >= table.halt_usdt, rules
        ):
            return
        self._row(facts, ts_ns, HALT, "drawdown", fall, table.halt_usdt)
        self.halted = Halted(ts_ns, HALT_SOURCE, f"drawdown reached {text(table.halt_usdt)} USDT")
        facts.append(self.halted)

    def _daily_loss(self, facts: list[Fact], ts_ns: int, result: Decimal, rules: RiskRules) -> None:
        if rules.daily_loss_fraction is None or DAILY_LOSS in self._raised:
            return
        loss = self.day_base_usdt - result
        limit = rules.daily_loss_fraction * self.day_equity_usdt
        if limit:  # of nothing there is no share
            self._near(facts, ts_ns, DAILY_LOSS, loss, limit, rules)
        if self._confirming.confirmed(DAILY_LOSS, ts_ns, loss > limit > 0, rules):
            self._row(facts, ts_ns, DAILY_LOSS, "day", loss, limit)

    def _windows(
        self,
        facts: list[Fact],
        ts_ns: int,
        result: Decimal,
        limits: TierLimits,
        rules: RiskRules,
    ) -> None:
        for window in limits.rolling:
            if window.name in self._raised:
                continue
            fall = self.rolling.peak(window) - result
            self._near(facts, ts_ns, window.name, fall, window.loss_usdt, rules)
            if self._confirming.confirmed(window.name, ts_ns, fall >= window.loss_usdt, rules):
                self._row(facts, ts_ns, window.name, "days", fall, window.loss_usdt)

    def _give_back(
        self,
        facts: list[Fact],
        ts_ns: int,
        profit: Decimal,
        left: Decimal,
        rules: RiskRules,
        table: DrawdownTable,
    ) -> None:
        """A big profit of the day (`profit`) fixes a floor; `left` at it ends the day."""
        give_back = rules.give_back
        if give_back is None or GIVE_BACK in self._raised:
            return
        if not self.floor_is_armed:
            wanted = give_back.armed_factor * table.warning_usdt
            self._row(facts, ts_ns, GIVE_BACK_ARMED, "day", profit, wanted)
            return
        floor = floor_usdt(give_back, table)
        if self._confirming.confirmed(GIVE_BACK, ts_ns, left <= floor, rules):
            self._raised.add(GIVE_BACK)
            facts.append(AlertRaised(ts_ns, GIVE_BACK, "day", left, floor))


def floor_usdt(rules: GiveBackRules, table: DrawdownTable) -> Decimal:
    """The profit of a good day under which its new risk ends."""
    return rules.floor_factor * table.warning_usdt
