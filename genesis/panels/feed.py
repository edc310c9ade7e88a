"""The engine's stream, read with as little as possible.

A kernel wakes from rest for each of five messages a second, and then every layer in between is paid
for in full: an HTTP client's cost more than all a face does. HTTP/1.0 needs none: its answer comes
in one piece, and what follows the head is the stream itself.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any, Final
from urllib.parse import urlsplit

from genesis.errors import ConfigError, Unreachable

_CONNECT_S: Final = 5.0
_LONGEST: Final = 64 * 2**20
_REFUSED: Final = (b"401", b"403")
_TOLD: Final = b"200"
_BLANK: Final = b"\n\n"
_HEAD_END: Final = b"\r\n\r\n"


async def messages(url: str, key: str, quiet_s: float) -> AsyncGenerator[dict[str, Any], None]:
    """What the engine at `url` tells, from its snapshot on.

    Raises:
        ConfigError: it refuses the key.
        Unreachable: it answers something else than a stream.
        TimeoutError: it said nothing for `quiet_s` seconds.
        EOFError: the stream ended; nobody can tell how from a stream that just stops.
        OSError: the connection was lost.
    """
    place = urlsplit(url)
    asked = f"GET /stream HTTP/1.0\r\nHost: {place.netloc}\r\nX-API-Key: {key}\r\n\r\n"
    async with asyncio.timeout(_CONNECT_S):
        reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=_LONGEST)
    try:
        writer.write(asked.encode("ascii"))
        _check(await _until(_HEAD_END, reader, quiet_s))
        while True:
            event = await _until(_BLANK, reader, quiet_s)
            yield json.loads(event.removeprefix(b"data: "))
    finally:
        writer.close()


async def _until(mark: bytes, reader: asyncio.StreamReader, quiet_s: float) -> bytes:
    async with asyncio.timeout(quiet_s):
        return await reader.readuntil(mark)


def _check(head: bytes) -> None:
    first, _, _ = head.partition(b"\r\n")
    status = first.partition(b" ")[2]
    if status.startswith(_REFUSED):
        raise ConfigError("the engine refuses the control key of this home")
    if not status.startswith(_TOLD):
        said = first.decode("ascii", "replace")
        raise Unreachable(f"the engine should tell what happens, and answers {said!r}")
