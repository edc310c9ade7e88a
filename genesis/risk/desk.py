"""RISK as the engine holds it: drawdown, blocks on new risk, trades of the day."""

from decimal import Decimal
from typing import NamedTuple

from genesis.domain.approval import Failure
from genesis.domain.money import ONE
from genesis.domain.outcomes import RiskBlocked
from genesis.domain.time import DAY, format_utc, utc_day
from genesis.risk.blocks import code_of
from genesis.risk.drawdown import Drawdown
from genesis.risk.limits import RiskRules, TierLimits


class EntryFacts(NamedTuple):
    """What the checks look at beside the desk's own state."""

    now_ns: int
    symbol: str
    price: Decimal | None
    has_unresolved: bool
    unprotected: bool


class RiskDesk:
    """State of the risk engine; changed by events, asked by the gate."""

    def __init__(self, rules: RiskRules) -> None:
        self.rules = rules
        self.drawdown = Drawdown()
        self.blocks: dict[str, str] = {}
        self._trades = 0
        self._trades_day = -1

    def block(self, ts_ns: int, source: str, reason: str | None) -> tuple[RiskBlocked, ...]:
        """Block new risk for `source`, or free it again (reason None). Idempotent."""
        if reason is None:
            if self.blocks.pop(source, None) is None:
                return ()
            return (RiskBlocked(ts_ns, source, False, ""),)
        if self.blocks.get(source) == reason:
            return ()
        self.blocks[source] = reason
        return (RiskBlocked(ts_ns, source, True, reason),)

    def count_entry(self, now_ns: int) -> None:
        if utc_day(now_ns) != self._trades_day:
            self._trades_day, self._trades = utc_day(now_ns), 0
        self._trades += 1

    def multiplier(self) -> Decimal:
        return self.rules.warning_multiplier if self.drawdown.warned_today else ONE

    def failures(self, facts: EntryFacts, limits: TierLimits) -> list[Failure]:
        """Every reason of the risk engine not to take new risk now."""
        blocks = [
            Failure("risk", code_of(source), reason)
            for source, reason in sorted(self.blocks.items())
        ]
        checks = (check(self, facts, limits) for check in CHECKS)
        return blocks + [failure for failure in checks if failure is not None]

    def trades_today(self, now_ns: int) -> int:
        return self._trades if utc_day(now_ns) == self._trades_day else 0


def _halted(desk: RiskDesk, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    halted = desk.drawdown.halted
    return None if halted is None else Failure("risk", "TRADING_HALTED", halted.reason)


def _critical(desk: RiskDesk, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    until = desk.drawdown.critical_until_ns
    if until is None or facts.now_ns >= until:
        return None
    return Failure(
        "risk", "DRAWDOWN_CRITICAL", f"no new risk today; again at {format_utc(until)}", until
    )


def _confirming(desk: RiskDesk, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    if not desk.drawdown.is_confirming:
        return None
    return Failure("risk", "BREACH_UNCONFIRMED", "a limit was crossed and is being confirmed")


def _no_price(desk: RiskDesk, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    if facts.price is not None:
        return None
    return Failure("risk", "NO_PRICE", f"{facts.symbol} has no price yet")


def _unresolved(desk: RiskDesk, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    if not facts.has_unresolved:
        return None
    return Failure(
        "risk", "ORDER_UNRESOLVED", f"an order of {facts.symbol} is not resolved at the venue yet"
    )


def _unprotected(desk: RiskDesk, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    if not facts.unprotected:
        return None
    return Failure("risk", "POSITION_LEAVING", f"{facts.symbol} is being closed; wait until flat")


def _trades(desk: RiskDesk, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    most = limits.max_trades_per_day
    if most is None or desk.trades_today(facts.now_ns) < most:
        return None
    until = (utc_day(facts.now_ns) + 1) * DAY
    return Failure("risk", "TRADES_PER_DAY", f"{most} trades today are enough", until)


CHECKS = (_halted, _critical, _confirming, _no_price, _unresolved, _unprotected, _trades)
