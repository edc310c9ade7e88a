"""The example payloads of Binance's documents, and the comparison of field sets with them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Samples = Callable[..., Any]
NO_FIELDS: frozenset[str] = frozenset()


def load_samples() -> Samples:
    """`find(file, ending of the section, number)`: one payload."""
    path = Path(__file__).resolve().parents[3] / "shared/data/binance_docs/samples.json"
    if not path.exists():
        pytest.skip("the reference data folder ../shared is absent")
    rows = json.loads(path.read_text())["samples"]

    def find(file: str, ending: str, number: int = 0) -> Any:
        found = [r["value"] for r in rows if r["file"] == file and r["section"].endswith(ending)]
        return found[number]

    return find


def same_fields(ours: Any, theirs: Any, *, conditional: frozenset[str] = NO_FIELDS) -> None:
    """Equal names and kinds of values, down to the first row of every list."""
    if theirs == {}:
        assert isinstance(ours, dict)  # the documents leave it open
    elif isinstance(theirs, dict):
        assert set(ours) ^ set(theirs) <= conditional, set(ours) ^ set(theirs)
        for name in set(theirs) & set(ours):
            same_fields(ours[name], theirs[name], conditional=conditional)
    elif isinstance(theirs, list):
        assert isinstance(ours, list)
        if ours and theirs:
            same_fields(ours[0], theirs[0], conditional=conditional)
    elif theirs is not None and ours is not None:
        assert type(ours) is type(theirs), (ours, theirs)
