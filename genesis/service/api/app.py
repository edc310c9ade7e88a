"""The control API: FastAPI on 127.0.0.1, in the loop of the runner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse

from genesis import __version__
from genesis.errors import GenesisError, UsageError
from genesis.service.api.acts import act_routes
from genesis.service.api.keys import Keys
from genesis.service.api.operations import Operations
from genesis.service.api.pages import JournalDesk
from genesis.service.api.performance import performance
from genesis.service.api.state import Shapes
from genesis.service.api.stream import Broadcast
from genesis.service.clock import Clock
from genesis.service.logs import log

_log = log("api")


class Past(Protocol):
    """The newest rows of the event log in the contract's shape."""

    def events(self, limit: int, after: str | None) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the API speaks for."""

    keys: Keys
    shapes: Shapes
    operations: Operations
    journal: JournalDesk
    broadcast: Broadcast
    past: Past
    clock: Clock
    speed: Callable[[], float]
    health: Callable[[], dict[str, Any]]
    metrics: Callable[[], str]
    version: Callable[[], dict[str, Any]]


def build_app(parts: Parts) -> FastAPI:
    """The API over the parts of one service."""
    app = FastAPI(title="GENESIS Internal Control API", version=__version__, docs_url=None)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(GenesisError, _refused)
    app.add_exception_handler(Exception, _fault)
    app.include_router(_open_routes(parts))
    app.include_router(_read_routes(parts))
    app.include_router(
        act_routes(parts.keys, parts.operations, parts.journal, parts.clock, parts.speed)
    )
    return app


async def _malformed(request: Request, problem: Exception) -> JSONResponse:
    """422: which field, and what is wrong with it. The body itself is not repeated."""
    assert isinstance(problem, RequestValidationError)
    reasons = [
        f"{'.'.join(str(part) for part in error['loc'][1:]) or 'body'}: {error['msg']}"
        for error in problem.errors()
    ]
    body: dict[str, Any] = {"detail": "; ".join(reasons)}
    if request.url.path == "/commands":
        body = {"verdict": "not_understood", "reason": body["detail"]}
    return JSONResponse(body, 422)


async def _refused(request: Request, problem: Exception) -> JSONResponse:
    """An error of ours in one line: 422 for what cannot be asked, 503 for what cannot be done."""
    assert isinstance(problem, GenesisError)
    _log.error("request failed", error_type=type(problem).__name__, path=request.url.path)
    return JSONResponse(
        {"detail": problem.message}, 422 if isinstance(problem, UsageError) else 503
    )


async def _fault(request: Request, problem: Exception) -> JSONResponse:
    """A fault of the code: in the log with its trace, told without it."""
    _log.critical(
        "request broke", error_type=type(problem).__name__, path=request.url.path, exc_info=problem
    )
    return JSONResponse({"detail": "a fault of Genesis itself: see its log"}, 500)


def _open_routes(parts: Parts) -> APIRouter:
    routes = APIRouter()

    @routes.get("/ping")
    async def ping() -> dict[str, Any]:
        return {"pong": True}

    return routes


def _read_routes(parts: Parts) -> APIRouter:
    routes = APIRouter(dependencies=[Depends(parts.keys.may_read)])
    shapes = parts.shapes
    plain: dict[str, Callable[[], Any]] = {
        "/account/status": shapes.account,
        "/tilt/status": shapes.tilt,
        "/config/tier": shapes.tier_config,
        "/orders": shapes.orders,
        "/locks": shapes.locks,
        "/headroom": shapes.headroom,
        "/version": parts.version,
    }
    for path, answer in plain.items():
        routes.add_api_route(path, _answering(answer), methods=["GET"])

    @routes.get("/health")
    async def health() -> JSONResponse:
        told = parts.health()
        return JSONResponse(told, 503 if told["status"] == "unhealthy" else 200)

    @routes.get("/positions")
    async def positions(
        status: Annotated[str, Query(pattern="^(open|closed|all)$")] = "open",
    ) -> list[dict[str, Any]]:
        opened = shapes.positions() if status != "closed" else []
        return opened + (shapes.closed_positions() if status != "open" else [])

    @routes.get("/fills")
    async def fills(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
        return shapes.fills(limit)

    @routes.get("/system/events")
    def events(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100, after: str | None = None
    ) -> list[dict[str, Any]]:
        return parts.past.events(limit, after)

    @routes.get("/analytics/performance")
    async def analytics(
        period: Annotated[str, Query(pattern="^(day|week|month|all)$")] = "day",
    ) -> dict[str, Any]:
        return performance(shapes.closed_trades(), period, parts.clock.now_ns())

    @routes.get("/stream")
    async def stream() -> StreamingResponse:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            parts.broadcast.messages(), media_type="text/event-stream", headers=headers
        )

    @routes.get("/metrics")
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(parts.metrics(), media_type="text/plain; version=0.0.4")

    return routes


def _answering(answer: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    async def endpoint() -> Any:
        return answer()

    return endpoint
