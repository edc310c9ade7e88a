"""A stand-in for the engine's control API that can be made to hang, break off and come back.

For tests of a face's own behaviour; what the engine says is checked by tests with the real one.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Told = tuple[int, Any] | None
"""Status and body of an answer; None: the connection ends without one."""


class StubEngine:
    """Serves a stream and answers on 127.0.0.1; its home says where.

    answer: gives what (method, path, body) is answered.
    """

    def __init__(self, home: Path, key: str = "right") -> None:
        self.home = home
        self.key = key
        self.snapshot: dict[str, Any] = {"seq": 1, "t": "2026-01-01T00:00:00Z", "speed": 1}
        self.asked: list[tuple[str, str, Any]] = []
        self.answer: Callable[[str, str, Any], Told] = lambda method, path, body: (200, {})
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._readers: set[asyncio.StreamWriter] = set()
        (home / "control.key").write_text("right\n")

    @property
    def readers(self) -> int:
        return len(self._readers)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        facts = {"url": f"http://127.0.0.1:{port}", "pid": 1, "home": str(self.home)}
        (self.home / "service.json").write_text(json.dumps(facts))

    async def stop(self) -> None:
        """Gone at once, with every connection."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def tell(self, **message: Any) -> None:
        for writer in list(self._readers):
            await _event(writer, message)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            self._readers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split(" ")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        if fields.get("x-api-key") != self.key:
            await _answer(writer, 401, {"detail": "send the key"})
            return True
        if path == "/stream":
            await self._stream(reader, writer)
            return False
        given = json.loads(body) if body else None
        self.asked.append((method, path, given))
        told = self.answer(method, path, given)
        if told is None:
            return False
        await _answer(writer, *told)
        return True

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        await _event(writer, {"type": "snapshot", **self.snapshot})
        self._readers.add(writer)
        await reader.read()


async def _event(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(f"data: {json.dumps(message)}\n\n".encode())
    await writer.drain()


async def _answer(writer: asyncio.StreamWriter, status: int, body: Any) -> None:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(text)}"
    writer.write(head.encode() + b"\r\n\r\n" + text)
    await writer.drain()
