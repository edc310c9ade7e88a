"""The control API: FastAPI in the loop of the runner, behind the guard."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from genesis.errors import GenesisError, UsageError
from genesis.service.api.acts import act_routes
from genesis.service.api.discipline import discipline_routes
from genesis.service.api.endpoints import Endpoints
from genesis.service.api.faults import in_words
from genesis.service.api.flows import flows_routes
from genesis.service.api.guard import API_VERSION
from genesis.service.api.looks import look_routes, open_routes
from genesis.service.api.manual import ABOUT, manual_routes
from genesis.service.api.paper import paper_routes
from genesis.service.api.parts import Parts
from genesis.service.api.rules import rules_routes
from genesis.service.api.strategies import strategies_routes
from genesis.service.api.told import EVERYWHERE
from genesis.service.logs import log

_log = log("api")


def build_app(parts: Parts) -> FastAPI:
    """The API over the parts of one service. It is served behind a `Guard`, never bare."""
    app = FastAPI(
        title="GENESIS Internal Control API",
        version=API_VERSION,
        description=ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=EVERYWHERE,
    )
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(GenesisError, _refused)
    app.add_exception_handler(Exception, _fault)
    routers = (
        open_routes(),
        look_routes(parts),
        act_routes(parts),
        discipline_routes(parts),
        rules_routes(parts.rules, parts.keys),
        strategies_routes(parts.strategies, parts.keys),
        flows_routes(parts.flows, parts.keys),
        paper_routes(parts.paper, parts.keys),
        manual_routes(parts.keys, app.openapi),
    )
    for router in routers:
        app.include_router(router)
    app.include_router(_document(app))
    app.state.endpoints = Endpoints.of(routers)
    return app


def _document(app: FastAPI) -> APIRouter:
    """GET /openapi.json. Made when it is asked for, and beside the loop: that takes a while."""
    routes = APIRouter()

    @routes.get("/openapi.json", include_in_schema=False)
    def document() -> JSONResponse:
        return JSONResponse(app.openapi())

    return routes


async def _malformed(request: Request, problem: Exception) -> JSONResponse:
    """422: which field, and what is wrong with it."""
    assert isinstance(problem, RequestValidationError)
    return _unreadable(request, in_words(problem.errors(), skip=1))


def _unreadable(request: Request, reason: str) -> JSONResponse:
    body: dict[str, Any] = {"detail": reason}
    if request.url.path == "/commands":
        body = {"verdict": "not_understood", "reason": reason}
    return JSONResponse(body, 422)


async def _told(request: Request, problem: Exception) -> JSONResponse:
    """What a route or the framework answers by raising."""
    assert isinstance(problem, HTTPException)
    if problem.status_code == 400 and isinstance(problem.__cause__, ValueError | RecursionError):
        return _unreadable(request, "body: it is not JSON")
    headers = dict(problem.headers or {})
    if problem.status_code == 405:
        headers["Allow"] = ", ".join(_methods_of(request))
    return JSONResponse({"detail": problem.detail}, problem.status_code, headers)


def _methods_of(request: Request) -> tuple[str, ...]:
    """Every method of the path, whichever route it belongs to."""
    known: Endpoints = request.app.state.endpoints
    return known.methods(known.asked(request.scope) or "")


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
