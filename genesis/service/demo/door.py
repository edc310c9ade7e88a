"""The trader's way in: the control API over loopback, as any client uses it."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import httpx

from genesis.errors import Unreachable

_TIMEOUT: Final = httpx.Timeout(10)


class HttpDoor:
    """Speaks to the control API at `url`. `now_ns` is venue time, which runs `speed` times faster.

    `seen` is the newest state the event stream told; `watch` keeps it up to date.
    """

    def __init__(
        self, url: str, key: str, symbol: str, now_ns: Callable[[], int], speed: float
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=url, headers={"X-API-Key": key}, timeout=_TIMEOUT, trust_env=False
        )
        self._symbol = symbol
        self._speed = speed
        self.now_ns = now_ns
        self.seen: dict[str, Any] = {}

    async def close(self) -> None:
        await self._client.aclose()

    async def watch(self, told: Callable[[dict[str, Any]], None]) -> None:
        """Follow the event stream to its end; each message is passed on."""
        quiet = httpx.Timeout(10, read=None)
        async with self._client.stream("GET", "/stream", timeout=quiet) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    message = json.loads(line.removeprefix("data: "))
                    self.seen |= message
                    told(message)

    # -- what the trader does ----------------------------------------------------------------
    async def command(self, text: str, latency_ms: int | None = None) -> dict[str, Any]:
        said = {"text": text, "latency_ms": latency_ms}
        return dict(await self._call("POST", "/commands", json=said))

    async def tilt(self) -> dict[str, Any]:
        return dict(await self._call("GET", "/tilt/status"))

    async def tier_path(self) -> dict[str, Any]:
        return dict(await self._call("GET", "/tier/path"))

    async def hold_ceremony(self, phrase: str) -> dict[str, Any]:
        return dict(await self._call("POST", "/tier/ceremony", json={"phrase": phrase}))

    async def is_flat(self) -> bool:
        return not await self._call("GET", "/positions", params={"status": "open"})

    async def last_price(self) -> Decimal:
        while not (price := self.seen.get("prices", {}).get(self._symbol)):
            await asyncio.sleep(0.05)
        return Decimal(price)

    async def draft(self, text: str) -> None:
        await self._call("PUT", "/journal/draft", json={"text": text})

    async def submit_page(
        self, text: str, deltas: list[dict[str, int]], opened_ns: int
    ) -> dict[str, Any]:
        body = {"text": text, "deltas": deltas, "opened_at": opened_ns}
        return dict(await self._call("POST", "/journal", json=body))

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)

    async def _call(self, method: str, path: str, **given: Any) -> Any:
        try:
            answer = await self._client.request(method, path, **given)
        except httpx.TransportError as problem:
            raise Unreachable(f"the control API does not answer: {problem!r}") from problem
        return answer.json()
