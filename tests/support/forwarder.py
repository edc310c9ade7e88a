"""A TCP forwarder, as `ssh -L` is one: what connects to its port talks to another port."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Forwarder:
    """Use as a context manager; `port` is the one to connect to.

    is_up: while it is not, nobody gets through; `drop` breaks what is open already.
    is_deaf: what the target says is lost on its way, as behind a half-open tunnel.
    """

    def __init__(self, target: int) -> None:
        self.is_up = True
        self.is_deaf = False
        self._target = target
        self._door = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[socket.socket] = []
        self.port: int = self._door.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._welcome, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._door.close()
        self.drop()

    def drop(self) -> None:
        """Break every connection, as a lost tunnel does."""
        for end in self._pairs:
            _end(end)
        self._pairs.clear()

    def _welcome(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            try:
                far = self._far()
            except OSError:
                near.close()
                continue
            self._pairs += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink, far), daemon=True).start()

    def _far(self) -> socket.socket:
        if not self.is_up:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self._target))

    def _carry(self, source: socket.socket, sink: socket.socket, far: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                if source is not far or not self.is_deaf:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            _end(sink)


def _end(end: socket.socket) -> None:
    """Closed for who waits at it in another thread, too."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
