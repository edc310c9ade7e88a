"""Falls of equity against the drawdown table and the daily loss limit.

All measures are trading results: equity less the money that came in or went out. A breach that
stops or demotes (HALT, daily loss) must be confirmed by several marks over some time; until then
entries are blocked and nothing else happens. The daily baseline is fixed at 00:00 UTC.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from genesis.domain.money import ZERO, text
from genesis.domain.outcomes import AlertRaised, DayStarted, Halted
from genesis.domain.time import DAY, utc_day
from genesis.risk.limits import DrawdownTable, RiskRules, TierLimits

INFO: Final = "INFO"
WARNING: Final = "WARNING"
CRITICAL: Final = "CRITICAL"
HALT: Final = "HALT"
DAILY_LOSS: Final = "DAILY_LOSS"
NEAR: Final = "NEAR_"

_OF_THE_DAY: Final = frozenset({WARNING, NEAR + WARNING, DAILY_LOSS, NEAR + DAILY_LOSS, INFO})

Fact = AlertRaised | DayStarted | Halted


@dataclass(slots=True)
class _Confirming:
    count: int
    since_ns: int


class Drawdown:
    """Follows equity; says when a row of the table is touched. One per account."""

    def __init__(self) -> None:
        self.base_usdt = ZERO
        self.peak_usdt = ZERO
        self.day = -1
        self.day_equity_usdt = ZERO
        self.day_base_usdt = ZERO
        self.critical_until_ns: int | None = None
        self.halted: Halted | None = None
        self._raised: set[str] = set()
        self._confirming: dict[str, _Confirming] = {}
        self._is_certain = False

    # -- facts -------------------------------------------------------------------------------
    def open(self, equity: Decimal) -> None:
        """The account begins with `equity`: results count from here."""
        self.base_usdt = self.day_base_usdt = self.day_equity_usdt = equity
        self.peak_usdt = ZERO

    def start_day(
        self, ts_ns: int, equity: Decimal, flows: Decimal, limits: TierLimits, rules: RiskRules
    ) -> DayStarted:
        """Fix the baseline of the UTC day that holds `ts_ns`.

        Rows of the day are armed again; those of the fall from the peak only after a recovery.
        """
        self.day = utc_day(ts_ns)
        self.day_equity_usdt = equity
        self.day_base_usdt = equity - flows
        self._raised -= _OF_THE_DAY
        table = limits.drawdown
        fall = self.peak_usdt - (equity - flows - self.base_usdt)
        if table is None or fall < rules.notify_at_fraction * table.critical_usdt:
            self._raised -= {CRITICAL, NEAR + CRITICAL, NEAR + HALT}
        self.critical_until_ns = None
        return DayStarted(ts_ns, self.day, equity)

    def mark(
        self,
        ts_ns: int,
        equity: Decimal,
        kindest: Decimal,
        flows: Decimal,
        worst_trade: Decimal | None,
        limits: TierLimits,
        rules: RiskRules,
    ) -> tuple[Fact, ...]:
        """Judge one valuation.

        `equity` values positions at the mark, `kindest` at the better of book mid and last trade
        (what stops or demotes must hold for both), `worst_trade` is the lowest result of any
        open position. Without one (None) nothing is valued: a breach is certain at once.
        """
        self._is_certain = worst_trade is None
        if self._is_certain:
            self._raised.discard(INFO)
        result = equity - flows - self.base_usdt
        self.peak_usdt = max(self.peak_usdt, result)
        facts: list[Fact] = []
        table = limits.drawdown
        if table is not None:
            day_loss = self.day_base_usdt - (equity - flows)
            fall = self.peak_usdt - result
            if worst_trade is not None:
                self._row(facts, ts_ns, INFO, "trade", -worst_trade, table.info_usdt)
            self._near(facts, ts_ns, WARNING, day_loss, table.warning_usdt, rules)
            self._row(facts, ts_ns, WARNING, "day", day_loss, table.warning_usdt)
            self._near(facts, ts_ns, CRITICAL, fall, table.critical_usdt, rules)
            if self._row(facts, ts_ns, CRITICAL, "drawdown", fall, table.critical_usdt):
                self.critical_until_ns = (utc_day(ts_ns) + 1) * DAY
            self._halt(facts, ts_ns, fall - (kindest - equity), table, rules)
        self._daily_loss(facts, ts_ns, kindest - flows, rules)
        return tuple(facts)

    def new_peak(self, equity: Decimal, flows: Decimal) -> None:
        """A new tier begins: falls count from here, and its rows of the fall are armed."""
        self.peak_usdt = equity - flows - self.base_usdt
        self._raised -= {CRITICAL, NEAR + CRITICAL, HALT, NEAR + HALT}

    # -- questions ---------------------------------------------------------------------------
    @property
    def warned_today(self) -> bool:
        return WARNING in self._raised

    @property
    def is_confirming(self) -> bool:
        """A breach that would stop or demote waits for confirmation: no entries meanwhile."""
        return bool(self._confirming)

    def static_levels(self, flows: Decimal, limits: TierLimits, rules: RiskRules) -> list[Decimal]:
        """Equity values, fixed until the next event, whose touching raises something."""
        levels = []
        if limits.drawdown is not None and WARNING not in self._raised:
            warning = limits.drawdown.warning_usdt
            levels += [
                self.day_base_usdt + flows - share * warning
                for share in self._shares(WARNING, rules)
            ]
        if rules.daily_loss_fraction is not None and DAILY_LOSS not in self._raised:
            limit = rules.daily_loss_fraction * self.day_equity_usdt
            levels += [
                self.day_base_usdt + flows - share * limit
                for share in self._shares(DAILY_LOSS, rules)
            ]
        return levels

    def trailing_falls(self, limits: TierLimits, rules: RiskRules) -> list[Decimal]:
        """Falls from the peak whose touching raises something."""
        if limits.drawdown is None:
            return []
        falls = []
        if CRITICAL not in self._raised:
            falls += [s * limits.drawdown.critical_usdt for s in self._shares(CRITICAL, rules)]
        if HALT not in self._raised:
            falls += [s * limits.drawdown.halt_usdt for s in self._shares(HALT, rules)]
        return falls

    def trade_level(self, limits: TierLimits) -> Decimal | None:
        """Result of one trade whose touching raises INFO."""
        if limits.drawdown is None or INFO in self._raised:
            return None
        return -limits.drawdown.info_usdt

    # -- rows --------------------------------------------------------------------------------
    def _shares(self, alert: str, rules: RiskRules) -> list[Decimal]:
        near = [] if NEAR + alert in self._raised else [rules.notify_at_fraction]
        return [*near, Decimal(1)]

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
        if HALT in self._raised or not self._confirmed(HALT, ts_ns, fall >= table.halt_usdt, rules):
            return
        self._row(facts, ts_ns, HALT, "drawdown", fall, table.halt_usdt)
        self.halted = Halted(ts_ns, "drawdown", f"drawdown reached {text(table.halt_usdt)} USDT")
        facts.append(self.halted)

    def _daily_loss(self, facts: list[Fact], ts_ns: int, result: Decimal, rules: RiskRules) -> None:
        if rules.daily_loss_fraction is None or DAILY_LOSS in self._raised:
            return
        loss = self.day_base_usdt - result
        limit = rules.daily_loss_fraction * self.day_equity_usdt
        self._near(facts, ts_ns, DAILY_LOSS, loss, limit, rules)
        if self._confirmed(DAILY_LOSS, ts_ns, loss > limit, rules):
            self._row(facts, ts_ns, DAILY_LOSS, "day", loss, limit)

    def _confirmed(self, name: str, ts_ns: int, breached: bool, rules: RiskRules) -> bool:
        """So many breached marks in a row, over at least so long?"""
        if not breached or self._is_certain:
            self._confirming.pop(name, None)
            return breached
        seen = self._confirming.setdefault(name, _Confirming(0, ts_ns))
        seen.count += 1
        if seen.count < rules.confirm_marks or ts_ns - seen.since_ns < rules.confirm_span_ns:
            return False
        del self._confirming[name]
        return True
