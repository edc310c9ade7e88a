"""The facts of one day, worked out from its log when they are asked for."""

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from genesis.analytics import TradingSession
from genesis.domain.account import TierMode
from genesis.domain.time import date_of
from genesis.research.day_around import (
    TierDay,
    day_sessions,
    days_frame,
    read_tier,
    sessions_frame,
)
from genesis.research.day_coverage import DayCoverage, read_coverage
from genesis.research.day_equity import (
    Book,
    Underwater,
    drawdown_frame,
    equity_series,
    exact_equity,
    flows_at,
    read_book,
    underwater,
)
from genesis.research.day_headroom import Headroom
from genesis.research.day_log import DayLog, Head
from genesis.research.day_market import DayMarket, read_market
from genesis.research.day_parents import parents_frame
from genesis.research.day_refusals import DESK, by_reason, locks_frame, refusals_frame
from genesis.research.day_tilt import DayTilt, read_tilt
from genesis.research.day_trades import open_frame, receipts_frame, trades_frame


@dataclass(frozen=True, eq=False)
class DayFacts:
    """Everything there is to know of a day; see `genesis.research.day.TradingDay`."""

    log: DayLog

    @property
    def date(self) -> datetime.date:
        return date_of(self.log.day)

    # -- what it rests on --------------------------------------------------------------------
    @property
    def head(self) -> Head:
        """The last row of the day in the log; the rows of the day fit their chain."""
        return self.log.head

    @cached_property
    def coverage(self) -> DayCoverage:
        return read_coverage(self.log, self.market)

    @cached_property
    def market(self) -> DayMarket:
        return read_market(self.log)

    @cached_property
    def account(self) -> dict[str, Any]:
        """Account id, venue, and whether it is paper."""
        told = self.log.account
        if told is None:
            return {"account_id": "", "venue": "", "is_paper": False, "quote": "USDT"}
        return {
            "account_id": told.account_id,
            "venue": told.venue,
            "is_paper": told.is_paper,
            "quote": told.quote,
        }

    # -- equity ------------------------------------------------------------------------------
    @cached_property
    def book(self) -> Book:
        return read_book(self.log, self.market)

    @cached_property
    def equity(self) -> pd.Series:
        """Equity at the day's start, at every full minute, and at its end; nan while down."""
        return equity_series(self.book, self.market)

    @cached_property
    def drawdown(self) -> pd.DataFrame:
        """By minute: result, peak of the day so far, fall from it, under water or not."""
        return drawdown_frame(self.equity, flows_at(self.book, self.market.moments_ns))

    @cached_property
    def underwater(self) -> Underwater:
        return underwater(self.drawdown)

    @property
    def start_usdt(self) -> float:
        return float(self.book.started.equity_usdt)

    @property
    def end_usdt(self) -> float:
        """Equity after the last thing seen on the day."""
        known = self.equity.dropna()
        return float(known.iloc[-1])

    @property
    def flows_usdt(self) -> float:
        """Money that came in, less what went out."""
        return flows_at(self.book, self.market.moments_ns)[-1]

    @property
    def result_usdt(self) -> float:
        """What trading made of the day: the change of equity without flows."""
        return self.end_usdt - self.start_usdt - self.flows_usdt

    @cached_property
    def tie_out_usdt(self) -> float | None:
        """Equity the engine wrote down at the next 00:00 UTC, less ours; None where it did not."""
        if self.market.moments_ns[-1] < self.log.until_ns:
            return None
        after = [told for told in self.log.around.days if told.ts_ns == self.log.until_ns]
        if not after:
            return None
        *_, last = exact_equity(self.book, self.market)
        return float(after[0].equity_usdt - last)

    # -- what happened -----------------------------------------------------------------------
    @cached_property
    def trades(self) -> pd.DataFrame:
        """Trades closed on the day: R, MAE, MFE, reason, time held, and who made them."""
        return trades_frame(self.log)

    @cached_property
    def open_positions(self) -> pd.DataFrame:
        """What was still held at the day's end."""
        return open_frame(self.book, self.market)

    @cached_property
    def receipts(self) -> pd.DataFrame:
        """Orders filled on the day: price decided on, price got, slippage, time to the fill."""
        return receipts_frame(self.log, self.market)

    @cached_property
    def parents(self) -> pd.DataFrame:
        """Orders sent in slices that ended on the day: their receipts."""
        return parents_frame(self.log)

    @cached_property
    def refusals(self) -> pd.DataFrame:
        """Refusals, each with an estimate of what it kept from happening."""
        return refusals_frame(self.log, self.market, self.book)

    @property
    def gate_refusals(self) -> pd.DataFrame:
        """Those of the gate, which the engine counts too: without what was answered with no."""
        return self.refusals[self.refusals["stage"] != DESK]

    @cached_property
    def refusals_by_reason(self) -> pd.DataFrame:
        return by_reason(self.refusals)

    @cached_property
    def locks(self) -> pd.DataFrame:
        """Stretches in which no new risk was possible."""
        return locks_frame(self.log, self.market.last_ns)

    @cached_property
    def tilt(self) -> DayTilt:
        return read_tilt(self.log, self.market.first_ns, self.market.last_ns)

    @cached_property
    def headroom(self) -> Headroom:
        return Headroom(self.log, self.market, self.book, self.equity)

    # -- around it ---------------------------------------------------------------------------
    @cached_property
    def trading_sessions(self) -> tuple[TradingSession, ...]:
        return day_sessions(self.log, self.book)

    @cached_property
    def sessions(self) -> pd.DataFrame:
        """The trader's sessions of the day, as a table."""
        return sessions_frame(self.trading_sessions)

    @cached_property
    def tier(self) -> TierDay:
        """Tier, and the evaluation the engine recorded of this day."""
        return read_tier(self.log)

    @property
    def is_paper(self) -> bool:
        return bool(self.account["is_paper"]) or self.tier.mode in (
            TierMode.OPENING48,
            TierMode.PAPER48,
        )

    @cached_property
    def week(self) -> pd.DataFrame:
        """The last seven calendar days that have data, this one last."""
        return days_frame(self.log, self.book, self.end_usdt, 7)

    @cached_property
    def month(self) -> pd.DataFrame:
        """The last 31 calendar days that have data, this one last."""
        return days_frame(self.log, self.book, self.end_usdt, 31)
