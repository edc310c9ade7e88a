"""The kernel's side of a face: whom it follows, when it rests, and what it says of lost answers."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from genesis.panels import link
from genesis.panels.garden import ZenGarden
from genesis.panels.link import FLOWING, RESTING, STILL, EngineFace
from genesis.panels.tier_path import TierPath
from genesis.panels.tilt_page import TiltPage
from tests.support.patience import PATIENCE_S
from tests.support.stub_engine import StubEngine

Play = Callable[["Face", StubEngine], Coroutine[Any, Any, None]]


class Face(EngineFace):
    """A face that shows two parts, and remembers what it sent to the browser."""

    again = frozenset({"/journal"})
    asks = frozenset({("POST", path) for path in ("/commands", "/journal", "/tier/ceremony")})

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.out: list[dict[str, Any]] = []

    def send(self, content: Any, buffers: Any = None) -> None:
        self.out.append(content)

    def view(self, state: dict[str, Any]) -> dict[str, Any]:
        if state.get("broken"):
            raise KeyError("a part")
        return {"equity": state.get("equity"), "tier": state.get("tier")}

    def say(self, **message: Any) -> None:
        self._handle_custom_msg(message, [])

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.out if message["kind"] == kind]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "BACKOFF_S", (0.02, 0.1))
    monkeypatch.setattr(link, "_SETTLE_S", 0.02)


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Play], None]:
    """Plays a scene with a face and a stand-in engine that has started."""

    def run(scene: Play) -> None:
        async def main() -> None:
            engine, face = StubEngine(tmp_path), Face(tmp_path)
            await engine.start()
            try:
                await scene(face, engine)
            finally:
                face.close()
                await engine.stop()

        asyncio.run(main())

    return run


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.005)


async def flowing(face: Face) -> None:
    face.say(kind="hello", n=1)
    await until(lambda: face.link == FLOWING)


def test_it_asks_nobody_before_a_browser_says_hello(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        await asyncio.sleep(0.1)
        assert (face.link, engine.readers) == (RESTING, 0)
        await flowing(face)
        assert engine.readers == 1
        assert face.kinds("pong") == [{"kind": "pong", "n": 1}]

    play(scene)


def test_only_parts_that_changed_travel(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        engine.snapshot |= {"equity": "500", "tier": "SNIPER"}
        await flowing(face)
        await engine.tell(type="tick", seq=2, equity="501")
        await until(lambda: len(face.kinds("view")) == 2)
        assert [view["parts"] for view in face.kinds("view")] == [
            {"equity": "500", "tier": "SNIPER"},
            {"equity": "501"},
        ]
        face.say(kind="hello", n=2)  # another view of the same widget: it gets everything
        assert face.kinds("view")[-1]["parts"] == {"equity": "501", "tier": "SNIPER"}

    play(scene)


def test_without_a_pulse_it_rests_and_with_one_it_flows_again(
    play: Callable[[Play], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "WATCHED_S", 0.2)

    async def scene(face: Face, engine: StubEngine) -> None:
        await flowing(face)
        while face.link != RESTING:  # the engine goes on talking
            await engine.tell(type="heartbeat", t="2026-01-01T00:00:02Z", speed=1)
            await asyncio.sleep(0.01)
        await until(lambda: engine.readers == 0)
        await flowing(face)

    play(scene)


def test_it_is_still_at_once_when_the_engine_is_gone_and_flows_when_it_is_back(
    play: Callable[[Play], None],
) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        await flowing(face)
        await engine.stop()
        await until(lambda: face.link == STILL)
        assert "engine" in face.problem
        await engine.start()  # on another port: the home says where
        await until(lambda: face.link == FLOWING)
        assert face.problem == ""

    play(scene)


def test_a_silent_stream_is_a_broken_one(
    play: Callable[[Play], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "QUIET_S", 0.1)

    async def scene(face: Face, engine: StubEngine) -> None:
        await flowing(face)
        await until(lambda: face.link == STILL)
        assert face.problem == "the engine does not answer in time"

    play(scene)


def test_without_an_engine_it_says_how_to_start_one(tmp_path: Path) -> None:
    async def scene() -> None:
        face = Face(tmp_path)
        face.say(kind="hello", n=1)
        await until(lambda: face.link == STILL)
        assert "genesis run" in face.problem
        face.close()

    asyncio.run(scene())


def test_a_refused_key_is_named(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        engine.key = "another"
        face.say(kind="hello", n=1)
        await until(lambda: face.link == STILL)
        assert "refuses the control key" in face.problem

    play(scene)


def test_a_fault_of_its_own_is_shown_and_it_goes_on(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        await flowing(face)
        await engine.tell(type="tick", seq=2, broken=True)
        await until(lambda: face.link == STILL)
        assert "a fault of the panel itself: KeyError" in face.problem
        await until(lambda: face.link == FLOWING)

    play(scene)


def test_only_what_its_class_names_is_asked_of_the_engine(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        await flowing(face)
        for method, path in (("GET", "/system/events"), ("DELETE", "/commands"), ("POST", "/x")):
            face.say(kind="ask", ref="r", method=method, path=path, body={})
        face.say(kind="ask", ref="ok", method="POST", path="/commands", body={"text": "status"})
        await until(lambda: face.kinds("answer"))
        assert engine.asked == [("POST", "/commands", {"text": "status"})]

    play(scene)


@pytest.mark.parametrize("was_heard", [True, False])
def test_a_lost_answer_is_unknown_until_the_engine_tells(
    play: Callable[[Play], None], was_heard: bool
) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        def answer(method: str, path: str, body: Any) -> tuple[int, Any] | None:
            if method == "POST":
                return None  # the connection breaks: done or not, nobody is told
            told = {"verdict": "refused", "reason": "no", "status": 409}
            return (200, told) if was_heard else (404, {"detail": "unknown"})

        engine.answer = answer
        await flowing(face)
        body = {"text": "buy 100 usdt btc", "client_ref": "r1"}
        face.say(kind="ask", ref="r1", method="POST", path="/commands", body=body)
        await until(lambda: len(face.kinds("answer")) == 2)
        lost, found = face.kinds("answer")
        assert (lost["certain"], lost["status"]) == (False, 0)
        assert "not known" in lost["text"]
        assert (found["ref"], found["certain"]) == ("r1", True)
        assert found["status"] == (409 if was_heard else 404)
        assert ("text" in found) != was_heard
        assert engine.asked[1:] == [("GET", "/commands/r1", None)]
        assert not any("nothing was sent" in str(message).lower() for message in face.out)

    play(scene)


def test_what_was_lost_with_the_engine_is_asked_when_it_is_back(
    play: Callable[[Play], None],
) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        await flowing(face)
        await engine.stop()
        body = {"text": "close btc", "client_ref": "r2"}
        face.say(kind="ask", ref="r2", method="POST", path="/commands", body=body)
        await until(lambda: face.kinds("answer"))
        assert face.kinds("answer")[0]["certain"] is False
        await engine.start()
        await until(lambda: len(face.kinds("answer")) == 2)
        assert engine.asked == [("GET", "/commands/r2", None)]

    play(scene)


@pytest.mark.parametrize("status", [401, 429, 500, 503])
@pytest.mark.parametrize("path", ["/commands", "/journal"])
def test_an_engine_that_cannot_tell_is_asked_again(
    play: Callable[[Play], None], path: str, status: int
) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        told: list[tuple[int, Any] | None] = [None, (status, {}), (status, {}), (200, {"x": 1})]
        engine.answer = lambda method, path, body: told.pop(0)
        await flowing(face)
        face.say(kind="ask", ref="r4", method="POST", path=path, body={"client_ref": "r4"})
        await until(lambda: len(face.kinds("answer")) == 2)
        lost, found = face.kinds("answer")
        assert (lost["certain"], lost["status"]) == (False, 0)
        assert (found["certain"], found["status"], found["body"]) == (True, 200, {"x": 1})
        assert len(engine.asked) == 4

    play(scene)


def test_what_was_lost_is_asked_for_when_a_hidden_tab_is_seen_again(
    play: Callable[[Play], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        await flowing(face)
        await engine.stop()
        body = {"text": "close btc", "client_ref": "r5"}
        face.say(kind="ask", ref="r5", method="POST", path="/commands", body=body)
        await until(lambda: face.kinds("answer"))
        monkeypatch.setattr(link, "WATCHED_S", 0.0)
        await until(lambda: face.link == RESTING and not face._tasks)
        monkeypatch.undo()
        await engine.start()
        face.say(kind="pulse", n=2)
        await until(lambda: len(face.kinds("answer")) == 2)
        assert face.kinds("answer")[1]["ref"] == "r5"

    play(scene)


def test_a_page_is_offered_again_with_the_same_words(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        told: list[tuple[int, Any] | None] = [None, (200, {"accepted": True})]
        engine.answer = lambda method, path, body: told.pop(0)
        await flowing(face)
        page = {"text": "words", "client_ref": "r3"}
        face.say(kind="ask", ref="r3", method="POST", path="/journal", body=page)
        await until(lambda: len(face.kinds("answer")) == 2)
        assert engine.asked == [("POST", "/journal", page)] * 2
        assert face.kinds("answer")[1]["body"] == {"accepted": True}

    play(scene)


def test_an_act_that_must_not_be_repeated_is_never_repeated(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        engine.answer = lambda method, path, body: None
        await flowing(face)
        face.say(kind="ask", ref="r4", method="POST", path="/tier/ceremony", body={})
        await until(lambda: face.kinds("answer"))
        await asyncio.sleep(0.1)
        assert len(engine.asked) == 1
        assert len(face.kinds("answer")) == 1

    play(scene)


def test_what_an_earlier_kernel_lost_is_asked_for_when_a_browser_names_it(
    play: Callable[[Play], None],
) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        told = {"verdict": "approved", "notes": [], "status": 200}
        engine.answer = lambda method, path, body: (200, told)
        await flowing(face)
        names = [["r6", "/commands"], ["r7", "/journal"], ["../system/events", "/commands"]]
        face.say(kind="find", asked=[*names, ["r8", "/emergency/halt"], "odd", [1, 2, 3]])
        await until(lambda: face.kinds("answer"))
        await asyncio.sleep(0.1)
        [found] = face.kinds("answer")
        assert (found["ref"], found["path"], found["certain"]) == ("r6", "/commands", True)
        assert found["body"]["verdict"] == "approved"
        assert engine.asked == [("GET", "/commands/r6", None)]

    play(scene)


def test_what_is_under_way_is_not_asked_for(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        await flowing(face)
        face.say(kind="ask", ref="r9", method="POST", path="/commands", body={"text": "status"})
        face.say(kind="find", asked=[["r9", "/commands"]])
        await until(lambda: face.kinds("answer"))
        await asyncio.sleep(0.1)
        assert len(face.kinds("answer")) == len(engine.asked) == 1

    play(scene)


def test_an_answer_that_cannot_be_read_is_said_to_be_unknown(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        told: list[tuple[int, Any] | None] = [None, (200, ["no", "answer"])]
        engine.answer = lambda method, path, body: told.pop(0)
        await flowing(face)
        face.say(kind="ask", ref="ra", method="POST", path="/commands", body={"client_ref": "ra"})
        await until(lambda: len(face.kinds("answer")) == 2)
        lost, found = face.kinds("answer")
        assert lost["certain"] is found["certain"] is False
        assert "not known" in found["text"]
        assert "a fault of the panel itself" in face.problem

    play(scene)


def test_a_command_that_waited_long_on_its_way_is_not_sent_any_more(
    play: Callable[[Play], None],
) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        await flowing(face)
        now_ms = face.kinds("view")[-1]["kernel_ms"]
        order = {"kind": "ask", "method": "POST", "path": "/commands", "body": {"text": "buy"}}
        face.say(**order, ref="late", kernel_ms=now_ms - link.STALE_S * 1000 - 1)
        await until(lambda: face.kinds("answer"))
        [late] = face.kinds("answer")
        assert (late["ref"], late["certain"], engine.asked) == ("late", True, [])
        assert "Nothing was done" in late["text"]
        face.say(**order, ref="new", kernel_ms=now_ms)
        page = order | {"path": "/journal", "ref": "page"}
        face.say(**page, kernel_ms=now_ms - 10**6)
        await until(lambda: len(engine.asked) == 2)

    play(scene)


def test_a_face_may_ask_for_nothing_that_it_does_not_name() -> None:
    assert EngineFace.asks == frozenset()
    assert TierPath.asks == {("GET", "/tier/path"), ("POST", "/tier/ceremony")}
    for face in (ZenGarden, TiltPage):
        assert ("POST", "/commands") in face.asks


def test_nothing_of_the_account_is_a_trait(play: Callable[[Play], None]) -> None:
    async def scene(face: Face, engine: StubEngine) -> None:
        engine.snapshot |= {"equity": "512.34", "tier": "SNIPER"}
        await flowing(face)
        assert "512.34" not in str(face.get_state())

    play(scene)
