"""Endpoints of discipline: override and ceremony, the path of tilt and the way of the tiers."""

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from genesis.service.api.acts import sent
from genesis.service.api.discipline_bodies import (
    CeremonyBody,
    CeremonyHeld,
    NotNow,
    OverrideRefused,
    OverrideTold,
    TierPath,
    TiltHistory,
    override_schema,
    read_override,
)
from genesis.service.api.models import Problem
from genesis.service.api.parts import Parts
from genesis.service.api.told import BODY, Told
from genesis.tilt.rules import OverrideRules

_OVERRIDE: Final[Told] = {
    **BODY,
    400: {"model": OverrideRefused, "description": "Wrong phrase, or a page that does not count"},
    409: {"model": NotNow, "description": "There is nothing that an override could lift"},
    422: {"model": OverrideRefused, "description": "Malformed; it counts as an attempt"},
    423: {"model": OverrideRefused, "description": "Override locked (too many attempts)"},
}
_CEREMONY: Final[Told] = {
    **BODY,
    400: {"model": Problem, "description": "Wrong phrase; nothing was changed"},
    409: {"model": NotNow, "description": "No ceremony can be held now"},
}


def discipline_routes(parts: Parts) -> APIRouter:
    """Reads for either key, steps for the control key."""
    routes = APIRouter()
    _looks(routes, parts)
    _steps(routes, parts)
    return routes


def _looks(routes: APIRouter, parts: Parts) -> None:
    shapes, may_read = parts.shapes.discipline, [Depends(parts.keys.may_read)]

    @routes.get(
        "/tilt/history",
        summary="The path of the score, interventions, and today against what is usual",
        response_model=TiltHistory,
        dependencies=may_read,
    )
    async def tilt_history() -> dict[str, Any]:
        return shapes.tilt_history()

    @routes.get(
        "/tier/path",
        summary="Where the account stands on its way through the tiers",
        response_model=TierPath,
        dependencies=may_read,
    )
    async def tier_path() -> dict[str, Any]:
        return shapes.tier_path()


def _steps(routes: APIRouter, parts: Parts) -> None:
    desk, may_trade = parts.discipline, [Depends(parts.keys.may_trade)]

    @routes.post(
        "/tier/ceremony",
        summary="Hold the ceremony of a promotion",
        response_model=CeremonyHeld,
        responses=_CEREMONY,
        dependencies=may_trade,
    )
    async def ceremony(body: CeremonyBody) -> JSONResponse:
        return sent(parts, await desk.ceremony(body.phrase, body.client_ref))

    @routes.post(
        "/tilt/override",
        summary="Override tilt intervention (dangerous)",
        response_model=OverrideTold,
        responses=_OVERRIDE,
        dependencies=may_trade,
        openapi_extra={"requestBody": _override_body(desk.rules)},
    )
    async def override(request: Request) -> JSONResponse:
        body, problem = read_override(await request.body())
        return sent(parts, await desk.override(body, problem))


def _override_body(rules: OverrideRules | None) -> dict[str, Any]:
    """The body by hand: it is read after the lock was looked at, so that a lock comes first."""
    return {"required": True, "content": {"application/json": {"schema": override_schema(rules)}}}
