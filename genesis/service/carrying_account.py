"""What the rest of a broken log tells of the account: its days, trades, floors and its rules."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from genesis.domain.edits import RulesEdited
from genesis.domain.events import FlowReported, OrderFilled, RunStarted
from genesis.domain.ids import OrderKey
from genesis.domain.keeping import Broke, Carried, DayBegun, Ended, LogForked
from genesis.domain.money import ZERO
from genesis.domain.orders import Purpose
from genesis.domain.outcomes import AlertRaised, DayStarted, OrderApproved, PositionClosed
from genesis.domain.time import utc_day
from genesis.engine.rulebook import Rules
from genesis.errors import ConfigError
from genesis.risk.rulebooks.desk import RULEBOOK_BREACH, RULEBOOK_NEAR
from genesis.rules.book import bind, read
from genesis.store.codec import Record

KINDS: Final = (
    AlertRaised,
    DayStarted,
    FlowReported,
    LogForked,
    OrderApproved,
    OrderFilled,
    PositionClosed,
    RulesEdited,
    RunStarted,
)
"""The records that are looked at."""
OF_BOOKS: Final = (RULEBOOK_BREACH, RULEBOOK_NEAR)
"""Alerts that no row of the account's own limits is meant by."""


@dataclass(slots=True)
class AccountRest:
    """Takes the records of the rest in their order.

    Only orders of the rest count: what became of those of the sound part is asked of the venue.

    top_usdt: the most that equity was in the sound part; no day began with more than that and what
    the trades of the rest were ever worth. None: not known. quote: the currency of that. waits:
    looser rules wait in the sound part.
    """

    top_usdt: Decimal | None = None
    quote: str = ""
    waits: bool = False
    begun_days: dict[int, DayBegun] = field(default_factory=dict)
    entries_of_day: dict[int, int] = field(default_factory=dict)
    broke_ns: dict[str, int] = field(default_factory=dict)
    ended: list[Ended] = field(default_factory=list)
    rules_text: str = ""
    _is_edited: bool = False
    _flows: dict[str, Decimal] = field(default_factory=dict)
    _unfilled: set[OrderKey] = field(default_factory=set)
    _forked_ns: int = 0

    def take(self, record: Record) -> None:
        match record:
            case FlowReported(asset=asset, amount=amount) if amount.is_finite():
                self._flows[asset] = self._flows.get(asset, ZERO) + amount
            case DayStarted(day=day, equity_usdt=equity) if equity.is_finite():
                self._begin(DayBegun(day, equity))
            case OrderApproved(key=key, request=request) if request.purpose is Purpose.ENTRY:
                if not key.slice:  # slices are one trade, counted with the first of them
                    self._unfilled.add(key)
            case OrderFilled(ts_ns=ts_ns, key=key) if key in self._unfilled:
                self._unfilled.remove(key)
                self._enter(utc_day(ts_ns), 1)
            case PositionClosed() if record.opened_ns > self._forked_ns:  # else it is told again
                self._end(record)
            case AlertRaised(ts_ns=ts_ns, alert=alert, measure=floor) if alert == RULEBOOK_BREACH:
                self.broke_ns[floor] = ts_ns
            case RulesEdited(text=text) | RunStarted(rules_text=text):
                self.rules_text = text or self.rules_text
                self._is_edited |= isinstance(record, RulesEdited)
            case LogForked(ts_ns=ts_ns, carried=carried) if carried is not None:
                self._take_over(ts_ns, carried)

    def begun(self, now_ns: int) -> tuple[DayBegun, ...]:
        """The days that began; one from after `now_ns` has a damaged stamp."""
        days = sorted(day for day in self.begun_days if day <= utc_day(now_ns))
        return tuple(self._bounded(self.begun_days[day]) for day in days)

    def entries(self, now_ns: int) -> tuple[tuple[int, int], ...]:
        """The days with trades that only the rest tells of, and how many."""
        days = self.entries_of_day.items()
        return tuple(sorted((day, count) for day, count in days if day <= utc_day(now_ns)))

    def broke(self, now_ns: int) -> tuple[Broke, ...]:
        """Floors that were broken, as a fork takes them over."""
        return tuple(Broke(measure, min(now_ns, at)) for measure, at in self.broke_ns.items())

    def trades_ended(self, now_ns: int) -> tuple[Ended, ...]:
        """Trades that ended, as a fork takes them over."""
        return tuple(replace(one, ts_ns=min(now_ns, one.ts_ns)) for one in self.ended)

    def usable_rules(self) -> Rules | None:
        """The rules that held last; None where the rest tells of none that can be read."""
        try:
            return bind([read("the rest of the log", self.rules_text)])
        except (ConfigError, ArithmeticError, RecursionError, ValueError):
            return None

    def lines(self, now_ns: int) -> Iterator[str]:
        """The same in words."""
        today = utc_day(now_ns)
        if today in self.begun_days:
            equity = f"{self._bounded(self.begun_days[today]).equity_usdt:,.2f} USDT"
            yield f"the loss of this day counts from its start at {equity}"
        if self.entries_of_day.get(today):
            yield f"trades of this day in the rest count: {self.entries_of_day[today]}"
        for measure in self.broke_ns:
            yield f"a floor of a rulebook was broken in the rest: {measure.replace('_', ' ')}"
        if self._is_edited:
            yield "rules were changed in the rest: what is stricter holds"
        if self._is_edited or self.waits:
            yield "what was looser and waited is dropped; ask for it again"

    def _take_over(self, ts_ns: int, carried: Carried) -> None:
        """A fork in the rest had taken this over itself."""
        for begun in (*carried.days, *filter(None, [carried.begun])):
            self._begin(begun)
        for day, entries in (*carried.trades, (carried.entries_day, carried.entries)):
            self._enter(day, entries)
        self.ended += carried.ended
        self._forked_ns = ts_ns if carried.form else 0
        self.broke_ns |= {one.measure: one.broken_ns for one in carried.broke}

    def _begin(self, begun: DayBegun) -> None:
        """A day begins once; what is told of it again comes after a fork."""
        if begun.day in self.begun_days:
            return
        flows = dict(self._flows)
        for asset, amount in begun.flows:
            flows[asset] = flows.get(asset, ZERO) + amount
        self.begun_days[begun.day] = DayBegun(begun.day, begun.equity_usdt, tuple(flows.items()))

    def _bounded(self, begun: DayBegun) -> DayBegun:
        if self.top_usdt is None:
            return begun
        worth = sum((max(ZERO, one.pnl_usdt, one.most_usdt) for one in self.ended), ZERO)
        most = self.top_usdt + worth + dict(begun.flows).get(self.quote, ZERO)
        return replace(begun, equity_usdt=min(begun.equity_usdt, most))

    def _end(self, closed: PositionClosed) -> None:
        amounts = (closed.qty, closed.pnl_usdt, closed.mfe_usdt)
        if closed.qty and all(amount.is_finite() for amount in amounts):
            self.ended.append(Ended(closed.ts_ns, closed.pnl_usdt, closed.mfe_usdt))

    def _enter(self, day: int, entries: int) -> None:
        if entries:
            self.entries_of_day[day] = self.entries_of_day.get(day, 0) + entries
