"""What may be asked with the control key only: commands, emergencies, the journal."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import JSONResponse

from genesis.domain.money import text as amount_text
from genesis.service.api.answers import Answer
from genesis.service.api.bodies import (
    CLOSE_PHRASE,
    HALT_PHRASE,
    CloseAllBody,
    CommandBody,
    DraftBody,
    HaltBody,
    PageBody,
)
from genesis.service.api.models import (
    Approved,
    CloseAllResult,
    DraftSaved,
    DraftTold,
    PageJudged,
    PageRead,
)
from genesis.service.api.parts import Parts
from genesis.service.api.told import BODY, NEWER, NOT_ACCEPTED, REFUSED, VERDICTS, WRONG_PHRASE


def act_routes(parts: Parts) -> APIRouter:
    """Routes that change something."""
    routes = APIRouter(dependencies=[Depends(parts.keys.may_trade)])
    _commands(routes, parts)
    _journal(routes, parts)
    return routes


def sent(parts: Parts, answer: Answer) -> JSONResponse:
    """An answer with its code and headers."""
    now_ns, speed = parts.clock.now_ns(), parts.speed()
    return JSONResponse(answer.told(now_ns, speed), answer.status, answer.headers(now_ns, speed))


def must_say(given: str, phrase: str) -> None:
    """Raises 400 when the confirmation is not the phrase."""
    if given != phrase:
        raise HTTPException(400, f"the confirmation must read exactly: {phrase}")


def _commands(routes: APIRouter, parts: Parts) -> None:
    operations = parts.operations

    @routes.post(
        "/commands",
        summary="Ask for an order, a close, a stop, a halt, in words or as an intent",
        response_model=Approved,
        responses=VERDICTS,
    )
    async def command(body: CommandBody) -> JSONResponse:
        desk = operations if body.lane == "main" else parts.paper
        return sent(parts, await desk.command(body.wish, body.manner, body.client_ref))

    @routes.post(
        "/emergency/halt",
        summary="Emergency trading halt",
        response_model=Approved,
        responses={**BODY, **REFUSED, **WRONG_PHRASE},
    )
    async def halt(body: HaltBody) -> JSONResponse:
        must_say(body.confirmation, HALT_PHRASE)
        return sent(parts, await operations.halt(body.reason, body.client_ref))

    @routes.post(
        "/emergency/close-all",
        summary="Close all positions immediately",
        response_model=CloseAllResult,
        responses={**BODY, **WRONG_PHRASE},
    )
    async def close_all(body: CloseAllBody) -> dict[str, Any]:
        must_say(body.confirmation, CLOSE_PHRASE)
        slippage = Decimal(str(body.max_slippage_percent))
        closed = await operations.close_all(slippage, body.client_ref)
        return {
            "positions_closed": closed.positions_closed,
            "total_pnl": amount_text(closed.total_pnl),
            "errors": list(closed.errors),
        }


def _journal(routes: APIRouter, parts: Parts) -> None:
    journal = parts.journal

    @routes.post(
        "/journal",
        summary="Hand in the page of an intervention",
        response_model=PageJudged,
        responses={**BODY, **NOT_ACCEPTED},
    )
    async def page(body: PageBody) -> JSONResponse:
        answer = await journal.submit(body.text, body.deltas, body.opened_at, body.client_ref)
        return sent(parts, answer)

    @routes.put(
        "/journal/draft",
        summary="Keep the unfinished page",
        response_model=DraftSaved,
        responses={**BODY, **NEWER},
    )
    async def draft(body: DraftBody) -> JSONResponse:
        kept = await journal.save_draft(body.text, body.deltas, body.opened_at, body.version)
        return sent(parts, kept)

    @routes.get("/journal/draft", summary="The unfinished page", response_model=DraftTold)
    async def read_draft() -> dict[str, Any]:
        return await journal.read_draft()

    @routes.get(
        "/journal/reading",
        summary="What speaks against the unfinished page, before it is handed in",
        response_model=PageRead,
    )
    async def read_page() -> dict[str, Any]:
        return await journal.read_page()
