"""What may be asked with the control key only: commands, emergencies, the journal."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from genesis.domain.money import text as amount_text
from genesis.service.api.answers import Answer
from genesis.service.api.keys import Keys
from genesis.service.api.operations import Operations
from genesis.service.api.pages import Delta, JournalDesk
from genesis.service.clock import Clock
from genesis.service.operator import Manner

HALT_PHRASE: Final = "HALT TRADING NOW"
CLOSE_PHRASE: Final = "CLOSE ALL POSITIONS"
_MAX_PAGE: Final = 100_000
_Count = Annotated[int, Field(ge=0, le=10_000_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CommandBody(_Body):
    """One wish, as text or as fields, and how it was typed (counts only)."""

    text: Annotated[str, Field(max_length=500)] | None = None
    intent: dict[str, Any] | None = None
    client_ref: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    session_id: Annotated[str, Field(max_length=100)] = ""
    latency_ms: _Count | None = None
    keys: _Count | None = None
    backspaces: _Count | None = None
    checklist_done: bool | None = None
    dwell_ms: _Count | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> "CommandBody":
        if (self.text is None) == (self.intent is None):
            raise ValueError("send either text or intent")
        return self

    @property
    def wish(self) -> str | dict[str, Any]:
        return self.text if self.text is not None else self.intent or {}

    @property
    def manner(self) -> Manner:
        return Manner(
            self.session_id,
            self.latency_ms,
            self.keys,
            self.backspaces,
            self.checklist_done,
            self.dwell_ms,
        )


class HaltBody(_Body):
    """An emergency halt with its reason and the exact phrase."""

    reason: Annotated[str, Field(min_length=10, max_length=500)]
    confirmation: str


class CloseAllBody(_Body):
    """Leave everything, with the exact phrase."""

    confirmation: str
    max_slippage_percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal("1.0")


class PageBody(_Body):
    """The page of an intervention: its text, how it came to be, and when it was opened."""

    text: Annotated[str, Field(max_length=_MAX_PAGE)]
    deltas: list[Delta] = Field(default_factory=list, max_length=_MAX_PAGE)
    opened_at: str | int | None = None
    client_ref: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class DraftBody(_Body):
    """The unfinished page."""

    text: Annotated[str, Field(max_length=_MAX_PAGE)]


def act_routes(
    keys: Keys,
    operations: Operations,
    journal: JournalDesk,
    clock: Clock,
    speed: Callable[[], float],
) -> APIRouter:
    """Routes that change something."""
    routes = APIRouter(dependencies=[Depends(keys.may_trade)])

    def sent(answer: Answer) -> JSONResponse:
        return JSONResponse(answer.body, answer.status, answer.headers(clock.now_ns(), speed()))

    @routes.post("/commands")
    async def command(body: CommandBody) -> JSONResponse:
        return sent(await operations.command(body.wish, body.manner, body.client_ref))

    @routes.post("/emergency/halt")
    async def halt(body: HaltBody) -> JSONResponse:
        _must_say(body.confirmation, HALT_PHRASE)
        return sent(await operations.halt(body.reason))

    @routes.post("/emergency/close-all")
    async def close_all(body: CloseAllBody) -> dict[str, Any]:
        _must_say(body.confirmation, CLOSE_PHRASE)
        closed = await operations.close_all(body.max_slippage_percent)
        return {
            "positions_closed": closed.positions_closed,
            "total_pnl": amount_text(closed.total_pnl),
            "errors": list(closed.errors),
        }

    @routes.post("/tilt/override")
    async def override() -> JSONResponse:
        raise HTTPException(501, "overrides come with a later version: write the journal page")

    @routes.post("/journal")
    async def page(body: PageBody) -> JSONResponse:
        return sent(await journal.submit(body.text, body.deltas, body.opened_at, body.client_ref))

    @routes.put("/journal/draft")
    async def draft(body: DraftBody) -> dict[str, Any]:
        return await journal.save_draft(body.text)

    @routes.get("/journal/draft")
    async def read_draft() -> dict[str, Any]:
        return await journal.read_draft()

    return routes


def _must_say(given: str, phrase: str) -> None:
    if given != phrase:
        raise HTTPException(400, f"the confirmation must read exactly: {phrase}")
