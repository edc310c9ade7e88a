"""The week and the month around a day, its sessions, and what the engine said of the tier."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

import pandas as pd

from genesis.analytics import Opening, TradingSession, seeded, sessions
from genesis.domain.account import TierMode
from genesis.domain.events import Event
from genesis.domain.money import ZERO
from genesis.domain.outcomes import TierChanged, TierGate
from genesis.domain.time import DAY, date_of, utc_day
from genesis.research.day_equity import Book
from genesis.research.day_frames import frame, utc
from genesis.research.day_log import DayLog, DayStep
from genesis.research.ladder_odds import gate_odds

DAY_COLUMNS: Final = (
    *("date", "start_usdt", "end_usdt", "flows_usdt", "result_usdt", "result_fraction"),
    *("trades", "wins", "pnl_usdt", "r"),
)
SESSION_COLUMNS: Final = (
    *("started", "ended", "type", "start_usdt", "end_usdt", "trades", "wins", "losses"),
    *("pnl_usdt", "max_drawdown_usdt", "tilt_events"),
)


# -- days ------------------------------------------------------------------------------------
def days_frame(log: DayLog, book: Book, end_usdt: float, days: int) -> pd.DataFrame:
    """The last `days` calendar days that have data, this one last, each from start to start."""
    known = {told.day: told for told in log.around.days}
    first = log.day - days + 1
    wanted = [day for day in sorted(known) if first <= day <= log.day]
    rows = [_day(log, known, day, end_usdt) for day in wanted]
    return frame(rows, DAY_COLUMNS)


def _day(log: DayLog, known: dict[int, Any], day: int, end_usdt: float) -> tuple[Any, ...]:
    start = known[day].equity_usdt
    later = [each for each in sorted(known) if each > day]
    end = end_usdt if day == log.day or not later else float(known[later[0]].equity_usdt)
    last_ns = (day + 1) * DAY if day == log.day or not later else known[later[0]].ts_ns
    quote = log.account.quote if log.account is not None else "USDT"
    flows = sum(
        (
            flow.amount
            for flow in log.around.flows
            if flow.asset == quote and known[day].ts_ns < flow.ts_ns < last_ns
        ),
        ZERO,
    )
    trades = [trade for trade in log.around.trades if utc_day(trade.ts_ns) == day]
    result = end - float(start) - float(flows)
    in_r = [float(trade.pnl_usdt / trade.risk_usdt) for trade in trades if trade.risk_usdt]
    return (
        pd.Timestamp(date_of(day)),
        float(start),
        end,
        float(flows),
        result,
        result / float(start) if start else float("nan"),
        len(trades),
        sum(trade.pnl_usdt > 0 for trade in trades),
        float(sum((trade.pnl_usdt for trade in trades), ZERO)),
        sum(in_r) if in_r else float("nan"),
    )


# -- sessions --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Taped:
    """Stands for a market event, which opens and ends no session."""

    ts_ns: int


@dataclass(frozen=True, slots=True)
class _Told:
    event: Event
    outcomes: tuple[Any, ...]
    commands: tuple[Any, ...]


def day_sessions(log: DayLog, book: Book) -> tuple[TradingSession, ...]:
    """The trader's sessions that have a part in the day; one may have begun the day before."""
    state, account = book.start, log.before.account
    started, ended = (
        log.before.newest[kind] for kind in ("LimitedHourStarted", "LimitedHourEnded")
    )
    limited = started is not None and (ended is None or ended.ts_ns < started.ts_ns)
    opening = Opening(
        account_id="" if account is None else account.account_id,
        balance_usdt=state.cash_usdt + sum((cost for _, cost in state.held.values()), ZERO),
        is_paper=account is not None and account.is_paper,
        mode=TierMode.ACTIVE if log.before.tier is None else log.before.tier.mode,
        limited_until_ns=started.until_ns if limited else 0,
        held=tuple(sorted(state.open)),
    )
    return sessions(_told(log.steps), opening)


def _told(steps: Iterable[DayStep]) -> Iterable[_Told]:
    for step in steps:
        event = cast("Event", _Taped(step.ts_ns)) if step.event is None else step.event
        yield _Told(event, step.outcomes, step.commands)


def sessions_frame(found: Iterable[TradingSession]) -> pd.DataFrame:
    rows = [
        (
            utc(each.started_ns),
            pd.NaT if each.ended_ns is None else utc(each.ended_ns),
            str(each.session_type),
            float(each.starting_balance),
            float(each.ending_balance),
            each.total_trades,
            each.winning_trades,
            each.losing_trades,
            float(sum((trade.pnl_usdt for trade in each.trades), ZERO)),
            float(each.max_drawdown),
            each.tilt_events_count,
        )
        for each in found
    ]
    return frame(rows, SESSION_COLUMNS)


# -- the tier --------------------------------------------------------------------------------
GATE_COLUMNS: Final = (
    *("gate", "required", "current", "passed", "missing"),
    *("false_promotion", "false_block", "odds"),
)
_GATES: Final = {
    "capital": "capital at the daily closes",
    "days_at_tier": "days in the tier",
    "trading_days": "days with a fill",
    "profitable_days": "profitable days",
    "violations": "violations",
    "execution_speed": "speed of sending",
}
_COUNTED: Final = frozenset({"capital", "days_at_tier", "trading_days"})
_TRADERS: Final = 1_000
"""Of a kind, behind the odds of a report: an error of at most 1.6 %."""
_SEED: Final = 0


class Odds(NamedTuple):
    """Chances that a gate is passed without merit and missed with it; nan: not known."""

    false_promotion: float
    false_block: float
    how: str


@dataclass(frozen=True)
class TierDay:
    """The tier of the day and what the engine found at 00:05 UTC after it.

    evaluated: an evaluation was recorded. gates: with evidence, what is missing, and the odds.
    changes: of tier or mode, made on the day.
    """

    tier: str
    mode: str
    evaluated: bool
    evaluated_at: pd.Timestamp | None
    passed: bool
    gates: pd.DataFrame
    changes: pd.DataFrame


def read_tier(log: DayLog) -> TierDay:
    """What the engine itself recorded of this day's tier."""
    changes = [(step.ts_ns, told) for step, told in log.outcomes(TierChanged)]
    last = changes[-1][1] if changes else log.before.tier
    told = log.around.evaluation
    odds = _odds(log)
    rows = [] if told is None else [_gate(gate, odds) for gate in told.gates]
    return TierDay(
        "none" if last is None else str(last.tier),
        "none" if last is None else str(last.mode),
        told is not None,
        None if told is None else utc(told.ts_ns),
        told is not None and told.passed,
        frame(rows, GATE_COLUMNS),
        frame(
            [
                (utc(at), f"{c.old_tier} {c.old_mode}", f"{c.tier} {c.mode}", c.reason)
                for at, c in changes
            ],
            ("at", "before", "after", "reason"),
        ),
    )


def _gate(gate: TierGate, odds: Mapping[str, Odds]) -> tuple[Any, ...]:
    missing = "nothing" if gate.passed else f"{gate.needed} needed, {gate.has} there"
    return (
        _GATES.get(gate.name, gate.name.replace("_", " ")),
        gate.needed,
        gate.has,
        gate.passed,
        missing,
        *(_CERTAIN if gate.name in _COUNTED else odds.get(gate.name, _UNKNOWN)),
    )


def _odds(log: DayLog) -> dict[str, Odds]:
    """By gate: those of the evaluated tier's gates that chance has a part in."""
    told, tiers = log.around.evaluation, log.rules.tiers
    if told is None or told.tier not in tiers.gates or tiers.false_alarms is None:
        return {}
    found = {
        (one.gate, one.kind): one for one in gate_odds(tiers, told.tier, _TRADERS, seeded(_SEED))
    }
    return {
        gate: Odds(one.passes, 1 - found[gate, "able"].passes, _HOW)
        for (gate, kind), one in found.items()
        if kind == "lucky"
    }


_CERTAIN: Final = Odds(0.0, 0.0, "counted: no chance in it")
_UNKNOWN: Final = Odds(float("nan"), float("nan"), "no error rate is published yet")
_HOW: Final = f"{_TRADERS:,} made-up traders without an edge, as many with one"
