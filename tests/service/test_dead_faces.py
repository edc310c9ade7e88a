"""A part that only faces need dies in a running service: it is seen, and the run goes on."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis.service.api.keys import HEADER
from genesis.service.api.stream import Broadcast
from genesis.service.bootstrap import build
from genesis.service.settings import Settings
from tests.support.patience import PATIENCE_S
from tests.support.process import Process


async def dies(_: Broadcast) -> None:
    raise ZeroDivisionError("a number of a face")


async def health_of(home: Path, venue_url: str) -> dict[str, Any]:
    """What a running service tells of itself; then it is ended, cleanly."""
    service = build(Settings(home=home, venue_url=venue_url, port=0), "paper", say=lambda _: None)
    ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    service.on_ready = ready.set_result
    running = asyncio.create_task(service.run(heed_signals=False))
    facts = await asyncio.wait_for(ready, PATIENCE_S)
    headers = {HEADER: (home / "control.key").read_text().strip()}
    async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
        told = (await client.get(f"{facts['url']}/health")).json()
    assert not running.done()
    service.stop("seen enough")
    await asyncio.wait_for(running, PATIENCE_S)
    return dict(told)


def test_a_live_stream_that_died_is_logged_and_told_by_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Broadcast, "run", dies)
    home = tmp_path / "home"
    with Process(tmp_path, "exchange", "--sample", "--port", "0", "--speed", "4") as exchange:
        told = asyncio.run(health_of(home, exchange.ready["url"]))
    assert told["status"] == "degraded"
    assert told["components"]["faces"] == "live stream ended: see the log"
    lines = map(json.loads, (home / "logs" / "genesis.jsonl").read_text().splitlines())
    [line] = [line for line in lines if line["level"] == "critical"]
    assert (line["event"], line["context"]["task"]) == ("task ended", "live stream")
    assert "a number of a face" in line["context"]["exception"]
