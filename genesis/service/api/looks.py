"""What may be asked with either key: how things are. Nothing here changes anything."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse

from genesis.service.api.discipline_bodies import (
    CeremonyHeld,
    NotNow,
    OverrideRefused,
    OverrideTold,
)
from genesis.service.api.models import (
    AccountStatus,
    Approved,
    Event,
    FillTold,
    FlowTold,
    Headroom,
    HealthStatus,
    LockTold,
    NotUnderstood,
    PageJudged,
    PerformanceMetrics,
    Pong,
    Position,
    Problem,
    Refused,
    SlicedOrder,
    TierConfig,
    TiltStatus,
    VersionTold,
    WorkingOrder,
)
from genesis.service.api.parts import Parts
from genesis.service.api.performance import performance
from genesis.service.api.told import MALFORMED, TEXT, UNKNOWN
from genesis.service.readings import KEPT

Limit = Annotated[int, Query(ge=1, le=1000)]
After = Annotated[str | None, Query(json_schema_extra={"format": "date-time"})]
AnyAnswer = (
    Approved
    | Refused
    | NotUnderstood
    | PageJudged
    | CeremonyHeld
    | OverrideTold
    | OverrideRefused
    | NotNow
    | Problem
)
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events, one JSON object each, without end",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def open_routes() -> APIRouter:
    """What answers without a key."""
    routes = APIRouter()

    @routes.get("/ping", summary="Is anybody there? Needs no key", response_model=Pong)
    async def ping() -> dict[str, Any]:
        return {"pong": True}

    return routes


def look_routes(parts: Parts) -> APIRouter:
    """Routes that only look."""
    routes = APIRouter(dependencies=[Depends(parts.keys.may_read)])
    _plain(routes, parts)
    _lists(routes, parts)
    _system(routes, parts)
    return routes


def _plain(routes: APIRouter, parts: Parts) -> None:
    """Answers without parameters."""
    shapes = parts.shapes
    plain: tuple[tuple[str, str, Callable[[], Any], Any], ...] = (
        ("/account/status", "Current account status and tier", shapes.account, AccountStatus),
        ("/tilt/status", "Current tilt detection status", shapes.tilt, TiltStatus),
        ("/config/tier", "Tier configuration and gates", shapes.tier_config, TierConfig),
        ("/orders", "Working orders", shapes.orders, list[WorkingOrder]),
        ("/orders/sliced", "Orders under way in slices", shapes.sliced, list[SlicedOrder]),
        ("/locks", "What refuses new risk now", shapes.locks, list[LockTold]),
        ("/headroom", "How much may still be put at risk", shapes.headroom, Headroom),
        ("/version", "What runs here, under which rules", parts.version, VersionTold),
    )
    for path, summary, answer, model in plain:
        name = summary.lower().replace(" ", "_").replace(",", "")
        routes.add_api_route(
            path,
            _answering(answer),
            methods=["GET"],
            summary=summary,
            name=name,
            response_model=model,
        )


def _lists(routes: APIRouter, parts: Parts) -> None:
    """Answers over the past."""
    shapes = parts.shapes

    @routes.get(
        "/positions",
        summary="Positions, open and closed",
        description=f"Of closed positions the newest {KEPT:,}.",
        response_model=list[Position],
        response_model_exclude_none=True,
        responses=MALFORMED,
    )
    async def positions(
        status: Literal["open", "closed", "all"] = "open",
    ) -> list[dict[str, Any]]:
        opened = shapes.positions() if status != "closed" else []
        return opened + (shapes.closed_positions() if status != "open" else [])

    @routes.get(
        "/fills", summary="Newest fills", response_model=list[FillTold], responses=MALFORMED
    )
    async def fills(limit: Limit = 100) -> list[dict[str, Any]]:
        return shapes.fills(limit)

    @routes.get(
        "/flows",
        summary="Newest flows of money that were no trades",
        response_model=list[FlowTold],
        responses=MALFORMED,
    )
    def flows(limit: Limit = 100) -> list[dict[str, Any]]:
        return parts.past.flows(limit)

    @routes.get(
        "/system/events",
        summary="Recent system events (audit trail)",
        response_model=list[Event],
        responses=MALFORMED,
    )
    def events(limit: Limit = 100, after: After = None) -> list[dict[str, Any]]:
        return parts.past.events(limit, after)

    @routes.get(
        "/analytics/performance",
        summary="Performance over closed trades",
        description=f"Over the newest {KEPT:,} closed trades at most, also with `period=all`.",
        response_model=PerformanceMetrics,
        response_model_exclude_none=True,
        responses=MALFORMED,
    )
    async def analytics(
        period: Literal["day", "week", "month", "all"] = "day",
    ) -> dict[str, Any]:
        return performance(shapes.closed_trades(), period, parts.clock.now_ns())

    @routes.get(
        "/commands/{client_ref:path}",
        summary="The answer given to a command, also when it was lost on its way",
        response_model=AnyAnswer,
        responses={**UNKNOWN, **MALFORMED},
    )
    async def answered(
        client_ref: Annotated[str, Path(min_length=1, max_length=100)],
    ) -> JSONResponse:
        answer = await parts.operations.answer(client_ref) or await parts.paper.answer(client_ref)
        if answer is None:
            raise HTTPException(404, "the engine never got a command with this client_ref")
        told = answer.told(parts.clock.now_ns(), parts.speed())
        return JSONResponse({**told, "status": answer.status})


def _system(routes: APIRouter, parts: Parts) -> None:
    """How the service is, and what happens in it."""

    @routes.get(
        "/health",
        summary="System health check",
        response_model=HealthStatus,
        responses={503: {"model": HealthStatus, "description": "System unhealthy"}},
    )
    async def health() -> JSONResponse:
        told = parts.health()
        return JSONResponse(told, 503 if told["status"] == "unhealthy" else 200)

    @routes.get(
        "/stream",
        summary="Everything as it happens",
        response_class=Response,
        responses=_STREAM,
    )
    async def stream() -> StreamingResponse:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            parts.broadcast.messages(), media_type="text/event-stream", headers=headers
        )

    @routes.get(
        "/metrics",
        summary="Metrics in Prometheus text",
        response_class=Response,
        responses=TEXT,
    )
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(parts.metrics(), media_type="text/plain; version=0.0.4")


def _answering(answer: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    async def endpoint() -> Any:
        return answer()

    return endpoint
