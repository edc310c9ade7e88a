"""Word lists: languages as people write them, and names of coins. Data beside the rules.

They judge pages only, and a page is judged before the engine hears of it: no run's text holds them
and no replay asks for them.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

from genesis.errors import ConfigError
from genesis.rules.fields import Table
from genesis.tilt.words import Language

COINS: Final = "coins.toml"
_STEM_MIN: Final = 3
_Part = Annotated[str, Field(min_length=1)]
_Coins: Final = TypeAdapter(dict[str, list[_Part]])


class _Words(Table):
    language: _Part
    function: _Part
    emotions: _Part
    vocabulary: _Part
    beginnings: list[_Part]
    endings: list[_Part]
    infinitives: list[_Part]

    def freeze(self) -> Language:
        return Language(
            name=self.language,
            function=frozenset(self.function.split()),
            emotions=frozenset(self.emotions.split()),
            vocabulary=frozenset(self._stems()),
            beginnings=tuple(self.beginnings),
            endings=tuple(self.endings),
        )

    def _stems(self) -> Iterator[str]:
        """The words, and verbs without the ending they are listed with."""
        for word in self.vocabulary.split():
            yield word
            yield from (
                word.removesuffix(ending)
                for ending in self.infinitives
                if word.endswith(ending) and len(word) - len(ending) >= _STEM_MIN
            )


@cache
def languages() -> tuple[Language, ...]:
    """Every language there is a list for.

    Raises:
        ConfigError: a list cannot be used; names the file and the field.
    """
    names = sorted(entry.name for entry in files(__name__).iterdir())
    lists = [name for name in names if name.endswith(".toml") and name != COINS]
    return tuple(language(name, _text(name)) for name in lists)


def language(where: str, text: str) -> Language:
    """The language of one file.

    Raises:
        ConfigError: the text is no such list; names the file and the field.
    """
    try:
        return _Words.model_validate(tomllib.loads(text)).freeze()
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"word list {where}: {_why(error)}") from error


@cache
def coins() -> Mapping[str, tuple[str, ...]]:
    """By ticker of a base asset: what else people call it."""
    try:
        found = _Coins.validate_python(tomllib.loads(_text(COINS)))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"word list {COINS}: {_why(error)}") from error
    return MappingProxyType({ticker: tuple(names) for ticker, names in found.items()})


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _why(error: tomllib.TOMLDecodeError | ValidationError) -> str:
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"it is not valid TOML: {error}"
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
