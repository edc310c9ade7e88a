"""Files over HTTP that arrive whole or not at all, however often the line breaks.

A half file is kept as NAME.part and gone on with by a Range request. Reads are repeated after 1, 2,
4, ... at most 30 s; progress makes the count begin anew. What a server has not is None, not an
error.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import httpx

from genesis.errors import DataError, Unreachable

PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
_CONNECT_S: Final = 5.0
_READ_S: Final = 10.0
_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_PAUSE_S: Final = 30.0

T = TypeVar("T")
Progress = Callable[[int, int | None], None]
"""Called with bytes held so far, and bytes in all where the server tells them."""


class _Again(Exception):
    """The attempt came to nothing; another may not. `after_s`: how long the server asks to wait."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class Source:
    """One server's files below `base_url`. Use as a context manager."""

    def __init__(
        self,
        base_url: str,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._pauses_s, self._sleep = tuple(pauses_s), sleep or time.sleep
        self._client = httpx.Client(
            timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S),
            headers={"Accept-Encoding": "identity"},
            follow_redirects=True,
        )
        self._has_answered = False

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def text(self, path: str) -> str | None:
        """A small text file; None where the server has none.

        Raises:
            Unreachable: no answer came, however often it was asked.
            DataError: the answer cannot be used.
        """
        return self._patiently(path, lambda: self._text(path), lambda: 0)

    def save(self, path: str, to: Path, sha256: str, progress: Progress) -> bool:
        """Bring a file to `to`, checked; False where the server has none. Errors as `text`."""
        part = to.with_name(f"{to.name}.part")
        for is_last in (False, True):
            found = self._patiently(
                path, lambda: self._body(path, part, progress), lambda: _size(part)
            )
            if found is None:
                return False
            if _sha256(part) == sha256:
                part.replace(to)
                return True
            part.unlink()
            if is_last:
                break
        raise DataError(
            f"{self.base_url}/{path} does not match its checksum, also when fetched anew: nothing "
            "of it was imported; try again later"
        )

    # -- one attempt -------------------------------------------------------------------------
    def _text(self, path: str) -> str | None:
        answer = self._client.get(self._url(path))
        return answer.text if self._is_there(answer) else None

    def _body(self, path: str, part: Path, progress: Progress) -> bool | None:
        """Fetch what is missing of a file; None: the server has none."""
        held = _size(part)
        headers = {"Range": f"bytes={held}-"} if held else {}
        with self._client.stream("GET", self._url(path), headers=headers) as answer:
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return _judge_full(answer, part, held)
            if not self._is_there(answer):
                return None
            goes_on = _goes_on(answer, held)
            held = held if goes_on else 0
            told = answer.headers.get("Content-Length")
            total = None if told is None else held + int(told)
            with part.open("ab" if goes_on else "wb") as file:
                for chunk in answer.iter_raw():
                    file.write(chunk)
                    held += len(chunk)
                    progress(held, total)
                file.flush()
                os.fsync(file.fileno())
        return True

    def _is_there(self, answer: httpx.Response) -> bool:
        self._has_answered = True
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        if answer.status_code in _LATER:
            raise _Again(f"it answers {answer.status_code}", _retry_after(answer))
        if not answer.is_success:
            raise DataError(
                f"{answer.url} answers {answer.status_code}: is --base-url the archive's?"
            )
        return True

    # -- patience ----------------------------------------------------------------------------
    def _patiently(self, path: str, attempt: Callable[[], T], held: Callable[[], int]) -> T:
        failed = 0
        while True:
            before = held()
            try:
                return attempt()
            except (_Again, httpx.TransportError) as error:
                failed = 0 if held() > before else failed
                if failed >= len(self._pauses()):
                    raise self._unreachable(path, error) from error
                pause_s = self._pauses()[failed]
                told_s = error.after_s if isinstance(error, _Again) else None
                self._sleep(max(pause_s, min(told_s or 0.0, _LONGEST_PAUSE_S)))
                failed += 1

    def _pauses(self) -> tuple[float, ...]:
        """A server that never answered is not waited for as long: the machine may be offline."""
        return self._pauses_s if self._has_answered else self._pauses_s[:2]

    def _unreachable(self, path: str, error: Exception) -> Unreachable:
        words = str(error) or type(error).__name__
        if self._has_answered:
            return Unreachable(
                f"{self.base_url}/{path} could not be fetched ({words}): what was fetched is kept,"
                " run the command again to go on"
            )
        return Unreachable(
            f"the archive {self.base_url} cannot be reached ({words}): is this machine online? "
            "Files fetched elsewhere are brought in by `genesis ticks import`"
        )

    def _url(self, path: str) -> str:
        return f"{self.base_url}/{path}"


def _goes_on(answer: httpx.Response, held: int) -> bool:
    """Does the answer begin where the half file ends? A server may send all of it instead."""
    told = answer.headers.get("Content-Range", "")
    return answer.status_code == httpx.codes.PARTIAL_CONTENT and told.startswith(f"bytes {held}-")


def _judge_full(answer: httpx.Response, part: Path, held: int) -> bool:
    """Nothing lies beyond the half file: it may be whole. Else it is of another file."""
    if answer.headers.get("Content-Range") == f"bytes */{held}":
        return True
    part.unlink()
    raise _Again("the file there is shorter than what was held of it")


def _retry_after(answer: httpx.Response) -> float | None:
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdigit() else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
