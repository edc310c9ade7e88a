"""The rules: TOML files, validated once at the edge, handed on as frozen dataclasses.

The base files hold every number; a rulebook (`rulebooks/*.toml`) is laid over them. Its `books`
names rules of somebody else (`books/*.toml`, or paths) that make the limits of a tier tighter.
"""

from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from genesis.engine.rulebook import Rules
from genesis.errors import ConfigError
from genesis.rules.book import Source, bind, read
from genesis.rules.shelf import book_text, known_books, load_book, with_texts

__all__ = ["Rules", "book_text", "known", "known_books", "load", "load_book", "parse"]

_BASE: Final = ("trading_rules.toml", "tier_gates.toml", "tilt.toml", "market.toml", "edits.toml")
_TEXTS: Final = 8
"""Texts kept as rules: every run of a home has its own, and it is nearly always the same."""


def load(name_or_path: str | Path) -> Rules:
    """The rulebook of that name, or the file at that path, laid over the base files.

    A text that ends in `.toml` or holds a path separator is a path; a file without `name` is
    named after itself.

    Raises:
        ConfigError: unknown name, unreadable file, or a key or value that cannot be used.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return bind([*_base(), _from_file(Path(name_or_path))])
    if text not in known():
        raise ConfigError(
            f"no rulebook is named {text!r}: known are {', '.join(known())}; "
            "or give the path of a .toml file"
        )
    return _shipped(text)


@lru_cache(maxsize=_TEXTS)
def parse(text: str) -> Rules:
    """The same Rules again from the full text of a run: no file is looked at.

    Raises:
        ConfigError: the text is not a whole, valid rulebook.
    """
    return bind([read("text of the run", text)], recorded=True)


def known() -> tuple[str, ...]:
    """Names of the rulebooks that come with Genesis."""
    found = (entry.name for entry in files(__name__).joinpath("rulebooks").iterdir())
    return tuple(sorted(name[:-5] for name in found if name.endswith(".toml")))


@cache
def _shipped(name: str) -> Rules:
    return bind([*_base(), _packaged(f"rulebooks/{name}.toml")])


@cache
def _base() -> tuple[Source, ...]:
    return tuple(_packaged(name) for name in _BASE)


def _packaged(name: str) -> Source:
    return read(name, files(__name__).joinpath(name).read_text(encoding="utf-8"))


def _from_file(path: Path) -> Source:
    try:
        source = read(str(path), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(
            f"rules file {path} cannot be read: {reason}; known rulebooks: {', '.join(known())}"
        ) from error
    return Source(source.where, {"name": path.stem, **with_texts(source.document)})
