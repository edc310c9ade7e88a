"""Rulebooks in the manner of trading firms: those that are shipped, and files of one's own."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from genesis.errors import ConfigError
from genesis.risk.rulebooks.book import Book
from genesis.rules.book import Document, Source, complaint, read
from genesis.rules.books_schema import BookFile
from genesis.rules.text import write


def load_book(name_or_path: str | Path, *, phase: int | None = None) -> Book:
    """The book of that name, or the one in the file at that path.

    phase: which of its targets holds, from 1; None: the one the file says.

    Raises:
        ConfigError: unknown name, unreadable file, or a key or value that cannot be used.
    """
    source = _source(name_or_path)
    if phase is not None:
        source = Source(source.where, {**source.document, "phase": phase})
    return _bound(source)


def book_text(name_or_path: str | Path) -> str:
    """The text of a book as it was written, comments and all.

    Raises:
        ConfigError: unknown name, unreadable file, or a key or value that cannot be used.
    """
    _bound(_source(name_or_path))
    text = str(name_or_path)
    place = _shelf().joinpath(f"{text}.toml") if text in known_books() else Path(text)
    return str(place.read_text(encoding="utf-8"))


def known_books() -> tuple[str, ...]:
    """Names of the books that come with Genesis."""
    found = (entry.name for entry in _shelf().iterdir())
    return tuple(sorted(name[:-5] for name in found if name.endswith(".toml")))


def with_texts(document: Document) -> Document:
    """A rules file in which `books` holds whole books instead of their names and paths.

    So the text of a run is complete, and one that is edited is another.
    """
    books = document.get("books")
    if not isinstance(books, list):
        return document
    return {**document, "books": [_text(book) for book in books]}


def _text(book: Any) -> Any:
    if not isinstance(book, str) or "\n" in book:
        return book  # it is one already
    source = _source(book)
    _bound(source)
    return write(source.document)


def _source(name_or_path: str | Path) -> Source:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return _from_file(Path(name_or_path))
    if text not in known_books():
        raise ConfigError(
            f"no book is named {text!r}: known are {', '.join(known_books())}; "
            "or give the path of a .toml file"
        )
    name = f"{text}.toml"
    return read(f"books/{name}", _shelf().joinpath(name).read_text(encoding="utf-8"))


def _from_file(path: Path) -> Source:
    try:
        return read(str(path), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"the book {path} cannot be read: {reason}") from error


def _bound(source: Source) -> Book:
    try:
        return BookFile.model_validate(source.document).freeze()
    except ValidationError as error:
        raise ConfigError(complaint(error.errors(), [source])) from error


def _shelf() -> Any:
    return files("genesis.rules").joinpath("books")
