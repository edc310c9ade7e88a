"""The kernel's side of every face: one widget that follows the engine while somebody looks.

The browser speaks to the kernel only, the kernel to the control API. A face streams while a pulse
of a browser is fresh; without one it rests, so that its kernel can be culled. State goes to the
browser in custom messages alone: nothing of an account is ever saved inside a notebook.
"""

import asyncio
import os
import re
from abc import ABCMeta, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Final

import anywidget
import httpx
import traitlets

from genesis.errors import GenesisError, Unreachable
from genesis.panels.feed import messages
from genesis.panels.scripts import UNPACK, packed, script, split
from genesis.service.clock import elapsed_ns
from genesis.service.home import Home, read_key, resolve_home

RESTING: Final = "resting"
FLOWING: Final = "flowing"
STILL: Final = "still"
WATCHED_S: Final = 20.0
"""A face streams so long after the last pulse of a browser; browsers send one every 5 s."""
QUIET_S: Final = 3.5
"""A stream that says nothing so long is broken: the engine sends a heartbeat every 2 s."""
BACKOFF_S: Final = (0.5, 4.0)
"""First and longest wait before the next attempt; it doubles."""
STALE_S: Final = 10.0
"""A command that was so long on its way here was meant for another price."""
_ANSWER_S: Final = 20.0
_SETTLE_S: Final = 1.0
_REMEMBERED: Final = frozenset({"/commands", "/emergency/halt", "/emergency/close-all"})
"""What the engine can be asked about later, by its client reference."""
_REF: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_MOST_SOUGHT: Final = 50
_TELLS_NOTHING: Final = frozenset({401, 403, 429})
_NEVER: Final = "The engine never got this. Nothing was done; send it again if you still want it."
_UNKNOWN: Final = (
    "No answer came back: it is not known whether the engine got this. "
    "It will be asked as soon as it answers again."
)
_UNREAD: Final = (
    "What the engine tells of this cannot be read here: it is not known what became of it. "
    "The positions and orders shown are the engine's own."
)
_STALE: Final = (
    "This was too long on its way from the browser. "
    "Nothing was done; send it again if you still want it."
)

__all__ = ["FLOWING", "RESTING", "STILL", "EngineFace", "script"]

State = dict[str, Any]
Message = dict[str, Any]


class _Face(ABCMeta, traitlets.MetaHasTraits):
    """Widgets that cannot be made before they say what they show."""


class EngineFace(anywidget.AnyWidget, metaclass=_Face):
    """Follows the engine of one home and passes on what browsers ask of it.

    A face gives `scripts` (files of `static/`, its styles among them) and `view`, and may give
    `heard`, `greeted` and `answered`. `asks` names what its browser side may ask of the control
    API, `again` what is safe to be asked twice, `modules` the scripts it may load later, by the
    name of what each exports.
    """

    _esm = UNPACK
    pack = traitlets.Bytes(b"").tag(sync=True)
    link = traitlets.Unicode(RESTING).tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)

    scripts: ClassVar[tuple[str, ...]] = ()
    asks: ClassVar[frozenset[tuple[str, str]]] = frozenset()
    again: ClassVar[frozenset[str]] = frozenset()
    modules: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self, home: Path | str | None = None, **traits: Any) -> None:
        super().__init__(pack=packed(*self.scripts), **traits)
        self.state: State = {}
        self._home = Home(resolve_home(None if home is None else Path(home)))
        self._name = _name_of(self._home, type(self).__name__)
        self._pulsed_ns: int | None = None
        self._sent: dict[str, Any] = {}
        self._http: httpx.AsyncClient | None = None
        self._asking: set[str] = set()
        self._lost: dict[str, Message] = {}
        self._pump: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_msg(self._told)

    # -- what a face gives -------------------------------------------------------------------
    @abstractmethod
    def view(self, state: State) -> dict[str, Any]:
        """What is shown of the state, in named parts; only parts that changed travel."""

    def heard(self, message: Message) -> None:
        """A `decision` or `intervention` of the engine."""

    def greeted(self) -> None:
        """A view was opened: what was shown piece by piece is told whole."""

    def answered(self, path: str, status: int, body: Any) -> dict[str, Any]:
        """What is added to an answer for the browser, such as its words."""
        return {}

    # -- browser to kernel -------------------------------------------------------------------
    def _told(self, _: object, message: Message, __: object) -> None:
        act = self._acts().get(str(message.get("kind")))
        if act is not None:
            act(message)

    def _acts(self) -> dict[str, Callable[[Message], None]]:
        return {
            "hello": self._hello,
            "pulse": self._pulse,
            "ask": self._asked,
            "find": self._sought,
            "need": self._needed,
        }

    def _hello(self, message: Message) -> None:
        """A view was opened: it gets everything."""
        self._pulse(message)
        if self.state:
            self._sent = {}
            self.greeted()
            self._show()

    def _pulse(self, message: Message) -> None:
        self._pulsed_ns = elapsed_ns()
        self.send({"kind": "pong", "n": message.get("n")})
        if self._pump is None or self._pump.done():
            self._pump = self._spawn(self._follow())
        self._settle_lost()

    def _needed(self, message: Message) -> None:
        name = str(message.get("name"))
        if name in self.modules:
            scripts, styles = split(self.modules[name])
            text = f"{script(*scripts)}\nexport {{ {name} }};"
            self.send({"kind": "module", "name": name, "text": text, "css": script(*styles)})

    def _asked(self, message: Message) -> None:
        """Pass one request on; only what the face's class names, for there is a key behind it."""
        if (str(message.get("method")), str(message.get("path"))) not in self.asks:
            return
        if _is_stale(message):
            self._say_answer(message, httpx.codes.REQUEST_TIMEOUT, {"reason": _STALE}, _STALE)
            return
        self._asking.add(str(message.get("ref")))
        self._spawn(self._ask(message))

    async def _ask(self, message: Message) -> None:
        try:
            self._answer(message, await self._request(message))
        except (httpx.HTTPError, GenesisError, OSError):
            self._lose(message)
        except Exception as problem:  # noqa: BLE001 - a task's exception is seen nowhere
            self.problem = _fault(problem)
            self._lose(message)
        finally:
            self._asking.discard(str(message.get("ref")))

    async def _request(self, message: Message) -> httpx.Response:
        given = {"params": message["query"]} if message.get("query") else {}
        if message.get("body") is not None:
            given["json"] = message["body"]
        if self._http is not None:
            return await self._http.request(message["method"], message["path"], **given)
        async with self._client() as http:
            return await http.request(message["method"], message["path"], **given)

    def _answer(self, message: Message, response: httpx.Response) -> None:
        try:
            body = response.json()
        except ValueError:
            body = {"detail": response.text[:500]}
        self._say_answer(message, response.status_code, body)

    def _say_answer(self, message: Message, status: int, body: Any, text: str = "") -> None:
        path = str(message["path"])
        told = {"kind": "answer", "ref": message.get("ref"), "path": path, "status": status}
        words = {"text": text} if text else self.answered(path, status, body)
        self.send({**told, "certain": status != 0, "body": body, **words})

    # -- answers that were lost --------------------------------------------------------------
    def _lose(self, message: Message) -> None:
        """The request may have been done: say so, and find out once the engine is back."""
        self._say_answer(message, 0, None, _UNKNOWN)
        ref = str(message.get("ref") or "")
        is_known = message["path"] in _REMEMBERED or message["path"] in self.again
        if _REF.fullmatch(ref) and is_known:
            self._lost[ref] = message
            self._settle_lost()

    def _sought(self, message: Message) -> None:
        """Find out about commands of which a browser got no answer, from an earlier kernel too."""
        for ref, path in _named(message.get("asked")):
            is_known = path in _REMEMBERED and ("POST", path) in self.asks
            if is_known and ref not in self._asking:
                self._lost.setdefault(ref, {"ref": ref, "method": "POST", "path": path})
        self._settle_lost()

    def _settle_lost(self) -> None:
        if self._lost and (self._settling is None or self._settling.done()):
            self._settling = self._spawn(self._settle())

    async def _settle(self) -> None:
        while self._lost and self._is_watched():
            await asyncio.sleep(_SETTLE_S)
            if self.link != FLOWING:
                continue
            for ref, message in list(self._lost.items()):
                try:
                    if not await self._find_out(ref, message):
                        continue
                except (httpx.HTTPError, GenesisError, OSError):
                    break
                except Exception as problem:  # noqa: BLE001 - as above
                    self.problem = _fault(problem)
                    self._say_answer(message, 0, None, _UNREAD)
                self._lost.pop(ref, None)

    async def _find_out(self, ref: str, message: Message) -> bool:
        """Is it known now? An engine that is busy, or refuses the key, has told nothing of it."""
        if message["path"] in self.again:
            answer = await self._request(message)
            is_told = answer.status_code not in _TELLS_NOTHING and not answer.is_server_error
            if is_told:
                self._answer(message, answer)
            return is_told
        told = await self._request({"method": "GET", "path": f"/commands/{ref}"})
        if told.status_code == httpx.codes.NOT_FOUND:
            self._say_answer(message, told.status_code, None, _NEVER)
        elif told.status_code == httpx.codes.OK:
            body = told.json()
            self._say_answer(message, int(body.get("status", told.status_code)), body)
        return told.status_code in (httpx.codes.NOT_FOUND, httpx.codes.OK)

    # -- engine to kernel --------------------------------------------------------------------
    async def _follow(self) -> None:
        """Follow the engine while somebody looks; reconnect with growing patience."""
        first_s, longest_s = BACKOFF_S
        wait_s = first_s
        while self._is_watched():
            problem = await self._problem_of(self._stream)
            if problem is None or not self._is_watched():
                continue  # nobody looks, or somebody does again
            wait_s = first_s if self.link == FLOWING else min(wait_s * 2, longest_s)
            self.problem, self.link = problem, STILL
            await asyncio.sleep(wait_s)
        self.link = RESTING

    async def _problem_of(self, work: Callable[[], Awaitable[None]]) -> str | None:
        try:
            await work()
        except GenesisError as problem:
            return problem.message
        except (httpx.TimeoutException, TimeoutError):
            return "the engine does not answer in time"
        except (httpx.HTTPError, OSError, EOFError):
            return "the engine is gone"
        except Exception as problem:  # noqa: BLE001 - shown: a task's exception is seen nowhere
            return _fault(problem)
        return None

    async def _stream(self) -> None:
        """To its end, or until nobody looks any more."""
        async with self._client() as http:
            key, self._http = http.headers["X-API-Key"], http
            try:
                async with aclosing(messages(str(http.base_url), key, QUIET_S)) as told:
                    async for message in told:
                        if not self._is_watched():
                            return
                        self._take(message)
            finally:
                self._http = None

    def _take(self, message: Message) -> None:
        kind = message.get("type")
        if kind == "snapshot":
            self.state, self._sent = message, {}
            self.problem, self.link = "", FLOWING
            self._show()
        elif kind == "tick":
            self.state |= message
            self._show()
        elif kind == "heartbeat":
            self.state |= {name: message[name] for name in ("t", "speed") if name in message}
            self.send({"kind": "beat", **self._now()})
        else:
            self.heard(message)

    def _show(self) -> None:
        parts = self.view(self.state)
        changed = {name: part for name, part in parts.items() if self._sent.get(name, ...) != part}
        self._sent |= changed
        self.send({"kind": "view", **self._now(), "parts": changed})

    def _now(self) -> dict[str, Any]:
        """Venue time; this kernel's own, which browsers give back with what they ask; its home."""
        state = self.state
        told = {"seq": state.get("seq"), "t": state.get("t"), "speed": state.get("speed", 1)}
        return {**told, "kernel_ms": _kernel_ms(), "name": self._name}

    # -- small things ------------------------------------------------------------------------
    def _client(self) -> httpx.AsyncClient:
        """A client of the engine that runs on the home now.

        Raises:
            ConfigError: its key cannot be read.
            Unreachable: no engine runs there.
        """
        facts = self._home.announced()
        if facts is None:
            raise Unreachable("no engine runs here yet: start one with `genesis run --mode paper`")
        key = os.environ.get("GENESIS_CONTROL_KEY") or read_key(self._home.path / "control.key")
        return httpx.AsyncClient(
            base_url=str(facts["url"]),
            headers={"X-API-Key": key},
            timeout=httpx.Timeout(_ANSWER_S, connect=5.0),
            trust_env=False,
        )

    def _is_watched(self) -> bool:
        return self._pulsed_ns is not None and elapsed_ns() - self._pulsed_ns < WATCHED_S * 1e9

    def _spawn(self, work: Any) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def close(self) -> None:
        """The widget is gone: nothing is followed any more."""
        self._pulsed_ns = None
        for task in self._tasks:
            task.cancel()
        super().close()


def _name_of(home: Home, face: str) -> str:
    """Tells faces and homes apart, for what a browser remembers of one."""
    return sha256(f"{face} {home.path.resolve()}".encode()).hexdigest()[:12]


def _kernel_ms() -> int:
    return elapsed_ns() // 1_000_000


def _is_stale(message: Message) -> bool:
    """Was this command asked long ago, by what the browser knows of this kernel's time?"""
    asked_ms = message.get("kernel_ms")
    if message.get("path") != "/commands" or not isinstance(asked_ms, int | float):
        return False
    return _kernel_ms() - asked_ms > STALE_S * 1000


def _named(told: Any) -> list[tuple[str, str]]:
    """References and paths of a browser, as far as they are some."""
    rows = told[:_MOST_SOUGHT] if isinstance(told, list) else []
    pairs = [row for row in rows if isinstance(row, list) and len(row) == 2]
    return [(str(ref), str(path)) for ref, path in pairs if _REF.fullmatch(str(ref))]


def _fault(problem: Exception) -> str:
    return f"a fault of the panel itself: {type(problem).__name__}: {problem}"
