"""Differences to the venue that none of its lists explains, and how a person explains one."""

import asyncio
from collections.abc import Awaitable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal, Protocol

from fastapi import APIRouter, Depends, HTTPException
from pydantic import Field

from genesis.domain.events import FlowReported
from genesis.domain.money import text
from genesis.domain.time import format_utc
from genesis.exchange.flows import KINDS
from genesis.exchange.reconciled import Reconciled
from genesis.service.api.bodies import Body
from genesis.service.api.keys import Keys
from genesis.service.api.models import Amount, FlowTold, Problem, Shape
from genesis.service.api.told import BODY, EVERYWHERE, Told

_ASK_S: Final = 20.0
_OTHER: Final[Told] = {
    409: {"model": Problem, "description": "There is no such difference, or it is another one"}
}
Kind = Literal["deposit", "withdrawal", "transfer", "conversion", "reward", "fee"]
assert Kind.__args__ == KINDS  # type: ignore[attr-defined]


class ExplainBody(Body):
    """`amount` exactly as it was told: nothing is taken into the books where it changed since."""

    asset: Annotated[str, Field(min_length=1, max_length=20, pattern="^[A-Z0-9]+$")]
    amount: Annotated[str, Field(max_length=40, pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
    kind: Kind
    note: Annotated[str, Field(max_length=200)] = ""


class DifferenceTold(Shape):
    """An asset of which the venue has more (+) or less (-) than our books say."""

    asset: str
    amount: Amount
    venue: Amount
    books: Amount


class ComparedTold(Shape):
    """What the last comparison found. `complaints`: all that blocks new risk, in words."""

    clean: bool
    differences: list[DifferenceTold]
    complaints: list[str]


class ExplainedTold(ComparedTold):
    """The flows that the books have now, and what a comparison found after them."""

    flows: list[FlowTold]


class Compares(Protocol):
    """What the desk asks: reconciliation."""

    found: Reconciled | None

    def explain(
        self, asset: str, amount: Decimal, kind: str, note: str
    ) -> Awaitable[tuple[tuple[FlowReported, ...], Reconciled]]: ...


class FlowsDesk:
    """compares: None where there is no venue to compare with."""

    def __init__(self, compares: Compares | None) -> None:
        self._compares = compares

    def look(self) -> dict[str, Any]:
        found = None if self._compares is None else self._compares.found
        return _told(found)

    async def explain(self, body: ExplainBody) -> dict[str, Any]:
        """Take a difference into the books.

        Raises:
            HTTPException: 409, it is not there or another one; 503, the venue does not answer.
            ExchangeError: the venue does not answer, or not sensibly.
        """
        if self._compares is None:
            raise HTTPException(503, "there is no venue to compare the books with")
        try:
            amount = Decimal(body.amount)
        except InvalidOperation:
            raise HTTPException(422, f"amount: {body.amount!r} is not a number") from None
        try:
            async with asyncio.timeout(_ASK_S):
                flows, found = await self._compares.explain(
                    body.asset, amount, body.kind, body.note
                )
        except TimeoutError:
            raise HTTPException(503, "the venue does not answer: try again") from None
        if not flows:
            raise HTTPException(409, _not_there(found, body.asset))
        return {**_told(found), "flows": [flow_told(flow) for flow in flows]}


def flow_told(flow: FlowReported) -> dict[str, Any]:
    return {
        "at": format_utc(flow.ts_ns),
        "asset": flow.asset,
        "amount": text(flow.amount),
        "kind": flow.kind,
        "ref": flow.ref,
        "fenced": flow.fenced,
        "note": flow.note,
    }


def _told(found: Reconciled | None) -> dict[str, Any]:
    if found is None:
        return {"clean": False, "differences": [], "complaints": ["not compared yet"]}
    return {
        "clean": found.is_clean,
        "differences": [
            {
                "asset": each.asset,
                "amount": text(each.qty),
                "venue": text(each.theirs),
                "books": text(each.ours),
            }
            for each in found.differences
        ],
        "complaints": list(found.complaints),
    }


def _not_there(found: Reconciled, asset: str) -> str:
    for each in found.differences:
        if each.asset == asset:
            return f"the difference is another one: {each}; look again and name it exactly"
    return f"there is no difference in {asset}: nothing is to be explained"


def flows_routes(desk: FlowsDesk, keys: Keys) -> APIRouter:
    """Either key may look, the control key may explain."""
    routes = APIRouter()

    @routes.get(
        "/flows/unexplained",
        summary="Differences to the venue that none of its lists explains",
        response_model=ComparedTold,
        dependencies=[Depends(keys.may_read)],
    )
    async def unexplained() -> dict[str, Any]:
        return desk.look()

    @routes.post(
        "/flows/explain",
        summary="Say what a difference is: it is taken into the books",
        response_model=ExplainedTold,
        responses={**BODY, **_OTHER, 503: EVERYWHERE[503]},
        dependencies=[Depends(keys.may_trade)],
    )
    async def explain(body: ExplainBody) -> dict[str, Any]:
        return await desk.explain(body)

    return routes
