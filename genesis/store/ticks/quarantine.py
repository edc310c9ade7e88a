"""Bad rows set aside: a JSON line each, with file, line, reason and the row as it stands."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from genesis.store import feeds
from genesis.store.ticks.archive_blocks import BadRow
from genesis.store.ticks.durable import whole_file

FOLDER: Final = "quarantine"


def set_aside(root: Path, source: Path, bad: Sequence[BadRow]) -> Path | None:
    """Write the bad rows of `source` to a file of their own; None where there is none.

    The file is named by the lines it holds: importing the source again adds no other, though the
    reasons may then name stored rows instead of rows of the file.
    """
    if not bad:
        return None
    rows = _with_texts(source, sorted(bad))
    held = hashlib.sha256("".join(f"{row.line} {row.text}\n" for row in rows).encode())
    path = root / FOLDER / f"{source.name}.{held.hexdigest()[:12]}.jsonl"
    if not path.exists():
        with whole_file(path) as file:
            for row in rows:
                file.write(_line(source, row))
    return path


def _line(source: Path, row: BadRow) -> bytes:
    shown = {"file": source.name, "line": row.line, "reason": row.reason, "row": row.text}
    return json.dumps(shown, ensure_ascii=False).encode() + b"\n"


def _with_texts(source: Path, bad: Sequence[BadRow]) -> list[BadRow]:
    """The rows whose fault showed only after they were read get their text back."""
    wanted = {row.line for row in bad if not row.text}
    texts: dict[int, str] = {}
    if wanted:
        with feeds.open_file(source) as file:
            for number, raw in enumerate(file.content, 1):
                if number in wanted:
                    texts[number] = raw.decode("utf-8", "replace").rstrip("\r\n")
    return [row._replace(text=row.text or texts.get(row.line, "")) for row in bad]
