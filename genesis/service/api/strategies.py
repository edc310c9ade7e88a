"""The strategies that run, and how another version of one takes over while they do."""

from asyncio import Lock
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import Field

from genesis.domain.events import Event
from genesis.domain.keeping import StrategySwapped
from genesis.domain.outcomes import CommandAnswered
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.service.api.bodies import Body
from genesis.service.api.keys import Keys
from genesis.service.api.models import Shape, TierName
from genesis.service.api.told import BODY, UNKNOWN
from genesis.service.clock import Clock
from genesis.service.code_manifest import code_sha256
from genesis.service.plug_ins import read_anew
from genesis.service.strategies import made
from genesis.strategy.base import Strategy
from genesis.strategy.lineage import tier_needed

_Text = Annotated[str, Field(max_length=500)]


class SwapBody(Body):
    """Parameters by name, as text; those that are left out are the class's own."""

    params: Annotated[dict[_Text, _Text], Field(max_length=100, default_factory=dict)]


class StrategyTold(Shape):
    """params: as text. module: where its code is."""

    name: str
    tier: TierName
    params: dict[str, str]
    module: str


class SwapTold(Shape):
    """told: what became of it, and how the new version began. code_sha256: of all code then."""

    accepted: bool
    told: str
    code_sha256: str


class StrategiesDesk:
    """Looks at an engine's strategies, and hands new versions to it.

    tell: hands an event to the engine; the step comes back once it is durable.
    """

    def __init__(
        self, engine: Engine, clock: Clock, tell: Callable[[Event], Awaitable[Step]]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._tell = tell
        self._one_by_one = Lock()

    def look(self) -> list[dict[str, Any]]:
        return [_shown(one) for one in self._engine.desk.strategies]

    async def swap(self, name: str, params: Mapping[str, str]) -> dict[str, Any]:
        """Let the newest version of a strategy that runs take over, with these parameters.

        One at a time. A version that is not taken in is forgotten: the one before is still the one
        that is known to whoever makes a strategy of the name.

        Raises:
            HTTPException: no such strategy runs. UsageError: no such parameter, a value that does
            not fit, or the new version cannot be imported.
        """
        running = self._engine.desk.strategies
        if name not in [one.name for one in running]:
            named = ", ".join(one.name for one in running) or "none"
            raise HTTPException(404, f"no strategy {name!r} runs here; those that run: {named}")
        async with self._one_by_one:
            with read_anew(name) as reading:
                new = made(name, dict(params))
                others = [one for one in self._engine.desk.strategies if one.name != name]
                sha256 = code_sha256([*others, new])
                given = tuple(sorted(params.items()))
                step = await self._tell(StrategySwapped(self._clock.now_ns(), name, given, sha256))
                answer = next(fact for fact in step.outcomes if isinstance(fact, CommandAnswered))
                if answer.accepted:
                    reading.keep()
        return {"accepted": answer.accepted, "told": answer.text, "code_sha256": sha256}


def strategies_routes(desk: StrategiesDesk, keys: Keys) -> APIRouter:
    """Either key may look, the control key may swap."""
    routes = APIRouter()

    @routes.get(
        "/strategies",
        summary="The strategies that run, with their parameters",
        response_model=list[StrategyTold],
        dependencies=[Depends(keys.may_read)],
    )
    async def strategies() -> list[dict[str, Any]]:
        return desk.look()

    @routes.post(
        "/strategies/{name}",
        summary="Let another version of a strategy that runs take over; orders and stops stay",
        response_model=SwapTold,
        responses={**BODY, **UNKNOWN},
        dependencies=[Depends(keys.may_trade)],
    )
    async def swap(name: str, body: SwapBody) -> dict[str, Any]:
        return await desk.swap(name, body.params)

    return routes


def _shown(strategy: Strategy) -> dict[str, Any]:
    params = getattr(strategy, "params", None)
    known = fields(params) if is_dataclass(params) else ()
    return {
        "name": strategy.name,
        "tier": tier_needed(strategy).value,
        "params": {field.name: str(getattr(params, field.name)) for field in known},
        "module": type(strategy).__module__,
    }
