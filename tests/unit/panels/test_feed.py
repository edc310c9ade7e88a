"""The reader of the engine's stream, against a server that says exactly what a test wants."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest

from genesis.errors import ConfigError, Unreachable
from genesis.panels.feed import messages
from tests.support.patience import PATIENCE_S

OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


def told(*pieces: bytes, quiet_s: float = PATIENCE_S, hangs: bool = False) -> list[dict[str, Any]]:
    """What a reader hears of a server that sends these pieces and ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert asked.startswith("GET /stream HTTP/1.0\r\n")
        assert "X-API-Key: right" in asked
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        if hangs:
            await reader.read()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            url = f"http://127.0.0.1:{port}"
            async for message in messages(url, "right", quiet_s):
                heard.append(message)  # noqa: PERF401 - what was heard before the end counts

    heard: list[dict[str, Any]] = []
    with suppress(EOFError):
        asyncio.run(main())
    return heard


def event(**message: Any) -> bytes:
    return f"data: {json.dumps(message)}\n\n".encode()


def test_messages_come_whole_however_they_are_cut() -> None:
    sent = OK + event(n=1, text="data: a\nb") + event(n=2)
    assert told(*(sent[at : at + 1] for at in range(0, len(sent)))) == [
        {"n": 1, "text": "data: a\nb"},
        {"n": 2},
    ]


def test_several_messages_may_come_at_once() -> None:
    assert told(OK + event(n=1) + event(n=2) + event(n=3)) == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_a_message_that_broke_off_is_none() -> None:
    assert told(OK + event(n=1) + event(n=2)[:-1]) == [{"n": 1}]


def test_a_long_snapshot_is_read() -> None:
    [heard] = told(OK + event(history=list(range(300_000))))
    assert len(heard["history"]) == 300_000


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_the_owners_to_mend(status: int) -> None:
    with pytest.raises(ConfigError, match="refuses the control key"):
        told(f"HTTP/1.1 {status} No\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"HTTP/1.1 503 Busy\r\n\r\n", "503 Busy"),
        (b"nonsense\r\n\r\n", "nonsense"),
    ],
)
def test_what_is_no_stream_is_named(head: bytes, said: str) -> None:
    with pytest.raises(Unreachable, match=said):
        told(head)


def test_silence_is_noticed() -> None:
    with pytest.raises(TimeoutError):
        told(OK, event(n=1), quiet_s=0.2, hangs=True)
