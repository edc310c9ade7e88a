"""The plain log that takes over when the event log cannot be written.

Only what reduces risk is sent then, and trading stays halted. One JSON object per line, flushed
to disk before a command leaves. The next start folds it back into the event log.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import Event
from genesis.domain.ids import OrderKey
from genesis.errors import EventLogError
from genesis.store.codec import decode, encode
from genesis.store.private import make_empty
from genesis.store.set_aside import free_name
from genesis.store.steps import LogEntry


@dataclass(frozen=True, slots=True)
class PlainStep:
    """One step read back: its run, its event, and the wire ids its orders left with."""

    run: int
    step: int
    event: Event
    wire_ids: dict[OrderKey, str]


class SecondLog:
    """Steps beside the event log. The file is made at the first line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def append(self, entry: LogEntry) -> None:
        """Write one step and flush it to disk.

        Raises:
            OSError: this log cannot be written either.
        """
        if self._file is None:
            _end_last_line(self.path)
            make_empty(self.path)
            self._file = self.path.open("a", encoding="utf-8")
        self._file.write(json.dumps(_line(entry)) + "\n")
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def read(self) -> Iterator[PlainStep]:
        """The steps in order; a last line that was begun and not ended is passed over.

        Raises:
            EventLogError: a whole line cannot be read.
        """
        if not self.path.is_file():
            return
        lines = self.path.read_bytes().splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            try:
                yield _step(json.loads(line))
            except (ValueError, KeyError, TypeError, EventLogError) as problem:
                if not line.endswith(b"\n"):
                    return
                raise EventLogError(
                    f"{self.path} line {number} cannot be read ({problem}): move the file away to "
                    "start from the venue's lists alone"
                ) from problem

    def last(self) -> tuple[int, int]:
        """Run and step of the last line; zeros where there is none. Raises like `read`."""
        run, step = 0, 0
        for plain in self.read():
            run, step = plain.run, plain.step
        return run, step

    def set_aside(self, why: str = "adopted") -> Path | None:
        """Keep the file under another name (its steps are in the event log now); None: no file."""
        self.close()
        if not self.path.is_file():
            return None
        return self.path.rename(free_name(self.path, why))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _end_last_line(path: Path) -> None:
    """Make room for the next line where a process was killed while it wrote one.

    A step that lacks its line's end only is kept; a piece of one was never answered for.
    """
    if not path.is_file():
        return
    with path.open("r+b") as file:
        *_, last = (b"", *file)
        if last.endswith(b"\n") or not last:
            return
        if _is_step(last):
            file.write(b"\n")
        else:
            file.truncate(file.tell() - len(last))
        file.flush()
        os.fsync(file.fileno())


def _is_step(line: bytes) -> bool:
    try:
        _step(json.loads(line))
    except (ValueError, KeyError, TypeError, EventLogError):
        return False
    return True


def _line(entry: LogEntry) -> dict[str, object]:
    kind, v, body = encode(entry.event)
    sent = {
        str(command.key): wire_id
        for command, wire_id in zip(entry.commands, entry.wire_ids, strict=False)
        if isinstance(command, SubmitOrder)
    }
    return {"run": entry.run, "step": entry.step, "kind": kind, "v": v, "body": body, "sent": sent}


def _step(line: dict[str, object]) -> PlainStep:
    event = decode(str(line["kind"]), int(str(line["v"])), str(line["body"]))
    sent = line["sent"]
    if not isinstance(sent, dict):
        raise ValueError("`sent` is no object")
    wire_ids = {OrderKey.parse(key): str(wire_id) for key, wire_id in sent.items()}
    return PlainStep(int(str(line["run"])), int(str(line["step"])), event, wire_ids)
