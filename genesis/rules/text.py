"""The one text of a rulebook: TOML with sorted keys, values first, no comments, plain numbers."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from genesis.domain.money import text as plain


def write(document: Mapping[str, Any]) -> str:
    """Canonical TOML text of nested tables. Equal documents give equal text."""
    return "\n".join(_table(document, ())) + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    values = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    if path and (values or not table):
        yield ""
        yield f"[{'.'.join(map(_key, path))}]"
    for key in sorted(values):
        yield f"{_key(key)} = {value_text(values[key])}"
    for key in sorted(table.keys() - values.keys()):
        yield from _table(table[key], (*path, key))


def _key(key: str) -> str:
    is_bare = key and all(char.isascii() and (char.isalnum() or char in "_-") for char in key)
    return key if is_bare else _string(key)


def value_text(value: Any) -> str:
    """One value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return plain(value) if value.is_finite() else str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(value_text, value))}]"
    return _string(str(value))


def _string(value: str) -> str:
    escaped = "".join(
        f"\\u{ord(char):04X}" if ord(char) < 32 or ord(char) == 127 else char
        for char in value.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'
