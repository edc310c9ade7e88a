"""The manual of the control API: plain text, no page that would load something from elsewhere."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse

from genesis.service.api import signing
from genesis.service.api.keys import HEADER, Keys
from genesis.service.api.told import TEXT

ABOUT: Final = (
    "For monitoring and for emergencies, from this machine or through a tunnel. Not public. "
    "GET /docs is the manual."
)
_TOP: Final = f"""\
GENESIS Internal Control API

From this machine, or through `ssh -L`: send a key of the home in the header {HEADER}.
control.key asks for anything, control-read.key only looks. GET /ping needs no key.

From another machine (its address stands in GENESIS_CONTROL_ALLOW, and GENESIS_CONTROL_HOST is an
address it can reach): sign every request. A key in a header does not count there.

{(signing.__doc__ or "").strip()}

Every answer carries X-Request-ID (yours, if you send a plain one) and X-API-Version. So many
requests a second go to one endpoint (GENESIS_RATE_LIMIT); one more answers 429 with Retry-After.
What asks for less risk (close, sell, cancel, stop, halt, /emergency) is never told to wait.
A command carries a client_ref of yours: the same one is done once, and GET /commands/{{client_ref}}
tells what was answered, should the answer have been lost.

Endpoints
"""


def manual_routes(keys: Keys, document: Callable[[], dict[str, Any]]) -> APIRouter:
    """GET /docs. `document`: the OpenAPI document, which is served at /openapi.json."""
    routes = APIRouter(dependencies=[Depends(keys.may_read)])

    @routes.get("/docs", summary="The manual", response_class=Response, responses=TEXT)
    def manual() -> PlainTextResponse:  # no coroutine: the document is made beside the loop
        return PlainTextResponse(_TOP + "\n" + "\n".join(_lines(document())) + "\n")

    return routes


def _lines(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in sorted(document["paths"].items()):
        for method, told in methods.items():
            codes = ", ".join(sorted(told["responses"]))
            yield f"{method.upper():5}{path:28}{told.get('summary', '')} ({codes})"
