"""Reading values out of decoded JSON that may be of any shape: every complaint names its field."""

from collections.abc import Iterable, Iterator
from math import inf, isfinite
from typing import Any, NoReturn

from genesis.errors import DataError


class Plain:
    """A part of a document, and the path to it."""

    def __init__(self, value: Any, path: str = "") -> None:
        self.value = value
        self.path = path

    def refuse(self, why: str) -> NoReturn:
        """Raises: DataError: always."""
        name = self.path or "the whole"
        raise DataError(
            f"tilt snapshot: the field {name} cannot be used ({why}); replay the log instead"
        )

    def part(self, name: str) -> "Plain":
        """The value of a key that must be there."""
        path = f"{self.path}.{name}" if self.path else name
        if not isinstance(self.value, dict) or name not in self.value:
            Plain(None, path).refuse("it is missing")
        return Plain(self.value[name], path)

    def keys(self) -> list[str]:
        if not isinstance(self.value, dict):
            self.refuse("it is no table")
        return list(self.value)

    def items(self, count: int | None = None) -> Iterator["Plain"]:
        """The values of a list, of a certain length where one is given."""
        if not isinstance(self.value, list) or count not in (None, len(self.value)):
            self.refuse("it is no list" if count is None else f"it is no list of {count}")
        return (Plain(value, f"{self.path}.{i}") for i, value in enumerate(self.value))

    def number(self, least: float = -inf, most: float = inf) -> float:
        value = self.value
        if type(value) not in (int, float) or not isfinite(value) or not least <= value <= most:
            self.refuse(f"no number in {least:g}..{most:g}")
        return float(value)

    def whole(self, least: int = 0) -> int:
        if type(self.value) is not int or self.value < least:
            self.refuse(f"no whole number from {least} up")
        return self.value

    def whole_or_none(self) -> int | None:
        return None if self.value is None else self.whole()

    def text(self) -> str:
        if not isinstance(self.value, str):
            self.refuse("no text")
        return self.value

    def yes(self) -> bool:
        if type(self.value) is not bool:
            self.refuse("neither true nor false")
        return self.value

    def one_of(self, names: Iterable[str]) -> str:
        found = self.text()
        if found not in names:
            self.refuse(f"{found!r} is not known")
        return found
