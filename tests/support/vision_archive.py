"""An archive of trades on loopback, in the layout of the public one, with faults on demand."""

import hashlib
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.support import tick_files
from tests.support.tick_files import Trade


class Archive:
    """Files by path. `faults` are taken one by one, by path: an HTTP status, `"cut"` (half of what
    was asked is sent, then the line breaks), `"other"` (other bytes of the same length), `"all"`
    (the Range is ignored).

    asked: every (path, Range) in order.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[int | str]] = defaultdict(list)
        self.asked: list[tuple[str, str | None]] = []
        self.url = ""

    def add(self, label: str, trades: Sequence[Trade], *, kind: str = "trades") -> str:
        """A zip of trades and its checksum; its path."""
        symbol = "BTCUSDT"
        period = "daily" if label.count("-") == 2 else "monthly"
        name = f"{symbol}-{kind}-{label}"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(f"{name}.csv", tick_files.text(trades))
        path = f"/data/spot/{period}/{kind}/{symbol}/{name}.zip"
        body = packed.getvalue()
        told = hashlib.sha256(body).hexdigest()
        self.files[path] = body
        self.files[f"{path}.CHECKSUM"] = f"{told}  {name}.zip\n".encode()
        return path

    def ranges(self, path: str) -> list[str | None]:
        """How often a file was asked for, and from where on."""
        return [asked for each, asked in self.asked if each == path]


@contextmanager
def an_archive() -> Iterator[Archive]:
    archive = Archive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(archive, self)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    archive.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(archive: Archive, request: BaseHTTPRequestHandler) -> None:
    path, asked = request.path, request.headers.get("Range")
    archive.asked.append((path, asked))
    faults = archive.faults[path]
    fault = faults.pop(0) if faults else None
    body = archive.files.get(path)
    if isinstance(fault, int):
        request.send_error(fault)
        return
    if body is None:
        request.send_error(404)
        return
    if fault == "other":
        body = bytes(byte ^ 1 for byte in body)
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and fault != "all" else 0
    if start >= len(body):
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{len(body)}")
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    part = body[start:]
    request.send_response(206 if start else 200)
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
    request.send_header("Content-Length", str(len(part)))
    request.end_headers()
    request.wfile.write(part[: len(part) // 2] if fault == "cut" else part)
    request.close_connection = fault == "cut"
