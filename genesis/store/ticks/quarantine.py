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

    The file is named by its content, so that importing the source again adds no other.
    """
    if not bad:
        return None
    rows = (
        {"file": source.name, "line": row.line, "reason": row.reason, "row": row.text}
        for row in _with_texts(source, sorted(bad))
    )
    body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path = root / FOLDER / f"{source.name}.{hashlib.sha256(body).hexdigest()[:12]}.jsonl"
    if not path.exists():
        with whole_file(path) as file:
            file.write(body)
    return path


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
