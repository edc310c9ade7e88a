"""A changed field of the rules in words; the changed text of a book line by line."""

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from genesis.domain.edits import RuleEdit
from genesis.rules.sections import BOOKS, by_name, leaves
from genesis.rules.text import value_text

NOTHING: Final = "nothing"
_REWRITTEN: Final = f"{BOOKS}: the same rules, written otherwise"


def change_words(edit: RuleEdit) -> tuple[str, ...]:
    """`field old -> new`; of books a line for each of their fields that changes."""
    if edit.path != BOOKS:
        return (f"{edit.path} {edit.old} -> {edit.new}",)
    return tuple(_of_books(_books(edit.old), _books(edit.new))) or (_REWRITTEN,)


def _of_books(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        place = f"{BOOKS}.{name}"
        if name not in new:
            yield f"{place} is laid aside"
        elif name not in old:
            yield f"{place} is laid over the rules: {new[name].get('title', name)}"
        else:
            yield from _of_book(place, dict(leaves(old[name])), dict(leaves(new[name])))


def _of_book(place: str, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[str]:
    for path in dict.fromkeys((*old, *new)):
        before, after = (_shown(table.get(path)) for table in (old, new))
        if before != after:
            yield f"{place}.{'.'.join(path)} {before} -> {after}"


def _shown(value: Any) -> str:
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else value_text(value)


def _books(told: str) -> dict[str, dict[str, Any]]:
    """Books out of the value of an edit, as the log keeps it."""
    if told == NOTHING:
        return {}
    return by_name(tomllib.loads(f"{BOOKS} = {told}", parse_float=Decimal)[BOOKS])
