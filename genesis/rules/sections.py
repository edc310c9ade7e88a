"""A part of a rulebook as a person reads it: a line for each value, with its unit."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from genesis.domain.money import text as plain
from genesis.errors import UsageError

BOOKS: Final = "books"
Value = str | int | bool | Decimal | list[Any]

_UNITS: Final = {
    "usdt": "USDT",
    "s": "s",
    "ms": "ms",
    "bps": "bps",
    "days": "days",
    "hours": "hours",
    "words": "words",
    "chars": "characters",
    "points": "points",
    "r": "R",
}
_SHARES: Final = frozenset({"fraction", "share", "multiplier", "multipliers"})
_SPANS: Final = ((3_600, "h"), (60, "min"))
_MOST_NAMED: Final = 3


class Row(NamedTuple):
    """A value: where it is, as it stands in the rules, and with its unit."""

    place: str
    value: str
    told: str


def whole(text: str) -> dict[str, Any]:
    """The tables of a rulebook's text; the books laid over it by their names."""
    document = _read(text)
    return {**document, BOOKS: by_name(document.get(BOOKS, []))} if BOOKS in document else document


def by_name(books: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Whole texts of books as tables."""
    return {str(book["name"]): book for book in map(_read, books)}


def rows(text: str, section: str) -> list[Row]:
    """Every value of a section by its place in it; of one field its value.

    Raises:
        UsageError: the rulebook has no such section; the sections that it has are named.
    """
    found: Any = whole(text)
    path = tuple(section.split("."))
    for depth, name in enumerate(path):
        if not isinstance(found, Mapping) or name not in found:
            raise UsageError(_unknown(text, section, path[:depth], found))
        found = found[name]
    if not isinstance(found, Mapping):
        return [Row(path[-1], _list(found), words(path, found))]
    return [
        Row(".".join(place), _list(value), words((*path, *place), value))
        for place, value in leaves(found)
    ]


def leaves(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every value with its place, those of inner tables after the plain ones."""
    for name, value in sorted(table.items(), key=lambda item: isinstance(item[1], Mapping)):
        if not isinstance(value, Mapping):
            yield (name,), value
            continue
        for place, inner in leaves(value):
            yield (name, *place), inner


def words(path: Sequence[str], value: Value) -> str:
    """A value with its unit, which the name of its field tells."""
    told = _list(value)
    if isinstance(value, str | bool):
        return told
    names = _names(path)
    unit = next((_UNITS[name] for name in names if name in _UNITS), "")
    if unit == "s":
        spans = _list(value, _span)
        return spans if isinstance(value, list) or spans == f"{told} s" else f"{told} s ({spans})"
    if unit:
        return f"{told} {unit}"
    return told if _SHARES.isdisjoint(names) else f"{told} ({_list(value, _percent)})"


def _names(path: Sequence[str]) -> list[str]:
    """Words of a field's name, the last first; that of its table where it is a tier or a state."""
    name = path[-2] if len(path) > 1 and path[-1].isupper() else path[-1]
    return name.split("_")[::-1]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(value) if isinstance(value, Decimal) else str(value)


def _list(value: Any, tell: Any = _plain) -> str:
    if not isinstance(value, list):
        return str(tell(value))
    return ", ".join(
        f"({_list(one, tell)})" if isinstance(one, list) else tell(one) for one in value
    )


def _percent(value: Any) -> str:
    return _plain(value) if isinstance(value, str) else f"{plain(Decimal(value) * 100)} %"


def _span(value: Any) -> str:
    """Seconds as people say them."""
    if isinstance(value, str):
        return value
    for seconds, unit in _SPANS:
        if value >= seconds and value % seconds == 0:
            return f"{plain(Decimal(value) / seconds)} {unit}"
    return f"{_plain(value)} s"


def _unknown(text: str, section: str, known: Sequence[str], found: Any) -> str:
    told = f"the rules have no section {section!r}"
    if not isinstance(found, Mapping):
        return f"{told}: {'.'.join(known)} is one value"
    where = f"those of {'.'.join(known)} are" if known else "its sections are"
    tables = sorted(name for name, inner in found.items() if isinstance(inner, Mapping))
    names = tables or sorted(found)
    meant = _ending_in(whole(text), section.rsplit(".", 1)[-1])
    hint = f"; perhaps {' or '.join(meant)} is meant" if meant else ""
    return f"{told}: {where} {', '.join(names)}{hint}"


def _ending_in(table: Mapping[str, Any], name: str, path: tuple[str, ...] = ()) -> list[str]:
    """Places in the rules that are called so."""
    found: list[str] = []
    for key, inner in table.items():
        if key == name:
            found.append(".".join((*path, key)))
        if isinstance(inner, Mapping):
            found += _ending_in(inner, name, (*path, key))
    return found[:_MOST_NAMED]


def _read(text: str) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)
