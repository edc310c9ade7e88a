"""The socket of the control API, and what is known of its endpoints."""

import asyncio
import socket
from pathlib import Path

from genesis.service.api.app import build_app
from genesis.service.api.server import bind
from tests.support.api import Room


def test_an_answer_is_sent_at_once_and_not_kept_back_for_a_fuller_packet() -> None:
    seen: list[int] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken = writer.get_extra_info("socket")
        seen.append(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def ask() -> None:
        bound = bind(0)
        async with await asyncio.start_server(connected, sock=bound):
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            assert await reader.read() == b""
            writer.close()

    asyncio.run(ask())
    assert seen == [1]


def test_the_endpoints_are_those_of_the_document(tmp_path: Path) -> None:
    room = Room(tmp_path)
    app = build_app(room.parts)
    known = app.state.endpoints
    paths = app.openapi()["paths"]
    for path, methods in paths.items():
        assert known.template(path) == path
        assert known.methods(path) == tuple(sorted(method.upper() for method in methods))
    assert known.template("/openapi.json") is None
    assert len(paths) > 20
    room.close()
