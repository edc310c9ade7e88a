"""Whose dashboard holds a port? It proves that it knows the token, and tells it to nobody.

A file in the home could be stale, and the port taken by another home since: only the one who
holds the port is asked. What he says is of no use at another port, or for another question.
"""

import os
import re
import secrets
from hashlib import sha256
from hmac import compare_digest, new
from typing import Any, Final

import httpx
from tornado.web import RequestHandler

from genesis.panels.local import HOST

WHOSE: Final = "/whose/([0-9a-f]{32})"
"""Where it is asked, with a number that is used once. Open: there is nothing to learn."""
_ASK_S: Final = 5.0
_LONGEST: Final = 1_000
_PROOF: Final = re.compile(r"(\d{1,10}) ([0-9a-f]{64})", re.ASCII)


class Whose(RequestHandler):
    """Answers with the process and a keyed hash of everything that was said."""

    def initialize(self, token: str, port: int) -> None:
        self._token, self._port = token, port

    def get(self, once: str) -> None:
        pid = os.getpid()
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.write(f"{pid} {keyed_hash(self._token, self._port, once, pid)}")


def pid_behind(port: int, token: str) -> int | None:
    """The process that serves with this token at the port; None where it is somebody else's."""
    once = secrets.token_hex(16)
    found = _PROOF.fullmatch(_said(f"http://{HOST}:{port}/whose/{once}"))
    if found is None:
        return None
    pid = int(found[1])
    return pid if compare_digest(found[2], keyed_hash(token, port, once, pid)) else None


def _said(url: str) -> str:
    """The beginning of what is answered; empty without an answer."""
    how: dict[str, Any] = {"timeout": _ASK_S, "trust_env": False}
    try:
        with httpx.stream("GET", url, **how) as answer:
            first = next(answer.iter_raw(_LONGEST), b"")
    except httpx.HTTPError:
        return ""
    return first.decode("ascii", errors="replace")


def keyed_hash(token: str, port: int, once: str, pid: int) -> str:
    """What only one who has the token can say at this port to this question."""
    said = f"dashboard {port} {pid} {once}"
    return new(token.encode(), said.encode(), sha256).hexdigest()
