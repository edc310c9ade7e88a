"""The way into the paper lane: commands for its account, its quiet session, how it stands."""

from collections.abc import Mapping
from math import ceil
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import Field

from genesis.domain.approval import Failure
from genesis.domain.money import text
from genesis.domain.time import DAY, MINUTE, format_utc
from genesis.engine.engine import Engine
from genesis.positions.ledger import Position
from genesis.service.api.answers import OK, REFUSED, Answer, refusal
from genesis.service.api.bodies import Body
from genesis.service.api.keys import Keys
from genesis.service.api.models import Amount, LevelName, Moment, Shape, TierName
from genesis.service.api.operations import Operations, status_line
from genesis.service.api.told import BODY, Told
from genesis.service.api.under_way import UnderWay
from genesis.service.clock import Clock
from genesis.service.operator import Manner
from genesis.service.paper_account import PaperAccount
from genesis.service.paper_lane import PaperLane
from genesis.service.readings import AnyStep
from genesis.store.reader import LogReader

CLOSED: Final = "NO_PAPER_LANE"
"""Code of a refusal: there is no account on paper now."""
_WHEN: Final = (
    "no paper lane is open: it opens in OPENING48, PAPER48 and EMERGENCY, and when tilt is LOCKED"
)
_NO_SESSION: Final = "no session is on: begin one first"
_NOT_NEEDED: Final = "the session is over; nothing waits for one"


class SessionBody(Body):
    """Begin the quiet session, or end it and have it judged."""

    act: Literal["begin", "end"]


class PaperPosition(Shape):
    symbol: str
    quantity: Amount
    entry_price: Amount
    pnl_dollars: Amount | None


class PaperAccountTold(Shape):
    """The account on paper. It is never at the venue."""

    stream: str
    tier: TierName
    mode: str
    equity: Amount
    tilt_score: Annotated[int, Field(ge=0, le=100)]
    tilt_level: LevelName
    positions: list[PaperPosition]


class SessionTold(Shape):
    """required: a lock waits for it. minutes_left: quiet ones, to be held from now on; the whole
    time while none is on, or when one that is on had signs of tilt and must begin again."""

    required: bool
    begun_at: Moment | None
    signs: int
    minutes: int
    minutes_left: int


class PaperDay(Shape):
    day: Annotated[str, Field(json_schema_extra={"format": "date"})]
    trades: int
    pnl: Amount
    profitable: bool


class PaperStatus(Shape):
    """problem: why the lane is closed although it is asked for."""

    open: bool
    problem: str | None
    account: PaperAccountTold | None
    session: SessionTold
    days: list[PaperDay]


class SessionAnswer(Shape):
    """What became of it. done: it began, or ended; accepted: null where nothing was judged."""

    act: Literal["begin", "end"]
    done: bool
    accepted: bool | None
    reason: str
    session: SessionTold


class PaperDesk:
    """Speaks for the paper lane."""

    def __init__(
        self,
        lane: PaperLane,
        main: Engine,
        reader: LogReader,
        clock: Clock,
        symbols: tuple[str, ...],
        run: int,
    ) -> None:
        self._lane = lane
        self._main = main
        self._reader = reader
        self._clock = clock
        self._symbols = symbols
        self._run = run
        self._operations: tuple[PaperAccount, Operations] | None = None

    # -- commands ----------------------------------------------------------------------------
    async def command(
        self, wish: str | Mapping[str, Any], manner: Manner, client_ref: str | None
    ) -> Answer:
        """Do on paper what a line or an intent asks for. It never leaves this process."""
        operations = self._current()
        if operations is None:
            return refusal(Failure("operator", CLOSED, self._lane.problem or _WHEN))
        return await operations.command(wish, manner, client_ref)

    async def answer(self, client_ref: str) -> Answer | None:
        """The answer given to this reference on paper; None: there was none."""
        operations = self._current()
        return None if operations is None else await operations.answer(client_ref)

    def _current(self) -> Operations | None:
        """The door of the account that is open."""
        account, stream = self._lane.account, self._lane.stream
        if account is None or stream is None:
            return None
        if self._operations is None or self._operations[0] is not account:
            operations = Operations(
                account.engine,
                account.readings,
                self._clock,
                self._symbols,
                self._run,
                self._lane.ask,
                _Answered(self._reader, stream),
                lambda: status_line(account.engine, account.readings),
                UnderWay(),
            )
            self._operations = (account, operations)
        return self._operations[1]

    # -- the session -------------------------------------------------------------------------
    async def session(self, act: Literal["begin", "end"]) -> Answer:
        """Begin the quiet session, or end it: then the main engine judges it."""
        account = self._lane.account
        if account is None:
            return self._said(act, None, self._lane.problem or _WHEN, REFUSED)
        if act == "begin":
            await self._lane.begin_session()
            return self._said(act, None, "a session is on", OK)
        if account.session.started_ns is None:
            return self._said(act, None, _NO_SESSION, REFUSED)
        judged = await self._lane.end_session()
        if judged is None:
            return self._said(act, None, _NOT_NEEDED, OK)
        return self._said(act, judged.accepted, judged.reason, OK)

    def _said(self, act: str, accepted: bool | None, reason: str, status: int) -> Answer:
        told = {
            "act": act,
            "done": status == OK,
            "accepted": accepted,
            "reason": reason,
            "session": self._session(),
        }
        return Answer(status, told)

    # -- how it stands -----------------------------------------------------------------------
    def status(self) -> dict[str, Any]:
        lane = self._lane
        days = self._main.state.tiers.history.lane
        return {
            "open": lane.account is not None,
            "problem": lane.problem,
            "account": None if lane.account is None else self._account(lane.account),
            "session": self._session(),
            "days": [
                {
                    "day": format_utc(day.day * DAY)[:10],
                    "trades": day.trades,
                    "pnl": text(day.pnl_usdt),
                    "profitable": day.is_profitable,
                }
                for day in days
            ],
        }

    def _account(self, account: PaperAccount) -> dict[str, Any]:
        engine, readings = account.engine, account.readings
        held = engine.state.tiers.state
        return {
            "stream": self._lane.stream,
            "tier": held.tier.value,
            "mode": held.mode.value,
            "equity": text(engine.view.equity_usdt),
            "tilt_score": readings.tilt_score,
            "tilt_level": readings.tilt_level.value,
            "positions": [self._position(engine, position) for position in engine.view.positions],
        }

    def _position(self, engine: Engine, position: Position) -> dict[str, Any]:
        mark = engine.view.mark(position.symbol)
        result = None if mark is None else position.unrealized_usdt(mark) + position.realized_usdt
        return {
            "symbol": position.symbol,
            "quantity": text(position.qty),
            "entry_price": text(position.entry_price),
            "pnl_dollars": None if result is None else text(result),
        }

    def _session(self) -> dict[str, Any]:
        account, tilt = self._lane.account, self._main.state.tilt.state
        ways = self._main.state.rules.tilt.interventions
        whole_ns = 0 if ways is None else ways.session_ns
        started_ns = None if account is None else account.session.started_ns
        signs = 0 if account is None else account.session.signs
        left_ns = whole_ns
        if account is not None and started_ns is not None and not signs:
            counts_ns = started_ns + account.session.away_ns
            left_ns = max(0, counts_ns + whole_ns - self._clock.now_ns())
        return {
            "required": tilt.session_due,
            "begun_at": None if started_ns is None else format_utc(started_ns),
            "signs": signs,
            "minutes": ceil(whole_ns / MINUTE),
            "minutes_left": ceil(left_ns / MINUTE),
        }


class _Answered:
    """One stream of the log, asked what was answered before."""

    def __init__(self, reader: LogReader, stream: str) -> None:
        self._reader = reader
        self._stream = stream

    def answer(self, client_ref: str) -> AnyStep | None:
        return self._reader.answer(client_ref, self._stream)


_SESSION: Final[Told] = {
    **BODY,
    409: {"model": SessionAnswer, "description": "No lane is open, or no session is on"},
}


def paper_routes(paper: PaperDesk, keys: Keys) -> APIRouter:
    """A look for either key, the session for the control key."""
    routes = APIRouter()

    @routes.get(
        "/paper/status",
        summary="The paper lane: its account, its session, its days",
        response_model=PaperStatus,
        dependencies=[Depends(keys.may_read)],
    )
    async def status() -> dict[str, Any]:
        return paper.status()

    @routes.post(
        "/paper/session",
        summary="Begin or end the quiet session that a lock waits for",
        response_model=SessionAnswer,
        responses=_SESSION,
        dependencies=[Depends(keys.may_trade)],
    )
    async def session(body: SessionBody) -> JSONResponse:
        answer = await paper.session(body.act)
        return JSONResponse(answer.body, answer.status)

    return routes
