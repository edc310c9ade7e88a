"""The stream of the faces: what it carries, that it is made once for all, and that it is prompt."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.events import InstrumentReported, OperatorActed, VenueStatus
from genesis.risk.drawdown import WARNING
from genesis.service.api import stream as streaming
from genesis.service.api.stream import Broadcast
from tests.support.api import Room
from tests.support.build import BTC, tick
from tests.support.patience import PATIENCE_S

TICK = {
    *("t", "speed", "seq", "venue", "halted", "equity", "free", "tilt", "level", "contributions"),
    *("tier", "mode", "prices", "gates", "positions", "orders", "locks", "headroom"),
    *("limited_until", "intervention", "override", "pages"),
}
SNAPSHOT = TICK | {
    *("account", "counts", "run", "history", "tilt_history", "day_start_equity"),
}
LIMITS = ["position_size", "exposure", "open_risk", "portfolio_loss", "trades_today", "entry_pace"]
LIMITS += ["daily_loss_warning", "daily_loss", "drawdown_critical", "drawdown_halt"]
LIMITS += ["loss_7_days", "loss_30_days"]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    it = Room(tmp_path)
    yield it
    it.close()


async def following(stream: AsyncIterator[bytes]) -> dict[str, Any]:
    text = (await anext(stream)).decode()
    assert text.startswith("data: ") and text.endswith("\n\n") and text.count("\n") == 2
    told = json.loads(text.removeprefix("data: "))
    assert isinstance(told, dict)
    return told


def test_who_comes_while_nothing_moves_gets_everything_at_once(room: Room) -> None:
    async def body() -> dict[str, Any]:
        return await asyncio.wait_for(following(room.parts.broadcast.messages()), 1)

    told = asyncio.run(body())
    assert told.pop("type") == "snapshot"
    assert set(told) == SNAPSHOT
    assert told["history"] == [[1_700_000_000_000, 500.0]]
    assert told["tilt_history"] == [[1_700_000_000_000, 0, "NORMAL"]]
    assert (told["run"], told["day_start_equity"], told["speed"]) == (1, "500", 1.0)
    assert told["venue"] == {"status": "NORMAL", "reason": ""}
    assert told["halted"] is False


def test_a_tick_has_the_moving_part_and_a_heartbeat_the_time(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "TICK_S", 0.002)

    async def body() -> dict[str, dict[str, Any]]:
        broadcast, found = room.parts.broadcast, {}
        running = asyncio.create_task(broadcast.run())
        stream = broadcast.messages()
        await following(stream)
        await room.tell(tick(room.clock.now_ns(), "60001"))
        while {"tick", "heartbeat"} - set(found):
            told = await asyncio.wait_for(following(stream), PATIENCE_S)
            found[told.pop("type")] = told
        running.cancel()
        return found

    told = asyncio.run(body())
    assert set(told["tick"]) == TICK
    assert told["tick"]["prices"] == {"BTC/USDT": "60001"}
    assert told["heartbeat"] == {"t": "2023-11-14T22:13:20Z", "speed": 1.0}


def test_nothing_is_sent_while_nothing_moves_but_heartbeats(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "TICK_S", 0.001)
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.005)

    async def body() -> set[str]:
        broadcast = room.parts.broadcast
        stream = broadcast.messages()
        running = asyncio.create_task(broadcast.run())
        while (await following(stream))["type"] != "tick":  # what the opening moved
            pass
        kinds = [(await following(stream))["type"] for _ in range(10)]
        running.cancel()
        return set(kinds)

    assert asyncio.run(body()) == {"heartbeat"}


def test_a_message_is_made_once_for_all_readers_and_not_at_all_for_none() -> None:
    made = {"snapshot": 0, "tick": 0, "beat": 0}

    def telling(name: str) -> Any:
        def tell() -> dict[str, Any]:
            made[name] += 1
            return {"t": name}

        return tell

    async def body() -> list[list[bytes]]:
        cast = Broadcast(telling("snapshot"), telling("tick"), telling("beat"))
        cast.tell({"type": "nobody listens"})
        streams = [cast.messages() for _ in range(20)]
        for stream in streams:
            await anext(stream)
        assert cast.readers == 20
        cast.tell({"type": "tick", **cast._tick()})
        got = [[await anext(stream)] for stream in streams]
        for stream in streams:
            await stream.aclose()
        assert cast.readers == 0
        return got

    got = asyncio.run(body())
    assert made == {"snapshot": 20, "tick": 1, "beat": 0}
    assert len({id(message) for [message] in got}) == 1  # the very same bytes


def test_who_is_too_slow_gets_a_snapshot_instead_of_what_he_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "TICK_S", 0.001)
    made: list[str] = []

    def snapshot() -> dict[str, Any]:
        made.append("snapshot")
        return {"n": len(made)}

    async def body() -> list[str]:
        cast = Broadcast(snapshot, dict, dict)
        slow, other = cast.messages(), cast.messages()
        for stream in (slow, other):
            await anext(stream)
        for n in range(streaming._ROOM + 10):
            cast.tell({"type": "decision", "n": n})
        assert len(made) == 2  # a step of the engine makes none
        running = asyncio.create_task(cast.run())
        told = [(await following(stream))["type"] for stream in (slow, other)]
        running.cancel()
        assert len(made) == 3
        return told

    assert asyncio.run(body()) == ["snapshot", "snapshot"]


def bad(*_: object) -> Any:
    raise ZeroDivisionError("a number of a face")


def test_a_fault_in_one_number_costs_that_message_and_is_seen(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "TICK_S", 0.002)
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.002)

    async def body() -> None:
        broadcast = room.parts.broadcast
        running = asyncio.create_task(broadcast.run())
        stream = broadcast.messages()
        await following(stream)
        tell, broadcast._tick = broadcast._tick, bad
        await room.tell(tick(room.clock.now_ns(), "60001"))
        while room.parts.health()["status"] == "healthy":
            assert (await following(stream))["type"] == "heartbeat"
        assert "number of a face" in room.parts.health()["components"]["live_stream"]
        broadcast._tick = tell
        await room.tell(tick(room.clock.now_ns(), "60002"))
        while (await asyncio.wait_for(following(stream), PATIENCE_S))["type"] != "tick":
            pass
        assert room.parts.health()["status"] == "healthy"
        assert not running.done()
        running.cancel()

    asyncio.run(body())


@pytest.mark.parametrize("what", ["_snapshot", "_tick", "_beat"])
def test_no_fault_of_a_face_ends_a_step_of_the_engine(
    room: Room, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    async def body() -> None:
        broadcast = room.parts.broadcast
        stream = broadcast.messages()
        await following(stream)
        setattr(broadcast, what, bad)
        for _ in range(streaming._ROOM + 1):
            broadcast.tell({"type": "decision"})
        monkeypatch.setattr(streaming, "plain", bad)
        act = OperatorActed(room.clock.now_ns(), "COMMAND", "r", "halt", reason="enough")
        assert (await room.tell(act)).outcomes

    asyncio.run(body())
    assert room.engine.state.risk.drawdown.halted is not None


def test_readers_are_counted(room: Room) -> None:
    async def body() -> str:
        stream = room.parts.broadcast.messages()
        await anext(stream)
        return room.parts.metrics()

    assert "genesis_stream_readers 1\n" in asyncio.run(body())
    assert "genesis_stream_readers 0\n" in room.parts.metrics()


# -- what faces read -------------------------------------------------------------------------
def test_headroom_names_every_limit_with_what_is_used(room: Room) -> None:
    before = {each["name"]: each for each in room.parts.shapes.headroom()["limits"]}
    assert list(before) == LIMITS
    assert all(each["fraction"] == 0 for each in before.values())
    assert before["position_size"]["limit"] == "25"
    assert (before["daily_loss"]["limit"], before["daily_loss"]["unit"]) == ("75", "USDT")
    room.ask(("POST", "/commands", {"text": "buy 100 usdt btc"}))
    room.at("57000")
    after = {each["name"]: each for each in room.parts.shapes.headroom()["limits"]}
    assert (after["trades_today"]["used"], after["trades_today"]["unit"]) == ("1", "count")
    for name in ("position_size", "exposure", "daily_loss", "drawdown_halt"):
        assert 0 < after[name]["fraction"] <= 1, name
        used, limit = float(after[name]["used"]), float(after[name]["limit"])
        assert after[name]["fraction"] == pytest.approx(used / limit, abs=1e-5)


def test_headroom_of_a_position_is_what_the_gate_would_still_let_through(room: Room) -> None:
    """A multiplier alone never puts the venue's smallest order out of reach."""

    def size() -> dict[str, Any]:
        return next(e for e in room.parts.shapes.headroom()["limits"] if e["name"] == LIMITS[0])

    now_ns = room.clock.now_ns()
    room.happen(InstrumentReported(now_ns, replace(BTC, min_notional_usdt=Decimal(20))))
    assert size()["limit"] == "25"
    room.engine.state.risk.drawdown._raised.add(WARNING)
    limit = Decimal(size()["limit"])
    assert 20 < limit < 25  # not the 12.5 of half a size
    told = room.ask(("POST", "/commands", {"text": "buy 100 usdt btc"})).json()
    assert told["verdict"] == "approved", told
    taken = Decimal(told["qty"]) * 60_000
    assert limit * Decimal("0.97") < taken <= limit
    assert size()["fraction"] > 0.9
    room.happen(InstrumentReported(now_ns, replace(BTC, min_notional_usdt=Decimal(200))))
    assert 12 < float(size()["limit"]) <= 12.5  # out of reach at any size: nothing is lifted


def test_working_entries_take_of_the_headroom_of_a_position(room: Room) -> None:
    room.ask(("POST", "/commands", {"text": "buy 20 usdt btc limit 55000"}))
    found = {each["name"]: each for each in room.parts.shapes.headroom()["limits"]}
    assert 19 < float(found["position_size"]["used"]) <= 20


def test_a_gain_uses_nothing_of_the_loss_limits(room: Room) -> None:
    room.ask(("POST", "/commands", {"text": "buy 100 usdt btc"}))
    room.at("66000")
    limits = {each["name"]: each for each in room.parts.shapes.headroom()["limits"]}
    assert limits["daily_loss"]["used"] == limits["drawdown_halt"]["used"] == "0"
    room.at("63000")  # below the peak, above the day's start
    limits = {each["name"]: each for each in room.parts.shapes.headroom()["limits"]}
    assert limits["daily_loss"]["used"] == "0"
    assert float(limits["drawdown_halt"]["used"]) > 0


def test_maintenance_and_a_halt_are_told_with_their_reason(room: Room) -> None:
    now_ns = room.clock.now_ns()
    room.happen(VenueStatus(now_ns, "maintenance", "back at noon"))
    told = room.parts.shapes.tick()
    assert told["venue"] == {"status": "MAINTENANCE", "reason": "back at noon"}
    assert told["halted"] is False
    room.happen(VenueStatus(now_ns, "normal"))
    assert room.parts.shapes.tick()["venue"] == {"status": "NORMAL", "reason": ""}
    room.happen(OperatorActed(now_ns, "COMMAND", verb="halt", reason="enough"))
    told = room.parts.shapes.tick()
    assert told["halted"] is True
    assert "TRADING_HALTED" in {lock["code"] for lock in told["locks"]}
