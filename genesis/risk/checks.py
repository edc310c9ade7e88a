"""The questions asked of every entry before it is sized. What reduces risk is never asked.

Each answers with a stable code, what is locked, until when, and where the limit stands now.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from genesis.domain.approval import Failure
from genesis.domain.money import ZERO, text
from genesis.domain.time import DAY, SECOND, utc_day
from genesis.risk.breakers import ON_PAPER_CODE, Breaker, Breakers, Level, State
from genesis.risk.drawdown import HALT_SOURCE, Drawdown
from genesis.risk.limits import RiskRules, TierLimits
from genesis.risk.pace import Pace
from genesis.risk.streak import Streak, losses_at, pauses


class EntryFacts(NamedTuple):
    """What the checks look at beside the desk's own state.

    strategy: whose wish it is (None: the operator's). trades_on_paper: the account itself is one
    of paper. result_usdt: of trading since the account was opened, at the mark. trades_today: those
    that may still come of working entries included. way_out: what leads out of a halt. suspended:
    the venue's word where it does not trade the symbol.
    """

    now_ns: int
    symbol: str
    price: Decimal | None
    has_unresolved: bool
    unprotected: bool
    strategy: str | None = None
    trades_on_paper: bool = True
    result_usdt: Decimal = ZERO
    trades_today: int = 0
    way_out: str = ""
    suspended: str = ""


class Standing(Protocol):
    """How the account stands: the risk desk, as the checks see it."""

    rules: RiskRules
    drawdown: Drawdown
    blocks: dict[str, str]
    streak: Streak
    pace: Pace
    breakers: Breakers


def _halted(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    halted = desk.drawdown.halted
    if halted is None:
        return None
    told = f"trading is halted: {halted.reason}"
    if halted.source == HALT_SOURCE:
        told += f"; the fall from the peak is {_fall(desk, facts):.2f} USDT now"
    told = f"{told}; {facts.way_out}" if facts.way_out else told
    return Failure("risk", "TRADING_HALTED", told)


def _critical(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    until = desk.drawdown.critical_until_ns
    if until is None or facts.now_ns >= until:
        return None
    told = "no new risk today"
    fall, table = _fall(desk, facts), limits.drawdown
    if table is None or fall < table.critical_usdt:  # less by now, or another tier's limit
        told += ": the fall from the peak was critical today"
    else:
        told += f": the fall from the peak is {fall:.2f} of {text(table.critical_usdt)} USDT"
    return Failure("risk", "DRAWDOWN_CRITICAL", told, until)


def _confirming(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    if not desk.drawdown.is_confirming:
        return None
    return Failure("risk", "BREACH_UNCONFIRMED", "a limit was crossed and is being confirmed")


def _no_price(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    if facts.price is not None:
        return None
    told = f"{facts.symbol} has no price yet"
    return Failure("risk", "NO_PRICE", told)


def _suspended(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    if not facts.suspended:
        return None
    told = f"the venue does not trade {facts.symbol} now ({facts.suspended})"
    return Failure("risk", "SYMBOL_SUSPENDED", told)


def _unresolved(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    if not facts.has_unresolved:
        return None
    told = f"an order of {facts.symbol} is not resolved at the venue yet"
    return Failure("risk", "ORDER_UNRESOLVED", told)


def _unprotected(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    if not facts.unprotected:
        return None
    told = f"{facts.symbol} is being closed; wait until flat"
    return Failure("risk", "POSITION_LEAVING", told)


def _trades(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    most = limits.max_trades_per_day
    if most is None or facts.trades_today < most:
        return None
    until = (utc_day(facts.now_ns) + 1) * DAY
    told = f"{most} trades today are enough"
    return Failure("risk", "TRADES_PER_DAY", told, until)


def _pace(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    rules = desk.rules.pace
    until = None if rules is None else desk.pace.free_at(facts.now_ns, rules)
    if rules is None or until is None:
        return None
    used, seconds = desk.pace.used(facts.now_ns, rules), rules.span_ns // SECOND
    told = f"{used} of {rules.orders} entries within {seconds} s are sent; a moment's rest"
    return Failure("risk", "RATE_LIMIT_EXCEEDED", told, until)


def _pause(desk: Standing, facts: EntryFacts, limits: TierLimits) -> Failure | None:
    rules = desk.rules.streak
    if rules is None or not pauses(desk.streak, facts.now_ns):
        return None
    until, losses = desk.streak.pause_until_ns, losses_at(desk.streak, facts.now_ns, rules)
    assert until is not None
    told = f"{losses} losses in a row: new risk rests"
    return Failure("risk", "COOLDOWN_ACTIVE", told, until)


CHECKS: Final = (
    _halted,
    _critical,
    _confirming,
    _no_price,
    _suspended,
    _unresolved,
    _unprotected,
    _trades,
    _pace,
    _pause,
)


# -- breakers --------------------------------------------------------------------------------
def breaker_failures(desk: Standing, facts: EntryFacts) -> Iterator[Failure]:
    """Why a breaker refuses the entry, the system's first; a fault that blocks is told once."""
    breakers = desk.breakers
    if breakers.are_closed:
        return
    for breaker in breakers.of(Level.SYSTEM).values():
        refuses = breaker.state is State.OPEN or breaker.probe is not None
        if refuses and breaker.name not in desk.blocks:
            yield _system(breaker)
    for breaker in breakers.of(Level.ACCOUNT).values():
        if breaker.code:
            yield Failure("risk", breaker.code, _again(breaker), breaker.until_ns)
    for breaker in breakers.of(Level.STRATEGY).values():
        if breaker.name == facts.strategy:
            failure = _strategy(breaker, facts)
            if failure is not None:
                yield failure


def _system(breaker: Breaker) -> Failure:
    if breaker.probe is None:
        told = f"{_again(breaker)}, then one small order tries"
        return Failure("risk", breaker.code, told, breaker.until_ns)
    told = f"{breaker.told}: one small order tries it now; wait for its answer"
    return Failure("risk", breaker.code, told, None)


def _strategy(breaker: Breaker, facts: EntryFacts) -> Failure | None:
    if breaker.state is State.OPEN:
        return Failure("risk", breaker.code, _again(breaker), breaker.until_ns)
    if facts.trades_on_paper:
        return None  # where all is paper the strategy tries here
    told = f"{breaker.reason}: it goes on in paper until it wins there"
    return Failure("risk", ON_PAPER_CODE, told)


def _again(breaker: Breaker) -> str:
    if breaker.until_ns is None:
        return f"{breaker.told}; no new risk while this lasts"
    return f"{breaker.told}; new risk rests"


def _fall(desk: Standing, facts: EntryFacts) -> Decimal:
    return max(ZERO, desk.drawdown.peak_usdt - facts.result_usdt)
